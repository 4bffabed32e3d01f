"""Connections in words and in order, and why a run holds."""

import pytest

from lis_tui.core.events import ConnectionAnswered, ConnectionEnded, PauseAsked, Record, RunEnded
from lis_tui.core.view import RunView
from lis_tui.ui.held import held_lines, held_words
from lis_tui.ui.reaching import arranged, asked_host, by_host, each, place, time_left, total_words
from tests.connected import ASKED, ASKED_NEXT, LOST, reached

MADE = [one for one in reached() if isinstance(one, ConnectionEnded)]


def test_totals_by_host_add_up() -> None:
    assert sum(one.sent for one in by_host(MADE)) == sum(one.sent for one in MADE)
    found = {one.host: one for one in by_host(MADE)}
    assert (found["pip.test"].count, found["pip.test"].received) == (2, 414_100)
    assert found["169.254.169.254"].refused == 3
    assert total_words(MADE) == "2 hosts · 18 connections · 28 kB ↑ 39 MB ↓ · 4 refused"


def test_a_host_of_several_ports_is_named_without_one() -> None:
    other = ConnectionEnded(host="pip.test", port=80, is_allowed=False, why="no")
    (found,) = [one for one in by_host([*MADE, other]) if one.host == "pip.test"]
    assert found.place == "pip.test"
    assert (found.is_allowed, found.refused, found.count) == (True, 1, 3)


def test_every_word_of_a_filter_must_fit() -> None:
    assert [one.host for one in arranged(each(MADE), "when", is_down=False, wanted="pip.t 2.1")] == [
        "pip.test"
    ]
    assert len(arranged(each(MADE), "when", is_down=False, wanted="REFUSED")) == 2
    assert arranged(each(MADE), "when", is_down=False, wanted="refused pip.t") == []


def test_rows_are_sorted_by_any_column() -> None:
    hosts = [one.host for one in arranged(each(MADE), "host", is_down=False)]
    assert hosts == sorted(hosts)
    received = [one.received for one in arranged(each(MADE), "received", is_down=True)]
    assert received == sorted(received, reverse=True)
    assert arranged(each(MADE), "step", is_down=False)[0].address is None


def test_a_hostile_name_is_shown_as_plain_text() -> None:
    shown = place("evil\x1b[31m\n.org", 443)
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert place("::1", 80) == "[::1]:80"


def test_the_oldest_question_comes_first_and_says_what_becomes_of_it() -> None:
    view = RunView().apply_all([Record(1, 100.0, ASKED), Record(2, 101.0, ASKED_NEXT)])
    asked = asked_host(view)
    assert asked == ASKED
    assert time_left(view, ASKED, 110.0) == " · no in 0:50"
    view.apply(Record(3, 111.0, ConnectionAnswered(number=1, verdict="no")))
    assert asked_host(view) == ASKED_NEXT
    assert time_left(view, ASKED, 110.0) == ""
    view.apply(Record(4, 112.0, RunEnded(status="ended_by_person")))
    assert asked_host(view) is None


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (LOST, "sandbox lost"),
        ("The model gave no reply: connection refused.\nResume asks again.", "model gave no reply"),
        (
            "Nobody answers at http://localhost:8000/v1. Is it on?",
            "nobody answers at http://localhost:8000/v1",
        ),
        ("GPU gone (again)", "GPU gone"),
        ("", ""),
    ],
)
def test_why_a_run_holds_is_told_in_a_few_words(reason: str, words: str) -> None:
    view = RunView().apply_all([Record(1, 1.0, PauseAsked("rule", reason))])
    assert held_words(view) == words
    assert held_lines(view) == (reason.split("\n") if reason else [])


def test_where_a_person_holds_it_there_is_no_reason_to_tell() -> None:
    view = RunView().apply_all([Record(1, 1.0, PauseAsked("person", "the run is rewound"))])
    assert held_words(view) == ""


def test_what_was_allowed_and_came_to_nothing_is_told_from_what_was_refused() -> None:
    why = "a.org cannot be reached: Name or service not known."
    failed = ConnectionEnded(host="a.org", port=80, is_allowed=True, why=why)
    late = ConnectionEnded(host="b.org", port=80, is_allowed=True, why="b.org was cut off.", received=9)
    refused = ConnectionEnded(host="c.org", port=80, is_allowed=False, why="no")
    assert [one.state for one in each([failed, late, refused])] == ["failed", "allowed", "refused"]
