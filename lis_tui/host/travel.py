"""Goes back: a run begins at a step of another one, or goes on where no process has it any more."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from lis_tui import __version__
from lis_tui.config.secrets import API_KEY
from lis_tui.core import wire
from lis_tui.core.errors import RunIsLive, StorageFailed, UsageWrong
from lis_tui.core.events import Record, RunForked
from lis_tui.engine import prompts
from lis_tui.engine.past import Past
from lis_tui.host.origin import (
    Origin,
    changes_as_facts,
    check_arguments,
    must_have_image,
    origin_of,
    spec_of,
    told,
)
from lis_tui.host.reexecuting import as_reexecution, reexecute
from lis_tui.host.rewinding import Rewind
from lis_tui.host.runs import LiveRun, Movable, Wired
from lis_tui.host.taking_up import take_up
from lis_tui.host.wiring import Home, choose_model, furnish, with_key_for
from lis_tui.trajectory.adopting import is_imported
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.forking import Point, link_files
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder, Store


class Travel:
    """Makes runs of the past of others, and of their own."""

    def __init__(self, data: Path, *, is_headless: bool = False) -> None:
        self._data = data
        self._is_headless = is_headless
        self._store = Store(data)

    async def take_up(self, ask: wire.TakeUp) -> Wired:
        """Make a run of what is on disk of it. Raises LisError."""
        folder = await asyncio.to_thread(self._store.find, ask.run)
        if await asyncio.to_thread(is_imported, folder):
            raise UsageWrong(
                f"Another program recorded {folder.name}: it stays as it is. Fork it to go on from it."
            )
        return await take_up(self._data, folder, ask, is_headless=self._is_headless)

    async def reexecute(self, ask: wire.Reexecute, parent: LiveRun | None) -> Wired:
        """Make a run that does another one again; with the variables that one was given. Raises LisError."""
        secrets = _secrets_for(ask, parent)
        return await reexecute(self._data, ask, secrets, is_headless=self._is_headless)

    async def fork(self, ask: wire.Fork, parent: LiveRun | None) -> Wired:
        """Make a run of another's beginning; a rewind takes its sandbox too. Raises LisError."""
        folder = await asyncio.to_thread(self._store.find, ask.run)
        if ask.rebuild or await asyncio.to_thread(is_imported, folder):
            return await self.reexecute(as_reexecution(ask), parent)
        going = _going(parent)
        if ask.kind == "rewind" and parent is None and folder.is_live():
            raise RunIsLive(f"The run {folder.name} lives in a process that takes no visitors: fork it.")
        if going is not None:
            await going.kept()
        origin = await asyncio.to_thread(origin_of, self._data, folder, Point(ask.point, ask.is_before))
        fork = await asyncio.to_thread(Forking, self._data, origin, ask, is_headless=self._is_headless)
        secrets = _secrets_for(ask, parent)
        if API_KEY not in ask.secrets:  # the run may have gone on to another model than its first
            first = origin.started.spec.model
            secrets = await asyncio.to_thread(with_key_for, fork.spec.model, first, secrets, os.environ)
        model = choose_model(fork.spec.model, secrets.get(API_KEY))
        if ask.kind == "rewind" and parent is not None and going is not None and not origin.is_plain:
            rewind = Rewind(self._data, origin, fork.point, parent, going)
            home, past, sandbox = await rewind.carry_out(fork.make)
            wired = furnish(home, fork.spec, secrets, model, past=past, sandbox=sandbox)
            await rewind.finish(home.folder.name)
            return wired
        await must_have_image(origin)
        home, past = await asyncio.to_thread(fork.make)
        return furnish(home, fork.spec, secrets, model, past=past, image_id=origin.image_id)


class Forking:
    """One fork, thought through before anything is made. Raises UsageWrong, SettingsInvalid."""

    def __init__(self, data: Path, origin: Origin, ask: wire.Fork, *, is_headless: bool) -> None:
        self.point = Point(ask.point, ask.is_before)
        check_arguments(origin, self.point, ask.changes.arguments)
        # its results have a folder of its own: the parent's are not written over
        spec = spec_of(origin, ask.changes, is_headless=is_headless)
        self.spec = structs.replace(spec, output_dir=None, name=None)
        self._data = data
        self._origin = origin
        self._ask = ask

    def make(self) -> tuple[Home, Past]:
        """Make the new run's folder and the beginning of its journal. Raises StorageFailed."""
        parent = self._origin.folder
        folder = Store(self._data).create(self._origin.started.spec.task, self._ask.changes.name)
        home = Home.of_new(self._data, folder)
        try:
            link_files(parent, folder, self.point)
            self._must_have_checkpoint(folder)
            records = self._records(folder)
            for record in records:
                home.journal.append(record)
        except BaseException:
            home.remove()
            raise
        return home, self._past(records)

    def _must_have_checkpoint(self, folder: RunFolder) -> None:
        """What was found of the parent may have been pruned before it was linked. Raises StorageFailed."""
        manifest = self._origin.manifest
        kept = Manifests(folder.path, Blobs(self._data)).addresses()
        if manifest is not None and manifest.address not in kept:
            raise StorageFailed(f"The checkpoint at {manifest.address} was removed just now.")

    def _records(self, folder: RunFolder) -> tuple[Record, ...]:
        origin, prompt = self._origin, self._ask.changes.system_prompt
        started = structs.replace(
            origin.started,
            run=folder.name,
            spec=self.spec,
            system_prompt=origin.started.system_prompt
            if prompt is None
            else prompts.system_prompt(self.spec),
            app_version=__version__,
            parent=origin.folder.name,
            parent_step=self._ask.point,
        )
        facts = (Record(n, one.at, one.event) for n, one in enumerate(origin.facts, start=2))
        return (Record(1, time.time(), started), *facts)

    def _past(self, records: tuple[Record, ...]) -> Past:
        origin, ask = self._origin, self._ask
        problem = "" if origin.is_exact else what_is_missing(origin)
        opening = RunForked(
            parent=origin.folder.name,
            point=ask.point,
            is_before=ask.is_before,
            kind=ask.kind,
            has_files=origin.is_exact,
            problems=(problem,) if problem else (),
        )
        return Past(
            records=records,
            opening=opening,
            changes=changes_as_facts(origin, self.spec),
            message=ask.changes.message,
            note=problem,
            arguments=ask.changes.arguments,
            manifest=origin.manifest,
            is_held=ask.changes.is_held,
        )


def what_is_missing(origin: Origin) -> str:
    """Say how the sandbox differs from what it was at the point."""
    if origin.manifest is None:
        return "The sandbox is a new one, because there is no checkpoint: what earlier steps made is gone."
    return (
        f"The sandbox is as it was at {origin.manifest.address}, the nearest checkpoint: "
        f"what was done in it by {told(origin.missed)} is gone."
    )


def _going(parent: LiveRun | None) -> Movable | None:
    """Give the run itself where it lives here and has not ended."""
    if parent is None or parent.ended is not None:
        return None
    run = parent.wired.run
    return run if isinstance(run, Movable) else None


def _secrets_for(ask: wire.Fork | wire.Reexecute, parent: LiveRun | None) -> Mapping[str, str]:
    """What the parent was given is there for the fork too; its key only where the same model is asked."""
    known = {} if parent is None else dict(parent.wired.secrets)
    if ask.changes.model is not None:
        known.pop(API_KEY, None)
    return known | ask.secrets
