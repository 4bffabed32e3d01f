"""What a run is made of that does not begin at its beginning: another one's facts, spec and checkpoint."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import structs

from lis_tui.core.errors import ImageMissing, JournalUnreadable, UsageWrong
from lis_tui.core.events import (
    LimitsChanged,
    ModeChanged,
    ModelChanged,
    Record,
    RunStarted,
    SandboxStarted,
    StepAddress,
)
from lis_tui.core.manifest import Manifest
from lis_tui.core.namespaces import must_be_possible
from lis_tui.core.spec import RunSpec
from lis_tui.core.view import RunView
from lis_tui.core.wire import Changes
from lis_tui.engine.past import calls_of
from lis_tui.host.wiring import resolved
from lis_tui.sandbox.image import has_image
from lis_tui.tools.registry import default_tools
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.forking import Point, facts_up_to, nearest
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A run as it was at a point."""

    folder: RunFolder
    started: RunStarted
    facts: tuple[Record, ...]
    """What happened up to there, but for RunStarted."""
    view: RunView
    sandbox: SandboxStarted | None
    """The computer it had."""
    manifest: Manifest | None
    """The newest checkpoint up to there."""
    missed: tuple[StepAddress, ...]
    """The steps that ran after that checkpoint was taken."""

    @property
    def is_plain(self) -> bool:
        """It has no computer."""
        return self.started.spec.model.tool_style == "none"

    @property
    def image_id(self) -> str:
        """The very image that its computer came from; empty where it never had one."""
        if self.manifest is not None and self.manifest.image_id:
            return self.manifest.image_id
        return self.sandbox.image_id if self.sandbox is not None else ""

    @property
    def home(self) -> Literal["auto", "docker", "embedded"]:
        """In which home its computer was; what is kept of it fits no other."""
        if self.sandbox is None:
            return self.started.spec.sandbox.kind
        return "embedded" if self.sandbox.kind == "embedded" else "docker"

    @property
    def is_exact(self) -> bool:
        """Its sandbox can be had as it was at the point."""
        return self.is_plain or (self.manifest is not None and not self.missed)


def origin_of(data: Path, folder: RunFolder, point: Point | None) -> Origin:
    """Read the run up to the point, or all of it. Raises UsageWrong, StorageFailed."""
    records = [record for record in read(folder) if record.n]
    started = records[0].event if records else None
    if not isinstance(started, RunStarted):
        raise JournalUnreadable(
            f"The run {folder.name} ended before it began: there is nothing to go on from."
        )
    facts = records[1:] if point is None else facts_up_to(records, point)
    manifests = Manifests(folder.path, Blobs(data))
    manifest = manifests.newest() if point is None else _at(manifests, point)
    sandboxes = [record.event for record in records if isinstance(record.event, SandboxStarted)]
    view = RunView().apply_all([records[0], *facts])
    return Origin(
        folder=folder,
        started=started,
        facts=tuple(facts),
        view=view,
        sandbox=sandboxes[-1] if sandboxes else None,
        manifest=manifest,
        missed=_missed(view, None if manifest is None else manifest.address),
    )


def _at(manifests: Manifests, point: Point) -> Manifest | None:
    checkpoint = nearest(manifests.addresses(), point)
    return None if checkpoint is None else manifests.load(checkpoint)


def spec_of(origin: Origin, changes: Changes, *, is_headless: bool) -> RunSpec:
    """Give the spec as it is at that point, with the changes. Raises SettingsInvalid."""
    view, spec = origin.view, origin.started.spec
    sandbox = structs.replace(spec.sandbox, kind=origin.home)
    if origin.manifest is not None:
        sandbox = structs.replace(sandbox, checkpoints=True)
    return structs.replace(
        spec,
        model=resolved(changes.model) if changes.model is not None else view.model or spec.model,
        mode=changes.mode or view.mode,
        limits=changes.limits or view.limits,
        breakpoints=view.breakpoints,
        system_prompt=spec.system_prompt if changes.system_prompt is None else changes.system_prompt,
        sandbox=sandbox,
        is_headless=is_headless,
    )


def changes_as_facts(origin: Origin, spec: RunSpec) -> tuple[ModelChanged | ModeChanged | LimitsChanged, ...]:
    """Say what the new spec has otherwise than the run had it."""
    view = origin.view
    found: list[ModelChanged | ModeChanged | LimitsChanged] = []
    if spec.model != view.model:
        found.append(ModelChanged(spec.model))
    if spec.mode != view.mode:
        found.append(ModeChanged(spec.mode))
    if spec.limits != view.limits:
        found.append(LimitsChanged(spec.limits))
    return tuple(found)


def check_arguments(origin: Origin, point: Point, arguments: str | None) -> None:
    """Refuse what the step that is next cannot run. Raises UsageWrong."""
    if arguments is None:
        return
    at = point.address
    calls = calls_of(origin.view, at.turn)
    if not point.is_before or at.extra or not 1 <= at.step <= len(calls):
        raise UsageWrong("Other arguments are for the step that is next: fork before a step of the model's.")
    name = calls[at.step - 1].name
    tool = next((tool for tool in default_tools() if tool.schema.name == name), None)
    try:
        parsed = msgspec.json.decode(arguments.encode(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise UsageWrong(f"The arguments are no JSON object: {error}.") from error
    problem = f"There is no tool {name}." if tool is None else tool.problem(parsed)
    if problem:
        raise UsageWrong(f"{name} cannot run that: {problem}")


def _missed(view: RunView, checkpoint: StepAddress | None) -> tuple[StepAddress, ...]:
    return tuple(
        step.address
        for step in view.steps
        if step.started_at is not None and (checkpoint is None or step.address > checkpoint)
    )


def told(addresses: Sequence[StepAddress]) -> str:
    """Name some steps."""
    return ", ".join(map(str, addresses[:10])) + (" and more" if len(addresses) > 10 else "")


async def must_have_image(origin: Origin) -> None:
    """Refuse at once where the computer cannot be had. Raises ImageMissing, EngineMissing."""
    image = origin.image_id
    if origin.home == "embedded" and not origin.is_plain:
        await asyncio.to_thread(must_be_possible)
        return
    if origin.is_plain or not image or await asyncio.to_thread(has_image, image):
        return
    name = origin.sandbox.image if origin.sandbox is not None else origin.started.spec.sandbox.image
    raise ImageMissing(
        f"The image {name} ({image[:19]}) that {origin.folder.name} ran in is gone, so its files cannot be "
        "brought back. Get that image again, or do it again in another one: "
        f"`lis-tui reexecute {origin.folder.name} --image IMAGE`."
    )
