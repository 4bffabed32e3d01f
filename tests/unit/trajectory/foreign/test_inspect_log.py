"""Inspect's logs: the zip in both packings, the log that is still written, and the JSON."""

import io
import json
import zipfile

import pytest
import zstandard

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.messages import Usage
from lis_tui.trajectory.foreign.inspect_log import INSPECT
from lis_tui.trajectory.foreign.recording import Imported
from tests.foreign_files import fold, held, observed, taken

Plain = dict[str, object]
LONG = "a long output\n" * 20
START = {"version": 2, "eval": {"task": "sums", "model": "openai/gpt", "config": {"epochs": 2}}, "plan": {}}
HEADER = {**START, "status": "success", "results": {"total_samples": 2}, "stats": {}}
FORGOTTEN = zipfile.ZIP_STORED


def tool_call(ident: str, function: str, **arguments: object) -> Plain:
    return {"id": ident, "function": function, "arguments": arguments, "type": "function"}


def answer(ident: str, content: object, calls: list[Plain] | None = None) -> Plain:
    return {"id": ident, "role": "assistant", "content": content, "source": "generate", "tool_calls": calls}


def model_event(message: Plain, second: int, span: str = "main", **output: object) -> Plain:
    return {
        "event": "model",
        "span_id": span,
        "timestamp": f"2025-05-12T10:00:{second:02}+00:00",
        "completed": f"2025-05-12T10:00:{second + 2:02}+00:00",
        "model": "openai/gpt",
        "input": [],
        "tools": [{"name": "bash", "description": "Run.", "parameters": {"type": "object"}}],
        "tool_choice": "auto",
        "config": {},
        "output": {"choices": [{"message": message, "stop_reason": "tool_calls"}], **output},
    }


def tool_event(call: Plain, second: int, **more: object) -> list[Plain]:
    """A tool's span opens right before its event, and what it runs is noted inside."""
    span = f"span-{call['id']}"
    return [
        {"event": "span_begin", "id": span, "type": "tool", "name": call["function"], "span_id": span},
        {
            "event": "tool",
            **call,
            "span_id": "main",
            "timestamp": f"2025-05-12T10:00:{second:02}+00:00",
            "completed": f"2025-05-12T10:00:{second + 1:02}+00:00",
            **more,
        },
    ]


def executed(call: Plain, command: str, result: int) -> Plain:
    cmd = f"bash --login -c '{command}'"
    return {
        "event": "sandbox",
        "action": "exec",
        "cmd": cmd,
        "result": result,
        "span_id": f"span-{call['id']}",
    }


LIST = tool_call("c1", "bash", cmd="ls -l")
FAIL = tool_call("c2", "bash", cmd="false; true")
LATE = tool_call("c3", "python", code="1/0")
VIEW = tool_call("c4", "text_editor", command="view", path="/x")
SUBMIT = tool_call("c5", "submit", answer="42")
USAGE = {
    "input_tokens": 10,
    "input_tokens_cache_read": 30,
    "output_tokens": 5,
    "total_tokens": 45,
    "reasoning_tokens": 3,
    "total_cost": 0.25,
}


def sample(**more: object) -> Plain:
    """A sample with tools of all outcomes, a scorer that asks a model, and a text that stands apart."""
    thought = [{"type": "reasoning", "reasoning": "I look."}, {"type": "text", "text": "Listing."}]
    first = answer("m1", thought, [LIST, FAIL])
    second = answer("m2", "More.", [LATE, VIEW])
    third = answer("m3", "", [SUBMIT])
    return {
        "id": "sum-1",
        "epoch": 1,
        "input": "What is 6 times 7?",
        "target": "42",
        "messages": [
            {"role": "system", "content": "Use the tools."},
            {"role": "user", "content": "What is 6 times 7?", "source": "input"},
            first,
            {"role": "tool", "tool_call_id": "c1", "function": "bash", "content": "attachment://aa"},
            {"role": "tool", "tool_call_id": "c2", "function": "bash", "content": ""},
            second,
            {
                "role": "tool",
                "tool_call_id": "c3",
                "function": "python",
                "content": "",
                "error": {"type": "timeout", "message": "Command timed out."},
            },
            {"role": "tool", "tool_call_id": "c4", "function": "text_editor", "content": "1 x"},
            {"role": "user", "content": "Go on."},
            third,
            {"role": "tool", "tool_call_id": "c5", "function": "submit", "content": "42"},
        ],
        "output": {"choices": [{"message": {"role": "assistant", "content": "42"}}]},
        "scores": {"match": {"value": "C", "explanation": "fine"}},
        "model_usage": {"openai/gpt": {"total_tokens": 90, "total_cost": 0.5}},
        "started_at": "2025-05-12T10:00:00+00:00",
        "completed_at": "2025-05-12T10:00:30+00:00",
        "events": [
            model_event(first, 1, usage=USAGE),
            *tool_event(LIST, 4),
            executed(LIST, "ls -l", 0),
            *tool_event(FAIL, 6),
            executed(FAIL, "false; true", 1),
            {"event": "compaction", "tokens_before": 900, "tokens_after": 100},
            model_event(second, 8),
            *tool_event(LATE, 10),
            *tool_event(VIEW, 12),
            model_event(third, 14),
            *tool_event(SUBMIT, 16),
            {"event": "span_begin", "id": "s", "type": "scorer", "name": "match", "span_id": "s"},
            model_event(answer("grade", "GRADE: C"), 20, span="s"),
        ],
        "attachments": {"aa": LONG},
        **more,
    }


def _events(of: Plain) -> list[Plain]:
    return json.loads(json.dumps(of["events"]))  # type: ignore[no-any-return]  # plain JSON


def document(*samples: Plain, **more: object) -> Plain:
    return {**HEADER, "samples": list(samples), **more}


def summary(of: Plain) -> Plain:
    wanted = ("id", "epoch", "input", "scores", "model_usage", "started_at")
    return {name: of[name] for name in wanted}


def archive(members: dict[str, object], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Write a log; with method 93 as Inspect does since it packs with zstd, which our zip module cannot."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", FORGOTTEN if method == 93 else method) as log:
        for name, value in members.items():
            data = json.dumps(value).encode()
            log.writestr(name, zstandard.compress(data) if method == 93 else data)
    return _as_zstd(file.getvalue()) if method == 93 else file.getvalue()


def _as_zstd(data: bytes) -> bytes:
    """Change the method of each member where the zip names it: in its own header and in the directory."""
    packed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = packed.find(signature)
        while place >= 0:
            packed[place + offset : place + offset + 2] = (93).to_bytes(2, "little")
            place = packed.find(signature, place + 4)
    return bytes(packed)


def log_members(*samples: Plain) -> dict[str, object]:
    return {
        "_journal/start.json": START,
        **{f"samples/{one['id']}_epoch_{one['epoch']}.json": one for one in samples},
        "summaries.json": [summary(one) for one in samples],
        "header.json": HEADER,
    }


def read(data: object, index: int = 0) -> Imported:
    return taken(INSPECT, data, index)


def test_turns_steps_and_observations_are_those_of_the_messages() -> None:
    messages = json.loads(json.dumps(sample()))["messages"]
    replies = [one for one in messages if one["role"] == "assistant"]
    calls = sum(len(one["tool_calls"] or []) for one in replies)
    results = sum(one["role"] == "tool" for one in messages)

    report = read(document(sample())).report

    assert (report.turns, report.steps, report.observations) == (len(replies), calls, results)
    assert report.problems == ()


def test_the_events_know_the_times_the_tokens_and_the_exit_codes() -> None:
    view = fold(read(document(sample())))

    turn = view.turns[1]
    assert (str(turn.reasoning), str(turn.text), turn.finished_at) == ("I look.", "Listing.", 1747044003.0)
    assert turn.usage == Usage(
        prompt_tokens=40, completion_tokens=5, cached_tokens=30, reasoning_tokens=3, cost_usd=0.25
    )
    listed, failed = observed(view, 1, 1), observed(view, 1, 2)
    assert (listed.exit_code, listed.status, listed.duration_s) == (0, "done", 1.0)
    assert (failed.exit_code, failed.status) == (1, "failed")


def test_a_text_that_stands_apart_is_put_back() -> None:
    imported = read(document(sample(input="attachment://aa", messages=[answer("m", "Yes.")])))

    assert fold(imported).started.spec.task == LONG  # type: ignore[union-attr]  # it comes first
    assert observed(fold(read(document(sample()))), 1, 1).text == LONG


def test_a_tools_error_is_what_the_model_saw() -> None:
    late = observed(fold(read(document(sample()))), 2, 1)

    assert (late.text, late.status, late.exit_code) == ("Command timed out.", "failed", None)


def test_a_tool_without_an_exit_code_went_well_and_a_command_may_have() -> None:
    view = fold(read(document(sample(events=[]))))

    assert observed(view, 2, 2).status == "done"
    assert observed(view, 1, 1).status == "unknown"
    assert view.turns[1].usage is None
    assert observed(view, 1, 1).duration_s is None


def test_rules_task_and_later_words_have_their_places() -> None:
    view = fold(read(document(sample())))

    assert view.started is not None
    assert view.started.system_prompt == "Use the tools."
    assert view.started.spec.task == "What is 6 times 7?"
    assert [tool.name for tool in view.started.tools] == ["bash"]
    assert [(said.origin, said.text) for said in view.turns[3].said] == [("nudge", "Go on.")]
    assert [said.text for said in view.turns[1].said] == [
        "the conversation was compacted (900 to 100 tokens)"
    ]


def test_a_submitted_answer_ends_it() -> None:
    view = fold(read(document(sample())))

    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("submitted", "42")
    assert view.ended_at == 1747044030.0


def test_an_answer_that_was_taken_out_of_the_messages_is_found_in_the_events() -> None:
    whole = sample()
    messages = json.loads(json.dumps(whole["messages"]))[:-1]
    messages[-1]["tool_calls"] = []
    events = [one | {"result": "42"} if one.get("id") == "c5" else one for one in _events(whole)]
    view = fold(read(document(sample(messages=messages, events=events))))

    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("submitted", "42")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"error": {"message": "it broke", "traceback": ""}}, "it broke"),
        ({"limit": {"type": "token", "limit": 500}}, "token limit (500)"),
        ({"messages": [answer("m", "42")], "events": []}, "completed"),
    ],
)
def test_another_end_is_told_in_the_logs_own_words(more: Plain, reason: str) -> None:
    view = fold(read(document(sample(**more))))

    assert view.ended is not None
    assert (view.ended.status, view.ended.reason) == ("elsewhere", reason)


def test_a_scorers_model_is_kept_and_no_turn() -> None:
    imported = read(document(sample()))

    assert imported.report.kept["samples.events.model"] == 1
    assert imported.report.kept["samples.target"] == 1
    assert imported.report.kept["results"] == 1
    assert any("1 call of a model outside" in note for note in imported.report.notes)


def test_a_sample_without_messages_is_read_from_its_last_model_call() -> None:
    last = model_event(answer("m", "Yes."), 3)
    said = [{"role": "user", "content": "Is it?"}]
    refs: Plain = {"input_refs": [[0, 1]]}
    for asked, data in (({"input": said}, None), (refs, {"messages": said, "calls": []})):
        imported = read(document(sample(messages=[], events=[{**last, **asked}], events_data=data)))

        assert fold(imported).started.spec.task == "Is it?"  # type: ignore[union-attr]  # it comes first
        assert imported.report.turns == 1


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, 93])
def test_a_zip_is_read_in_any_packing(method: int) -> None:
    data = archive(log_members(sample(), sample(epoch=2)), method)
    recording = INSPECT.recognise(held(data))

    assert recording is not None
    assert [entry.name for entry in recording.entries] == ["sum-1 epoch 1", "sum-1 epoch 2"]
    first = recording.entries[0]
    assert (first.score, first.tokens, first.cost_usd, first.outcome) == ("C", 90, 0.5, "completed")
    assert recording.read(1).report.steps == 5


def test_a_log_that_is_still_written_has_its_samples() -> None:
    members = log_members(sample())
    del members["header.json"], members["summaries.json"]
    members["_journal/summaries/1.json"] = [summary(sample())]
    recording = INSPECT.recognise(held(archive(members)))

    assert recording is not None
    assert [(entry.name, entry.score) for entry in recording.entries] == [("sum-1", "C")]
    assert recording.read().report.turns == 3


def test_a_sample_in_pieces_is_put_together() -> None:
    whole = sample()
    messages, events = list(whole.pop("messages")), list(whole.pop("events"))  # type: ignore[call-overload]  # lists
    attachments = [whole.pop("attachments")["aa"]]  # type: ignore[index]  # a dictionary
    messages[3] = messages[3] | {"content": "attachment://0"}
    count = len(messages)
    folder = "samples/sum-1_epoch_1"
    members = {
        "header.json": HEADER,
        f"{folder}/sample.json": {**whole, "message_refs": [[0, count]]},
        f"{folder}/messages/0.json": messages[:4],
        f"{folder}/messages/4.json": messages[4:],
        f"{folder}/events/0.json": events,
        f"{folder}/events/stats.json": {"types": {}},
        f"{folder}/attachments/0.json": attachments,
    }

    imported = read(archive(members))

    assert (imported.report.turns, imported.report.steps) == (3, 5)
    assert observed(fold(imported), 1, 1).text == LONG


def test_a_damaged_sample_is_named_and_the_others_are_read() -> None:
    members = log_members(sample(), sample(epoch=2)) | {"samples/sum-1_epoch_1.json": "no sample"}
    recording = INSPECT.recognise(held(archive(members)))

    assert recording is not None
    with pytest.raises(NoTrajectory, match=r"samples/sum-1_epoch_1\.json"):
        recording.read(0)
    assert recording.read(1).report.turns == 3


def test_broken_messages_are_named_and_the_others_read() -> None:
    messages = [
        7,
        {"role": "user", "content": "Go."},
        {"role": "tool", "tool_call_id": "zz", "content": "lost"},
        {"role": "moon", "content": "?"},
        answer("m", "x", [tool_call("a", "bash", cmd="ls"), "broken"]),  # type: ignore[list-item]  # on purpose
        {"role": "tool", "tool_call_id": "a", "content": "out"},
    ]
    imported = read(document(sample(messages=messages, events=[None, {"event": 5}])))

    assert (imported.report.turns, imported.report.steps, imported.report.observations) == (1, 1, 1)
    places = [problem.partition(":")[0] for problem in imported.report.problems]
    assert places == ["messages[0]", "messages[2]", "messages[3]", "messages[4].tool_calls[1]"]


def test_numbers_that_json_does_not_know_are_no_reason_to_refuse_a_log() -> None:
    data = json.dumps(document(sample(store={"loss": float("nan")}))).encode()

    assert read(data).report.turns == 3


def test_a_log_without_a_sample_says_so() -> None:
    for data in (document(), archive({"_journal/start.json": START})):
        with pytest.raises(NoTrajectory, match="of sums without a sample"):
            INSPECT.recognise(held(data))


@pytest.mark.parametrize(
    "data",
    [
        archive({"header.json": {"version": 1}}),
        archive({"notes.txt": "x"}),
        {"eval": {"task": "x"}, "samples": []},
        [{"role": "user", "content": '"eval"'}],
        b'{"version": 2, "eval": {',
        b"PK\x03\x04",
    ],
    ids=["other header", "other archive", "no version", "chat", "cut off", "torn archive"],
)
def test_what_is_no_log_is_not_taken(data: object) -> None:
    assert INSPECT.recognise(held(data)) is None
