"""The gateway over real HTTP, against a server that does what model servers do wrong."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import cast

import pytest

from lis_tui.core.errors import (
    KeyMissing,
    ModelFailed,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
    ReplyUnreadable,
)
from lis_tui.core.messages import (
    AssistantMessage,
    CallPiece,
    Piece,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    Request,
    RetryPiece,
    SystemMessage,
    TextPiece,
    ToolCall,
    ToolMessage,
    ToolSchema,
    UserMessage,
)
from lis_tui.core.openai import request_json
from lis_tui.core.spec import ModelSpec
from lis_tui.model.gateway import Gateway, let_go
from lis_tui.model.retry import RetryingModel
from tests.server import Answer, Call, FakeServer

BASH = ToolSchema("execute_bash", "Run it.", '{"type":"object","properties":{"command":{"type":"string"}}}')
SUBMIT = ToolSchema("submit", "Be done.", '{"type":"object","properties":{}}')
SPEC = ModelSpec(name="fake-model")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(then="error") as fake:
        yield fake


@pytest.fixture(autouse=True)
async def _connections_of_this_loop_only() -> AsyncIterator[None]:
    yield
    await let_go()


def make(server: FakeServer, spec: ModelSpec = SPEC, messages: tuple[object, ...] = ()) -> Request:
    import msgspec

    told = messages or (SystemMessage("Be good."), UserMessage("Do it."))
    model = msgspec.structs.replace(spec, api_base=server.url)
    return Request(
        turn=3, messages=cast("tuple[SystemMessage, ...]", told), tools=(BASH, SUBMIT), model=model
    )


async def ask(request: Request, key: str | None = None) -> tuple[list[Piece], Reply]:
    pieces = [piece async for piece in Gateway(key).ask(request)]
    last = pieces[-1]
    assert isinstance(last, ReplyEnded)
    return pieces, last.reply


async def fail(request: Request, key: str | None = "sk-secret-1234") -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        await ask(request, key)
    return caught.value


async def test_a_reply_arrives_as_reasoning_text_and_calls(server: FakeServer) -> None:
    server.add(
        Answer(
            reasoning="Hm.", text="I look.", calls=(Call(name="execute_bash", arguments={"command": "ls"}),)
        )
    )
    pieces, reply = await ask(make(server))
    assert (reply.reasoning, reply.text, reply.finish_reason) == ("Hm.", "I look.", "tool_calls")
    assert reply.calls == (ToolCall("call_0", "execute_bash", '{"command": "ls"}'),)
    assert "".join(piece.text for piece in pieces if isinstance(piece, TextPiece)) == "I look."
    assert "".join(piece.text for piece in pieces if isinstance(piece, ReasoningPiece)) == "Hm."
    assert [piece.id for piece in pieces if isinstance(piece, CallPiece)] == ["call_0", "", ""]


async def test_what_was_sent_is_exactly_what_core_says_is_sent(server: FakeServer) -> None:
    spec = ModelSpec(
        name="Qwen/Qwen3-8B",
        temperature=0.6,
        top_p=0.95,
        top_k=20,
        min_p=0.0,
        repetition_penalty=1.05,
        reasoning_effort="high",
        max_tokens=512,
        extra_body_json='{"chat_template_kwargs":{"enable_thinking":true}}',
        tool_choice="execute_bash",
    )
    history = (
        SystemMessage("Be good."),
        UserMessage("Do it."),
        AssistantMessage("", "thought", (ToolCall("c1", "execute_bash", '{"command":"ls"}'),)),
        ToolMessage("c1", "execute_bash", "a\nb"),
    )
    server.add(Answer(text="ok"))
    request = make(server, spec, history)
    await ask(request)
    assert server.requests[0].body == request_json(request)
    assert server.requests[0].body["model"] == "Qwen/Qwen3-8B"
    assert server.requests[0].body["tool_choice"] == {
        "type": "function",
        "function": {"name": "execute_bash"},
    }


async def test_the_key_is_sent_and_a_server_of_ones_own_needs_none(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-server")
    server.add(Answer(text="a"), Answer(text="b"))
    await ask(make(server), key="sk-mine")
    await ask(make(server))
    sent = [seen.headers["authorization"] for seen in server.requests]
    assert sent == ["Bearer sk-mine", "Bearer none"]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_of_either_field_is_kept_and_sent_back_beside_calls(
    server: FakeServer, field: str
) -> None:
    server.add(
        Answer(reasoning="Because.", reasoning_field=field, calls=(Call(name="submit"),)),
        Answer(text="done"),
    )
    _, reply = await ask(make(server))
    assert reply.reasoning == "Because."
    history = (UserMessage("x"), AssistantMessage("", reply.reasoning, reply.calls, reply.thinking_json))
    await ask(make(server, messages=(*history, ToolMessage("call_0", "submit", "ok"))))
    assert server.requests[1].messages[1][field] == "Because."


async def test_think_tags_split_over_chunks_are_reasoning(server: FakeServer) -> None:
    server.add(Answer(text="<think>\nFirst this.\n</think>\n\nThen that.", piece=1))
    pieces, reply = await ask(make(server))
    assert (reply.reasoning, reply.text) == ("First this.", "Then that.")
    assert not any("<" in piece.text for piece in pieces if isinstance(piece, TextPiece | ReasoningPiece))


async def test_a_character_cut_in_two_is_whole_and_a_lone_half_is_replaced(
    server: FakeServer,
) -> None:
    server.add(Answer(deltas=({"content": "a \ud83d"}, {"content": "\ude00 b \ud83d c"})))
    _, reply = await ask(make(server))
    assert reply.text == "a \U0001f600 b \ufffd c"


async def test_signed_thinking_blocks_are_put_together_and_sent_back(server: FakeServer) -> None:
    deltas: tuple[dict[str, object], ...] = (
        {"thinking_blocks": [{"type": "thinking", "thinking": "One ", "signature": ""}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "two.", "signature": "sig=="}]},
        {"thinking_blocks": [{"type": "redacted_thinking", "data": "xyz"}]},
    )
    server.add(Answer(deltas=deltas, text="Done."))
    _, reply = await ask(make(server))
    assert reply.reasoning == "One two."
    assert json.loads(reply.thinking_json) == {
        "thinking_blocks": [
            {"type": "thinking", "thinking": "One two.", "signature": "sig=="},
            {"type": "redacted_thinking", "data": "xyz"},
        ]
    }


async def test_two_calls_that_share_an_index_stay_two(server: FakeServer) -> None:
    first = Call(name="execute_bash", arguments={"command": "a"}, id="x", index=0)
    second = Call(name="execute_bash", arguments={"command": "b"}, id="y", index=0)
    server.add(Answer(calls=(first, second)))
    _, reply = await ask(make(server))
    assert [(call.id, json.loads(call.arguments)["command"]) for call in reply.calls] == [
        ("x", "a"),
        ("y", "b"),
    ]


async def test_calls_without_ids_get_their_own(server: FakeServer) -> None:
    call = Call(name="execute_bash", arguments={"command": "a"}, id="", index=0, pieces=1)
    server.add(Answer(calls=(call, call)))
    _, reply = await ask(make(server))
    assert [call.id for call in reply.calls] == ["call_3_1", "call_3_2"]


async def test_half_an_argument_at_the_length_limit_is_kept_as_it_came(server: FakeServer) -> None:
    server.add(
        Answer(calls=(Call(name="execute_bash", arguments='{"command": "rm -rf /tm'),), finish="length")
    )
    _, reply = await ask(make(server))
    assert reply.finish_reason == "length"
    assert reply.calls[0].arguments == '{"command": "rm -rf /tm'


async def test_a_call_written_as_text_is_a_call(server: FakeServer) -> None:
    text = 'I look.\n<tool_call>\n{"name": "execute_bash", "arguments": {"command": "ls"}}\n</tool_call>'
    server.add(Answer(text=text), Answer(text="ok"))
    _, reply = await ask(make(server))
    assert reply.calls_in_text
    assert reply.calls == (ToolCall("text_3_1", "execute_bash", '{"command": "ls"}'),)
    history = (UserMessage("x"), AssistantMessage(reply.text, "", reply.calls, "", calls_in_text=True))
    await ask(make(server, messages=(*history, ToolMessage("text_3_1", "execute_bash", "a.txt"))))
    assert server.requests[1].messages[1:] == [
        {"role": "assistant", "content": text},
        {"role": "user", "content": "<tool_response>\na.txt\n</tool_response>"},
    ]


async def test_usage_is_the_servers_where_it_sent_one(server: FakeServer) -> None:
    usage: dict[str, object] = {
        "prompt_tokens": 90,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 80},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    server.add(Answer(text="hi", usage=usage))
    _, reply = await ask(make(server))
    told = reply.usage
    assert told is not None
    assert not told.is_estimated
    assert (told.prompt_tokens, told.completion_tokens, told.cached_tokens, told.reasoning_tokens) == (
        90,
        7,
        80,
        5,
    )
    assert told.cost_usd is None


async def test_usage_is_a_marked_guess_where_the_server_sent_none(server: FakeServer) -> None:
    server.add(Answer(text="12345678", usage=None))
    _, reply = await ask(make(server))
    assert reply.usage is not None
    assert reply.usage.is_estimated
    assert reply.usage.completion_tokens == 2


async def test_a_server_that_refuses_to_send_usage_is_asked_without(server: FakeServer) -> None:
    server.add(Answer(text="hi", usage_refused=True))
    _, reply = await ask(make(server))
    assert reply.text == "hi"
    assert ["stream_options" in seen.body for seen in server.requests] == [True, False]


async def test_a_server_that_does_not_stream_is_understood(server: FakeServer) -> None:
    server.add(Answer(text="all at once", calls=(Call(name="submit"),), fault="plain_json"))
    _, reply = await ask(make(server))
    assert (reply.text, reply.calls[0].name) == ("all at once", "submit")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ModelRefused),
        (401, ModelRefused),
        (403, ModelRefused),
        (404, ModelRefused),
        (408, ModelUnreachable),
        (409, ModelUnreachable),
        (429, ModelUnreachable),
        (500, ModelUnreachable),
        (502, ModelUnreachable),
        (503, ModelUnreachable),
    ],
)
async def test_each_status_is_what_it_says(server: FakeServer, status: int, kind: type[ModelFailed]) -> None:
    server.add(Answer(status=status, message="words of the server", retry_after="7" if status == 429 else ""))
    error = await fail(make(server))
    assert type(error) is kind
    assert error.status == status
    assert "words of the server" in error.sentence
    assert error.retry_after_s == (7.0 if status == 429 else None)
    assert len(server.requests) == 1


async def test_a_401_without_a_key_says_that_one_is_missing(server: FakeServer) -> None:
    server.add(Answer(status=401))
    assert type(await fail(make(server), key=None)) is KeyMissing


async def test_a_provider_without_a_key_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    request = Request(
        turn=1, messages=(UserMessage("x"),), tools=(), model=ModelSpec(name="anthropic/claude-x")
    )
    with pytest.raises(KeyMissing, match="ANTHROPIC_API_KEY"):
        await ask(request)


async def test_the_key_is_not_repeated_in_an_error(server: FakeServer) -> None:
    server.add(Answer(status=400, message="bad key sk-secret-1234 given"))
    error = await fail(make(server))
    assert "sk-secret-1234" not in error.sentence
    assert "bad key" in error.sentence


async def test_no_quota_left_is_not_a_moment_to_wait_for(server: FakeServer) -> None:
    server.add(Answer(status=429, message="You exceeded your current quota"))
    assert type(await fail(make(server))) is ModelRefused


async def test_a_model_without_tools_is_told_apart(server: FakeServer) -> None:
    server.add(Answer(status=400, message="fake-model does not support tools"))
    assert 'tool_style = "text"' in (await fail(make(server))).sentence


@pytest.mark.parametrize("fault", ["early_end", "empty_choices"])
async def test_an_end_that_nothing_marks_is_possibly_cut_off(server: FakeServer, fault: str) -> None:
    early, empty = Answer(text="Half a sen", fault="early_end"), Answer(fault="empty_choices")
    server.add(early if fault == "early_end" else empty)
    error = await fail(make(server))
    assert type(error) is ReplyUnreadable
    assert "cut off" in error.sentence


async def test_a_web_page_is_no_reply(server: FakeServer) -> None:
    server.add(Answer(fault="html"))
    error = await fail(make(server))
    assert type(error) is ReplyUnreadable
    assert "web page" in error.sentence


async def test_a_web_page_with_a_bad_status_is_that_status(server: FakeServer) -> None:
    server.add(Answer(status=502, fault="html"))
    error = await fail(make(server))
    assert (type(error), error.status) == (ModelUnreachable, 502)


async def test_a_connection_that_breaks_in_mid_stream_is_no_refusal(server: FakeServer) -> None:
    server.add(Answer(text="Half a sentence", fault="disconnect", fault_after=2))
    error = await fail(make(server))
    assert (type(error), error.status) == (ModelUnreachable, None)


async def test_an_error_in_the_stream_is_not_an_end(server: FakeServer) -> None:
    server.add(Answer(text="Half a sentence", fault="error_event", fault_after=2))
    error = await fail(make(server))
    assert type(error) is ModelUnreachable
    assert "overloaded" in error.sentence


async def test_a_web_address_that_is_no_server_is_a_sentence() -> None:
    request = Request(
        turn=1, messages=(UserMessage("x"),), tools=(), model=ModelSpec(name="m", api_base="localhost:1")
    )
    assert isinstance(await fail(request), ModelFailed)


async def test_a_name_without_a_provider_is_refused_with_a_sentence() -> None:
    request = Request(
        turn=1, messages=(UserMessage("x"),), tools=(), model=ModelSpec(name="never-heard-of-it")
    )
    error = await fail(request)
    assert type(error) is ModelRefused
    assert "--api-base" in error.sentence


async def test_no_server_at_all_is_unreachable() -> None:
    with FakeServer() as gone:
        request = make(gone)
    error = await fail(request)
    assert (type(error), error.status) == (ModelUnreachable, None)
    assert "cannot be reached: nothing listens there" in error.sentence


async def test_silence_between_two_events_has_a_limit(server: FakeServer) -> None:
    server.add(Answer(text="some words", fault="stall", fault_after=2))
    error = await fail(make(server, ModelSpec(name="m", gap_s=0.05)))
    assert type(error) is ModelStalled
    assert "fell silent for 0.05 s" in error.sentence
    server.wait_gone()


@pytest.mark.parametrize("first", ["<think>", "  ", "<thi"])
async def test_silence_counts_from_the_first_word_also_where_that_is_held_back(
    server: FakeServer, first: str
) -> None:
    server.add(Answer(deltas=({"content": first},), fault="stall", fault_after=2))
    error = await fail(make(server, ModelSpec(name="m", gap_s=0.05, total_s=20)))
    assert "fell silent for 0.05 s" in error.sentence


async def test_after_a_role_alone_the_prompt_may_still_be_read(server: FakeServer) -> None:
    server.add(Answer(text="never", fault="stall", fault_after=1))
    error = await fail(make(server, ModelSpec(name="m", gap_s=0.01, total_s=0.2)))
    assert "was not done after 0.2 s" in error.sentence


async def test_the_whole_request_has_a_limit(server: FakeServer) -> None:
    server.add(Answer(fault="stall_before"))
    error = await fail(make(server, ModelSpec(name="m", total_s=0.3)))
    assert type(error) is ModelStalled
    server.wait_gone()


async def test_a_server_of_ones_own_may_read_a_long_prompt_for_as_long_as_it_likes(
    server: FakeServer,
) -> None:
    server.add(Answer(text="at last", first_delay_s=0.1))
    _, reply = await ask(make(server, ModelSpec(name="m", first_event_s=0.01, gap_s=0.01)))
    assert reply.text == "at last"


async def test_leaving_the_stream_closes_the_connection_at_once(server: FakeServer) -> None:
    server.add(Answer(text="many words " * 200, fault="stall", fault_after=3))
    async with aclosing(cast("AsyncGen", Gateway(None).ask(make(server)))) as pieces:
        async for _ in pieces:
            break
        left = time.monotonic()
    assert await asyncio.to_thread(server.wait_gone) - left < 0.1


async def test_cancelling_closes_the_connection_before_the_first_event(server: FakeServer) -> None:
    server.add(Answer(fault="stall_before"))
    waiting = asyncio.ensure_future(ask(make(server)))
    while not server.requests:
        await asyncio.sleep(0.001)
    waiting.cancel()
    left = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(server.wait_gone) - left < 0.1


async def test_a_busy_server_is_asked_again_and_the_reply_is_whole(server: FakeServer) -> None:
    server.add(
        Answer(status=429, retry_after="0"),
        Answer(text="void", fault="disconnect", fault_after=2),
        Answer(text="The real one."),
    )
    model = RetryingModel(Gateway(None), jitter=lambda: 0.0, wait=lambda now, seconds: asyncio.sleep(0))
    pieces = [piece async for piece in model.ask(make(server))]
    tries = [(piece.attempt, piece.status) for piece in pieces if isinstance(piece, RetryPiece)]
    assert tries == [(2, 429), (3, None)]
    last = pieces[-1]
    assert isinstance(last, ReplyEnded)
    assert last.reply.text == "The real one."


async def test_a_hundred_equal_chunks_are_not_an_error(server: FakeServer) -> None:
    server.add(Answer(text="hahaha" * 150, piece=6))
    _, reply = await ask(make(server))
    assert reply.text == "hahaha" * 150


def test_importing_litellm_reads_no_dotenv_prints_nothing_and_loads_no_ballast(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_BASE=http://evil.example\n")
    code = (
        "import os, lis_tui.model.gateway as g; g.rehearse();"
        "assert 'OPENAI_API_BASE' not in os.environ;"
        "import sys; assert not {'mcp', 'litellm.litellm_core_utils.default_encoding'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"]


ANTHROPIC: tuple[dict[str, object], ...] = (
    {
        "type": "message_start",
        "message": {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "claude-x",
            "content": [],
            "usage": {"input_tokens": 40, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm, "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "yes."}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "sig=="}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "I look."}},
    {"type": "content_block_stop", "index": 1},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "execute_bash", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {"type": "input_json_delta", "partial_json": '{"command": '},
    },
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {"type": "input_json_delta", "partial_json": '"ls"}'},
    },
    {"type": "content_block_stop", "index": 2},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
)


def of_anthropic(server: FakeServer, *messages: UserMessage | AssistantMessage | ToolMessage) -> Request:
    spec = ModelSpec(name="anthropic/claude-sonnet-4-20250514", api_base=server.url.removesuffix("/v1"))
    return Request(turn=1, messages=messages or (UserMessage("x"),), tools=(BASH,), model=spec)


async def test_another_protocol_gives_the_same_pieces_and_gets_its_signature_back(server: FakeServer) -> None:
    server.add(Answer(events=ANTHROPIC), Answer(events=ANTHROPIC))
    pieces, reply = await ask(of_anthropic(server), "k")
    assert (reply.reasoning, reply.text, reply.finish_reason) == ("Hm, yes.", "I look.", "tool_calls")
    assert reply.calls == (ToolCall("toolu_1", "execute_bash", '{"command": "ls"}'),)
    assert "".join(piece.text for piece in pieces if isinstance(piece, ReasoningPiece)) == "Hm, yes."
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (40, 9)
    assert not reply.usage.is_estimated
    back = AssistantMessage(reply.text, reply.reasoning, reply.calls, reply.thinking_json)
    await ask(of_anthropic(server, UserMessage("x"), back, ToolMessage("toolu_1", "execute_bash", "a")), "k")
    assert '"signature":"sig=="' in server.seen[1].raw.decode().replace(": ", ":")


async def test_another_protocols_early_end_is_possibly_cut_off(server: FakeServer) -> None:
    server.add(Answer(events=ANTHROPIC[:9]))
    error = await fail(of_anthropic(server), "k")
    assert type(error) is ReplyUnreadable
    assert "cut off" in error.sentence


@pytest.mark.parametrize(
    ("status", "kind"), [(401, ModelRefused), (429, ModelUnreachable), (529, ModelUnreachable)]
)
async def test_another_protocols_statuses_are_read_alike(
    server: FakeServer, status: int, kind: type[ModelFailed]
) -> None:
    server.add(Answer(status=status, message="words", retry_after="3" if status == 429 else ""))
    error = await fail(of_anthropic(server), "k")
    assert (type(error), error.status) == (kind, status)
    assert error.retry_after_s == (3.0 if status == 429 else None)


async def test_leaving_another_protocols_stream_closes_its_connection(server: FakeServer) -> None:
    server.add(Answer(events=ANTHROPIC[:9], fault="stall"))
    async with aclosing(cast("AsyncGen", Gateway("k").ask(of_anthropic(server)))) as pieces:
        async for _ in pieces:
            break
    await asyncio.to_thread(server.wait_gone)


async def test_one_that_is_closed_does_not_hang_up_on_another_and_the_last_hangs_up(
    server: FakeServer,
) -> None:
    server.add(Answer(text="a"), Answer(text="begun " * 9, fault="stall", fault_after=4))
    first, last = Gateway("k"), Gateway("k")
    _ = [piece async for piece in first.ask(make(server))]
    async with aclosing(cast("AsyncGen", last.ask(make(server)))) as pieces:
        async for _ in pieces:
            break
        await first.close()
        assert server.connections
    await last.close()
    assert await asyncio.to_thread(server.wait_alone)


class AsyncGen(AsyncIterator[Piece]):
    async def aclose(self) -> None: ...
