import pytest

from lis_tui.core import events
from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.filter_parser import parse
from lis_tui.core.messages import ToolCall
from lis_tui.core.view import RunView
from lis_tui.ui.breaking import hits_of, meant_lines, suggested, switched
from lis_tui.ui.rows import text_of
from tests import story


def proposed(call: ToolCall) -> RunView:
    told = story.Story()
    told.begin()
    told.say(events.StepProposed(address=StepAddress(1, 1), call=call))
    return RunView().apply_all(told.records)


@pytest.mark.parametrize(
    ("call", "name", "written"),
    [
        (story.bash("rm -rf data"), "rm", 'cmd~"rm -rf"'),
        (story.bash("ls; sleep 9"), "ls", 'cmd~"ls; sleep"'),
        (story.bash("./a.sh (b)\nnext"), "./a.sh", r'cmd~"\\./a\\.sh \\(b\\)"'),
        (story.bash("  "), "execute_bash", "tool:bash"),
        (story.editor(command="view", path="/testbed/a b.py"), "a b.py", 'tool:editor and file:"a b.py"'),
        (ToolCall("c1", "submit", "broken"), "submit", "tool:submit"),
    ],
)
def test_a_breakpoint_made_of_a_step_can_be_read_and_means_what_it_names(
    call: ToolCall, name: str, written: str
) -> None:
    view = proposed(call)
    made = suggested(view, view.steps[0])
    assert (made.name, made.filter) == (name, written)
    assert str(parse(made.filter)) == written
    if call.name == "execute_bash":
        assert "means 1 of the 1 steps" in text_of(meant_lines(made.filter, view)[0])


def test_hits_are_counted_by_name_also_where_several_stop_one_step() -> None:
    here = StepAddress(1, 1)
    facts: tuple[events.Event, ...] = (
        events.GateOpened(address=here, gate="before_step", because="breakpoint: a, b"),
        events.GateOpened(address=here, gate="before_step", because="breakpoint: b"),
        events.GateOpened(address=here, gate="before_step", because="confirm mode"),
        events.BreakpointHit(here, "c", "ls"),
    )
    records = [Record(n, 0.0, fact) for n, fact in enumerate(facts, 1)]
    assert hits_of(records, ["a", "b", "c", "d"]) == {"a": 1, "b": 2, "c": 1, "d": 0}


def test_a_filter_longer_than_its_field_is_shown_where_it_is_wrong() -> None:
    text = "cmd~" + "x" * 100 + " exit!=y"
    lines = [text_of(line) for line in meant_lines(text, RunView())]
    assert lines[0][lines[1].index("▲")] == "y"
    assert "column" in lines[2]


def test_where_no_breakpoint_ever_was_on_none_is_switched_on() -> None:
    off = Breakpoint(name="a", filter="net", is_on=False)
    assert switched([], (off,)) == ()
