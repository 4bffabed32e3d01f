"""mini-swe-agent: bare lists, format 1 with text commands, format 1.1 with tool calls and responses."""

import json
from pathlib import Path

import pytest

from lis_tui.core.events import MessageSent, ReplyCutOff, StepFinished, StepStarted
from lis_tui.trajectory.foreign.mini import MINI
from lis_tui.trajectory.foreign.mini_talk import commands_in
from tests.foreign_files import fold, imported, material, recorded, seen

END = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
Message = dict[str, object]


def fenced(command: str) -> str:
    """A reply with one command in the text."""
    return f"THOUGHT: go on.\n\n```mswea_bash_command\n{command}\n```"


def result(code: int, output: str) -> str:
    """What the model sees of a command."""
    return f"<returncode>{code}</returncode>\n<output>\n{output}</output>"


def user(content: str, **more: object) -> Message:
    """A message of the user's role."""
    return {"role": "user", "content": content, **more}


def model(content: str | None, **more: object) -> Message:
    """A reply."""
    return {"role": "assistant", "content": content, **more}


def bare() -> list[Message]:
    """The oldest layout: messages, and nothing around them."""
    return [
        {"role": "system", "content": "You can use bash."},
        user("Please mend it."),
        model(fenced("ls -la")),
        user(result(0, "a.py\n")),
        model(fenced("python a.py")),
        user(result(2, "Traceback\n")),
        model("I am not sure what to do."),
        user("Please always provide EXACTLY ONE action in triple backticks."),
        model(fenced(f"echo {END} && git diff")),
        user("diff --git a/a.py b/a.py\n"),
    ]


def call(call_id: str, command: str) -> dict[str, object]:
    """A tool call, and nothing else that litellm adds."""
    arguments = json.dumps({"command": command})
    return {"id": call_id, "type": "function", "function": {"name": "bash", "arguments": arguments}}


def tool(call_id: str, code: int | None, output: str, at: float, **more: object) -> Message:
    """What came of a call in format 1.1."""
    extra = {"raw_output": output, "returncode": code, "timestamp": at, "exception_info": ""} | more
    told = json.dumps({"returncode": code, "output": output})
    return {"role": "tool", "tool_call_id": call_id, "content": told, "extra": extra}


def document(messages: list[Message], **info: object) -> dict[str, object]:
    """Format 1.1 as `DefaultAgent.serialize` writes it."""
    config = {
        "agent": {"step_limit": 30, "cost_limit": 3.0},
        "model": {"model_name": "anthropic/claude-sonnet-4-5"},
        "environment": {"image": "python:3.11", "cwd": "/testbed"},
        "environment_type": "minisweagent.environments.docker.DockerEnvironment",
    }
    told = {"model_stats": {"instance_cost": 0.25, "api_calls": 2}, "config": config, "mini_version": "2.1.0"}
    return {"info": told | info, "messages": messages, "trajectory_format": "mini-swe-agent-1.1"}


def with_calls() -> list[Message]:
    """A run in format 1.1 that was confirmed by a person: its last command counts as not run."""
    response = {
        "model": "claude-sonnet",
        "choices": [{"finish_reason": "tool_calls"}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 60},
        },
    }
    return [
        {"role": "system", "content": "You can use bash."},
        user("Please mend it."),
        model(
            "Two at once.",
            tool_calls=[call("c1", "echo a"), call("c2", "exit 3")],
            extra={"actions": [], "response": response, "cost": 0.125, "timestamp": 1_760_000_001.5},
        ),
        tool("c1", 0, "a\n", 1_760_000_002.0),
        tool("c2", 3, "", 1_760_000_003.0),
        model(
            None, tool_calls=[call("c3", f"echo {END}")], extra={"cost": 0.125, "timestamp": 1_760_000_004.0}
        ),
        tool("c3", -1, "", 1_760_000_005.0, exception_info="action was not executed"),
        {"role": "exit", "content": "done\n", "extra": {"exit_status": "Submitted", "submission": "done\n"}},
    ]


def test_a_bare_list_gives_a_turn_a_reply_and_a_step_a_command(tmp_path: Path) -> None:
    view = fold(imported(MINI, tmp_path, bare()))
    messages = json.loads((tmp_path / "file.json").read_text())
    replies = [one["content"] for one in messages if one["role"] == "assistant"]
    commands = [one.split("_command\n")[1].removesuffix("\n```") for one in replies if "_command" in one]
    assert [str(turn.text) for turn in view.turns[1:]] == replies
    assert [json.loads(one.arguments)["command"] for one in view.steps] == commands
    assert view.started is not None
    assert (view.started.system_prompt, view.started.task_prompt) == ("You can use bash.", "Please mend it.")


def test_the_text_is_what_the_model_saw_and_the_code_what_that_says(tmp_path: Path) -> None:
    view = fold(imported(MINI, tmp_path, bare()))
    assert [(one.status, seen(one).exit_code) for one in view.steps] == [
        ("done", 0),
        ("failed", 2),
        ("done", None),
    ]
    assert [seen(one).text for one in view.steps] == [
        result(0, "a.py\n"),
        result(2, "Traceback\n"),
        "diff --git a/a.py b/a.py\n",
    ]
    assert [seen(one).output for one in view.steps[:2]] == ["a.py\n", "Traceback\n"]
    assert [one.origin for one in view.turns[4].said] == ["nudge"]


def test_a_bare_list_is_submitted_where_its_last_command_asked_for_that(tmp_path: Path) -> None:
    view = fold(imported(MINI, tmp_path, bare()))
    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("submitted", "diff --git a/a.py b/a.py\n")
    assert fold(imported(MINI, tmp_path, bare()[:-2])).ended is None


def test_tool_calls_have_their_own_result_time_and_price(tmp_path: Path) -> None:
    given = imported(MINI, tmp_path, document(with_calls(), exit_status="Submitted", submission="done\n"))
    view = fold(given)
    assert [(str(one.address), one.status, seen(one).exit_code, seen(one).output) for one in view.steps] == [
        ("1.1", "done", 0, "a\n"),
        ("1.2", "failed", 3, ""),
        ("2.1", "done", None, ""),
    ]
    assert seen(view.steps[0]).text == '{"returncode": 0, "output": "a\\n"}'
    finished = [one.at for one in given.records if isinstance(one.event, StepFinished)]
    assert finished == [1_760_000_002.0, 1_760_000_003.0, 1_760_000_005.0]
    assert {one.at for one in given.records if isinstance(one.event, StepStarted)} == {0.0}
    assert (view.totals.prompt_tokens, view.totals.cached_tokens, view.totals.cost_usd) == (100, 60, 0.25)
    reply = view.turns[1].replies[0]
    assert (reply.finish_reason, json.loads(reply.raw_json)["model"]) == ("tool_calls", "claude-sonnet")


def test_the_mark_that_ends_a_run_was_printed_by_its_last_command(tmp_path: Path) -> None:
    view = fold(imported(MINI, tmp_path, bare()))
    last = seen(view.steps[-1])
    assert last.output == f"{END}\n{last.text}"


def test_what_was_asked_of_the_run_is_read_from_its_configuration(tmp_path: Path) -> None:
    given = imported(MINI, tmp_path, document(with_calls(), exit_status="Submitted"))
    spec = fold(given).started
    assert spec is not None
    assert spec.spec.model.name == "anthropic/claude-sonnet-4-5"
    assert (spec.spec.sandbox.image, spec.spec.sandbox.workdir) == ("python:3.11", "/testbed")
    assert spec.spec.limits.max_turns == 30
    assert given.report.version == "1.1"
    assert given.report.kept["info.config"] == 1


def test_a_run_that_was_stopped_ends_in_the_words_of_the_file(tmp_path: Path) -> None:
    end: Message = {"role": "exit", "content": "LimitsExceeded", "extra": {"exit_status": "LimitsExceeded"}}
    told = document([*with_calls()[:5], end], exit_status="LimitsExceeded", submission="")
    found = recorded(MINI, tmp_path, told)
    assert (found.entries[0].outcome, found.entries[0].cost_usd) == ("LimitsExceeded", 0.25)
    ended = fold(found.read()).ended
    assert ended is not None
    assert (ended.status, ended.reason, ended.answer) == ("elsewhere", "LimitsExceeded", None)


def test_a_plain_agents_last_command_is_answered_by_the_end(tmp_path: Path) -> None:
    messages = [one for one in with_calls() if one.get("tool_call_id") != "c3"]
    view = fold(imported(MINI, tmp_path, document(messages, exit_status="Submitted", submission="done\n")))
    assert [(one.status, seen(one).text) for one in view.steps[-1:]] == [("done", "done\n")]


def test_replies_in_the_responses_protocol_are_turns_too(tmp_path: Path) -> None:
    reply: Message = {
        "object": "response",
        "created_at": 1_760_000_000,
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Look."}]},
            {"type": "function_call", "call_id": "c1", "name": "bash", "arguments": '{"command": "ls"}'},
        ],
        "usage": {"input_tokens": 7, "output_tokens": 3},
        "extra": {
            "actions": [{"command": "ls", "tool_call_id": "c1"}],
            "cost": 0.0,
            "timestamp": 1_760_000_001,
        },
    }
    answer: Message = {
        "type": "function_call_output",
        "call_id": "c1",
        "output": result(0, "a\n"),
        "extra": {"raw_output": "a\n", "returncode": 0, "timestamp": 1_760_000_002.0},
    }
    asked: Message = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Please."}],
    }
    view = fold(imported(MINI, tmp_path, document([asked, reply, answer])))
    assert (str(view.turns[1].reasoning), str(view.turns[1].text)) == ("hm", "Look.")
    assert [(one.tool, seen(one).text, seen(one).exit_code) for one in view.steps] == [
        ("execute_bash", result(0, "a\n"), 0)
    ]
    assert (view.totals.prompt_tokens, view.totals.has_known_cost) == (7, False)


def test_a_reply_that_was_thrown_away_is_shown_and_no_part_of_the_conversation(tmp_path: Path) -> None:
    complaint = user(
        "Expected exactly 1 action.", extra={"interrupt_type": "FormatError", "model_response": "hm"}
    )
    given = imported(MINI, tmp_path, document([*with_calls()[:2], complaint, *with_calls()[2:]]))
    cut = [one.event for one in given.records if isinstance(one.event, ReplyCutOff)]
    assert [(one.turn, one.text) for one in cut] == [(1, "hm")]
    view = fold(given)
    assert [(one.origin, one.text) for one in view.turns[2].said] == [("nudge", "Expected exactly 1 action.")]
    assert [str(one.address) for one in view.steps] == ["2.1", "2.2", "3.1"]


def test_a_persons_command_is_a_step_of_theirs_and_told_to_the_model(tmp_path: Path) -> None:
    by_hand = [
        user("User command: \n```bash\nwhoami\n```", extra={"actions": [{"command": "whoami"}]}),
        user(
            result(0, "root\n"), extra={"raw_output": "root\n", "returncode": 0, "timestamp": 1_760_000_003.5}
        ),
    ]
    given = imported(MINI, tmp_path, document([*with_calls()[:5], *by_hand, *with_calls()[5:]]))
    step = next(one for one in fold(given).steps if one.is_injected)
    assert (str(step.address), step.status, seen(step).text) == ("2.0+1", "done", result(0, "root\n"))
    told = [one.event for one in given.records if isinstance(one.event, MessageSent)]
    assert [(one.origin, "whoami" in one.text, "root" in one.text) for one in told] == [
        ("command", True, True)
    ]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("Command not executed. The user rejected your command with the following message: no", "rejected"),
        ("Interrupted by user: stop", "interrupted"),
        (
            "The last command <command>ls -la</command> timed out and has been killed.\nThe output…",
            "interrupted",
        ),
        (
            "<returncode>0</returncode>\n<output>\n</command> timed out and has been killed.\n</output>",
            "done",
        ),
        ("Observation: a.py", "unknown"),
    ],
)
def test_format_1_says_only_in_words_what_became_of_a_command(tmp_path: Path, told: str, status: str) -> None:
    view = fold(imported(MINI, tmp_path, [*bare()[:3], user(told), *bare()[4:]]))
    assert (view.steps[0].status, seen(view.steps[0]).text) == (status, told)


def test_records_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    odd: list[object] = [7, {"role": "tool", "tool_call_id": "c9", "content": "x"}, {"content": "nobody"}]
    given = imported(MINI, tmp_path, document([*with_calls()[:3], *odd, *with_calls()[3:]]))  # type: ignore[list-item]
    assert given.report.problems == (
        "messages[3]: is no message",
        "messages[4]: is the result of no command",
        "messages[5]: has no role",
    )
    assert given.report.observations == 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("```bash\nls\n```", ["ls"]),
        ("a ```mswea_bash_command \n\nls -l\n``` b ```bash\nno\n```", ["ls -l"]),
        ("<mswea_bash_command>ls</mswea_bash_command>", ["ls"]),
        ("```bash\nls\n```\n```bash\npwd\n```", ["ls", "pwd"]),
        ("```bash ls```", []),
        ("```bash\nls", []),
    ],
)
def test_commands_stand_in_fences(said: str, expected: list[str]) -> None:
    assert commands_in(said) == expected


@pytest.mark.parametrize(
    "other",
    [
        {},
        [],
        [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "```bash\nls\n```"}],
        {"messages": [{"role": "user", "content": "hello"}]},
        {"trajectory_format": "mini-swe-agent-1.1"},
        "text",
    ],
)
def test_another_conversation_is_not_taken(tmp_path: Path, other: object) -> None:
    assert MINI.recognise(material(tmp_path, other)) is None
