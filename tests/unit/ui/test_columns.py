from pathlib import Path

import pytest

from lis_tui.trajectory.foreign.opening import Row
from lis_tui.trajectory.foreign.recording import Entry
from lis_tui.ui.columns import COLUMNS, Widths, facts_of, in_order, line, placed

COLUMN = {column.head: column for column in COLUMNS}


def row(name: str, *, format_: str = "Inspect", **rest: object) -> Row:
    entry = Entry(name=name, **rest)  # type: ignore[arg-type]
    return Row(path=Path(f"{name}.json"), format=format_, entry=entry)


def test_what_a_file_does_not_say_comes_last_in_either_order() -> None:
    rows = [row("a", turns=3), row("b"), row("c", turns=11), row("d", turns=0)]
    turns = COLUMN["turns"]
    assert in_order(rows, range(4), turns, is_down=True) == [2, 0, 3, 1]
    assert in_order(rows, range(4), turns, is_down=False) == [3, 0, 2, 1]


def test_scores_are_sorted_as_numbers_and_words_after_them() -> None:
    rows = [row("a", score="I"), row("b", score=10.0), row("c", score=9.5), row("d", score=float("nan"))]
    assert in_order(rows, range(4), COLUMN["score"], is_down=False) == [2, 1, 0, 3]


@pytest.mark.parametrize("at", [1e300, -1e300, float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_shown_empty(at: float) -> None:
    assert COLUMN["started"].text(row("a", started_at=at)) == ""


def test_what_a_file_says_is_shown_on_one_line_without_control_codes() -> None:
    hostile = row("a\x1b[2J\nb", outcome="\x1b]0;x\x07done", model="m\x9b2J", task="[red]t\n\tu")
    widths = Widths()
    widths.add(hostile)
    text = "".join(text for text, _ in line(placed(widths.told(), 118), hostile))
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in text)
    assert "[red]t" in text


def test_columns_in_which_nothing_stands_take_no_room_and_narrow_tables_do_without_some() -> None:
    widths = Widths()
    for number in range(2):
        widths.add(
            row(
                f"a-rather-long-name-{number}",
                format_=f"f{number}",
                outcome="submitted",
                turns=4,
                tokens=1234,
                model="some-long-model-name-4-5",
                started_at=1.7e9,
                task="Do it.",
            )
        )
    heads = [shown.column.head for shown in placed(widths.told(), 118)]
    assert heads == ["name", "outcome", "turns", "tokens", "model", "started", "format", "task"]
    narrow = placed(widths.told(), 58)
    assert [shown.column.head for shown in narrow] == ["name", "outcome", "turns", "task"]
    assert all(shown.at + shown.width <= 58 for shown in narrow)


def test_a_filter_of_a_number_does_not_mean_what_says_none() -> None:
    assert facts_of(row("a", score="C")).numbers == {}
    assert facts_of(row("a", score=0.5, turns=2)).numbers == {"score": 0.5, "turns": 2.0}
