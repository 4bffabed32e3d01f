"""A request in the words of the OpenAI protocol."""

import json
import shlex
import subprocess

from lis_tui.core.messages import (
    AssistantMessage,
    Message,
    Request,
    SystemMessage,
    ToolCall,
    ToolMessage,
    ToolSchema,
    UserMessage,
)
from lis_tui.core.openai import (
    as_curl,
    estimate_tokens,
    messages_json,
    reply_tokens,
    request_json,
    routed_name,
)
from lis_tui.core.spec import ModelSpec

BASH = ToolSchema("execute_bash", "Run it.", '{"type":"object","properties":{"command":{"type":"string"}}}')


def make(*messages: Message, spec: ModelSpec | None = None) -> Request:
    return Request(turn=1, messages=messages, tools=(BASH,), model=spec or ModelSpec(name="openai/m"))


def test_a_bare_name_beside_an_address_means_the_openai_protocol() -> None:
    base = "http://localhost/v1"
    assert routed_name(ModelSpec(name="qwen3")) == "qwen3"
    assert routed_name(ModelSpec(name="qwen3", api_base=base)) == "openai/qwen3"
    assert routed_name(ModelSpec(name="Qwen/Qwen3-8B", api_base=base)) == "openai/Qwen/Qwen3-8B"
    assert routed_name(ModelSpec(name="hosted_vllm/x", api_base=base)) == "hosted_vllm/x"
    assert request_json(make(spec=ModelSpec(name="Qwen/Qwen3-8B", api_base=base)))["model"] == "Qwen/Qwen3-8B"


def test_sampling_that_was_not_set_is_not_sent() -> None:
    body = request_json(make(UserMessage("x")))
    assert set(body) == {
        "model",
        "messages",
        "max_tokens",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
    }


def test_a_reply_without_text_has_content_all_the_same_because_templates_read_it() -> None:
    call = ToolCall("c1", "execute_bash", "{}")
    (reply,) = messages_json(make(AssistantMessage("", calls=(call,))))
    assert reply["content"] == ""
    assert reply["tool_calls"]


def test_a_profiles_own_body_has_the_last_word() -> None:
    spec = ModelSpec(name="m", top_k=5, extra_body_json='{"top_k": 7, "seed": 1}')
    body = request_json(make(spec=spec))
    assert (body["top_k"], body["seed"]) == (7, 1)


def test_tools_are_told_in_words_where_the_model_knows_no_protocol() -> None:
    body = request_json(
        make(SystemMessage("Rules."), UserMessage("x"), spec=ModelSpec(name="m", tool_style="text"))
    )
    assert "tools" not in body
    messages = messages_json(make(SystemMessage("Rules."), spec=ModelSpec(name="m", tool_style="text")))
    content = messages[0]["content"]
    assert isinstance(content, str)
    assert content.startswith("Rules.")
    assert '"execute_bash"' in content
    assert "<tool_call>" in content


def test_answers_to_calls_in_text_are_one_user_message() -> None:
    calls = (ToolCall("a", "execute_bash", "{}"), ToolCall("b", "execute_bash", "{}"))
    written = messages_json(
        make(
            UserMessage("x"),
            AssistantMessage("as written", calls=calls, calls_in_text=True),
            ToolMessage("a", "execute_bash", "one"),
            ToolMessage("b", "execute_bash", "two"),
        )
    )
    assert written[1:] == [
        {"role": "assistant", "content": "as written"},
        {
            "role": "user",
            "content": "<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>",
        },
    ]


def test_a_reply_may_be_as_long_as_the_window_leaves_room_for() -> None:
    long = UserMessage("x" * 40_000)
    assert reply_tokens(make(long)) == 65_536
    spec = ModelSpec(name="m", context_tokens=32_768)
    assert reply_tokens(make(long, spec=spec)) == 32_768 - 1024 - estimate_tokens(make(long, spec=spec))
    tight = ModelSpec(name="m", context_tokens=4_096)
    assert reply_tokens(make(long, spec=tight)) == 256


def test_the_curl_command_carries_the_exact_body_and_no_key() -> None:
    request = make(
        UserMessage("it's $HOME `x` \\ ü\n'\"'"), spec=ModelSpec(name="m", api_base="http://h:1/v1/")
    )
    words = shlex.split(as_curl(request).replace("\\\n", " "))
    assert words[2] == "http://h:1/v1/chat/completions"
    assert "Authorization: Bearer $API_KEY" in words
    shown = subprocess.run(
        ["bash", "-c", as_curl(request).replace("curl -N", "printf '%s\\n' curl", 1)],
        capture_output=True,
        text=True,
        check=True,
        env={"API_KEY": "k", "PATH": "/usr/bin:/bin"},
    )
    body = shown.stdout.split("--data-binary\n", 1)[1]
    assert json.loads(body) == request_json(request)


def test_what_an_earlier_model_called_is_spelled_out_for_one_that_calls_in_text() -> None:
    history = (
        AssistantMessage("I look.", calls=(ToolCall("c1", "execute_bash", '{"command":"ls"}'),)),
        ToolMessage("c1", "execute_bash", "a"),
        AssistantMessage("", calls=(ToolCall("c2", "execute_bash", "{}"),)),
        ToolMessage("c2", "execute_bash", "b"),
    )
    spec = ModelSpec(name="openai/m", tool_style="text")
    _, first, answer, second, _ = messages_json(make(*history, spec=spec))
    call = '<tool_call>\n{"name": "execute_bash", "arguments": {"command":"ls"}}\n</tool_call>'
    assert first == {"role": "assistant", "content": f"I look.\n{call}"}
    assert answer == {"role": "user", "content": "<tool_response>\na\n</tool_response>"}
    assert str(second["content"]).startswith("<tool_call>")
    assert "tool_calls" not in str(messages_json(make(*history, spec=spec)))
