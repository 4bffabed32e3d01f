"""Other versions of a reply, words put into the model's mouth, and another model."""

from pathlib import Path

import pytest

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.conversation import messages_of_turn
from lis_tui.core.decisions import (
    Amend,
    Approve,
    ChangeModel,
    ChooseVersion,
    Edit,
    EditReply,
    Inject,
    Interrupt,
    Resample,
    SetLimits,
    SetMode,
)
from lis_tui.core.errors import DecisionRefused, ModelUnreachable
from lis_tui.core.events import (
    GateOpened,
    ModelAsked,
    ModelChanged,
    NoticeGiven,
    ReplyCutOff,
    ReplyEdited,
    ReplyResampled,
    RunEnded,
    StepAddress,
    StepProposed,
    VersionChosen,
)
from lis_tui.core.messages import AssistantMessage, Reply, ReplyEnded, TextPiece, Usage
from lis_tui.core.spec import Limits, Mode, ModelSpec
from lis_tui.core.view import RunView
from tests.fakes import Block, Turn, bash, call, calls, says, submit
from tests.playing import Game, make_spec

SIGNED = Reply(calls=(bash("echo a"),), thinking_json='{"thinking_blocks": [{"signature": "s"}]}')


async def at_the_gate(tmp_path: Path, *turns: Turn, mode: Mode = "confirm") -> Game:
    """Play until the first gate waits."""
    game = Game(tmp_path, *turns, spec=make_spec(mode=mode))
    game.start()
    await game.next(GateOpened)
    return game


async def resample(game: Game, turn: int = 1) -> GateOpened:
    """Ask once more; gives the gate that waits then."""
    game.decide(Resample(), (turn, 1))
    return await game.next(GateOpened)


async def finish(game: Game) -> RunEnded:
    """Let everything else go, and look at what is left behind."""
    game.decide(SetMode("auto"))
    ended = await game.ended()
    await game.run.close()
    game.check_history()
    return ended


def said(game: Game, request: int, place: int = 2) -> AssistantMessage:
    """Give a reply as a later request tells it."""
    message = game.model.asked[request].messages[place]
    assert isinstance(message, AssistantMessage)
    return message


async def test_a_reply_is_asked_for_once_more_with_the_same_request(tmp_path: Path) -> None:
    game = await at_the_gate(
        tmp_path,
        calls(bash("echo one"), text="One."),
        calls(bash("echo two"), text="Two."),
        calls(submit("x")),
    )
    again = await resample(game)
    assert (again.address, again.gate) == (StepAddress(1, 1), "before_step")
    assert game.model.asked[0] == game.model.asked[1]
    assert len({asked.digest for asked in game.all(ModelAsked)}) == 1
    assert [asked.turn for asked in game.all(ModelAsked)] == [1, 1]
    resampled = game.all(ReplyResampled)[0]
    assert (resampled.version, resampled.reply.text) == (2, "Two.")
    assert [proposed.call.arguments for proposed in game.all(StepProposed)] == [
        '{"command":"echo one"}',
        '{"command":"echo two"}',
    ]
    view = RunView().apply_all(game.keeper.records)
    assert [step.proposed for step in view.steps] == ['{"command":"echo two"}']
    assert (view.turn.chosen, len(view.turn.replies), str(view.turn.text)) == (2, 2, "Two.")
    assert messages_of_turn(game.keeper.records, 1) == game.model.asked[1].messages
    await finish(game)
    assert game.sandbox.ran == ["echo two"]
    assert said(game, 2).text == "Two."
    assert len(game.model.asked[2].messages) == 4


async def test_any_version_can_be_chosen_again(tmp_path: Path) -> None:
    game = await at_the_gate(
        tmp_path, calls(bash("echo 1")), calls(bash("echo 2")), calls(bash("echo 3")), calls(submit("x"))
    )
    await resample(game)
    await resample(game)
    game.decide(ChooseVersion(1), (1, 1))
    await game.next(GateOpened)
    assert game.all(VersionChosen) == [VersionChosen(1, 1)]
    view = RunView().apply_all(game.keeper.records)
    assert (view.turn.chosen, [step.proposed for step in view.steps]) == (1, ['{"command":"echo 1"}'])
    for wrong in (0, 1, 4, -1):
        with pytest.raises(DecisionRefused):
            game.decide(ChooseVersion(wrong), (1, 1))
    await finish(game)
    assert game.sandbox.ran == ["echo 1"]


async def test_all_versions_are_paid_for_and_none_is_a_turn_of_its_own(tmp_path: Path) -> None:
    dear = Reply(calls=(bash("true"),), usage=Usage(prompt_tokens=100, completion_tokens=10, cost_usd=0.25))
    game = await at_the_gate(tmp_path, dear, dear, calls(submit("x")))
    await resample(game)
    spent = game.run._progress.spent
    assert (spent.turns, spent.tokens, spent.cost_usd) == (1, 220, 0.5)
    totals = RunView().apply_all(game.keeper.records).totals
    assert (totals.prompt_tokens, totals.completion_tokens, totals.cost_usd) == (200, 20, 0.5)
    game.decide(SetLimits(Limits(max_cost_usd=0.5)))
    with pytest.raises(DecisionRefused, match="was spent"):
        game.decide(Resample(), (1, 1))
    game.decide(SetLimits(Limits(max_cost_usd=None)))
    await finish(game)


async def test_no_call_id_comes_twice_in_a_run(tmp_path: Path) -> None:
    same = calls(bash("echo a", "x"), bash("echo b", "x"))
    game = await at_the_gate(tmp_path, same, same, same, calls(submit("x")))
    await resample(game)
    await resample(game)
    replies = RunView().apply_all(game.keeper.records).turns[1].replies
    ids = [one.id for reply in replies for one in reply.calls]
    assert len(set(ids)) == 6
    await finish(game)


async def test_only_before_anything_of_the_reply_ran(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a", "1"), bash("echo b", "2")), calls(submit("x")))
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="decided already"):
        game.decide(Resample(), (1, 2))
    with pytest.raises(DecisionRefused, match="decided already"):
        game.decide(ChooseVersion(1), (1, 2))
    await finish(game)


async def test_before_the_model_is_asked_there_is_no_other_version(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("x")), mode="step")
    with pytest.raises(DecisionRefused, match="Nothing is proposed"):
        game.decide(Resample(), (1, 0))
    await finish(game)


async def test_another_version_of_a_submit_may_be_asked_for(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("x")), calls(bash("echo a")), calls(submit("y")))
    assert (await resample(game)).gate == "before_step"
    assert (await finish(game)).answer == "y"


async def test_while_it_is_asked_again_the_stream_is_shown_and_can_be_cut(tmp_path: Path) -> None:
    block = Block()
    game = await at_the_gate(
        tmp_path, calls(bash("echo a"), text="Old."), [TextPiece("Ne"), block], calls(submit("x"))
    )
    listener = game.bus.listen()
    live = RunView().apply_all(game.keeper.records)
    game.decide(Resample(), (1, 1))
    await block.reached.wait()
    while str(live.turn.text) != "Ne":
        live.apply(await anext(listener))
    assert live.turn.is_streaming
    with pytest.raises(DecisionRefused, match="no longer waiting"):
        game.decide(Approve(), (1, 1))
    game.decide(Interrupt())
    again = await game.next(GateOpened)
    assert (again.address, again.because) == (StepAddress(1, 1), "confirm mode")
    assert game.model.closed_streams == 2
    assert game.all(ReplyCutOff)[0].text == "Ne"
    assert len(game.all(StepProposed)) == 1
    view = RunView().apply_all(game.keeper.records)
    assert (str(view.turn.text), view.turn.cut_off, view.turn.chosen) == ("Old.", "", 1)
    assert not view.turn.is_streaming
    assert not game.run._progress.gates.is_paused
    await finish(game)
    assert said(game, 2).text == "Old."


async def test_where_asking_again_fails_the_old_version_stays(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), ModelUnreachable("down"), calls(submit("x")))
    await resample(game)
    assert "stays as it was. down" in game.all(NoticeGiven)[-1].text
    assert (await finish(game)).status == "submitted"
    assert game.sandbox.ran == ["echo a"]


@pytest.mark.parametrize("other", [says("Nothing to do."), calls(call("execute_bash", "{"))])
async def test_a_version_that_cannot_wait_does_not_take_over_by_itself(tmp_path: Path, other: Reply) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), other, calls(submit("x")))
    game.decide(EditReply(text="Mine."), (1, 1))
    await resample(game)
    assert game.all(VersionChosen) == [VersionChosen(1, 1, "rule")]
    assert "version 1 still counts" in game.all(NoticeGiven)[-1].text
    assert str(RunView().apply_all(game.keeper.records).turn.text) == "Mine."
    game.decide(ChooseVersion(2), (1, 1))
    await game.next(ModelAsked)
    assert (await finish(game)).status == "submitted"
    assert game.sandbox.ran == []
    assert said(game, 2).calls == tuple(
        one if one.arguments != "{" else call(one.name, "{}", one.id)
        for one in RunView().apply_all(game.keeper.records).turns[1].replies[1].calls
    )


async def test_a_breakpoint_that_stopped_the_step_stops_its_other_version(tmp_path: Path) -> None:
    rule = Breakpoint(name="it", filter='cmd~"echo one"', is_one_shot=True)
    game = Game(
        tmp_path,
        calls(bash("echo one")),
        calls(bash("echo two")),
        calls(submit("x")),
        spec=make_spec(breakpoints=(rule,)),
    )
    game.start()
    await game.next(GateOpened)
    assert (await resample(game)).because == "breakpoint: it"
    game.decide(Approve(), (1, 1))
    await finish(game)


async def test_commands_put_in_before_stay_and_an_amendment_goes(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo 1")), calls(bash("echo 2")), calls(submit("x")))
    game.decide(Inject("true"), (1, 1))
    await game.next(GateOpened)
    game.decide(Amend('{"command": "echo mine"}'), (1, 1))
    await resample(game)
    view = RunView().apply_all(game.keeper.records)
    assert [str(step.address) for step in view.steps] == ["1.0+1", "1.1"]
    assert view.steps[1].amended is None
    await finish(game)
    assert game.sandbox.ran == ["true", "echo 2"]


# ---- its words


async def test_the_model_sees_the_words_that_a_person_gave_it(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a"), text="I will."), calls(submit("x")))
    game.decide(EditReply(text="I will not."), (1, 1))
    assert game.all(ReplyEdited)[0].text == "I will not."
    view = RunView().apply_all(game.keeper.records)
    assert (str(view.turn.text), view.turn.is_edited, view.turn.replies[0].text) == (
        "I will not.",
        True,
        "I will.",
    )
    await finish(game)
    assert said(game, 1).text == "I will not."


async def test_reasoning_that_a_server_wants_back_goes_back_as_edited(tmp_path: Path) -> None:
    reply = Reply(calls=(bash("true"),), reasoning="old", thinking_json='{"reasoning_content": "old"}')
    game = await at_the_gate(tmp_path, reply, calls(submit("x")))
    game.decide(EditReply(reasoning="new"), (1, 1))
    await finish(game)
    assert said(game, 1).thinking_json == '{"reasoning_content":"new"}'
    assert said(game, 1).reasoning == "new"


async def test_it_is_said_where_the_model_will_not_see_changed_reasoning(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, Reply(calls=(bash("true"),), reasoning="old"), calls(submit("x")))
    game.decide(EditReply(reasoning="new"), (1, 1))
    assert "will not see the change" in game.all(NoticeGiven)[-1].text
    await finish(game)


async def test_signed_thinking_cannot_be_changed_and_the_reason_is_said(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, SIGNED, calls(submit("x")))
    for decision in (EditReply(reasoning="new"), EditReply(text="new")):
        with pytest.raises(DecisionRefused, match="signed"):
            game.decide(decision, (1, 1))
    assert game.all(ReplyEdited) == []
    await finish(game)
    assert said(game, 1).thinking_json == SIGNED.thinking_json


async def test_words_cannot_be_changed_where_no_reply_waits(tmp_path: Path) -> None:
    in_text = Reply(text="<tool_call>…</tool_call>", calls=(bash("true"),), calls_in_text=True)
    game = await at_the_gate(tmp_path, in_text, calls(submit("x")), mode="step")
    with pytest.raises(DecisionRefused, match="No reply waits"):
        game.decide(EditReply(text="new"), (1, 0))
    game.decide(Approve(), (1, 0))
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="calls into this text"):
        game.decide(EditReply(text="new"), (1, 1))
    with pytest.raises(DecisionRefused, match="Nothing was changed"):
        game.decide(EditReply(), (1, 1))
    with pytest.raises(DecisionRefused, match="no longer waiting"):
        game.decide(EditReply(text="new"), (1, 2))
    await finish(game)


# ---- another model


async def test_another_model_is_asked_from_the_next_request_on(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("true")), calls(submit("x")))
    other = ModelSpec(name="other", temperature=0.5, max_tokens=77)
    game.decide(ChangeModel(other))
    assert game.all(ModelChanged) == [ModelChanged(other)]
    assert RunView().apply_all(game.keeper.records).model == other
    await finish(game)
    assert [asked.model for asked in game.all(ModelAsked)] == ["scripted", "other"]
    assert [request.model.temperature for request in game.model.asked] == [None, 0.5]
    assert game.all(ModelAsked)[1].max_tokens == 77
    assert game.model.is_closed
    assert game.models[0].is_closed


async def test_a_reply_that_streams_is_heard_to_its_end_before_the_old_model_is_closed(
    tmp_path: Path,
) -> None:
    block = Block()
    game = Game(tmp_path, [block, ReplyEnded(calls(bash("true")))], calls(submit("x")))
    game.start()
    await block.reached.wait()
    game.decide(ChangeModel(ModelSpec(name="other")))
    await game.pass_by()
    assert not game.model.is_closed
    block.released.set()
    await finish(game)
    assert game.model.is_closed
    assert [asked.model for asked in game.all(ModelAsked)] == ["scripted", "other"]


async def test_another_version_may_come_from_another_model(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo 1")), calls(bash("echo 2")), calls(submit("x")))
    game.decide(ChangeModel(ModelSpec(name="other")))
    await resample(game)
    assert game.all(ModelAsked)[1].model == "other"
    await finish(game)


async def test_a_model_without_its_key_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("true")), calls(submit("x")))
    with pytest.raises(DecisionRefused, match="No API key for nobody"):
        game.decide(ChangeModel(ModelSpec(name="nobody")))
    with pytest.raises(DecisionRefused, match="tools from its start"):
        game.decide(ChangeModel(ModelSpec(name="other", tool_style="none")))
    await finish(game)
    assert [asked.model for asked in game.all(ModelAsked)] == ["scripted", "scripted"]


async def test_thinking_that_one_server_signed_is_not_sent_to_another(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, SIGNED, calls(bash("true")), calls(submit("x")))
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened)
    game.decide(ChangeModel(ModelSpec(name="elsewhere/other")))
    await finish(game)
    assert said(game, 1).thinking_json
    assert said(game, 2).thinking_json == ""
    assert said(game, 2).calls == SIGNED.calls


async def test_an_edit_and_another_version_do_not_mix(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo 1")), calls(bash("echo 2")), calls(submit("x")))
    await resample(game)
    game.decide(Edit('{"command": "echo mine"}'), (1, 1))
    await finish(game)
    assert game.sandbox.ran == ["echo mine"]
    assert said(game, 2).calls[0].arguments == '{"command":"echo 2"}'
