"""How a step that ran again is judged: by its exit code and what was printed, whoever put words around it."""

import pytest

from lis_tui.core.events import StepAddress, Verdict
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.core.normalising import Rules
from lis_tui.trajectory.envelopes import printed
from lis_tui.trajectory.judging import Counts, judge
from lis_tui.trajectory.replay import RecordedStep

BASH = ToolCall("a", "execute_bash", '{"command":"x"}')
VIEW = ToolCall("a", "str_replace_editor", '{"command":"view","path":"/a"}')
CREATE = ToolCall("a", "str_replace_editor", '{"command":"create","path":"/a","file_text":"x"}')


def verdict(
    expected: Observation, now: Observation, call: ToolCall = BASH, *, is_foreign: bool = False
) -> tuple[Verdict, tuple[str, ...]]:
    step = RecordedStep(address=StepAddress(1, 1), call=call, has_run=True, is_foreign=is_foreign)
    found = judge(step, expected, now, Rules())
    assert found.expected == (expected.text if expected.output is None else expected.output)
    return found.verdict, found.rules


def seen(text: str, **given: object) -> Observation:
    return Observation(text=text, **given)  # type: ignore[arg-type]  # as the test says


@pytest.mark.parametrize(
    "text",
    [
        "one\n",
        "one\n[exit code 1]",
        "one\n\n[turn 3 of 100: 97 left]",
        "<returncode>0</returncode>\n<output>\none\n</output>",
        "<returncode>0</returncode>\n<warning>w</warning>\n<output>\none</output>",
        '{"returncode": 0, "output": "one\\n"}',
        "OBSERVATION:\none\n",
        "Exit code: 0\nExecution output of \\[execute_bash]:\n\\[STDOUT]\none\n",
        "one\r\n\n(Open file: n/a)\n(Current directory: /testbed)\nbash-$",
        "one\n[The command completed with exit code 0.]\n[Current working directory: /w]\n"
        "[Python interpreter: /p]\n[Command finished with exit code 0]",
        "Exit code: 0\nWall time: 0.1 seconds\nOutput:\none\n",
        "Exit code 1\none",
        "New Terminal Output:\n\nroot@box:/app# echo one\none\n\n\n",
        "New Terminal Output:\n\nroot@box:/app# echo one\none\nroot@box:/app# \n\n",
    ],
)
def test_the_words_around_an_output_do_not_count(text: str) -> None:
    assert printed(text) == "one"


@pytest.mark.parametrize("text", ["[no output]", "<returncode>0</returncode>\n<output>\n</output>", ""])
def test_no_output_is_no_output_in_any_words(text: str) -> None:
    assert printed(text) == ""


def test_an_unknown_exit_code_is_not_compared_and_a_known_one_decides() -> None:
    assert verdict(seen("a"), seen("a", exit_code=3, status="failed"))[0] == "diverged"
    unknown = seen("a", status="unknown")
    assert verdict(unknown, seen("a", exit_code=3, status="failed"))[0] == "identical"
    assert verdict(seen("a", exit_code=0), seen("a", exit_code=0))[0] == "identical"
    assert verdict(seen("a", exit_code=0), seen("a", exit_code=1))[0] == "diverged"


def test_what_a_command_wrote_counts_and_not_what_the_model_was_shown_of_it() -> None:
    shown = seen("It was long: see the file.", output="one\n", status="unknown")
    assert verdict(shown, seen("one\n"))[0] == "identical"
    assert verdict(shown, seen("It was long: see the file."))[0] == "diverged"


def test_a_command_that_a_limit_ended_is_not_one_that_ended_by_itself() -> None:
    assert verdict(seen("a"), seen("a", ended_by="time limit"))[0] == "diverged"


def test_where_the_recording_is_cut_it_cannot_be_told() -> None:
    assert verdict(seen("a … z", is_cut=True), seen("a b z"))[0] == "not_replayable"
    cut = "<returncode>0</returncode>\n<output_head>\na\n</output_head>"
    assert verdict(seen(cut, exit_code=0), seen("a b", exit_code=0))[0] == "not_replayable"


def test_two_streams_that_were_kept_apart_may_have_come_in_any_order() -> None:
    text = "Exit code: 0\nExecution output of \\[execute_bash]:\n\\[STDOUT]\n1\n2\n\n\\[STDERR]\nwarn\n"
    assert verdict(seen(text, exit_code=0), seen("1\nwarn\n2\n", exit_code=0)) == ("normalised", ("streams",))
    assert verdict(seen(text, exit_code=0), seen("1\nwarn\n3\n", exit_code=0))[0] == "diverged"


def test_another_programs_edit_counts_by_whether_it_was_made() -> None:
    made = seen("File created at /a.", status="unknown")
    assert verdict(made, seen("Created /a: 1 byte."), CREATE, is_foreign=True) == ("normalised", ("edits",))
    assert verdict(made, seen("No.", status="failed"), CREATE, is_foreign=True)[0] == "diverged"
    refused = seen("ERROR: no such file", status="unknown")
    assert verdict(refused, seen("Created /a: 1 byte."), CREATE, is_foreign=True)[0] == "diverged"
    assert verdict(refused, seen("No.", status="failed"), CREATE, is_foreign=True)[0] == "normalised"


def test_a_file_that_another_program_showed_is_compared_line_by_line() -> None:
    shown = seen("Here's the result of running `cat -n` on /a:\n     1\tone\n     2\ttwo\n")
    assert verdict(shown, seen("     1\tone\n     2\ttwo"), VIEW, is_foreign=True)[0] == "normalised"
    assert verdict(shown, seen("     1\tone\n     2\tthree"), VIEW, is_foreign=True)[0] == "diverged"


def test_our_own_editors_words_are_compared_as_they_are() -> None:
    assert verdict(seen("Created /a: 1 byte."), seen("Created /a: 2 bytes."), CREATE)[0] == "diverged"


def test_counts_are_told_in_words() -> None:
    counts = Counts().plus("identical").plus("identical").plus("not_replayable")
    assert str(counts) == "2 identical, 1 not replayable"
    assert str(Counts()) == "no step"
