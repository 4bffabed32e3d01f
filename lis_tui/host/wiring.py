"""The only place where the rooms meet: what was asked of a run becomes a run with all its parts."""

import asyncio
import os
import secrets as tokens
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from lis_tui import __version__
from lis_tui.config.secrets import API_KEY, variables
from lis_tui.core.bus import Bus
from lis_tui.core.errors import ImageMissing, RunNotFound, StorageFailed
from lis_tui.core.events import SandboxStarted
from lis_tui.core.filter_parser import check_breakpoints
from lis_tui.core.ports import Model
from lis_tui.core.private import open_private, private_folder
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.text import Secrets
from lis_tui.engine.run import Run
from lis_tui.host.discretion import Discreet, DiscreetTool
from lis_tui.host.runs import Wired
from lis_tui.model.gateway import Gateway
from lis_tui.model.known import resolve
from lis_tui.model.retry import RetryingModel
from lis_tui.model.script import ScriptModel, load_scenario
from lis_tui.sandbox import container
from lis_tui.sandbox.carry import Carried, find_carried
from lis_tui.sandbox.image import DEFAULT_IMAGE
from lis_tui.tools.registry import default_tools
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.journal import Journal, read
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder, Store, is_locked

SCRIPT = "script/"
"""Names of models that begin so are written scenarios."""


def wire(data: Path, spec: RunSpec, secrets: Mapping[str, str]) -> Wired:
    """Make a run that is ready to be played; its folder is made and locked. Raises LisError."""
    check_breakpoints(spec.breakpoints)
    if not spec.model.name.startswith(SCRIPT):
        spec = structs.replace(spec, model=resolve(spec.model))  # the journal tells what is really asked for
    model = choose_model(spec.model, secrets.get(API_KEY))
    folder = Store(data).create(spec.task, spec.name)
    lock = folder.lock()
    try:
        journal = Journal.create(folder)
    except StorageFailed:
        lock.release()
        raise
    bus = Bus(journal, time.time)
    carried = find_carried(os.environ, Path.home()) if spec.sandbox.carry_certificates else Carried()
    blobs = Blobs(data)
    hidden = Secrets((*secrets.values(), *carried.secrets()), has_shapes=False)
    run = Run(
        name=folder.name,
        spec=spec,
        model=model,
        sandbox=Discreet(
            spec.sandbox,
            run=folder.name,
            host_id=host_id(data),
            worktree=folder.worktree,
            outputs_dir=folder.outputs_dir,
            env=variables(secrets),
            carried=carried,
            secrets=hidden,
            contents=blobs,
            manifests=Manifests(folder.path, blobs),
        ),
        tools=[DiscreetTool(tool, hidden) for tool in default_tools()],
        bus=bus,
        outputs_dir=folder.outputs_dir,
        results_dir=folder.results_dir,
        clock=time.time,
        sync=journal.sync,
        app_version=__version__,
    )

    async def release() -> None:
        try:
            await model.close()
        finally:
            journal.close()
            lock.release()

    return Wired(folder.name, run, bus, folder.journal_path, time.time, release)


def choose_model(spec: ModelSpec, api_key: str | None) -> Model:
    """Give the model of this name: a written scenario, or any that litellm knows. Raises SettingsInvalid."""
    if spec.name.startswith(SCRIPT):
        return ScriptModel(load_scenario(spec.name))
    return RetryingModel(Gateway(api_key))


def host_id(data: Path) -> str:
    """Give the name by which containers of this data folder are known, made at first."""
    path = private_folder(data) / "host-id"
    if not path.exists():
        fresh = path.with_name(f"host-id.{tokens.token_hex(4)}")
        fd = open_private(fresh, os.O_WRONLY)
        os.write(fd, tokens.token_hex(8).encode())
        os.close(fd)
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()


async def remove_orphans(data: Path) -> list[str]:
    """Remove the containers of runs of this data folder that no process holds any more. Raises LisError.

    What root wrote into the work trees of these runs is given back to the user.
    """
    store = Store(data)
    runs = store.root / "runs"
    dead = await container.remove_orphans(lambda run: is_locked(runs / run / "lock"), host_id(data))
    for run in dead:
        with suppress(RunNotFound):
            await give_back(store.find(str(runs / run)))
    return dead


async def give_back(folder: RunFolder) -> None:
    """Make the run's work tree the user's own again, where they are not root. Raises LisError."""
    if os.geteuid() == 0 or not await asyncio.to_thread(folder.worktree.exists):
        return
    image = await asyncio.to_thread(_image_of, folder)
    if not image:
        return
    try:
        await container.reclaim(folder.worktree, image)
    except ImageMissing:
        await container.reclaim(folder.worktree, DEFAULT_IMAGE)


def _image_of(folder: RunFolder) -> str:
    events = (record.event for record in read(folder))
    return next((event.image_id for event in events if isinstance(event, SandboxStarted)), "")
