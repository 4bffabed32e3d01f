"""Which models go on from the beginning of a reply, and what is sent to those that do."""

from collections.abc import AsyncIterator, Iterator

import pytest

from lis_tui.core.messages import (
    AssistantMessage,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    Request,
    SystemMessage,
    TextPiece,
    ToolSchema,
    UserMessage,
)
from lis_tui.core.openai import estimate_tokens, request_json
from lis_tui.core.spec import ModelSpec
from lis_tui.model.continuing import mark_begun, way_to_continue
from lis_tui.model.gateway import Gateway, let_go
from lis_tui.model.retry import RetryingModel
from lis_tui.model.script import Scenario, ScriptedCall, ScriptModel, Turn
from tests.server import Answer, FakeServer

VLLM = '{"continue_final_message": true, "min_tokens": 1}'
TOOLS = (ToolSchema("execute_bash", "Run it.", '{"type":"object","properties":{}}'),)


def request_of(model: ModelSpec, begun: AssistantMessage | None) -> Request:
    return Request(
        turn=1, messages=(SystemMessage("s"), UserMessage("t")), tools=TOOLS, model=model, begun=begun
    )


def why_not(model: ModelSpec, text: str = "So I", reasoning: str = "") -> str:
    request = request_of(model, AssistantMessage(text, reasoning))
    return RetryingModel(Gateway("key")).cannot_continue(request)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(then="error") as fake:
        yield fake


@pytest.fixture(autouse=True)
async def _connections_of_this_loop_only() -> AsyncIterator[None]:
    yield
    await let_go()


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("anthropic/claude-haiku-4-5", "message"),
        ("anthropic/claude-opus-4-6", None),
        ("mistral/mistral-large-latest", "prefix"),
        ("deepseek/deepseek-chat", "prefix"),
        ("openai/gpt-4o", None),
        ("gemini/gemini-2.5-pro", None),
        ("no-such-model", None),
    ],
)
def test_a_model_goes_on_as_its_description_says(name: str, way: str | None) -> None:
    model = ModelSpec(name=name)
    assert way_to_continue(model) == way
    assert bool(why_not(model)) == (way is None)


def test_a_server_of_ones_own_goes_on_only_where_its_profile_says_so() -> None:
    base = "http://127.0.0.1:9/v1"
    assert "extra_body" in why_not(ModelSpec(name="claude-haiku-4-5", api_base=base))
    assert "extra_body" in why_not(ModelSpec(name="qwen", api_base="https://models.example.com/v1"))
    assert why_not(ModelSpec(name="qwen", api_base=base, extra_body_json=VLLM)) == ""


def test_thinking_is_not_gone_on_with_and_the_reason_is_said() -> None:
    model = ModelSpec(name="mistral/mistral-large-latest")
    assert "while it was thinking" in why_not(model, text="", reasoning="Let me")
    assert why_not(model, text="So I", reasoning="Let me see.") == ""
    claude = ModelSpec(name="anthropic/claude-haiku-4-5", reasoning_effort="low")
    assert "think first" in why_not(claude)
    thinking = ModelSpec(
        name="anthropic/claude-haiku-4-5", extra_body_json='{"thinking": {"type": "enabled"}}'
    )
    assert "think first" in why_not(thinking)


def test_the_beginning_is_the_last_message_and_is_counted() -> None:
    model = ModelSpec(name="mistral/mistral-large-latest")
    begun = AssistantMessage("So I begin", "never sent")
    messages = request_json(request_of(model, begun))["messages"]
    assert isinstance(messages, list)
    assert messages[-1] == {"role": "assistant", "content": "So I begin"}
    assert mark_begun(messages, model)[-1] == {"role": "assistant", "content": "So I begin", "prefix": True}
    assert mark_begun(messages, ModelSpec(name="anthropic/claude-haiku-4-5")) == messages
    assert estimate_tokens(request_of(model, begun)) > estimate_tokens(request_of(model, None))


async def test_a_server_is_told_to_go_on_only_where_there_is_a_beginning(server: FakeServer) -> None:
    server.add(Answer(text="one"), Answer(text=" hand it in."))
    model = ModelSpec(name="qwen", api_base=server.url, extra_body_json=VLLM)
    for begun in (None, AssistantMessage("So I")):
        request = request_of(model, begun)
        pieces = [piece async for piece in Gateway("key").ask(request)]
        assert server.requests[-1].body == request_json(request)
    assert next(piece.text for piece in pieces if isinstance(piece, TextPiece)).startswith(" hand")
    first, second = (seen.body for seen in server.requests)
    assert "continue_final_message" not in first
    assert (second["continue_final_message"], second["add_generation_prompt"]) == (True, False)
    assert first["min_tokens"] == second["min_tokens"] == 1
    assert server.requests[1].messages[-1] == {"role": "assistant", "content": "So I"}


async def test_a_call_that_was_begun_in_text_is_read_whole(server: FakeServer) -> None:
    server.add(Answer(text='{"name": "execute_bash", "arguments": {}}\n</tool_call>'))
    model = ModelSpec(name="qwen", api_base=server.url, extra_body_json=VLLM, tool_style="text")
    request = request_of(model, AssistantMessage("I call.\n<tool_call>"))
    pieces = [piece async for piece in Gateway("key").ask(request)]
    ended = pieces[-1]
    assert isinstance(ended, ReplyEnded)
    assert [call.name for call in ended.reply.calls] == ["execute_bash"]


SCENARIO = Scenario(
    task="t",
    turns=(Turn(reasoning="Let me see.", text="I look around.", calls=(ScriptedCall("execute_bash", {}),)),),
)


async def play(begun: AssistantMessage) -> tuple[str, Reply]:
    request = request_of(ModelSpec(name="script/x"), begun)
    model = ScriptModel(SCENARIO, pace=0)
    assert model.cannot_continue(request) == ""
    pieces = [piece async for piece in model.ask(request)]
    ended = pieces[-1]
    assert isinstance(ended, ReplyEnded)
    thought = "".join(piece.text for piece in pieces if isinstance(piece, ReasoningPiece))
    assert thought == ended.reply.reasoning
    return "".join(piece.text for piece in pieces if isinstance(piece, TextPiece)), ended.reply


async def test_a_scenario_goes_on_where_it_was_cut() -> None:
    said, reply = await play(AssistantMessage("I look", "Let me see."))
    assert (said, reply.text, reply.reasoning) == (" around.", " around.", "")
    assert len(reply.calls) == 1
    said, reply = await play(AssistantMessage("", "Let me"))
    assert (said, reply.reasoning) == ("I look around.", " see.")


async def test_a_scenario_adds_no_words_to_a_beginning_that_a_person_wrote() -> None:
    said, reply = await play(AssistantMessage("I list the files.", "Let me see."))
    assert (said, reply.reasoning) == ("", "")
    assert len(reply.calls) == 1
