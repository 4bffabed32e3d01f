"""Runs and their forks, for tests of the screen and for its pictures."""

import json
from pathlib import Path

from lis_tui.core import events
from lis_tui.core.events import Record, StepAddress
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.app import LisApp
from tests import story
from tests.screens import NOW, FakeSource, Ticking, workbench_app

FIFTH = StepAddress(5, 1)


def kept(records: list[Record], *without: StepAddress) -> list[Record]:
    """The sandbox was kept after each step but some."""
    told: list[Record] = []
    for record in records:
        told.append(record)
        done = record.event
        if isinstance(done, events.StepFinished) and done.address not in without:
            taken = events.CheckpointTaken(address=done.address, entries=9, bytes_new=800, took_s=0.1)
            told.append(Record(900 + len(told), record.at, taken))
    return told


def child(point: StepAddress = FIFTH, name: str = "mandelbrot-3-fork") -> FakeSource:
    """A fork begins with what its parent told."""
    forked = events.RunForked(parent="mandelbrot-3", point=point)
    past = [record for record in kept(story.waiting()) if record.at < story.waiting()[-1].at - 3]
    return FakeSource([*past, Record(990, past[-1].at + 1, forked)], name=name)


def parent(records: list[Record] | None = None, *, is_recorded: bool = False) -> FakeSource:
    """A run from which one fork can be made."""
    source = FakeSource(records or kept(story.waiting()), is_recorded=is_recorded)
    fork = child()
    source.others = {fork.name: fork}
    fork.others = {source.name: source}
    return source


def app_of(source: FakeSource) -> LisApp:
    """Give an app that shows the run three seconds after its last gate."""
    return workbench_app(source, now=story.waiting()[-1].at + 3, monotonic=Ticking())


def family_of_two() -> list[RunSummary]:
    """A live run, its live fork, and a run that is no kin."""

    def run(name: str, **rest: object) -> RunSummary:
        return RunSummary(name=name, path=Path(name), worktree=Path(name), **rest)  # type: ignore[arg-type]

    live: dict[str, object] = {"task": story.TASK, "started_at": NOW - 900, "last_at": NOW, "is_live": True}
    return [
        run("mandelbrot-3", turns=6, **live),
        run("mandelbrot-3-fork", turns=5, parent="mandelbrot-3", parent_step=FIFTH, **live),
        run(
            "primes-12", task="Sum primes", turns=4, started_at=NOW - 400, last_at=NOW - 300, end="submitted"
        ),
    ]


def eventful(turns: int = 30) -> list[Record]:
    """A fork of a run, with failures, edits, a person's command and steps that were not kept."""
    told = story.Story(has_fragments=False)
    told.begin(mode="auto")
    for turn in range(1, turns + 1):
        call, here = story.bash(f"python3 step.py --number {turn}"), StepAddress(turn, 1)
        told.think(turn, f"Turn {turn}: on with it.", [call])
        edited = json.dumps({"command": "ls"}) if turn == 13 else ""
        told.run(here, call, f"line one of {turn}\n", code=int(turn % 9 == 0), arguments=edited)
        if turn == 16:
            added = StepAddress(16, 1, 1)
            told.say(events.CommandInjected(address=added, command="pip list"))
            told.run(added, story.bash("pip list", "p"), "numpy\n")
        if turn not in (20, 21):
            told.say(events.CheckpointTaken(address=here, entries=9, bytes_new=800, took_s=0.1))
        if turn == 7:
            told.say(events.RunForked(parent="mandelbrot-2", point=here))
    return told.records
