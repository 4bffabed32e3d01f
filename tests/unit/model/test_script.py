"""A scenario reacts to what was really seen, and its place is found from the conversation alone."""

from pathlib import Path

import pytest

from lis_tui.config.presets import read_preset
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.messages import (
    AssistantMessage,
    CallPiece,
    Message,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    Request,
    SystemMessage,
    TextPiece,
    ToolMessage,
    Usage,
    UserMessage,
)
from lis_tui.core.spec import ModelSpec
from lis_tui.model.script import Scenario, ScriptedCall, ScriptModel, Turn, list_scenarios, load_scenario

SCENARIO = Scenario(
    task="t",
    turns=(
        Turn(
            reasoning="Let me see.\n",
            text="I look.",
            calls=(ScriptedCall("execute_bash", {"command": "ls"}),),
        ),
        Turn(when="(?i)error", text="Repair."),
        Turn(text="Fine."),
    ),
)
START: tuple[Message, ...] = (SystemMessage("s"), UserMessage("t"))


async def ask(messages: tuple[Message, ...], scenario: Scenario = SCENARIO) -> Reply:
    request = Request(turn=1, messages=messages, tools=(), model=ModelSpec(name="script/x"))
    pieces = [piece async for piece in ScriptModel(scenario, pace=0).ask(request)]
    last = pieces[-1]
    assert isinstance(last, ReplyEnded)
    said = "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
    thought = "".join(piece.text for piece in pieces if isinstance(piece, ReasoningPiece))
    written = "".join(piece.arguments for piece in pieces if isinstance(piece, CallPiece))
    assert (said, thought) == (last.reply.text, last.reply.reasoning)
    assert written == "".join(call.arguments for call in last.reply.calls)
    return last.reply


async def test_the_first_turn_is_streamed_whole() -> None:
    reply = await ask(START)
    assert (reply.reasoning, reply.text) == ("Let me see.\n", "I look.")
    assert reply.calls[0].arguments == '{"command":"ls"}'
    assert reply.usage == Usage(cost_usd=0.0, is_estimated=True)


@pytest.mark.parametrize(("seen", "said"), [("an ERROR came", "Repair."), ("all is well", "Fine.")])
async def test_the_next_turn_is_chosen_by_what_was_seen(seen: str, said: str) -> None:
    assert (await ask((*START, AssistantMessage(""), ToolMessage("c", "execute_bash", seen)))).text == said


async def test_a_scenario_that_is_over_says_so() -> None:
    after = (
        AssistantMessage(""),
        ToolMessage("c", "b", "fine"),
        AssistantMessage(""),
        UserMessage("and now?"),
    )
    reply = await ask((*START, *after))
    assert "scenario is over" in reply.text
    assert reply.calls == ()


async def test_the_pace_waits_before_each_piece_and_the_profile_may_change_it() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    model = ScriptModel(SCENARIO, pace=2.0, sleep=sleep)
    request = Request(turn=1, messages=START, tools=(), model=ModelSpec(name="script/x"))
    pieces = [piece async for piece in model.ask(request)]
    assert len(waits) == len(pieces) - 1
    assert waits[0] > waits[1] > 0
    waits.clear()
    at_once = ModelSpec(name="script/x", extra_body_json='{"pace": 0}')
    assert [
        piece async for piece in model.ask(Request(turn=1, messages=START, tools=(), model=at_once))
    ] == pieces
    assert waits == []


def test_every_shipped_scenario_can_be_read() -> None:
    assert "demo" in list_scenarios()
    for name in list_scenarios():
        scenario = load_scenario(f"script/{name}")
        assert scenario.task or read_preset(name).task
        assert scenario.expect
        for turn in scenario.turns:
            assert "\n" not in turn.reasoning + turn.text, (
                "a line end in mid-sentence wraps badly on a screen"
            )


def test_a_scenario_of_ones_own_is_read_by_its_path(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("task: t\nturns:\n  - text: hello\n")
    assert load_scenario(f"script/{own}").turns == (Turn(text="hello"),)


@pytest.mark.parametrize(
    "text", ["task: [", "turns: []", "task: t\nturns: [{txt: a}]", 'task: t\nturns: [{when: "("}]']
)
def test_a_broken_scenario_is_a_sentence(tmp_path: Path, text: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_scenario(str(own))


@pytest.mark.parametrize("name", ["nowhere", "../../etc/passwd", "nowhere.yaml"])
def test_an_unknown_scenario_names_the_known_ones(name: str) -> None:
    with pytest.raises(SettingsInvalid, match="demo"):
        load_scenario(name)
