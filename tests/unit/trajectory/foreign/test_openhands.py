"""OpenHands: the events of both generations, in all the files they are written to."""

import io
import json
import zipfile

import pytest

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.messages import Usage
from lis_tui.trajectory.foreign.openhands import OPENHANDS
from lis_tui.trajectory.foreign.recording import Imported
from tests.foreign_files import fold, held, observed, taken

Plain = dict[str, object]
CREATED = 1_738_046_713
"""2025-01-28 06:45:13 UTC; the clock on the wall of what follows is eight hours behind."""


def wall(second: int) -> str:
    return f"2025-01-27T22:45:{second:02}.500000"


def response(ident: str, content: str, *calls: tuple[str, str, Plain]) -> Plain:
    told = [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for call_id, name, given in calls
    ]
    message = {"role": "assistant", "content": content, "tool_calls": told, "reasoning_content": "Hm."}
    return {
        "id": ident,
        "created": CREATED,
        "model": "claude",
        "choices": [{"finish_reason": "tool_calls", "index": 0, "message": message}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 10,
            "prompt_tokens_details": {"cached_tokens": 40},
        },
    }


def act(number: int, action: str, args: Plain, call_id: str = "", reply: Plain | None = None) -> Plain:
    event: Plain = {"id": number, "timestamp": wall(13 + number), "source": "agent", "action": action}
    event |= {"message": "", "args": args}
    if reply is not None:
        event["tool_call_metadata"] = {
            "function_name": action,
            "tool_call_id": call_id,
            "model_response": reply,
            "total_calls_in_response": 1,
        }
        event["llm_metrics"] = {"accumulated_cost": 0.25 * number}
    return event


def see(number: int, cause: int, observation: str, content: str, **extras: object) -> Plain:
    return {
        "id": number,
        "timestamp": wall(13 + number),
        "source": "agent",
        "message": "",
        "cause": cause,
        "observation": observation,
        "content": content,
        "extras": extras,
    }


def said(number: int, content: str) -> Plain:
    return {**act(number, "message", {"content": content, "image_urls": None}), "source": "user"}


TWO = response("r1", "I look.", ("a", "execute_bash", {"command": "ls"}), ("b", "think", {"thought": "x"}))
EDIT: Plain = {"command": "str_replace", "path": "/f", "old_str": "1", "new_str": "2"}
THREE = response("r2", "", ("c", "str_replace_editor", EDIT))
LAST = response("r3", "All done.", ("d", "finish", {"message": "It is 2."}))


def first_generation() -> list[Plain]:
    metadata = {"exit_code": 1, "pid": 7, "working_dir": "/workspace", "prefix": "", "suffix": ""}
    return [
        {**act(0, "system", {"content": "Be brief.", "tools": []}), "source": "agent"},
        said(1, "Make it 2."),
        {**act(2, "recall", {"query": "x"}), "source": "user"},
        act(3, "run", {"command": "ls", "thought": "I look.", "hidden": False}, "a", TWO),
        see(4, 3, "run", "ls: no", command="ls", metadata=metadata),
        act(5, "think", {"thought": "x"}, "b", TWO),
        see(6, 5, "think", "Your thought has been logged."),
        act(7, "edit", {"path": "/f", **EDIT}, "c", THREE),
        see(8, 7, "edit", "ERROR:\nNo replacement was performed.", path="/f"),
        said(9, "Go on."),
        act(10, "finish", {"final_thought": "It is 2.", "outputs": {}}, "d", LAST),
        see(11, -1, "agent_state_changed", "", agent_state="finished", reason=""),
    ]


def words(text: str) -> list[Plain]:
    return [{"type": "text", "text": text, "cache_prompt": False}]


def sdk(kind: str, ident: str, source: str, **more: object) -> Plain:
    return {"kind": kind, "id": ident, "source": source, "timestamp": wall(int(ident)), **more}


def sdk_action(ident: str, call_id: str, tool: str, given: Plain, reply: str, thought: str = "") -> Plain:
    return sdk(
        "ActionEvent",
        ident,
        "agent",
        thought=words(thought) if thought else [],
        reasoning_content="Hm." if thought else None,
        thinking_blocks=[],
        action={"kind": "Action", **given},
        tool_name=tool,
        tool_call_id=call_id,
        tool_call={"id": call_id, "name": tool, "arguments": json.dumps(given), "origin": "completion"},
        llm_response_id=reply,
        security_risk="LOW",
    )


def sdk_observation(ident: str, call_id: str, action_id: str, observation: Plain) -> Plain:
    return sdk(
        "ObservationEvent",
        ident,
        "environment",
        tool_name="x",
        tool_call_id=call_id,
        action_id=action_id,
        observation=observation,
    )


def second_generation() -> list[Plain]:
    terminal: Plain = {
        "kind": "TerminalObservation",
        "content": words("no such file"),
        "is_error": False,
        "exit_code": 2,
        "metadata": {"exit_code": 2, "working_dir": "/w"},
    }
    return [
        sdk(
            "SystemPromptEvent",
            "1",
            "agent",
            system_prompt=words("Be brief.")[0],
            tools=[{"title": "terminal", "description": "Run.", "kind": "TerminalTool"}],
        ),
        sdk("MessageEvent", "2", "user", llm_message={"role": "user", "content": words("Make it 2.")}),
        sdk_action("3", "a", "terminal", {"command": "cat f"}, "r1", "I look."),
        sdk_action("4", "b", "terminal", {"command": "rm f"}, "r1"),
        sdk_observation("5", "a", "3", terminal),
        sdk(
            "UserRejectObservation",
            "6",
            "environment",
            tool_name="terminal",
            tool_call_id="b",
            action_id="4",
            rejection_reason="too risky",
        ),
        sdk_action("7", "c", "file_editor", {"command": "view", "path": "/f"}, "r2", "Then this."),
        sdk("AgentErrorEvent", "8", "agent", tool_name="file_editor", tool_call_id="c", error="bad path"),
        sdk("Condensation", "9", "environment", forgotten_event_ids=["3"], llm_response_id="r9"),
        sdk_action("10", "d", "finish", {"message": "It is 2."}, "r3", "Done."),
        sdk_observation(
            "11", "d", "10", {"kind": "FinishObservation", "content": words("It is 2."), "is_error": False}
        ),
        sdk("ConversationStateUpdateEvent", "12", "environment", key="execution_status", value="finished"),
    ]


def read(data: object, index: int = 0) -> Imported:
    return taken(OPENHANDS, data, index)


def test_calls_of_one_reply_are_one_turn() -> None:
    events = json.loads(json.dumps(first_generation()))
    replies = [one["tool_call_metadata"]["model_response"] for one in events if "tool_call_metadata" in one]
    calls = {one["id"]: len(one["choices"][0]["message"]["tool_calls"]) for one in replies}
    causes = {one["cause"] for one in events if one.get("cause", -1) >= 0}

    report = read(first_generation()).report

    assert (report.turns, report.steps) == (len(calls), sum(calls.values()))
    assert (report.observations, report.problems) == (len(causes), ())


def test_what_the_model_saw_of_a_command_has_what_openhands_added() -> None:
    ran = observed(fold(read(first_generation())), 1, 1)

    assert ran.text == (
        "ls: no\n[Current working directory: /workspace]\n[Command finished with exit code 1]"
    )
    assert (ran.exit_code, ran.status, ran.cwd, ran.duration_s) == (1, "failed", "/workspace", None)


def test_an_edit_that_could_not_be_done_failed() -> None:
    view = fold(read(first_generation()))

    assert observed(view, 2, 1).status == "failed"
    assert view.steps[2].tool == "str_replace_editor"
    assert observed(view, 1, 2).status == "done"


def test_the_reply_that_was_made_tells_the_zone_of_the_wall_clock() -> None:
    view = fold(read(first_generation()))

    assert view.started_at == CREATED + 1.5
    assert view.turns[1].finished_at == CREATED + 3.5


def test_without_a_reply_the_times_are_read_as_utc_and_that_is_said() -> None:
    imported = read([said(1, "Go."), act(2, "message", {"content": "Yes."})])

    assert fold(imported).turns[1].finished_at == CREATED - 8 * 3600 + 2.5
    assert "the times name no zone: they are read as UTC" in imported.report.notes


def test_tokens_are_those_of_the_reply_and_the_price_what_came_to_the_sum() -> None:
    view = fold(read(first_generation()))

    assert [turn.usage for turn in view.turns[1:3]] == [
        Usage(prompt_tokens=100, completion_tokens=10, cached_tokens=40, cost_usd=0.75),
        Usage(prompt_tokens=100, completion_tokens=10, cached_tokens=40, cost_usd=1.0),
    ]


def test_rules_task_words_and_answer_have_their_places() -> None:
    view = fold(read(first_generation()))

    assert view.started is not None
    assert (view.started.system_prompt, view.started.spec.task) == ("Be brief.", "Make it 2.")
    assert view.started.spec.model.name == "claude"
    assert [(one.origin, one.text) for one in view.turns[3].said] == [("person", "Go on.")]
    assert (str(view.turns[1].text), str(view.turns[1].reasoning)) == ("I look.", "Hm.")
    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("submitted", "It is 2.")


def test_what_is_said_after_the_end_takes_it_back() -> None:
    assert fold(read([*first_generation()[:-1], said(12, "One more.")])).ended is None


def test_a_running_command_has_no_exit_code_yet() -> None:
    metadata = {"exit_code": -1, "suffix": "\n[It still runs.]"}
    events = [act(3, "run", {"command": "ls"}, "a", TWO), see(4, 3, "run", "..", metadata=metadata)]
    ran = observed(fold(read(events)), 1, 1)

    assert (ran.text, ran.exit_code, ran.status) == ("..\n[It still runs.]", None, "unknown")


@pytest.mark.parametrize(
    ("kind", "seen", "status"),
    [
        ("error", "no\n[Error occurred in processing last action]", "failed"),
        ("user_rejected", "OBSERVATION:\nno\n[Last action has been rejected by the user]", "rejected"),
        ("mcp", "no", "unknown"),
    ],
)
def test_other_observations_are_as_the_model_saw_them(kind: str, seen: str, status: str) -> None:
    found = observed(fold(read([act(3, "run", {}, "a", TWO), see(4, 3, kind, "no")])), 1, 1)

    assert (found.text, found.status) == (seen, status)


def test_an_error_that_no_action_caused_was_said_to_the_model() -> None:
    wrong = {**see(4, 0, "error", "unknown tool"), "cause": None}
    view = fold(read([said(1, "Go."), act(3, "run", {}, "a", TWO), wrong]))

    assert [step.observation for step in view.steps] == [None, None]
    assert [one.text for one in view.turns[2].said] == [
        "unknown tool\n[Error occurred in processing last action]"
    ]


def test_an_action_without_its_reply_is_told_from_itself() -> None:
    imported = read(
        [
            said(1, "Write."),
            act(2, "write", {"path": "/f", "content": "x", "thought": "So."}),
            see(3, 2, "write", "I wrote."),
        ]
    )
    view = fold(imported)

    assert str(view.turns[1].text) == "So."
    assert view.steps[0].tool == "str_replace_editor"
    assert json.loads(view.steps[0].arguments) == {"command": "create", "path": "/f", "file_text": "x"}
    assert observed(view, 1, 1).text == "I wrote."


def test_a_persons_own_command_is_told_as_the_model_saw_it() -> None:
    own = {**act(2, "run", {"command": "pwd"}), "source": "user"}
    view = fold(read([said(1, "Hi."), own, see(3, 2, "run", "/w", metadata={"exit_code": 0})]))

    assert [one.text for one in view.turns[1].said if one.origin == "command"] == [
        "User executed the command:\npwd",
        "\nObserved result of command executed by user:\n/w\n[Command finished with exit code 0]",
    ]


def test_broken_events_are_named_and_the_others_read() -> None:
    events: list[object] = [*first_generation()[:4], 5, {"id": 9, "source": "agent"}]
    events += [see(6, 99, "run", "lost"), see(7, 3, "run", "found", metadata=None)]
    imported = read(events)

    assert (imported.report.turns, imported.report.steps, imported.report.observations) == (1, 2, 1)
    assert [problem.partition(":")[0] for problem in imported.report.problems] == [
        "event 4",
        "event 5",
        "event 6",
    ]


def test_the_second_generation_joins_the_actions_of_a_reply() -> None:
    events = json.loads(json.dumps(second_generation()))
    actions = [one for one in events if one["kind"] == "ActionEvent"]
    answers = [one for one in events if "tool_call_id" in one and one["kind"] != "ActionEvent"]

    report = read(second_generation()).report

    assert report.turns == len({one["llm_response_id"] for one in actions})
    assert (report.steps, report.observations) == (len(actions), len(answers))
    assert (report.version, report.problems) == ("V1", ())


def test_the_second_generation_is_shown_as_the_model_saw_it() -> None:
    view = fold(read(second_generation()))

    assert view.started is not None
    assert (view.started.system_prompt, view.started.spec.task) == ("Be brief.", "Make it 2.")
    assert (str(view.turns[1].text), str(view.turns[1].reasoning)) == ("I look.", "Hm.")
    first, second, third = observed(view, 1, 1), observed(view, 1, 2), observed(view, 2, 1)
    assert first.text == (
        "no such file\n[Current working directory: /w]\n[Command finished with exit code 2]"
    )
    assert (first.exit_code, first.status, first.cwd) == (2, "failed", "/w")
    assert (second.text, second.status) == ("Action rejected: too risky", "rejected")
    assert (third.text, third.status) == ("bad path", "failed")
    assert [step.tool for step in view.steps] == [
        "execute_bash",
        "execute_bash",
        "str_replace_editor",
        "submit",
    ]
    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("submitted", "It is 2.")


def test_another_end_of_the_second_generation_is_told_in_its_own_words() -> None:
    failed = sdk("ConversationErrorEvent", "13", "environment", code="LLMError", detail="no key")
    view = fold(read([*second_generation()[:8], failed]))

    assert view.ended is not None
    assert (view.ended.status, view.ended.reason) == ("elsewhere", "LLMError: no key")


def evaluation(ident: str, history: object, **more: object) -> bytes:
    line = {
        "instance_id": ident,
        "instruction": "Fix it.",
        "metadata": {"llm_config": {"model": "qwen"}, "max_iterations": 30},
        "history": history,
        "metrics": {
            "accumulated_cost": 0.5,
            "costs": [{"cost": 0.5}],
            "token_usages": [{"response_id": "r1", "prompt_tokens": 70, "cache_read_tokens": 3}],
            "response_latencies": [{"response_id": "r1", "latency": 1.5}],
        },
        "error": None,
        **more,
    }
    return json.dumps(line).encode()


def test_each_line_of_an_evaluation_is_a_trajectory() -> None:
    pairs = [[said(1, "Go."), see(2, 1, "null", "")], [act(3, "message", {"content": "Hi."}), {}]]
    data = b"\n".join(
        [
            evaluation("one", second_generation(), test_result={"report": {"resolved": True}}),
            evaluation("two", first_generation(), error="it stopped"),
            evaluation("three", pairs),
        ]
    )
    recording = OPENHANDS.recognise(held(data, "output.jsonl"))

    assert recording is not None
    assert [(one.name, one.task, one.model, one.outcome, one.turns) for one in recording.entries] == [
        ("one", "Fix it.", "qwen", "finished", 3),
        ("two", "Fix it.", "qwen", "error", 3),
        ("three", "Fix it.", "qwen", "", 1),
    ]
    assert (recording.entries[0].score, recording.entries[0].cost_usd) == (1.0, 0.5)
    turn = fold(recording.read(0)).turns[1]
    assert turn.usage == Usage(prompt_tokens=70, cached_tokens=3, cost_usd=0.5)
    ended = fold(recording.read(1)).ended
    assert ended is not None
    assert (ended.status, ended.reason) == ("elsewhere", "it stopped")
    assert fold(recording.read(2)).started.spec.task == "Go."  # type: ignore[union-attr]  # it comes first


def test_the_oldest_evaluations_have_an_events_fields_beside_its_kind() -> None:
    history = [
        {"content": "Go.", "action": "message", "wait_for_response": False},
        {"command": "ls", "thought": "I look.", "action": "run", "is_confirmed": "confirmed"},
        {"content": "a b", "command_id": -1, "command": "ls", "exit_code": 0, "observation": "run"},
        {"outputs": {}, "thought": "Done.", "action": "finish"},
    ]
    imported = read(evaluation("old", history))
    view = fold(imported)

    assert (imported.report.turns, imported.report.steps, imported.report.observations) == (2, 2, 1)
    assert view.steps[0].arguments == '{"command":"ls"}'
    assert (observed(view, 1, 1).text, observed(view, 1, 1).exit_code) == ("a b", 0)
    assert view.ended is not None
    assert view.ended.answer == "Done."


@pytest.mark.parametrize("events", [first_generation(), second_generation()])
def test_events_may_stand_on_lines_or_in_an_object(events: list[Plain]) -> None:
    lines = b"\n".join(json.dumps(event).encode() for event in events)
    expected = read(events).report

    for data in (lines, {"trajectory": events}, {"events": events}):
        report = read(data).report
        assert (report.turns, report.steps, report.observations) == (
            expected.turns,
            expected.steps,
            expected.observations,
        )


@pytest.mark.parametrize(
    ("events", "pattern"),
    [
        (first_generation(), "sessions/x/events/{}.json"),
        (second_generation(), "events/event-{:05}-ab-1.json"),
    ],
)
def test_events_may_be_files_of_a_zip(events: list[Plain], pattern: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, event in reversed(list(enumerate(events))):
            archive.writestr(pattern.format(number), json.dumps(event))
        archive.writestr("base_state.json", "{}")
    report, expected = read(file.getvalue()).report, read(events).report

    assert (report.turns, report.steps, report.observations) == (
        expected.turns,
        expected.steps,
        expected.observations,
    )


def test_a_line_without_events_says_so() -> None:
    data = evaluation("one", first_generation()) + b"\n" + evaluation("two", None)

    with pytest.raises(NoTrajectory, match=r"two in .* has no event"):
        read(data, 1)


@pytest.mark.parametrize(
    "data",
    [
        {"trajectory": [{"action": "ls", "observation": "x", "thought": "y"}], "history": []},
        {"history": [{"role": "user", "content": "x", "action": "run"}, {"observation": "x"}]},
        [{"kind": "Note", "id": 1, "source": "x"}],
        [{"action": ["run"], "source": "agent", "args": {}}],
        b'[{"action": "run", "args": {',
        b'{"kind": 1}\n{"kind": 2}',
    ],
)
def test_what_is_no_event_is_not_taken(data: object) -> None:
    assert OPENHANDS.recognise(held(data)) is None
