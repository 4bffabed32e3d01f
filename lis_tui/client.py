"""What a screen holds: finds the host that owns a run or starts one of its own; events come, decisions go."""

import asyncio
import os
import secrets as tokens
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from msgspec import structs

from lis_tui import __version__
from lis_tui.config.places import Places
from lis_tui.core import wire
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import DecisionRefused, HostUnreachable, RunNotFound
from lis_tui.core.events import Gate, Record, StepAddress
from lis_tui.core.link import AskRefused, Link, watch
from lis_tui.core.meeting import socket_path, sockets
from lis_tui.core.private import open_private, private_folder
from lis_tui.core.spec import RunSpec
from lis_tui.core.wire import CaughtUp

AS_IT_WAS = wire.Changes()
NO_SECRETS: Mapping[str, str] = MappingProxyType({})
PATIENCE_S = 20.0
"""How long a new host may take until it listens."""


class Client:
    """A screen's side of all hosts of this user: its own, started when it is first needed, and the others.

    Runs of any live host can be attached to and decided about; new ones start in the client's own host.
    """

    def __init__(self, places: Places, *, may_start: bool) -> None:
        self._places = places
        self._may_start = may_start
        self._folder = places.make_runtime()
        self._own: Path | None = None
        self._starting = asyncio.Lock()
        self._links: dict[Path, Link] = {}
        self._owners: dict[str, Path] = {}
        self._watches: dict[str, list[asyncio.StreamWriter]] = {}

    @classmethod
    async def connect(cls, places: Places, *, may_start: bool = True) -> "Client":
        """Give a client. Its own host starts with `warm_up` or `start_run`, never with `may_start=False`."""
        return cls(places, may_start=may_start)

    async def warm_up(self) -> None:
        """Start the own host and have it import what a run needs. Raises HostUnreachable."""
        await self._ask_own(lambda number: wire.WarmUp(number))

    async def start_run(self, spec: RunSpec, secrets: Mapping[str, str]) -> str:
        """Start a run in the own host; gives its name. Raises AskRefused, HostUnreachable."""
        tell = await self._ask_own(lambda n: wire.StartRun(id=n, spec=spec, secrets=dict(secrets)))
        return self._take_note(tell, self._own)

    async def fork(
        self,
        run: str,
        point: StepAddress,
        *,
        is_before: bool = False,
        kind: Literal["fork", "rewind"] = "fork",
        rebuild: bool = False,
        changes: wire.Changes = AS_IT_WAS,
        secrets: Mapping[str, str] = NO_SECRETS,
    ) -> str:
        """Begin a new run at a step of another, live or not; gives its name.

        A rewind takes the sandbox of a run that goes on, and ends that run; else it is a fork. To `rebuild`
        is to have the sandbox come about by doing again what was done, where no checkpoint has it.
        Raises AskRefused, HostUnreachable.
        """

        def ask(number: int) -> wire.Fork:
            return wire.Fork(
                id=number,
                run=run,
                point=point,
                is_before=is_before,
                kind=kind,
                rebuild=rebuild,
                changes=changes,
                secrets=dict(secrets),
            )

        try:
            owner = await self._owner(run)
        except RunNotFound:
            tell = await self._ask_own(ask)
            return self._take_note(tell, self._own)
        return self._take_note(await (await self._link(owner)).ask(ask), owner)

    async def reexecute(self, ask: wire.Reexecute) -> str:
        """Begin, in the own host, a run that does another one again; gives its name.

        Raises AskRefused, HostUnreachable.
        """
        tell = await self._ask_own(lambda number: structs.replace(ask, id=number))
        return self._take_note(tell, self._own)

    async def take_up(
        self, run: str, changes: wire.Changes = AS_IT_WAS, secrets: Mapping[str, str] = NO_SECRETS
    ) -> str:
        """Go on, in the own host, with a run that no process has; gives its name.

        Raises AskRefused, HostUnreachable.
        """
        tell = await self._ask_own(
            lambda n: wire.TakeUp(id=n, run=run, changes=changes, secrets=dict(secrets))
        )
        return self._take_note(tell, self._own)

    def _take_note(self, tell: wire.Tell, owner: Path | None) -> str:
        """Remember who has the run that an ask was answered with."""
        if not isinstance(tell, wire.Done) or owner is None:
            raise HostUnreachable("The host gave no name to the run; the two programs do not match.")
        self._owners[tell.run] = owner
        return tell.run

    async def live_runs(self) -> tuple[str, ...]:
        """Give the names of the runs that live in any host of this user."""
        found: list[str] = []
        for path in sockets(self._folder):
            runs = await self._runs_of(path)
            self._owners.update(dict.fromkeys(runs, path))
            found.extend(runs)
        return tuple(found)

    async def decide(
        self,
        run: str,
        decision: Decision,
        address: StepAddress | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Send a decision to the run's owner. Raises DecisionRefused, HostUnreachable, RunNotFound."""
        link = await self._link(await self._owner(run))
        try:
            await link.ask(
                lambda n: wire.Decide(id=n, run=run, decision=decision, address=address, gate=gate)
            )
        except AskRefused as error:
            raise DecisionRefused(error.sentence) from error

    async def close_run(self, run: str) -> None:
        """Say that the ended run needs no follow-up: its sandbox is removed. Raises HostUnreachable."""
        link = await self._link(await self._owner(run))
        await link.ask(lambda number: wire.CloseRun(number, run))

    async def attach(self, run: str) -> AsyncGenerator[Record | CaughtUp, None]:
        """Give the run's journal, its present, CaughtUp, and its stream until the run is closed.

        A run that lives nowhere is read from disk. Raises RunNotFound, HostUnreachable.
        """
        try:
            owner = await self._owner(run)
        except RunNotFound:
            for record in await asyncio.to_thread(self._read, run):
                yield record
            yield CaughtUp(run)
            return
        opened = self._watches.setdefault(run, [])
        async with aclosing(watch(owner, __version__, run, opened.append)) as items:
            async for item in items:
                yield item

    async def leave(self, run: str) -> None:
        """End this client's watching of the run; the run goes on."""
        for writer in self._watches.pop(run, []):
            writer.close()

    async def close(self) -> None:
        """Leave everything; the runs go on."""
        for run in list(self._watches):
            await self.leave(run)
        for link in self._links.values():
            await link.close()
        self._links.clear()

    def _read(self, run: str) -> list[Record]:
        from lis_tui.trajectory.journal import read
        from lis_tui.trajectory.store import Store

        folder = Store(self._places.data).find(run)
        if folder.is_live():
            raise HostUnreachable(
                f"The run {folder.name} is live in a process that takes no visitors (it was started from "
                "Python): wait for its end, then open it."
            )
        return list(read(folder))

    async def _ask_own(self, make: Callable[[int], wire.Ask]) -> wire.Tell:
        async with self._starting:
            if self._own is None or self._own not in self._links or self._links[self._own].is_over:
                if not self._may_start:
                    raise HostUnreachable("This screen may not start a host.")
                self._own = await start_host(self._places, self._folder)
            link = await self._link(self._own)
        return await link.ask(make)

    async def _link(self, path: Path) -> Link:
        link = self._links.get(path)
        if link is None or link.is_over:
            try:
                link = self._links[path] = await Link.open(path, __version__)
            except OSError as error:
                raise HostUnreachable(f"The host at {path} is gone.") from error
        return link

    async def _owner(self, run: str) -> Path:
        known = self._owners.get(run)
        if known is not None and known in self._links and not self._links[known].is_over:
            return known
        await self.live_runs()
        if run not in self._owners or not self._owners[run].exists():
            raise RunNotFound(f"No live run is called {run}.")
        return self._owners[run]

    async def _runs_of(self, path: Path) -> tuple[str, ...]:
        try:
            tell = await (await self._link(path)).ask(lambda number: wire.ListLive(number))
        except HostUnreachable as error:
            if isinstance(error.__cause__, ConnectionRefusedError):
                path.unlink(missing_ok=True)  # noqa: ASYNC240  (a socket's name: no disk is waited for)
            return ()
        except AskRefused:
            return ()
        return tell.runs if isinstance(tell, wire.LiveRuns) else ()


async def start_host(places: Places, folder: Path) -> Path:
    """Start a host that outlives us and give its socket once it listens. Raises HostUnreachable."""
    host = tokens.token_hex(4)
    log = places.data / "logs" / f"host-{host}.log"
    ready, told = os.pipe()
    try:
        await asyncio.to_thread(_launch, host, places, log, told)
        os.close(told)
        told = -1
        async with asyncio.timeout(PATIENCE_S):
            word = await _first_word(ready)
    except TimeoutError as error:
        raise HostUnreachable(f"The host did not start in {PATIENCE_S:.0f} s; see {log}.") from error
    finally:
        if told >= 0:
            os.close(told)
    if not word:
        raise HostUnreachable(f"The host did not start: {_last_line(log)} (see {log}).")
    return socket_path(folder, host)


def _launch(host: str, places: Places, log: Path, told: int) -> None:
    """Run the program that puts itself into the background; it is waited for, so no zombie is left."""
    private_folder(log.parent)
    command = [
        *(sys.executable, "-m", "lis_tui.host", "--id", host, "--ready-fd", str(told)),
        *("--data", str(places.data), "--config", str(places.config), "--runtime", str(places.runtime)),
    ]
    fd = open_private(log, os.O_WRONLY | os.O_APPEND)
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=fd,
            stderr=fd,
            pass_fds=(told,),
            start_new_session=True,
            cwd="/",
        ) as starter:
            starter.wait(PATIENCE_S)
    finally:
        os.close(fd)


async def _first_word(ready: int) -> bytes:
    """Read what the host says when it listens; nothing where it ended before."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    pipe = os.fdopen(ready, "rb", 0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        return await reader.readline()
    finally:
        transport.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
