"""How a run begins in the middle: its sandbox is brought back, then it is said what came of that."""

from msgspec import structs

from lis_tui.core.errors import LisError
from lis_tui.core.events import (
    Event,
    MessageQueued,
    MessageSent,
    NoticeGiven,
    RestoreProgressed,
    RunContinued,
    RunForked,
    StepFinished,
)
from lis_tui.core.messages import Observation
from lis_tui.core.ports import Restored
from lis_tui.core.text import safe_str
from lis_tui.engine.computer import Computer
from lis_tui.engine.past import Past
from lis_tui.engine.progress import Progress
from lis_tui.engine.recovery import Recovery


async def open_again(progress: Progress, computer: Computer | None, recovery: Recovery, past: Past) -> None:
    """Have the run be where its past says, ready to go on. Raises LisError, RunCut.

    Where the sandbox does not come back to a run that somebody watches, the run holds.
    """
    began = progress.monotonic()
    restored: Restored | None = None
    problem = "The run was ended first."
    try:
        restored = await _brought_back(progress, computer, past)
        problem = ""
    except LisError as error:
        problem = error.sentence
        if progress.spec.is_headless or not isinstance(past.opening, RunContinued):
            raise
        recovery.lose(error)
    finally:
        took_s = progress.monotonic() - began if past.restored is None else past.restored.took_s
        progress.bus.publish(_told(past.opening, restored, problem, took_s))
    _answer_begun(progress, past.cut_off)
    progress.beside.jobs.lose()
    for change in past.changes:
        progress.bus.publish(change)
    if past.is_held:
        progress.gates.pause("person")
    _speak(progress, past)


async def _brought_back(progress: Progress, computer: Computer | None, past: Past) -> Restored | None:
    if computer is None:
        return None
    if past.is_up:
        computer.adopt(past.restored)
        return past.restored

    def tell(done: int, total: int) -> None:
        progress.bus.publish(RestoreProgressed(done, total))

    try:
        async with progress.cuttable():
            return await computer.bring_back(past.manifest, tell)
    finally:
        tell(0, 0)


def _told(opening: RunForked | RunContinued, restored: Restored | None, problem: str, took_s: float) -> Event:
    """Complete the fact that opens the run by what came of bringing its sandbox back."""
    lost = tuple(f"it ran and does not any more: {one}" for one in restored.lost) if restored else ()
    problems = restored.problems if restored else ()
    if problem:
        problems = (*problems, problem)
    if isinstance(opening, RunContinued):
        return structs.replace(opening, lost=(*opening.lost, *lost, *problems))
    return structs.replace(
        opening,
        has_files=opening.has_files and not problem,
        took_s=took_s,
        lost=(*opening.lost, *lost),
        problems=(*opening.problems, *problems),
    )


def _answer_begun(progress: Progress, why: str) -> None:
    """What ran when the program ended has no result, and that is what the model is told."""
    for step in progress.view.steps:
        if step.started_at is None or step.observation is not None:
            continue
        observation = Observation(text=f"No result: {why}", status="interrupted")
        if step.address in progress.owed:
            progress.answer(step.address, observation)
        else:
            finished = StepFinished(address=step.address, call_id="", tool=step.tool, observation=observation)
            progress.bus.publish(finished)
    progress.begun = None


def _speak(progress: Progress, past: Past) -> None:
    if past.note and progress.owed:
        progress.bus.publish(NoticeGiven(f"The model was not told: {past.note}"))
    elif past.note:
        origin = past.note_origin
        progress.bus.publish(MessageSent(turn=progress.turn + 1, text=past.note, origin=origin))
    if past.message:
        progress.said.append(safe_str(past.message))
        progress.bus.publish(MessageQueued(progress.said[-1]))
