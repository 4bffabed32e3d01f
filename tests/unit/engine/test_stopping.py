"""Rules that stop a run, and rules that keep it from asking."""

from pathlib import Path
from typing import Literal

import pytest

from lis_tui.core.breakpoints import AllowRule, Breakpoint, Gate
from lis_tui.core.decisions import (
    Approve,
    ApproveRule,
    Edit,
    EditObservation,
    End,
    Pause,
    Reject,
    Resume,
    SetAllowRules,
    SetBreakpoints,
    SetMode,
)
from lis_tui.core.errors import DecisionRefused, FilterInvalid
from lis_tui.core.events import (
    AllowRulesChanged,
    BreakpointHit,
    BreakpointsChanged,
    DecisionMade,
    GateOpened,
    ModelAsked,
    ObservationEdited,
    StepAddress,
    StepFinished,
    StepStarted,
)
from lis_tui.core.messages import ReplyEnded, ToolMessage
from lis_tui.core.spec import GateSpec, Mode
from lis_tui.core.view import RunView
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, call, calls, submit
from tests.playing import Game, make_spec


def rule(
    text: str,
    name: str = "it",
    *,
    is_on: bool = True,
    kind: Literal["wait", "log"] = "wait",
    hits_needed: int = 1,
    is_one_shot: bool = False,
    gates: tuple[Gate, ...] = (),
) -> Breakpoint:
    return Breakpoint(
        name=name,
        filter=text,
        is_on=is_on,
        kind=kind,
        hits_needed=hits_needed,
        is_one_shot=is_one_shot,
        gates=gates,
    )


def game_with(
    tmp_path: Path,
    *turns: Turn,
    breakpoints: tuple[Breakpoint, ...],
    mode: Mode = "auto",
    sandbox: MemorySandbox | None = None,
    gate: GateSpec | None = None,
) -> Game:
    spec = make_spec(mode=mode, breakpoints=breakpoints, gate=gate)
    return Game(tmp_path, *turns, spec=spec, sandbox=sandbox)


DONE = calls(submit("x"))


async def test_a_breakpoint_stops_the_step_that_it_means_and_an_edit_is_what_runs(tmp_path: Path) -> None:
    game = game_with(
        tmp_path,
        calls(bash("echo a", "1"), bash("rm -rf data", "2")),
        DONE,
        breakpoints=(rule('cmd~"rm -rf"', "rm"),),
    )
    game.start()
    opened = await game.next(GateOpened)
    assert (opened.address, opened.gate, opened.because) == (
        StepAddress(1, 2),
        "before_step",
        "breakpoint: rm",
    )
    game.decide(Edit('{"command": "echo kind"}'), (1, 2))
    assert (await game.ended()).status == "submitted"
    assert game.sandbox.ran == ["echo a", "echo kind"]
    assert len(game.all(GateOpened)) == 1
    game.check_history()


async def test_a_breakpoint_on_the_result_stops_after_the_step(tmp_path: Path) -> None:
    game = game_with(
        tmp_path, calls(bash("false", "1"), bash("echo a", "2")), DONE, breakpoints=(rule("exit!=0"),)
    )
    game.start()
    opened = await game.next(GateOpened)
    assert (opened.address, opened.gate) == (StepAddress(1, 1), "after_step")
    assert game.observation(1, 1).exit_code == 1
    assert game.sandbox.ran == ["false"]
    for decision in (Reject("no"), Edit("{}")):
        with pytest.raises(DecisionRefused, match="The step has run"):
            game.decide(decision, (1, 1))
    game.decide(Approve(), (1, 1))
    assert (await game.ended()).status == "submitted"
    game.check_history()


async def test_a_breakpoint_on_a_file_sees_what_the_step_wrote(tmp_path: Path) -> None:
    game = game_with(
        tmp_path,
        calls(bash("echo a > a.txt", "1"), bash("echo b > b.html", "2"), bash("true", "3")),
        DONE,
        breakpoints=(rule("file:*.html"),),
    )
    game.start()
    opened = await game.next(GateOpened)
    assert (opened.address, opened.gate) == (StepAddress(1, 2), "after_step")
    game.decide(Approve(), (1, 2))
    await game.ended()
    assert len(game.all(GateOpened)) == 1


async def test_a_file_that_the_editor_is_asked_to_write_is_stopped_before_it_is_written(
    tmp_path: Path,
) -> None:
    create = call("str_replace_editor", '{"command":"create","path":"/testbed/p.html","file_text":"x"}')
    game = game_with(tmp_path, calls(create), DONE, breakpoints=(rule("file:p.html"),))
    game.start()
    assert (await game.next(GateOpened)).gate == "before_step"
    assert game.sandbox.files == {}
    game.decide(Approve(), (1, 1))
    await game.ended()
    assert len(game.all(GateOpened)) == 1


async def test_an_end_after_the_step_ends_the_run_and_answers_every_call(tmp_path: Path) -> None:
    game = game_with(tmp_path, calls(bash("false", "1"), bash("echo a", "2")), breakpoints=(rule("exit!=0"),))
    game.start()
    await game.next(GateOpened)
    game.decide(End("enough"), (1, 1))
    assert (await game.ended()).status == "ended_by_person"
    assert game.observation(1, 2).status == "skipped"
    game.check_history()


async def test_a_breakpoint_can_stop_before_the_model_is_asked(tmp_path: Path) -> None:
    game = game_with(
        tmp_path, calls(bash("true")), DONE, breakpoints=(rule("turn>=2", gates=("before_model",)),)
    )
    game.start()
    opened = await game.next(GateOpened)
    assert (opened.address, opened.gate) == (StepAddress(2), "before_model")
    assert len(game.all(ModelAsked)) == 1
    game.decide(Approve(), (2, 0))
    await game.ended()


async def test_a_breakpoint_acts_from_the_hit_on_that_was_asked_for(tmp_path: Path) -> None:
    turns = [calls(bash("true")) for _ in range(4)]
    game = game_with(tmp_path, *turns, DONE, breakpoints=(rule("cmd~true", hits_needed=3),))
    game.start()
    assert (await game.next(GateOpened)).address == StepAddress(3, 1)
    game.decide(Approve(), (3, 1))
    assert (await game.next(GateOpened)).address == StepAddress(4, 1)
    game.decide(Approve(), (4, 1))
    await game.ended()


async def test_a_one_shot_switches_itself_off(tmp_path: Path) -> None:
    once = rule("cmd~true", is_one_shot=True)
    game = game_with(tmp_path, calls(bash("true")), calls(bash("true")), DONE, breakpoints=(once,))
    game.start()
    await game.next(GateOpened)
    changed = game.all(BreakpointsChanged)[0]
    assert (changed.breakpoints[0].is_on, changed.by) == (False, "rule")
    game.decide(Approve(), (1, 1))
    await game.ended()
    assert len(game.all(GateOpened)) == 1


async def test_what_only_notes_lets_the_run_go_on(tmp_path: Path) -> None:
    game = game_with(
        tmp_path,
        calls(bash("false")),
        DONE,
        breakpoints=(rule("exit!=0", "failed", kind="log"), rule("tool:submit", "end", kind="log")),
    )
    assert (await game.play()).status == "submitted"
    assert game.all(GateOpened) == []
    assert [(hit.address, hit.name, hit.text) for hit in game.all(BreakpointHit)] == [
        (StepAddress(1, 1), "failed", "false"),
        (StepAddress(2, 1), "end", "submit x"),
    ]
    view = RunView().apply_all(game.keeper.records)
    assert view.turns[1].said[-1].text == "breakpoint failed: false"


async def test_a_breakpoint_that_is_off_does_nothing(tmp_path: Path) -> None:
    game = game_with(tmp_path, calls(bash("true")), DONE, breakpoints=(rule("tool:bash", is_on=False),))
    assert (await game.play()).status == "submitted"
    assert game.all(GateOpened) == []
    assert game.all(BreakpointHit) == []


async def test_repeats_are_noticed(tmp_path: Path) -> None:
    game = game_with(tmp_path, *[calls(bash("true"))] * 3, DONE, breakpoints=(rule("repeat>=3"),))
    game.start()
    assert (await game.next(GateOpened)).address == StepAddress(3, 1)
    game.decide(Approve(), (3, 1))
    await game.ended()


async def test_breakpoints_are_replaced_in_mid_run_and_hits_go_on_counting(tmp_path: Path) -> None:
    first = Played(blocks=True)
    game = game_with(
        tmp_path,
        calls(bash("long", "1"), bash("true", "2")),
        DONE,
        breakpoints=(rule("tool:bash", hits_needed=2),),
        sandbox=MemorySandbox({"long": first}),
    )
    game.start()
    await first.reached.wait()
    new = (rule("tool:bash", hits_needed=2), rule("tool:submit", "end"))
    game.decide(SetBreakpoints(new))
    first.release()
    assert (await game.next(GateOpened)).address == StepAddress(1, 2)
    assert game.all(BreakpointsChanged) == [BreakpointsChanged(new, "person")]
    game.decide(Approve(), (1, 2))
    assert (await game.next(GateOpened)).because == "breakpoint: end"
    game.decide(Approve(), (2, 1))
    await game.ended()
    assert RunView().apply_all(game.keeper.records).breakpoints == new


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ((rule("exit:0"),), r"exit is a number.*column 5"),
        ((rule("a"), rule("b")), "Two breakpoints are called it"),
        ((rule("a", " "),), "needs a name"),
        ((rule("a", hits_needed=0),), "one hit or more"),
    ],
)
async def test_breakpoints_that_cannot_be_used_are_refused_and_the_old_ones_stay(
    tmp_path: Path, wrong: tuple[Breakpoint, ...], sentence: str
) -> None:
    game = game_with(tmp_path, calls(bash("true")), DONE, breakpoints=(rule("tool:bash"),))
    game.start()
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match=sentence):
        game.decide(SetBreakpoints(wrong))
    assert game.all(BreakpointsChanged) == []
    game.decide(Approve(), (1, 1))
    await game.ended()


def test_a_run_with_a_filter_that_cannot_be_read_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(FilterInvalid):
        game_with(tmp_path, breakpoints=(rule("(("),))


async def test_neither_the_mode_nor_the_end_of_a_pause_lets_a_stopped_step_go_on(tmp_path: Path) -> None:
    game = game_with(tmp_path, calls(bash("true")), DONE, breakpoints=(rule("tool:bash"),), mode="confirm")
    game.start()
    await game.next(GateOpened)
    for decision in (Pause(), Resume(), SetMode("auto"), SetBreakpoints(())):
        game.decide(decision)
    assert game.run._progress.gates.waiting_at == StepAddress(1, 1)
    game.decide(Approve(), (1, 1))
    assert (await game.ended()).status == "submitted"


@pytest.mark.parametrize(("default", "status"), [("reject", "submitted"), ("end", "ended_by_person")])
async def test_after_a_step_there_is_nothing_to_reject_so_the_default_lets_it_go_on(
    tmp_path: Path, default: str, status: str
) -> None:
    gate = GateSpec(timeout_s=0.0, default=default)  # type: ignore[arg-type]  # a parameter of the test
    game = game_with(tmp_path, calls(bash("false")), DONE, breakpoints=(rule("exit!=0"),), gate=gate)
    assert (await game.play()).status == status
    assert game.all(GateOpened)[0].default == ("approve" if default == "reject" else "end")


async def test_what_was_meant_for_the_gate_before_a_step_does_not_answer_the_one_after_it(
    tmp_path: Path,
) -> None:
    rules = (rule("tool:bash"), rule("exit!=0", "failed"))
    game = game_with(tmp_path, calls(bash("false")), DONE, breakpoints=rules)
    game.start()
    await game.next(GateOpened)
    game.run.decide(Approve(), StepAddress(1, 1), gate="before_step")
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="another gate now: after step"):
        game.run.decide(Approve(), StepAddress(1, 1), gate="before_step")
    game.run.decide(Approve(), StepAddress(1, 1), gate="after_step")
    await game.ended()


# ---- changing what the model sees


async def test_the_model_sees_what_a_person_made_of_the_observation_and_both_are_kept(tmp_path: Path) -> None:
    game = game_with(tmp_path, calls(bash("false")), DONE, breakpoints=(rule("exit!=0"),))
    game.start()
    await game.next(GateOpened)
    game.decide(EditObservation("All is well."), (1, 1))
    assert (await game.ended()).status == "submitted"
    said = game.model.asked[1].messages[-1]
    assert isinstance(said, ToolMessage)
    assert (said.call_id, said.text) == ("c1", "All is well.")
    assert "[exit code 1]" in game.observation(1, 1).text
    assert game.all(ObservationEdited) == [ObservationEdited(StepAddress(1, 1), "All is well.", "person")]
    step = RunView().apply_all(game.keeper.records).steps[0]
    assert step.edited_text == "All is well."
    assert step.observation == game.observation(1, 1)
    game.check_history()


async def test_an_edited_observation_can_be_undone_until_the_model_sees_it(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("echo a")), DONE, spec=make_spec(mode="step"))
    game.start()
    await game.next(GateOpened)
    game.decide(Approve(), (1, 0))
    await game.next(GateOpened)
    game.decide(Approve(), (1, 1))
    assert (await game.next(GateOpened)).gate == "before_model"
    game.decide(EditObservation("b"), (1, 1))
    game.decide(EditObservation(game.observation(1, 1).text), (1, 1))
    assert game.run._progress.gates.waiting_at == StepAddress(2)
    game.decide(Approve(), (2, 0))
    await game.next(GateOpened)
    assert game.model.asked[1].messages[-1] == ToolMessage("c1", "execute_bash", game.observation(1, 1).text)
    assert RunView().apply_all(game.keeper.records).steps[0].edited_text is None
    with pytest.raises(DecisionRefused, match="already seen"):
        game.decide(EditObservation("late"), (1, 1))
    with pytest.raises(DecisionRefused, match="nothing is to be told"):
        game.decide(EditObservation("early"), (2, 1))
    game.decide(Approve(), (2, 1))
    await game.ended()
    game.check_history()


async def test_while_the_run_goes_on_no_observation_is_changed(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, calls(bash("true")), [block, ReplyEnded(DONE)])
    game.start()
    await block.reached.wait()
    with pytest.raises(DecisionRefused, match="pause it first"):
        game.decide(EditObservation("b"), (1, 1))
    block.released.set()
    await game.ended()


# ---- asking no more


def allowed(command: str) -> AllowRule:
    made = bash(command)
    return AllowRule(made.name, made.arguments)


async def test_a_call_that_was_allowed_for_good_is_not_asked_about_again(tmp_path: Path) -> None:
    turns = [calls(bash("true")), calls(bash("true"), bash("true ")), DONE]
    game = Game(tmp_path, *turns, spec=make_spec(mode="confirm"))
    game.start()
    await game.next(GateOpened)
    game.decide(ApproveRule(allowed("true")), (1, 1))
    assert (await game.next(GateOpened)).address == StepAddress(2, 2)
    assert game.all(AllowRulesChanged) == [AllowRulesChanged((allowed("true"),), "person")]
    made = [(one.address, one.by) for one in game.all(DecisionMade)]
    assert made == [(StepAddress(1, 1), "person"), (StepAddress(2, 1), "rule")]
    game.decide(End())
    await game.ended()
    assert [one.address for one in game.all(StepStarted)] == [StepAddress(1, 1), StepAddress(2, 1)]
    game.check_history()


async def test_a_rule_is_listed_and_revoked(tmp_path: Path) -> None:
    game = Game(tmp_path, *[calls(bash("true"))] * 2, DONE, spec=make_spec(mode="confirm"))
    game.start()
    await game.next(GateOpened)
    game.decide(SetAllowRules((allowed("true"), allowed("false"))))
    assert RunView().apply_all(game.keeper.records).allow_rules == (allowed("true"), allowed("false"))
    game.decide(SetAllowRules(()))
    game.decide(Approve(), (1, 1))
    assert (await game.next(GateOpened)).address == StepAddress(2, 1)
    game.decide(SetMode("auto"))
    await game.ended()


async def test_a_rule_about_another_call_is_refused(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")), spec=make_spec(mode="confirm"))
    game.start()
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="not about the call that waits"):
        game.decide(ApproveRule(allowed("false")), (1, 1))
    game.decide(End())
    await game.ended()


async def test_an_allowed_call_passes_a_breakpoint_which_notes_it(tmp_path: Path) -> None:
    turns = [calls(bash("rm a")), calls(bash("rm a")), DONE]
    game = game_with(tmp_path, *turns, breakpoints=(rule("cmd~rm", "rm"), rule("turn=2", is_one_shot=True)))
    game.start()
    await game.next(GateOpened)
    game.decide(ApproveRule(allowed("rm a")), (1, 1))
    assert (await game.ended()).status == "submitted"
    assert len(game.all(GateOpened)) == 1
    noted = [(hit.name, hit.text) for hit in game.all(BreakpointHit)]
    assert noted == [("rm", "a rule allows it: rm a"), ("it", "a rule allows it: rm a")]
    assert game.all(BreakpointsChanged) == []


async def test_step_mode_and_a_pause_hold_an_allowed_call_all_the_same(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")), DONE, spec=make_spec(mode="auto"))
    game.decide(SetAllowRules((allowed("true"),)))
    game.decide(Pause())
    game.start()
    await game.next(GateOpened)
    game.decide(Approve(), (1, 0))
    assert (await game.next(GateOpened)).because == "paused"
    game.decide(Resume())
    await game.ended()
    assert game.all(StepFinished)[0].status == "done"
