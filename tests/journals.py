"""Events and folders for tests of what is kept on disk."""

from pathlib import Path

from lis_tui.core.events import (
    KnownEvent,
    ModelAsked,
    NoticeGiven,
    Record,
    ReplyFinished,
    RunEnded,
    RunStarted,
)
from lis_tui.core.messages import Reply, Usage
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import RunFolder


def started(run: str = "a-1", task: str = "do it", model: str = "script/x") -> RunStarted:
    """Give the first event of a journal."""
    spec = RunSpec(task=task, model=ModelSpec(name=model))
    return RunStarted(run=run, spec=spec, system_prompt="be good", task_prompt=task, tools=())


def asked(turn: int) -> ModelAsked:
    """Give the event that opens a turn."""
    return ModelAsked(turn=turn, model="m", message_count=1, prompt_tokens_estimate=10)


def finished(turn: int, text: str = "done", cost_usd: float | None = None) -> ReplyFinished:
    """Give a whole reply."""
    return ReplyFinished(turn=turn, reply=Reply(text=text, usage=Usage(cost_usd=cost_usd)))


def write(folder: RunFolder, *events: KnownEvent, at: float = 100.0) -> None:
    """Write a new journal with these events, a second apart."""
    journal = Journal.create(folder)
    for number, event in enumerate(events, 1):
        journal.append(Record(number, at + number - 1, event))
    journal.close()


def whole_run(folder: RunFolder, turns: int = 2, at: float = 100.0) -> None:
    """Write a run that ended with an answer."""
    middle: list[KnownEvent] = []
    for turn in range(1, turns + 1):
        middle += [asked(turn), finished(turn, cost_usd=0.25)]
    end = RunEnded(status="submitted", answer="42\nindeed")
    write(folder, started(folder.name), *middle, end, NoticeGiven("bye"), at=at)


def lines_of(path: Path) -> list[bytes]:
    """Give the file's lines with their ends."""
    return path.read_bytes().splitlines(keepends=True)
