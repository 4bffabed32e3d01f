"""What models write as text is read, or left alone, as the module says."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lis_tui.core.messages import ToolSchema
from lis_tui.core.spec import ToolStyle
from lis_tui.model.parse import TextCall, ThinkSplitter, find_calls, split_unopened

TOOLS = (
    ToolSchema("execute_bash", "", '{"type":"object","properties":{"command":{"type":"string"}}}'),
    ToolSchema(
        "str_replace_editor",
        "",
        '{"type":"object","properties":{"path":{"type":"string"},"insert_line":{"type":"integer"},'
        '"view_range":{"type":"array"}}}',
    ),
    ToolSchema("submit", "", '{"type":"object","properties":{}}'),
)


def bash(command: str) -> TextCall:
    return TextCall("execute_bash", json.dumps({"command": command}, ensure_ascii=False))


def split(*chunks: str) -> tuple[str, str]:
    splitter = ThinkSplitter()
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)] + splitter.finish()
    return (
        "".join(text for kind, text in pieces if kind == "reasoning"),
        "".join(text for kind, text in pieces if kind == "text"),
    )


@pytest.mark.parametrize(("opening", "closing"), [("<think>", "</think>"), ("[THINK]", "[/THINK]")])
@given(cuts=st.lists(st.integers(0, 60), max_size=8))
def test_thinking_is_found_however_the_stream_is_cut(opening: str, closing: str, cuts: list[int]) -> None:
    text = f"{opening}why < not{closing}answer </x> <b>"
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    chunks = [text[a:b] for a, b in pairwise(places)]
    assert split(*chunks) == ("why < not", "answer </x> <b>")


def test_a_tag_in_the_middle_of_an_answer_is_text() -> None:
    assert split("Use <think> to think</think>.") == ("", "Use <think> to think</think>.")


def test_thinking_that_never_ends_is_still_reasoning() -> None:
    assert split("<think>and on and on</thi") == ("and on and on</thi", "")


def test_a_short_text_that_looks_like_a_tag_is_not_lost() -> None:
    assert split("<thi") == ("", "<thi")


def test_thinking_that_the_prompt_opened_is_split_off_at_the_end() -> None:
    assert split_unopened("so I will\n</think>\n\nDone.") == ("so I will", "Done.")
    assert split_unopened("No tags.") == ("", "No tags.")


@pytest.mark.parametrize("style", ["auto", "text"])
def test_a_hermes_call_is_read(style: ToolStyle) -> None:
    text = 'Look:\n<tool_call>\n{"name": "execute_bash", "arguments": {"command": "ls"}}\n</tool_call>'
    assert find_calls(text, TOOLS, style) == (bash("ls"),)


def test_several_hermes_calls_keep_their_order_and_an_end_tag_may_be_missing() -> None:
    text = (
        '<tool_call>{"name":"execute_bash","arguments":{"command":"a"}}</tool_call>\n'
        '<tool_call>{"name":"submit","arguments":{}}'
    )
    assert find_calls(text, TOOLS, "auto") == (bash("a"), TextCall("submit", "{}"))


def test_an_end_tag_inside_an_argument_ends_nothing() -> None:
    text = '<tool_call>{"name":"execute_bash","arguments":{"command":"echo \\"</tool_call>\\""}}</tool_call>'
    assert find_calls(text, TOOLS, "auto") == (bash('echo "</tool_call>"'),)


def test_broken_json_stays_a_call_with_its_text_so_that_the_model_is_told() -> None:
    body = '{"name": "execute_bash", "arguments": {"command": "ls}'
    (call,) = find_calls(f"<tool_call>\n{body}\n</tool_call>", TOOLS, "auto")
    assert call == TextCall("execute_bash", body)


def test_prose_about_tags_is_no_call() -> None:
    assert find_calls("Write <tool_call> and then <function=foo> to call.", TOOLS, "auto") == ()


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_qwen_call_is_read_with_the_types_of_its_schema(wrapped: bool) -> None:
    text = (
        "<function=str_replace_editor>\n<parameter=path>\n/testbed/a b.py\n</parameter>\n"
        "<parameter=insert_line>\n3\n</parameter>\n<parameter=view_range>[1, -1]</parameter>\n</function>"
    )
    (call,) = find_calls(f"<tool_call>\n{text}\n</tool_call>" if wrapped else text, TOOLS, "auto")
    assert json.loads(call.arguments) == {"path": "/testbed/a b.py", "insert_line": 3, "view_range": [1, -1]}


def test_a_qwen_parameter_keeps_its_own_line_breaks_and_tags() -> None:
    command = "\ncat <<'E'\n</function>\n<p>5</p>\nE\n"
    text = f"<function=execute_bash>\n<parameter=command>\n{command}\n</parameter>\n</function>"
    assert find_calls(text, TOOLS, "auto") == (bash(command),)


def test_a_number_for_a_string_parameter_stays_a_string() -> None:
    text = "<function=execute_bash><parameter=command>42</parameter></function>"
    assert find_calls(text, TOOLS, "auto") == (bash("42"),)


def test_a_qwen_call_that_was_cut_off_is_not_run() -> None:
    (call,) = find_calls("<function=execute_bash>\n<parameter=command>\nrm -rf /tm", TOOLS, "auto")
    with pytest.raises(json.JSONDecodeError):
        json.loads(call.arguments)


def test_a_reply_that_is_one_json_object_is_a_call_to_a_known_tool_only() -> None:
    assert find_calls('{"name": "submit", "parameters": {}}', TOOLS, "auto") == (TextCall("submit", "{}"),)
    assert find_calls('{"name": "Ada", "age": 36}', TOOLS, "auto") == ()


FENCE = "```bash\nls -l\ncat a\n```"


def test_a_fenced_block_that_ends_the_reply_is_a_call() -> None:
    assert find_calls(f"I look.\n\n{FENCE}\n", TOOLS, "auto") == (bash("ls -l\ncat a"),)


def test_an_answer_that_quotes_a_command_and_goes_on_is_no_call_in_auto() -> None:
    assert find_calls(f"Run\n{FENCE}\nand you see it.", TOOLS, "auto") == ()
    assert find_calls(f"Run\n{FENCE}\nand you see it.", TOOLS, "text") == (bash("ls -l\ncat a"),)


def test_of_several_fenced_blocks_none_runs_in_auto_and_only_the_one_that_ends_the_reply_in_text() -> None:
    text = f"```sh\nfirst\n```\nthen\n{FENCE}"
    assert find_calls(text, TOOLS, "auto") == ()
    assert find_calls(text, TOOLS, "text") == (bash("ls -l\ncat a"),)
    assert find_calls(f"{text}\nor so", TOOLS, "text") == ()


def test_a_fence_that_never_closes_or_holds_another_language_is_no_call() -> None:
    assert find_calls("```bash\nls", TOOLS, "text") == ()
    assert find_calls("```python\nprint()\n```", TOOLS, "text") == ()


def test_a_fenced_submit_is_a_submit() -> None:
    assert find_calls("```bash\nsubmit\n```", TOOLS, "text") == (TextCall("submit", "{}"),)


@pytest.mark.parametrize("style", ["native", "none"])
def test_text_is_never_a_call_where_the_profile_says_so(style: ToolStyle) -> None:
    assert find_calls(f'<tool_call>{{"name":"submit"}}</tool_call>\n{FENCE}', TOOLS, style) == ()


@given(st.text(alphabet='<>/{}[]"`:=\n abtool_callfunctionparameterthink', max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    find_calls(text, TOOLS, "text")
