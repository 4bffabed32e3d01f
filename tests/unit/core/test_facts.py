"""What a filter knows of a step: the same from a live run and from its journal."""

from lis_tui.core.events import (
    Event,
    FileEntry,
    FilesChanged,
    Record,
    ReplyFinished,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
)
from lis_tui.core.facts import Facts, facts_of
from lis_tui.core.filter import steps_meant
from lis_tui.core.filter_parser import parse
from lis_tui.core.messages import Observation, Reply, ToolCall, Usage
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.view import RunView

AT = StepAddress(1, 1)
SPEC = RunSpec(task="t", model=ModelSpec(name="m"))
STARTED = RunStarted(run="r", spec=SPEC, system_prompt="", task_prompt="", tools=())


def view_of(*events: Event) -> RunView:
    return RunView().apply_all(Record(n, 10.0 * n, event) for n, event in enumerate((STARTED, *events)))


def reply(usage: Usage | None = None) -> ReplyFinished:
    return ReplyFinished(turn=1, reply=Reply(reasoning="Why.", text="What.", usage=usage))


def proposed(name: str, arguments: str, step: int = 1) -> StepProposed:
    return StepProposed(address=StepAddress(1, step), call=ToolCall("c", name, arguments))


def ran(arguments: str, tool: str = "execute_bash") -> StepStarted:
    return StepStarted(address=AT, tool=tool, arguments=arguments)


def over(text: str = "out", exit_code: int | None = 1, duration_s: float = 0.0) -> StepFinished:
    seen = Observation(text=text, exit_code=exit_code, duration_s=duration_s)
    return StepFinished(address=AT, call_id="c", tool="execute_bash", observation=seen)


def facts(*events: Event) -> Facts:
    view = view_of(*events)
    return facts_of(view, view.step(AT))


RM, LS = '{"command":"rm a"}', '{"command":"ls a"}'
TREE = FilesChanged((FileEntry("old"),), is_whole=True)


def test_before_it_runs_only_the_proposal_is_known() -> None:
    usage = Usage(prompt_tokens=10, completion_tokens=5, cost_usd=0.25)
    known = facts(TREE, reply(usage), proposed("execute_bash", RM))
    assert (known.turn, known.tool, known.commands) == (1, "execute_bash", ("rm a",))
    assert (known.text, known.tokens, known.cost_usd, known.repeats) == ("Why.\nWhat.", 15, 0.25, 1)
    assert (known.output, known.exit_code, known.files, known.seconds) == (None, None, None, None)


def test_a_changed_command_is_found_by_either_version() -> None:
    known = facts(reply(), proposed("execute_bash", RM), ran(LS), over())
    assert known.commands == ("rm a", "ls a")
    assert known.arguments == ("rm a", "ls a")


def test_after_it_ran_the_result_is_known() -> None:
    known = facts(TREE, reply(), proposed("execute_bash", RM), ran(RM), over(duration_s=1.5))
    assert (known.output, known.exit_code, known.files, known.seconds) == ("out", 1, (), 1.5)
    without_duration = facts(reply(), proposed("execute_bash", RM), ran(RM), over())
    assert without_duration.seconds == 10.0


def test_a_recording_without_the_tree_does_not_know_which_files_a_command_changed() -> None:
    known = facts(reply(), proposed("execute_bash", RM), ran(RM), over())
    assert known.files is None


def test_files_count_for_the_step_that_ran_when_they_changed() -> None:
    late = FilesChanged((FileEntry("before"),))
    during = FilesChanged((FileEntry("new"),), gone=("old",))
    known = facts(TREE, reply(), proposed("execute_bash", RM), ran(RM), during, over())
    assert known.files == ("new", "old")
    assert facts(TREE, reply(), proposed("execute_bash", RM), late).files is None


def test_the_file_that_the_editor_writes_is_known_at_once_and_relative() -> None:
    def files(arguments: str) -> tuple[str, ...] | None:
        return facts(reply(), proposed("str_replace_editor", arguments)).files

    assert files('{"command":"create","path":"/testbed/output/a.html"}') == ("output/a.html",)
    assert files('{"command":"insert","path":"/etc/motd"}') == ("/etc/motd",)
    assert files('{"command":"view","path":"/testbed/a"}') == ()


def test_arguments_that_are_no_json_are_known_as_they_are() -> None:
    known = facts(reply(), proposed("execute_bash", '{"comm'))
    assert (known.commands, known.arguments) == ((), ('{"comm',))


def test_the_same_call_again_and_again_is_counted() -> None:
    view = view_of(reply(), *(proposed("execute_bash", RM, step) for step in (1, 2, 3)))
    assert [facts_of(view, step).repeats for step in view.steps] == [1, 2, 3]


def test_the_steps_that_a_filter_means_are_found() -> None:
    view = view_of(
        reply(), *(proposed("execute_bash", made, step) for step, made in enumerate((RM, LS, LS), 1))
    )
    assert steps_meant(parse("cmd~^ls"), view) == tuple(view.steps[1:])
    assert steps_meant(parse("repeat>1"), view) == (view.steps[2],)
    assert steps_meant(parse("exit=0"), view) == ()


def test_of_a_turn_without_steps_the_totals_are_known() -> None:
    known = facts_of(view_of(reply(Usage(prompt_tokens=3, completion_tokens=4))))
    assert (known.turn, known.tokens, known.cost_usd, known.tool) == (1, 7, None, None)
