"""The embedded home of a sandbox: Linux namespaces and layers over this machine's system folders, no engine.

It shares the machine's kernel, programs and libraries. It is weaker than a container: what it lacks is said
when it starts.
"""

import asyncio
import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from lis_tui.core.errors import EngineMissing, SandboxFailed, ShellLost
from lis_tui.core.namespaces import as_root, must_be_possible, what_is_missing
from lis_tui.core.ports import Contents, Door, Load, ManifestKeeper, SavedOutputs, Space
from lis_tui.core.spec import Network, SandboxSpec
from lis_tui.core.text import one_line
from lis_tui.sandbox import furniture, keeper, layers, syscalls
from lis_tui.sandbox.base import Base, identity_of, read_base
from lis_tui.sandbox.channel import pulled
from lis_tui.sandbox.computer import Computer
from lis_tui.sandbox.entry import Entry
from lis_tui.sandbox.groups import Groups
from lis_tui.sandbox.home import PRIVATE_FOLDER, VARIABLES, Carriage
from lis_tui.sandbox.keeper import Keeper, PipeChannel
from lis_tui.sandbox.layers import Places
from lis_tui.sandbox.lower import Lower, find_lower
from lis_tui.sandbox.measure import counts_below
from lis_tui.sandbox.meters import COUNTS, STRIKES, Strikes, counts_in, least_free, strikes_in
from lis_tui.sandbox.passage import Passage
from lis_tui.sandbox.proxy import Proxy
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.space import space_here
from lis_tui.sandbox.transfer import extract
from lis_tui.sandbox.ulimits import shared_mb

PIPES_PATH = f"{PRIVATE_FOLDER}/pipes"
_MOST_TOLD = 4096
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class EmbeddedSandbox(Computer):
    """A computer in namespaces of this machine."""

    def __init__(
        self,
        spec: SandboxSpec,
        *,
        folder: Path,
        worktree: Path,
        outputs_dir: Path,
        env: Mapping[str, str],
        carried: Carriage,
        contents: Contents | None = None,
        manifests: ManifestKeeper | None = None,
    ) -> None:
        home = EmbeddedHome(spec, Places(folder, worktree, outputs_dir), env=env, carried=carried)
        super().__init__(
            spec, home, env=env, secrets=carried.secrets(), contents=contents, manifests=manifests
        )


class EmbeddedHome:
    """Puts one root together in a mount namespace of its own; with its keeper all of it goes."""

    kind: Literal["embedded"] = "embedded"
    has_outputs = True

    def __init__(
        self,
        spec: SandboxSpec,
        places: Places,
        *,
        env: Mapping[str, str],
        carried: Carriage,
        image_id: str = "",
    ) -> None:
        self.image_id = image_id
        self.notes: Sequence[str] = ()
        self.lower: Lower | None = None
        self._spec = spec
        self._places = places
        self._env = env
        self._carried = carried
        self._base = Path(spec.base) if spec.base else None
        self._based: Base | None = None
        self._keeper: Keeper | None = None
        self._filter = syscalls.refusing()
        # another's groups may go by the run's name: a sandbox that was handed over keeps those it is in
        self._groups = Groups(f"{places.private.name}-{secrets.token_hex(3)}", spec)
        self._entered: Sequence[Path] = ()
        self._entering = asyncio.Lock()
        self._proxy = Proxy(os.environ)
        self._passage = Passage(spec.network, "allow", self._proxy)

    @property
    def name(self) -> str:
        """The process at its top."""
        return str(self._keeper.pid) if self._keeper is not None else ""

    @property
    def worktree(self) -> Path | None:
        """The work folder is this machine's own."""
        return self._places.worktree

    @property
    def network(self) -> Network:
        """Which network it has."""
        return self._passage.network

    def guard(self, door: Door) -> None:
        """Have its proxy ask this door."""
        self._proxy.guard(door)

    async def create(self) -> None:
        """Put a fresh root together and start its keeper. Raises EngineMissing, SandboxFailed."""
        if why := what_is_missing():
            raise EngineMissing(f"No embedded sandbox can be made here: {why}.")
        await self.remove()
        try:
            await asyncio.to_thread(self._lay_out)
        except OSError as error:
            raise SandboxFailed(f"The embedded sandbox did not start: {error}") from error
        identity = await asyncio.to_thread(identity_of, self._base)
        was, self.image_id = self.image_id, identity
        await self._begin()
        self.notes = self._lacks(has_changed=was not in ("", identity))

    async def _begin(self) -> None:
        self._keeper = made = Keeper(self._places.pipes)
        try:
            with _handed(self._words()) as given, _handed(self._filter) as refused, _handed(b"") as told:
                await made.start(self._command(given, refused, told), (given, refused, told))
                self._lead_out(told)
        except SandboxFailed:
            await asyncio.to_thread(must_be_possible)
            raise

    def _lead_out(self, told: int) -> None:
        if self.network == "allow":  # the others need nothing; `bridge` is this machine's own
            self._passage.begin(Entry(json.loads(os.pread(told, _MOST_TOLD, 0))["child-pid"]))

    def _lacks(self, *, has_changed: bool) -> list[str]:
        """Say what this sandbox is weaker in than a container, and what is missing of it."""
        assert self._keeper is not None
        limited = self._groups.limited | ({"processes"} if self._most_processes() else set())
        named = {
            "memory": "memory in all (each process is)",
            "processes": "processes",
            "processors": "processors",
        }
        unlimited = [words for name, words in named.items() if name not in limited]
        notes = _in_short(self.network, self._based)
        notes += [f"not limited: {', '.join(unlimited)}"] if unlimited else []
        notes += [f"{path} cannot be changed inside" for path in self._keeper.read_only]
        if not self._filter:
            notes.append("no system call is refused: this processor's are not known")
        if has_changed:
            whose = "this machine's programs" if self._base is None else f"the programs of {self._base}"
            notes.append(f"{whose} have changed since the run began")
        return notes

    def _lay_out(self) -> None:
        self._based = read_base(self._base) if self._base is not None else None
        layers.lay_out(self._places, self._base, self._carried.files())
        self.lower = find_lower(layers.parts(self._places, self._base))
        self._places.groups.write_text("".join(f"{group}\n" for group in self._groups.planned()))
        self._entered = self._groups.make()

    def _command(self, given: int, filtered: int, told: int) -> list[str]:
        """Give the command; values of variables are in what is `given` to it, where no `ps` shows them."""
        refused = ["--seccomp", str(filtered)] if self._filter else []
        words = ["--args", str(given), *refused, "--info-fd", str(told), "--", *keeper.LAUNCH, PIPES_PATH]
        text = layers.script(
            self._places,
            self._base,
            words,
            self._entered,
            most=self._most_processes(),
            # where no group counts the memory of all, one alone cannot have it all
            most_kb=None if "memory" in self._groups.limited else self._spec.memory_mb << 10,
            shared_mb=shared_mb(self._spec),
        )
        return ["unshare", *as_root(), "--mount", "--propagation", "private", "--", "bash", "-c", text]

    def _most_processes(self) -> int | None:
        """Where no group counts them, the user's own limit does: since Linux 5.14 in each namespace anew."""
        if "processes" in self._groups.limited or os.geteuid() == 0 or not counts_by_namespace():
            return None
        return self._spec.pids

    def _words(self) -> bytes:
        words = layers.enclosed(
            self._places,
            workdir=self._spec.workdir,
            private=PRIVATE_FOLDER,
            variables={
                "PATH": _PATH,
                "HOME": "/root",
                **VARIABLES,
                **furniture.VARIABLES,
                **(self._based.variables if self._based is not None else {}),
                **self._carried.variables(),
                **self._passage.variables,
                **self._env,
            },
            has_network=self.network == "bridge",
        )
        return b"".join(os.fsencode(word) + b"\0" for word in words)

    async def settle(self, service: Service) -> None:
        """Nothing is elsewhere."""

    async def connected(self, service: Service) -> Sequence[str]:
        """Wait for its network. Raises SandboxFailed."""
        return await self._passage.tried(service)

    async def open(self, arguments: Sequence[str]) -> PipeChannel:
        """Start a process inside, as its root. Raises ShellLost."""
        keeper = await self._up()
        try:
            return await keeper.open(arguments)
        except ShellLost:
            if not await keeper.has_ended():
                raise
        return await (await self._up()).open(arguments)  # it was going down, and nobody knew

    async def _up(self) -> Keeper:
        """Give the keeper; where a command killed all processes a new one, with the files as they were."""
        async with self._entering:
            if self._keeper is None:
                raise ShellLost("The sandbox is stopped.")
            if self._keeper.is_gone:
                await self._keeper.end()
                await self._begin()
                await self._passage.ready()
            return self._keeper

    async def hand_over(self, run: str, worktree: Path, outputs_dir: Path) -> None:
        """Go by another name. Raises SandboxFailed."""
        folder = self._places.folder.parent / run
        moved = Places(folder, worktree, outputs_dir)
        try:
            await asyncio.to_thread(self._places.folder.rename, folder)
            await asyncio.to_thread(self._places.private.rename, moved.private)
        except OSError as error:
            raise SandboxFailed(f"The sandbox cannot be handed over: {error}") from error
        self._places = moved
        if self._keeper is not None:
            self._keeper.move(moved.pipes)

    async def give_back(self, service: Service) -> None:
        """What the inside's root made is the user's."""

    async def remove(self) -> None:
        """End the keeper and delete the layers."""
        await self._passage.close()
        running, self._keeper = self._keeper, None
        if running is not None:
            await running.end()
        await asyncio.to_thread(layers.delete, self._places)

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Copy `output/` and `answer.txt` by the inside's own tar."""
        files: list[str] = []
        problems: list[str] = []
        for name in ("output", "answer.txt"):
            if not await asyncio.to_thread(os.path.lexists, self._places.worktree / name):
                continue
            channel = await self.open(("tar", "-C", self._spec.workdir, "-cf", "-", "--", name))
            part = await asyncio.to_thread(extract, pulled(channel), folder)
            channel.cut()
            files += part.files
            problems += part.problems
        return SavedOutputs(tuple(files), tuple(problems))

    async def load(self) -> Load:
        """Measure what it uses: as its groups count it, where there are some."""
        if self._keeper is None:
            return Load()
        limited = self._groups.limited
        most = self._spec.pids if "processes" in limited else self._most_processes()
        counts = counts_in(self._groups.read(COUNTS))
        if None in (counts.memory_bytes, counts.pids, counts.cpu_s):
            counts = await asyncio.to_thread(counts_below, self._keeper.pid, counts, self._places.private)
        return Load(
            memory_bytes=counts.memory_bytes,
            memory_limit_bytes=self._spec.memory_mb << 20 if "memory" in limited else None,
            pids=counts.pids,
            pids_limit=most,
            cpu_s=counts.cpu_s,
            cpus_limit=self._spec.cpus if "processors" in limited else None,
            free_bytes=least_free((self._places.folder, self._places.worktree)),
        )

    async def space(self) -> Space | None:
        """Measure the work folder, the layers, and what else it can write to."""
        places = self._places
        return await space_here((places.worktree, places.layers, places.root, places.private))

    async def strikes(self) -> Strikes:
        """Tell how often the kernel enforced a limit of its groups."""
        return strikes_in(self._groups.read(STRIKES))


def lacks(spec: SandboxSpec) -> list[str]:
    """Say at length in what any embedded sandbox with this spec is weaker than a container."""
    own = (
        "kernel, programs and libraries" if not spec.base else f"kernel; all else is a layer over {spec.base}"
    )
    notes = [f"weaker than a container: this machine's own {own}"]
    if not spec.base:
        notes[0] += ", changed in layers"
    if spec.network == "bridge":
        notes.append(
            "the network is this machine's own, with its loopback services, abstract sockets and metadata "
            "addresses (network=allow and none have none of that)"
        )
    if os.geteuid() == 0:
        notes.append("root inside is this machine's own, with few capabilities; an ordinary user's is not")
    elif spec.base:
        notes.append("there is one user inside")
    else:
        notes.append(
            "there is one user inside, and what root owns here cannot be changed: pip works, apt does not"
        )
    return notes


def _in_short(network: Network, based: Base | None) -> list[str]:
    notes = ["weaker than a container: `lis-tui doctor` says in what"]
    if network == "bridge":
        notes.append("the network is this machine's own, with its loopback services")
    if based is not None:
        notes.append(f"its programs are those of {one_line(based.source, 100)}")
    elif os.geteuid() != 0:
        notes.append("pip works inside, apt does not")
    return notes


def counts_by_namespace() -> bool:
    """Whether a limit on a user's processes counts those of one namespace alone."""
    numbers = re.findall(r"\d+", os.uname().release)
    return [int(one) for one in numbers[:2]] >= [5, 14]


@contextlib.contextmanager
def _handed(data: bytes) -> Iterator[int]:
    """Give a descriptor from which another process reads this, once."""
    descriptor = os.memfd_create("lis-tui", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
