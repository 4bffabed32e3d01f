"""What importers build with: calls find their results, and everything is accounted for."""

import pytest

from lis_tui.core.events import ForeignKept, StepAddress, StepFinished, StepProposed, StepStarted
from lis_tui.core.messages import ToolCall
from lis_tui.trajectory.foreign.building import MOST_KEPT_BYTES, Builder
from lis_tui.trajectory.foreign.ledger import MOST_FIELDS, MOST_PROBLEMS, OTHER_FIELDS, Ledger
from lis_tui.trajectory.foreign.open_calls import OpenCall, OpenCalls
from lis_tui.trajectory.foreign.translating import MOST_DEPTH, as_ours, encoded
from tests.foreign_files import fold, seen


def builder() -> Builder:
    """One with a task."""
    made = Builder("test", name="run")
    made.begin(task="x")
    return made


def call(call_id: str, name: str = "bash") -> ToolCall:
    """A call of a shell."""
    return ToolCall(call_id, name, '{"command":"ls"}')


def test_of_calls_with_one_id_the_newest_turns_first_is_answered_first() -> None:
    calls = OpenCalls()
    for turn in (1, 2):
        calls.close_turn()
        for number, one in enumerate(calls.named([call("s"), call("s")], turn), 1):
            calls.put(one.id, OpenCall(StepAddress(turn, number), one))
    found = [calls.take("s") for _ in range(5)]
    assert [str(one.address) if one else None for one in found] == ["2.1", "2.2", "1.1", "1.2", None]


def test_a_call_that_nothing_was_observed_of_stays_asked_for() -> None:
    made = builder()
    made.reply(calls=[call("a"), call("b")])
    made.observe("seen", call_id="b")
    made.reply(text="done")
    view = fold(made.finish())
    assert [(str(one.address), one.status) for one in view.steps] == [("1.1", "proposed"), ("1.2", "unknown")]


def test_times_that_nobody_recorded_are_not_made_up() -> None:
    made = builder()
    made.reply(calls=[call("a")], at=10.0)
    made.observe("seen", call_id="a", at=20.0)
    records = made.finish().records
    times = {
        type(one.event): one.at
        for one in records
        if isinstance(one.event, StepProposed | StepStarted | StepFinished)
    }
    assert times == {StepProposed: 10.0, StepStarted: 0.0, StepFinished: 20.0}


@pytest.mark.parametrize(("code", "status"), [(None, "unknown"), (0, "done"), (3, "failed")])
def test_only_an_exit_code_says_how_a_command_went(code: int | None, status: str) -> None:
    made = builder()
    made.reply(calls=[call("a")])
    made.observe("seen", exit_code=code)
    assert fold(made.finish()).steps[0].status == status


def test_what_the_command_wrote_is_kept_only_where_it_differs() -> None:
    made = builder()
    made.reply(calls=[call("a"), call("b")])
    made.observe("same", output="same")
    made.observe("<output>x</output>", output="x")
    assert [seen(one).output for one in fold(made.finish()).steps] == [None, "x"]


def test_a_large_field_is_counted_and_not_copied() -> None:
    made = builder()
    made.keep("info.big", "x" * (MOST_KEPT_BYTES + 1))
    made.keep("info.small", 1)
    given = made.finish()
    assert given.report.kept == {"info.big": 1, "info.small": 1}
    assert [one.event.where for one in given.records if isinstance(one.event, ForeignKept)] == ["info.small"]


def test_the_account_has_an_end_where_a_file_has_none() -> None:
    ledger = Ledger()
    for number in range(MOST_FIELDS + 5):
        ledger.keep(f"field {number}")
        ledger.problem("here", str(number))
        ledger.note("once")
    assert (len(ledger.kept), ledger.kept[OTHER_FIELDS], ledger.notes) == (MOST_FIELDS + 1, 5, ("once",))
    assert (len(ledger.problems), ledger.problems[-1]) == (
        MOST_PROBLEMS + 1,
        f"and {MOST_FIELDS + 5 - MOST_PROBLEMS} more",
    )


def test_what_json_cannot_say_is_replaced() -> None:
    deep: object = "end"
    for _ in range(5000):
        deep = [deep]
    assert encoded("\ud800") == '"?"'
    assert encoded({("a", "b"): {1, 2}}) == "{\"('a', 'b')\":\"{1, 2}\"}"
    assert encoded(deep) == "[" * MOST_DEPTH + '"(nested too deeply)"' + "]" * MOST_DEPTH


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("bash", '{"command": "ls"}', "ls"),
        ("functions/shell", '{"command": ["bash", "-lc", "ls | wc"]}', "ls | wc"),
        ("shell", '{"command": ["ls", "a b"]}', "ls 'a b'"),
        ("shell", '{"commands": ["ls", "pwd"]}', "ls\npwd"),
        ("exec_command", '{"cmd": "ls"}', "ls"),
    ],
)
def test_shells_of_other_programs_are_ours(name: str, arguments: str, command: str) -> None:
    assert as_ours(ToolCall("a", name, arguments)) == ToolCall(
        "a", "execute_bash", encoded({"command": command})
    )


@pytest.mark.parametrize(
    "arguments", ["", "{", "[1]", '{"command": 5}', '{"command": [1]}', '{"other": "x"}']
)
def test_a_call_that_says_no_command_stays_as_it_is(arguments: str) -> None:
    assert as_ours(ToolCall("a", "bash", arguments)) == ToolCall("a", "bash", arguments)
