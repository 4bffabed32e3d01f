"""Goes on with a run that no process has: its lock, its journal, and a sandbox as it was."""

import asyncio
from pathlib import Path

from lis_tui.config.secrets import API_KEY
from lis_tui.core import wire
from lis_tui.core.errors import UsageWrong
from lis_tui.core.events import EndStatus, RunContinued
from lis_tui.core.spec import RunSpec
from lis_tui.core.view import RunView
from lis_tui.engine import prompts
from lis_tui.engine.controls import RAISABLE
from lis_tui.engine.limits import reached
from lis_tui.engine.past import Past, seconds_of, spent_of
from lis_tui.host.leftovers import remove_of_run
from lis_tui.host.origin import Origin, changes_as_facts, must_have_image, origin_of, spec_of, told
from lis_tui.host.runs import Wired
from lis_tui.host.wiring import Home, choose_model, furnish
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.store import RunFolder
from lis_tui.trajectory.unfinished import put_right

_OVER: tuple[EndStatus, ...] = ("submitted", "answered")


async def take_up(data: Path, folder: RunFolder, ask: wire.TakeUp, *, is_headless: bool) -> Wired:
    """Make a run of what is on disk of it. Raises LisError."""
    home = await asyncio.to_thread(Home.of_old, data, folder)
    try:
        await asyncio.to_thread(put_right, folder)
        origin = await asyncio.to_thread(origin_of, data, folder, None)
        spec, past = await asyncio.to_thread(past_of, origin, ask, is_headless=is_headless)
        model = choose_model(spec.model, ask.secrets.get(API_KEY))
        if not origin.is_plain:
            await _prepare(data, origin)
        return furnish(home, spec, ask.secrets, model, past=past, image_id=origin.image_id)
    except BaseException:
        home.leave()
        raise


def past_of(origin: Origin, ask: wire.TakeUp, *, is_headless: bool) -> tuple[RunSpec, Past]:
    """Give what the run goes on from, and how. Raises UsageWrong, SettingsInvalid, StorageFailed."""
    spec = spec_of(origin, ask.changes, is_headless=is_headless)
    _must_make_sense(origin, spec, ask)
    return spec, _past(origin, spec, ask)


def _must_make_sense(origin: Origin, spec: RunSpec, ask: wire.TakeUp) -> None:
    """Refuse what would end at once. Raises UsageWrong."""
    ended = origin.view.ended
    if ended is not None and ended.status in _OVER and not ask.changes.message:
        raise UsageWrong(f"{origin.folder.name} gave its answer: say what it is to do now (a message).")
    still = reached(spec.limits, spent_of(origin.view), seconds_of(origin.facts))
    if still is not None:
        raise UsageWrong(f"{still.reason} Raise it to go on.")
    if ask.changes.arguments is not None or ask.changes.system_prompt is not None:
        raise UsageWrong("What has happened stays: fork the run to change a step or the system prompt.")


async def _prepare(data: Path, origin: Origin) -> None:
    """Have the work tree, and no container left that writes into it. Raises LisError."""
    await must_have_image(origin)
    await asyncio.to_thread(origin.folder.make_worktree)
    await remove_of_run(data, origin.folder.name, has_container=origin.home == "docker")


def _past(origin: Origin, spec: RunSpec, ask: wire.TakeUp) -> Past:
    lost, note = _lost(origin, spec)
    is_restored = origin.manifest is not None or origin.is_plain
    ended = origin.view.ended
    is_raised = ended is not None and ended.status in RAISABLE
    if is_raised and not note:
        left = spec.limits.max_turns - spent_of(origin.view).turns
        note = f"The limits were raised: go on with the task. {left} turns are left."
    files = "the files are as they were before it." if is_restored else "what it had done by then is there."
    return Past(
        records=tuple(record for record in read(origin.folder) if record.n),
        opening=RunContinued("taken up again", lost),
        changes=changes_as_facts(origin, spec),
        message=ask.changes.message,
        note=note,
        note_origin="limits" if is_raised and not lost else "nudge",
        manifest=origin.manifest,
        is_held=not spec.is_headless and (ask.changes.is_held or _was_held(origin)),
        cut_off=f"the program ended while this ran; {files}",
    )


def _was_held(origin: Origin) -> bool:
    """Whether a person had it hold. What a rule held it for is put right by going on."""
    view, ended = origin.view, origin.view.ended
    if ended is not None and ended.status == "terminated":
        view = RunView().apply_all(record for record in origin.facts if record.event is not ended)
    return view.is_held and not view.held_because


def _lost(origin: Origin, spec: RunSpec) -> tuple[tuple[str, ...], str]:
    """Say what does not come back with the sandbox: to a person, and to the model."""
    if origin.is_plain or origin.sandbox is None:
        return (), ""
    workdir = spec.sandbox.workdir
    if origin.manifest is None:
        here = f"there is no checkpoint: {workdir} is as it was left; the shell's state, processes and what"
        return (f"{here} was made elsewhere are gone",), prompts.new_sandbox(spec)
    finished = [one for one in origin.missed if (step := origin.view.step(one)) and step.observation]
    if not finished:
        return (), ""
    gone = f"what {told(finished)} did in the sandbox is gone: no checkpoint was taken after it"
    return (gone,), f"The sandbox is as it was at {origin.manifest.address}; {gone}."
