"""The only place where the rooms meet: what was asked of a run becomes a run with all its parts."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from msgspec import structs

from lis_tui import __version__
from lis_tui.config.keys import provider, require_key
from lis_tui.config.secrets import API_KEY, variables
from lis_tui.core.bus import Bus
from lis_tui.core.errors import StorageFailed
from lis_tui.core.filter_parser import check_breakpoints
from lis_tui.core.manifest import Manifest
from lis_tui.core.openai import routed_name
from lis_tui.core.ports import Model, Sandbox
from lis_tui.core.removal import remove_tree
from lis_tui.core.spec import ModelSpec, RunSpec, SandboxSpec
from lis_tui.core.text import Secrets
from lis_tui.engine.models import MakeModel
from lis_tui.engine.past import Past
from lis_tui.engine.recovery import Means
from lis_tui.engine.replaying import Replay
from lis_tui.engine.run import Run
from lis_tui.host.copies import Copies
from lis_tui.host.discretion import Discreet, DiscreetTool
from lis_tui.host.homes import Whose, home_of
from lis_tui.host.leftovers import host_id, remove_of_run
from lis_tui.host.runs import Wired
from lis_tui.model.gateway import Gateway
from lis_tui.model.human import HUMAN, HumanModel
from lis_tui.model.known import resolve
from lis_tui.model.retry import RetryingModel
from lis_tui.model.script import ScriptModel, load_scenario
from lis_tui.sandbox.carry import Carried, find_carried
from lis_tui.sandbox.engines import connect
from lis_tui.tools.registry import default_tools
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.replay import REPLAY, RecordedModel
from lis_tui.trajectory.store import RunFolder, RunLock, Store

SCRIPT = "script/"
"""Names of models that begin so are written scenarios."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a run is kept; nobody else has it while we hold its lock."""

    data: Path
    folder: RunFolder
    lock: RunLock
    journal: Journal

    @classmethod
    def of_new(cls, data: Path, folder: RunFolder) -> "Home":
        """Begin in a fresh folder. Raises StorageFailed."""
        return cls._locked(data, folder, Journal.create)

    @classmethod
    def of_old(cls, data: Path, folder: RunFolder) -> "Home":
        """Go on with a run that nobody has. Raises StorageFailed, RunIsLive."""
        return cls._locked(data, folder, Journal.resume)

    @classmethod
    def _locked(cls, data: Path, folder: RunFolder, begin: Callable[[RunFolder], Journal]) -> "Home":
        lock = folder.lock()
        try:
            return cls(data, folder, lock, begin(folder))
        except StorageFailed:
            lock.release()
            raise

    def leave(self) -> None:
        """Let go of it."""
        self.journal.close()
        self.lock.release()

    def remove(self) -> None:
        """Have it never been. Raises StorageFailed."""
        remove_tree(self.folder.worktree)
        remove_tree(self.folder.path)
        self.leave()


def wire(data: Path, spec: RunSpec, secrets: Mapping[str, str]) -> Wired:
    """Make a run that is ready to be played; its folder is made and locked. Raises LisError."""
    check_breakpoints(spec.breakpoints)
    spec = structs.replace(spec, model=resolved(spec.model))
    model = choose_model(spec.model, secrets.get(API_KEY))
    home = Home.of_new(data, Store(data).create(spec.task, spec.name))
    return furnish(home, spec, secrets, model)


def resolved(model: ModelSpec) -> ModelSpec:
    """Give the model as it is really asked for: the journal tells that."""
    return model if model.name.startswith((SCRIPT, REPLAY, HUMAN)) else resolve(model)


def furnish(
    home: Home,
    spec: RunSpec,
    secrets: Mapping[str, str],
    model: Model,
    *,
    past: Past | None = None,
    sandbox: Sandbox | None = None,
    image_id: str = "",
    replay: Replay | None = None,
) -> Wired:
    """Give a run all its parts. One with a past may have a `sandbox` that is up, or one of this image."""
    folder, journal = home.folder, home.journal
    bus = Bus(journal, time.time, journal.next_n)
    carried = find_carried(os.environ, Path.home()) if spec.sandbox.carry_certificates else Carried()
    blobs = Blobs(home.data)
    hidden = Secrets((*secrets.values(), *carried.secrets()), has_shapes=False)

    def computer(
        own: SandboxSpec, worktree: Path, manifests: Manifests, image_id: str, *, is_copy: bool = False
    ) -> Discreet:
        whose = Whose(
            run=folder.name,
            host_id=host_id(home.data),
            data=home.data,
            worktree=worktree,
            outputs_dir=folder.outputs_dir,
            env=variables(secrets),
            carried=carried,
            image_id=image_id,
            is_copy=is_copy,
        )
        return Discreet(
            own,
            home_of(own, whose),
            env=variables(secrets),
            hidden=carried.secrets(),
            secrets=hidden,
            contents=blobs,
            manifests=manifests,
        )

    with_checkpoints = structs.replace(spec.sandbox, checkpoints=True)
    run = Run(
        name=folder.name,
        spec=spec,
        model=model,
        sandbox=sandbox or computer(spec.sandbox, folder.worktree, Manifests(folder.path, blobs), image_id),
        copies=Copies(folder, blobs, partial(computer, with_checkpoints, is_copy=True)),
        tools=[DiscreetTool(tool, hidden) for tool in default_tools()],
        bus=bus,
        outputs_dir=folder.outputs_dir,
        results_dir=folder.results_dir,
        clock=time.time,
        monotonic=time.monotonic,
        sync=journal.sync,
        app_version=__version__,
        past=past,
        replay=replay,
        means=Means(
            newest=partial(_newest, folder, blobs), must_be_possible=_must_answer, clear=partial(_clear, home)
        ),
        make_model=other_models(spec.model, secrets, os.environ),
        mirrors=carried.hosts(),
    )

    async def release() -> None:
        try:
            await model.close()
        finally:
            home.leave()

    facts = journal.next_n - 1
    return Wired(folder.name, run, bus, folder.journal_path, time.time, release, facts, secrets)


def _newest(folder: RunFolder, blobs: Blobs) -> Manifest | None:
    return Manifests(folder.path, blobs).newest()


async def _must_answer(was_a_container: bool) -> None:
    """Refuse to give up what an engine that is away may have when it is back. Raises EngineMissing."""
    if was_a_container:
        (await asyncio.to_thread(connect)).close()


async def _clear(home: Home, was_a_container: bool) -> None:
    """Remove what an engine that was away still has of this run. Raises LisError."""
    if was_a_container:
        await remove_of_run(home.data, home.folder.name, has_container=True)


def choose_model(spec: ModelSpec, api_key: str | None) -> Model:
    """Give the model of this name: a written scenario, or any that litellm knows. Raises SettingsInvalid."""
    if spec.name.startswith(REPLAY):
        return RecordedModel()
    if spec.name.startswith(HUMAN):
        return HumanModel()
    if spec.name.startswith(SCRIPT):
        return ScriptModel(load_scenario(spec.name))
    return RetryingModel(Gateway(api_key))


def other_models(first: ModelSpec, secrets: Mapping[str, str], environ: Mapping[str, str]) -> MakeModel:
    """Give what makes another model for a run; the first one's key is for the first one's server alone."""

    def make(spec: ModelSpec) -> tuple[ModelSpec, Model]:
        spec = resolved(spec)
        given = secrets.get(API_KEY)
        if given is not None and _server(spec) == _server(first):
            return spec, choose_model(spec, given)
        key = require_key(spec, environ, Path.cwd())
        return spec, choose_model(spec, key.value if key is not None else None)

    return make


def with_key_for(
    spec: ModelSpec, first: ModelSpec, secrets: Mapping[str, str], environ: Mapping[str, str]
) -> Mapping[str, str]:
    """Have the key among secrets be this model's where `first` asked another server. Raises KeyMissing."""
    if _server(spec) == _server(first):
        return secrets
    key = require_key(spec, environ, Path.cwd())
    others = {name: value for name, value in secrets.items() if name != API_KEY}
    return others if key is None else others | {API_KEY: key.value}


def _server(spec: ModelSpec) -> tuple[str, str | None, str]:
    return provider(routed_name(spec)), spec.api_base, spec.key_source
