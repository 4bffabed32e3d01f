"""A run is searched as a whole: what was said, run and seen, step by step and in slices."""

from itertools import count

from lis_tui.core import events
from lis_tui.core.events import StepAddress
from lis_tui.core.filter_parser import parse
from lis_tui.core.messages import Reply
from lis_tui.core.search import Search, matches
from lis_tui.core.view import RunView
from tests import story
from tests.story import Story, bash


def ended() -> RunView:
    return RunView().apply_all(record for record in story.ended() if record.n)


def found(view: RunView, text: str) -> list[str]:
    return [str(address) for address in matches(view, parse(text))]


def test_steps_are_found_by_what_ran_what_came_of_it_and_what_the_model_thought() -> None:
    view = ended()
    assert found(view, "cmd~grid.csv") == ["1.1"]
    assert found(view, "out~ValueError") == ["3.2"]
    assert found(view, "exit!=0") == ["3.2"]
    assert found(view, 'text~"one column"') == ["4.1"]
    assert found(view, "file:plot.py") == ["3.1", "4.1"]
    assert found(view, "NUMPY and tool:bash") == ["2.1"]


def test_the_task_and_turns_without_steps_are_found_by_their_words() -> None:
    told = Story(has_fragments=False)
    told.begin()
    told.say(events.ReplyFinished(turn=1, reply=Reply(text="Is a sketch enough?")))
    told.say(events.MessageSent(turn=2, text="No: draw it with a ruler.", origin="person"))
    told.think(2, "As you wish.", [bash("draw")])
    view = RunView().apply_all(told.records)
    assert found(view, "sketch") == ["1"]
    assert found(view, "mandelbrot") == ["0"]
    assert found(view, "ruler") == ["2.1"]
    assert found(view, "text~sketch or cmd~draw") == ["1", "2.1"]
    assert found(view, "not tool:bash") == []


def test_files_that_only_a_checkpoint_knows_of_are_found_where_they_are_given() -> None:
    view = ended()
    changed = {StepAddress(5, 1): ("output/set.png",)}
    assert matches(view, parse("file:*.png")) == []
    assert matches(view, parse("file:*.png"), changed.get) == [StepAddress(5, 1)]
    assert matches(view, parse("output/set.png and file:output/*"), changed.get) == [StepAddress(5, 1)]


def test_a_search_in_slices_stops_when_its_time_is_up_and_finds_the_same() -> None:
    view = RunView().apply_all(record for record in story.long(50) if record.n)
    clock = count()
    search = Search(view, parse("exit!=0"), monotonic=lambda: float(next(clock)))
    slices = 1
    while not search.advance(10.0):
        assert search.looked_at == 10 * slices
        slices += 1
    assert slices == 6
    assert search.looked_at == search.total == 51
    assert search.is_done
    assert search.found == matches(view, parse("exit!=0")) == [StepAddress(n, 1) for n in range(9, 51, 9)]
