from pathlib import Path

import pytest

from lis_tui.core.conversation import Conversation
from lis_tui.core.errors import NoTrajectory
from lis_tui.core.events import CommandInjected, ForeignKept, MessageSent, ReplyFinished, StepFinished
from lis_tui.core.view import RunView
from lis_tui.trajectory.foreign.claude_code import CLAUDE_CODE
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.recording import Imported, Recording
from tests import sessions


def recorded(lines: list[sessions.Line], tail: bytes = b"") -> Recording:
    found = CLAUDE_CODE.recognise(Material(Path("5e55.jsonl"), sessions.jsonl(lines) + tail))
    assert found is not None
    return found


def seen(imported: Imported) -> RunView:
    return RunView().apply_all(imported.records)


def finished(imported: Imported) -> dict[str, StepFinished]:
    events = [record.event for record in imported.records]
    return {event.call_id: event for event in events if isinstance(event, StepFinished)}


def test_a_reply_in_several_lines_is_one_turn_and_its_tokens_count_once() -> None:
    imported = recorded(sessions.claude_session()).read()
    replies = [one.event for one in imported.records if isinstance(one.event, ReplyFinished)]
    assert [reply.turn for reply in replies] == [1, 2, 3, 4]
    first = replies[0].reply
    assert (first.reasoning, first.text) == ("I look first.", "Let me look.")
    assert [call.name for call in first.calls] == ["Bash", "Bash"]
    usage = first.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (1110, 1000, 25)


def test_task_model_place_and_time_are_those_of_the_session() -> None:
    recording = recorded(sessions.claude_session())
    view = seen(recording.read())
    assert view.started is not None
    assert view.started.spec.task == "Mend a.py."
    assert view.started.spec.model.name == "claude-sonnet-4-5"
    assert view.started.spec.sandbox.workdir == "/repo"
    assert view.started_at == 1772359201.0
    (entry,) = recording.entries
    assert (entry.name, entry.task, entry.turns, entry.model) == (
        "5e55",
        "Mend a.py.",
        4,
        "claude-sonnet-4-5",
    )
    assert entry.tokens == 4 * 1110 + 25 + 27 + 29 + 34
    assert (recording.format, recording.version) == ("Claude Code", "2.0.46")


def test_an_exit_code_is_told_only_where_it_is_written() -> None:
    results = finished(recorded(sessions.claude_session()).read())
    codes = {call: one.observation.exit_code for call, one in results.items()}
    assert codes == {"t1": None, "t2": 2, "t3": None, "t4": None, "": None}
    statuses = {call: one.observation.status for call, one in results.items()}
    assert statuses == {"t1": "done", "t2": "failed", "t3": "done", "t4": "rejected", "": "unknown"}
    assert all(one.observation.duration_s is None for one in results.values())


def test_commands_and_edits_are_ours_and_the_patch_is_a_diff() -> None:
    imported = recorded(sessions.claude_session()).read()
    view = seen(imported)
    assert [step.tool for step in view.steps] == [
        *("execute_bash", "execute_bash", "str_replace_editor", "execute_bash", "execute_bash", "Glob")
    ]
    diff = finished(imported)["t3"].observation.diff
    assert diff == "--- /repo/a.py\n+++ /repo/a.py\n@@ -1,1 +1,1 @@\n-a\n+b\n"


def test_what_the_person_ran_is_theirs() -> None:
    imported = recorded(sessions.claude_session()).read()
    injected = [one.event for one in imported.records if isinstance(one.event, CommandInjected)]
    assert [one.command for one in injected] == ["git status"]
    assert finished(imported)[""].observation.text == "clean"


def test_what_was_said_is_told_with_who_said_it() -> None:
    imported = recorded(sessions.claude_session()).read()
    said = [one.event for one in imported.records if isinstance(one.event, MessageSent)]
    assert [(one.origin, one.text.split(":")[0]) for one in said] == [
        ("nudge", "Caveat"),
        ("person", "Go on.\n[image]"),
    ]


def test_a_call_without_a_result_stays_open() -> None:
    view = seen(recorded(sessions.claude_session()).read())
    assert view.steps[-1].observation is None
    assert view.ended is None


def test_fields_without_a_place_are_kept_once_where_they_repeat() -> None:
    imported = recorded(sessions.claude_session()).read()
    kept = imported.report.kept
    assert kept["gitBranch"] == kept["userType"] == kept["sessionId"] == 1
    assert kept["toolUseResult.originalFile"] == 1
    assert kept["requestId"] == 4
    assert {"summary", "file-history-snapshot", "message.content"} <= set(kept)
    raw = {
        one.event.where: one.event.raw_json for one in imported.records if isinstance(one.event, ForeignKept)
    }
    assert raw["summary"] == '"Mending a.py"'


def test_sub_agents_and_left_branches_are_entries_of_their_own() -> None:
    recording = recorded(sessions.claude_family())
    assert [entry.name for entry in recording.entries] == ["5e55", "5e55 sub-agent ab12", "5e55 branch 1"]
    assert [entry.task for entry in recording.entries] == ["Find the bug.", "Search.", "Mend it with sed."]
    main, agent, branch = (recording.read(index) for index in range(3))
    assert [one.report.turns for one in (main, agent, branch)] == [3, 2, 3]
    assert [entry.turns for entry in recording.entries] == [3, 2, 3]
    assert [one.report.problems for one in (main, agent, branch)] == [(), (), ()]
    conversation = Conversation()
    for record in main.records:
        conversation.apply(record.event)
    told = [getattr(message, "text", "") for message in conversation.messages]
    assert told[-3:] == ["Found.", "Mend it by hand.", "As you like."]
    assert "2 more" in main.report.notes[0]


def test_a_branch_begins_with_what_it_shares_and_one_without_an_answer_is_none() -> None:
    lines = sessions.claude_family()
    told = Conversation()
    for record in recorded(lines).read(2).records:
        told.apply(record.event)
    texts = [getattr(message, "text", "") for message in told.messages]
    assert texts[1] == "Find the bug."
    assert texts[-4:] == ["Found.", "Mend it with sed.", "", ""]
    lines = [line for line in lines if line["uuid"] not in ("a3", "u4")]
    recording = recorded(lines)
    assert [entry.name for entry in recording.entries] == ["5e55", "5e55 sub-agent ab12"]
    assert recording.read().report.kept["taken back"] == 1


def test_a_file_of_a_sub_agent_alone_is_one_run() -> None:
    lines = [line for line in sessions.claude_family() if line["isSidechain"]]
    recording = recorded(lines)
    assert [entry.turns for entry in recording.entries] == [2]
    assert recording.read().report.turns == 2


def test_a_broken_line_is_named_and_the_rest_is_read() -> None:
    imported = recorded(sessions.claude_session(), b'{"type": "user", "message": \n[1]\n').read()
    assert imported.report.turns == 4
    assert [problem.partition(":")[0] for problem in imported.report.problems] == ["line 18", "line 19"]


def test_a_broken_first_line_and_messages_without_a_role_are_no_hindrance() -> None:
    lines = sessions.claude_family()[:2]
    for line in lines:
        del line["message"]["role"]
    found = CLAUDE_CODE.recognise(Material(Path("x"), b"oh no\n" + sessions.jsonl(lines)))
    assert found is not None
    report = found.read().report
    assert (report.turns, report.problems) == (1, ("line 1: is no JSON object",))


def test_what_was_said_while_the_model_was_at_work_is_told() -> None:
    queued = {"type": "queued_command", "prompt": "Faster!", "commandMode": "prompt"}
    lines = [
        *sessions.claude_family()[:2],
        {"type": "attachment", "uuid": "x", "attachment": queued},
        {"type": "attachment", "uuid": "y", "attachment": {"type": "hook_success"}},
    ]
    imported = recorded(lines).read()
    said = [one.event for one in imported.records if isinstance(one.event, MessageSent)]
    assert [(one.text, one.origin) for one in said] == [("Faster!", "person")]
    assert imported.report.kept["attachment"] == 1


def test_a_printed_stream_has_its_end_and_its_cost() -> None:
    lines: list[sessions.Line] = [
        {
            "type": "system",
            "subtype": "init",
            "cwd": "/w",
            "session_id": "s",
            "model": "m",
            "tools": ["Bash"],
        },
        {
            "type": "assistant",
            "session_id": "s",
            "message": {"id": "a", "role": "assistant", "content": [sessions.says("4")]},
        },
        {
            "type": "result",
            "subtype": "success",
            "result": "4",
            "total_cost_usd": 0.25,
            "session_id": "s",
            "num_turns": 1,
        },
    ]
    recording = recorded(lines)
    view = seen(recording.read())
    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("elsewhere", "4")
    assert (recording.entries[0].cost_usd, recording.entries[0].outcome) == (0.25, "success")


def test_an_error_of_the_api_is_a_notice_and_no_turn() -> None:
    failed = sessions.model("a2", "u1", 3, "m2", sessions.says("API Error: 529"), isApiErrorMessage=True)
    imported = recorded([sessions.person("u1", None, 1, "Go."), failed]).read()
    assert imported.report.turns == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"type": "user"}',
        b'{"role": "user", "content": "hi"}\n{"role": "assistant", "content": "x"}\n',
        sessions.jsonl(sessions.codex_session()),
        b'{"messages": [{"role": "user", "content": "hi"}]}',
    ],
)
def test_another_programs_file_is_not_taken(data: bytes) -> None:
    assert CLAUDE_CODE.recognise(Material(Path("x"), data)) is None


def test_an_entry_that_is_not_there_is_refused() -> None:
    with pytest.raises(NoTrajectory, match="no trajectory 4"):
        recorded(sessions.claude_family()).read(3)
