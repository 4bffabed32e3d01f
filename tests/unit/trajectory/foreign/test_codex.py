import json
from pathlib import Path

import pytest

from lis_tui.core.events import MessageSent, NoticeGiven, ReplyFinished, StepFinished
from lis_tui.core.messages import Observation
from lis_tui.core.view import RunView
from lis_tui.trajectory.foreign.codex import CODEX
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.recording import Imported, Recording
from tests import sessions


def recorded(data: bytes) -> Recording:
    found = CODEX.recognise(Material(Path("rollout-1.jsonl"), data))
    assert found is not None
    return found


@pytest.fixture
def imported() -> Imported:
    return recorded(sessions.jsonl(sessions.codex_session())).read()


def observed(imported: Imported) -> dict[str, Observation]:
    events = [record.event for record in imported.records]
    return {event.call_id: event.observation for event in events if isinstance(event, StepFinished)}


def test_exit_codes_come_from_json_heads_and_events_and_from_nowhere_else(imported: Imported) -> None:
    found = observed(imported)
    assert {call: one.exit_code for call, one in found.items()} == {
        "c1": 0,
        "c2": 3,
        "c3": None,
        "c4": 0,
        "c5": None,
        "c6": None,
    }
    assert {call: one.status for call, one in found.items()} == {
        "c1": "done",
        "c2": "failed",
        "c3": "done",
        "c4": "done",
        "c5": "background",
        "c6": "unknown",
    }
    assert {call: one.duration_s for call, one in found.items()} == {
        "c1": 0.5,
        "c2": 1.25,
        "c3": None,
        "c4": 1.5,
        "c5": 10.0,
        "c6": None,
    }


def test_outputs_are_shown_without_what_is_wrapped_around_them(imported: Imported) -> None:
    found = observed(imported)
    assert found["c1"].text == "Success.\n"
    assert found["c2"].text == "boom\n"
    assert found["c6"].text == "no head at all"
    assert found["c3"].diff == "--- a.py\n+++ a.py\n@@ -1 +1 @@\n-a\n+b\n"
    assert imported.report.kept["function_call_output.head"] == 2
    assert len(imported.report.notes) == 2


def test_items_up_to_the_answer_are_one_reply(imported: Imported) -> None:
    replies = [one.event.reply for one in imported.records if isinstance(one.event, ReplyFinished)]
    assert [[call.id for call in reply.calls] for reply in replies] == [
        *(["c1", "c2"], ["c3"], ["c4"], ["c5"], ["c6"], [])
    ]
    assert replies[0].reasoning == "**Looking**"
    assert replies[-1].text == "It is built."
    tokens = [reply.usage and (reply.usage.prompt_tokens, reply.usage.cached_tokens) for reply in replies]
    assert tokens == [(100, 8), (120, 8), None, None, None, (200, 8)]


def test_shells_of_every_name_are_commands(imported: Imported) -> None:
    view = RunView().apply_all(imported.records)
    commands = [
        json.loads(step.arguments).get("command") for step in view.steps if step.tool == "execute_bash"
    ]
    assert commands == ["make", "false", "ls", "top", "x"]


def test_the_session_is_told(imported: Imported) -> None:
    view = RunView().apply_all(imported.records)
    assert view.started is not None
    spec = view.started.spec
    assert (spec.task, spec.model.name, spec.sandbox.workdir) == ("Build it.", "gpt-5-codex", "/repo")
    assert view.started.system_prompt == "You are Codex."
    said = [one.event.origin for one in imported.records if isinstance(one.event, MessageSent)]
    assert said == ["nudge"]
    notices = [one.event.text for one in imported.records if isinstance(one.event, NoticeGiven)]
    assert notices == ["The conversation was compacted here.", "The turn was ended: interrupted."]
    assert imported.report.kept["world_state"] == 1
    assert imported.report.problems == ()


def test_a_table_shows_task_turns_and_tokens() -> None:
    recording = recorded(sessions.jsonl(sessions.codex_session()))
    (entry,) = recording.entries
    assert (entry.name, entry.task, entry.turns, entry.tokens) == ("rollout-1", "Build it.", 6, 462)
    assert recording.version == "0.58.0"


@pytest.mark.parametrize("is_object", [False, True])
def test_the_older_layouts_are_read_without_times(*, is_object: bool) -> None:
    lines = sessions.codex_bare()
    data = sessions.jsonl(lines)
    if is_object:
        data = json.dumps({"session": lines[0], "items": lines[2:]}).encode()
    imported = recorded(data).read()
    assert (imported.report.turns, imported.report.steps, imported.report.observations) == (2, 1, 1)
    assert imported.records[0].at == 1755696047.06
    assert [one.at for one in imported.records if isinstance(one.event, ReplyFinished)] == [0.0, 0.0]
    assert observed(imported)["c1"].exit_code is None


def test_a_printed_stream_is_read_without_times_and_task() -> None:
    recording = recorded(sessions.jsonl(sessions.codex_printed()))
    imported = recording.read()
    replies = [one.event.reply for one in imported.records if isinstance(one.event, ReplyFinished)]
    assert [(reply.reasoning, reply.text, [call.name for call in reply.calls]) for reply in replies] == [
        ("**Looking**", "", ["execute_bash"]),
        ("", "", ["execute_bash"]),
        ("", "I add a file.", ["file_change"]),
        ("", "", ["docs.find"]),
        ("", "Done.", []),
    ]
    found = [(one.status, one.exit_code, one.duration_s) for one in observed(imported).values()]
    assert found == [
        ("done", 0, None),
        ("rejected", None, None),
        ("done", None, None),
        ("unknown", None, None),
    ]
    assert {record.at for record in imported.records} == {0.0}
    (entry,) = recording.entries
    assert (entry.task, entry.turns, entry.tokens, entry.started_at) == ("", 5, 110, None)
    assert imported.report.kept["todo_list"] == 1
    notices = [one.event.text for one in imported.records if isinstance(one.event, NoticeGiven)]
    assert notices == ["No more."]


def test_a_command_that_was_begun_and_never_ended_is_a_step_of_which_nothing_is_known() -> None:
    imported = recorded(sessions.jsonl(sessions.codex_printed()[:4])).read()
    (step,) = RunView().apply_all(imported.records).steps
    assert (step.tool, step.observation) == ("execute_bash", None)


def test_a_broken_first_line_and_items_without_a_type_are_no_hindrance() -> None:
    item = {"type": "response_item", "payload": sessions.words("user", "Go.")}
    imported = recorded(b"oh no\n" + sessions.jsonl([item])).read()
    assert imported.report.problems == ("line 1: is no JSON object",)
    view = RunView().apply_all(imported.records)
    assert view.started is not None
    assert view.started.spec.task == "Go."


def test_an_answer_to_no_call_is_named() -> None:
    lines = [sessions.codex_session()[0], sessions.item(1, "function_call_output", call_id="c9", output="x")]
    imported = recorded(sessions.jsonl(lines)).read()
    assert imported.report.problems == ("line 2: answers a call that nobody made",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"id": "x", "timestamp": "t"}',
        sessions.jsonl(sessions.claude_session()),
        b'{"type": "message", "role": "user", "content": "hi"}\n{"type": "reasoning"}\n',
        b'{"type": "session_meta", "payload": 3}\n',
    ],
)
def test_another_programs_file_is_not_taken(data: bytes) -> None:
    assert CODEX.recognise(Material(Path("x"), data)) is None
