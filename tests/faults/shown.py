"""Whether a journal has all that anybody was shown of a run, and whether what came back of it is right."""

import re
from pathlib import Path

from lis_tui.core.errors import LisError
from lis_tui.core.events import (
    CheckpointTaken,
    ModelRetried,
    Record,
    ReplyCutOff,
    ReplyFinished,
    RunEnded,
    RunStarted,
    StepFinished,
    StepProposed,
    TextArrived,
)
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.store import RunFolder


def folder_of(data: Path, name: str) -> RunFolder:
    """Give a run's folder."""
    return RunFolder(name, data / "runs" / name, data / "worktrees" / name)


def lost_of(data: Path, name: str, shown: list[Record]) -> str:
    """Say what was shown of a run and is not kept, or how its journal is damaged; empty where all is well."""
    folder = folder_of(data, name)
    if not folder.journal_path.exists() or not folder.journal_path.stat().st_size:
        return f"{len(shown)} records were shown and none is kept" if shown else ""
    try:
        kept = list(read(folder))
    except LisError as error:
        return f"the journal does not open: {error.sentence}"
    if not kept:
        return f"{len(shown)} records were shown and none is kept" if shown else ""
    return _damage(kept) or _missing(shown, kept)


def _damage(kept: list[Record]) -> str:
    if not isinstance(kept[0].event, RunStarted):
        return "the journal does not begin with the run"
    numbers = [record.n for record in kept if record.n]
    return "" if numbers == list(range(1, len(numbers) + 1)) else "the journal has a gap"


def _missing(shown: list[Record], kept: list[Record]) -> str:
    facts = {record.n: record for record in kept if record.n}
    for record in shown:
        if record.n and facts.get(record.n) != record:
            return f"fact {record.n} was shown and is not kept: {type(record.event).__name__}"
    for turn, text in _open_texts(shown, kept).items():
        cut_off = (one.event for one in kept if isinstance(one.event, ReplyCutOff) and one.event.turn == turn)
        if not any(event.text.startswith(text) for event in cut_off):
            return f"{len(text)} characters of the reply of turn {turn} were shown and are not kept"
    return ""


def _open_texts(shown: list[Record], kept: list[Record]) -> dict[int, str]:
    """Give what was shown of replies that were never whole, by turn."""
    done = {one.event.turn for one in kept if isinstance(one.event, ReplyFinished | ModelRetried)}
    texts: dict[int, str] = {}
    for record in shown:
        if isinstance(record.event, TextArrived) and record.event.turn not in done:
            texts[record.event.turn] = texts.get(record.event.turn, "") + record.event.text
    return texts


def ended_of(data: Path, name: str) -> RunEnded | None:
    """Give how a run ended, where it ended."""
    folder = folder_of(data, name)
    if not folder.journal_path.exists():
        return None
    ends = [record.event for record in read(folder) if isinstance(record.event, RunEnded)]
    return ends[-1] if ends else None


def wrong_of(data: Path, name: str) -> str:
    """Say what is wrong with a run that was brought to its end; empty where it is as it should be.

    Each turn wrote its number into a file; the answer is that file. So the numbers are in order, none is
    there twice, and all are there after which a checkpoint was taken.
    """
    ended = ended_of(data, name)
    if ended is None:
        return "it has not ended"
    if ended.status != "submitted":
        return f"it ended as {ended.status}: {ended.reason}"
    written = [int(word) for word in (ended.answer or "").split()]
    if written != sorted(set(written)):
        return f"steps left {written}"
    facts = [record.event for record in read(folder_of(data, name))]
    asked = {one.address: one.call.arguments for one in facts if isinstance(one, StepProposed)}
    done = {one.address for one in facts if isinstance(one, StepFinished) and one.status == "done"}
    kept = {one.address for one in facts if isinstance(one, CheckpointTaken)}
    numbers = (re.search(r"echo (\d+) >> answer", asked.get(address, "")) for address in done & kept)
    sure = {int(found[1]) for found in numbers if found is not None}
    missing = sorted(sure - {*written})
    return f"what steps {missing} did is gone, and there is a checkpoint" if missing else ""
