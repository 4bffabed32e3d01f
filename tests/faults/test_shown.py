"""What compares a journal with what was shown sees what is missing, and nothing else."""

from pathlib import Path

import pytest

from lis_tui.core import events
from lis_tui.core.events import Event, Record, ReplyCutOff, RunContinued, TextArrived
from lis_tui.trajectory.store import Store
from tests.faults.shown import folder_of, lost_of
from tests.journals import asked, finished, started

KEPT: tuple[Event, ...] = (
    started(),
    asked(1),
    ReplyCutOff(turn=1, text="one two"),
    RunContinued(),
    asked(2),
    finished(2, "whole"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Store(tmp_path).create("task", "one")
    lines = [events.encode(Record(n, 1.0, event)) + b"\n" for n, event in enumerate(KEPT, start=1)]
    folder_of(tmp_path, "one").journal_path.write_bytes(b"".join(lines) + b'{"n": 7, "torn')
    return tmp_path


def text(turn: int, *words: str) -> list[Record]:
    return [Record(0, 1.0, TextArrived(turn, word)) for word in words]


def test_all_that_was_shown_is_kept_also_of_replies_that_were_cut_off_and_done_again(data: Path) -> None:
    facts = [Record(n, 1.0, event) for n, event in enumerate(KEPT, start=1)]
    assert lost_of(data, "one", [*facts[:2], *text(1, "one", " two"), *facts[2:5], *text(2, "who")]) == ""


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([Record(7, 1.0, RunContinued())], "fact 7 was shown"),
        ([Record(4, 2.0, RunContinued())], "fact 4 was shown"),
        (text(1, "one", " three"), "9 characters of the reply of turn 1"),
        (text(3, "x"), "1 characters of the reply of turn 3"),
    ],
)
def test_what_is_missing_is_said(data: Path, shown: list[Record], said: str) -> None:
    assert said in lost_of(data, "one", shown)


def test_a_gap_and_a_missing_journal_are_said(data: Path) -> None:
    path = folder_of(data, "one").journal_path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert lost_of(data, "one", []) == "the journal has a gap"
    path.unlink()
    assert "none is kept" in lost_of(data, "one", text(1, "x"))
    assert lost_of(data, "one", []) == ""
