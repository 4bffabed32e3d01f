"""Breakpoints stop a recording where they would have stopped the run."""

from itertools import count
from typing import Any

import pytest

from lis_tui.core import events
from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.cursor import Timeline
from lis_tui.core.errors import FilterInvalid
from lis_tui.core.events import StepAddress
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.core.stops import Stop, StopSearch, find_stops, next_stop, previous_stop
from lis_tui.core.view import RunView
from tests import story
from tests.story import Story, bash


@pytest.fixture
def timeline() -> Timeline:
    return Timeline(record for record in story.ended() if record.n)


def breakpoint_on(given: str, **more: Any) -> Breakpoint:
    return Breakpoint(name=more.pop("name", "it"), filter=given, **more)


def told(stops: list[Stop]) -> list[tuple[str, str]]:
    return [(str(stop.address), stop.gate) for stop in stops]


def test_what_is_known_before_a_step_stops_before_it_and_what_came_of_it_after_it(timeline: Timeline) -> None:
    view = RunView()
    before, after = find_stops(
        timeline, [breakpoint_on("cmd~reshape or cmd~mkdir"), breakpoint_on("exit!=0", name="b")]
    )
    assert told([before, after]) == [("3.2", "before_step"), ("3.2", "after_step")]
    timeline.move(view, before.index)
    step = view.step(before.address)
    assert step is not None
    assert step.status == "proposed"
    timeline.move(view, after.index)
    step = view.step(after.address)
    assert step is not None
    assert step.status == "failed"


def test_a_breakpoint_stops_only_at_the_gates_that_it_names(timeline: Timeline) -> None:
    given = "turn>=6"
    assert told(find_stops(timeline, [breakpoint_on(given)])) == [
        ("6.1", "before_step"),
        ("6.2", "before_step"),
        ("7.1", "before_submit"),
    ]
    assert told(find_stops(timeline, [breakpoint_on(given, gates=("after_step",))])) == [
        ("6.1", "after_step"),
        ("6.2", "after_step"),
        ("7.1", "after_step"),
    ]
    stops = find_stops(timeline, [breakpoint_on(given, gates=("before_model", "before_submit"))])
    assert told(stops) == [("6", "before_model"), ("7", "before_model"), ("7.1", "before_submit")]
    assert timeline.places[stops[0].index].address == StepAddress(5, 1)


def test_hits_are_counted_from_the_beginning_and_a_one_shot_acts_once(timeline: Timeline) -> None:
    assert told(find_stops(timeline, [breakpoint_on("tool:bash", hits_needed=4)])) == [
        ("5.1", "before_step"),
        ("6.1", "before_step"),
        ("6.2", "before_step"),
    ]
    one = breakpoint_on("tool:bash", hits_needed=2, is_one_shot=True)
    assert told(find_stops(timeline, [one])) == [("2.1", "before_step")]


def test_one_that_is_off_never_stops_and_one_that_notes_is_told_apart(timeline: Timeline) -> None:
    off = breakpoint_on("tool:bash", is_on=False)
    noting = breakpoint_on("exit!=0", name="noting", kind="log")
    (stop,) = find_stops(timeline, [off, noting])
    assert (stop.names, stop.noted) == ((), ("noting",))
    assert next_stop([stop], 0) is None


def test_one_goes_on_to_the_next_stop_and_back_to_the_one_before(timeline: Timeline) -> None:
    stops = find_stops(timeline, [breakpoint_on("exit!=0 or cmd~numpy")])
    first, last = stops
    end = len(timeline.places) - 1
    assert next_stop(stops, 0) == first
    assert next_stop(stops, first.index) == last
    assert next_stop(stops, last.index) is None
    assert previous_stop(stops, end) == last
    assert previous_stop(stops, last.index) == first
    assert previous_stop(stops, first.index) is None


def test_a_call_that_could_not_run_and_a_command_of_a_person_meet_no_gate() -> None:
    story_ = Story(has_fragments=False)
    story_.begin()
    story_.think(1, "Hm.", [])
    broken = ToolCall("a", "execute_bash", "{")
    here, mine = StepAddress(1, 1), StepAddress(1, 1, 1)
    story_.say(events.StepProposed(address=here, call=broken, problem="no JSON"))
    seen = Observation(text="Not run: no JSON", status="malformed")
    story_.say(events.StepFinished(address=here, call_id="a", tool="execute_bash", observation=seen))
    story_.say(events.CommandInjected(address=mine, command="ls"))
    story_.run(mine, bash("ls"), "a\n")
    assert find_stops(Timeline(story_.records), [breakpoint_on("turn>=0")]) == []


def test_spending_is_compared_as_it_was_then(timeline: Timeline) -> None:
    stops = find_stops(timeline, [breakpoint_on("cost>0.010", gates=("before_model",))])
    assert [str(stop.address) for stop in stops] == ["4", "5", "6", "7"]
    stops = find_stops(timeline, [breakpoint_on("cost>0.010")])
    assert str(stops[0].address) == "3.1"


def test_a_filter_that_cannot_be_read_is_refused_at_once(timeline: Timeline) -> None:
    with pytest.raises(FilterInvalid):
        find_stops(timeline, [breakpoint_on("exit!=")])


def test_stops_are_found_in_slices_too(timeline: Timeline) -> None:
    rules = [
        breakpoint_on("cmd~reshape or cmd~mkdir"),
        breakpoint_on("exit!=0", name="b"),
        breakpoint_on("cmd~numpy", name="c", kind="log"),
    ]
    clock = count()
    search = StopSearch(timeline, rules, monotonic=lambda: float(next(clock)))
    assert not search.advance(2.0)
    assert (search.looked_at, search.total) == (2, 7)
    while not search.advance(2.0):
        pass
    assert search.is_done
    assert search.stops == find_stops(timeline, rules)
    assert search.found == [StepAddress(3, 2)]
