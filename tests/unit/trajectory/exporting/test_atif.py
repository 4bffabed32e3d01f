"""ATIF out of our runs: valid for the format's own package, true to what ran, and the run again when read."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from atif import Trajectory
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lis_tui.core import events
from lis_tui.core.conversation import Conversation
from lis_tui.core.decisions import Approve
from lis_tui.core.events import Event, Record, StepAddress
from lis_tui.core.hostile import HOSTILE
from lis_tui.core.messages import Observation, Reply, ToolCall, Usage
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.view import RunView
from lis_tui.trajectory.exporting.atif_holds import holdable
from lis_tui.trajectory.exporting.exporter import Exportable, ExportFormat, exporter
from lis_tui.trajectory.foreign.atif import ATIF
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.recording import Entry, Imported
from tests import branches, changed, story

Document = dict[str, Any]
STORIES: dict[str, Callable[[], list[Record]]] = {
    "ended": story.ended,
    "waiting": story.waiting,
    "thinking": story.thinking,
    "running": story.running,
    "amended": changed.amended,
    "injected": changed.injected,
    "versions": changed.versions,
    "stopped": changed.stopped,
    "own": changed.own,
    "job": changed.job,
    "cut off": changed.cut_off,
    "submitting": changed.submitting,
    "after a step": changed.after_step,
    "fork": branches.fork,
    "fork before a step": lambda: branches.fork(is_before=True),
}


def written(records: list[Record]) -> Document:
    data = exporter("atif")(Exportable(name="one", records=records)).data
    document = json.loads(data)
    Trajectory.model_validate(document)
    return document  # type: ignore[no-any-return]  # JSON is anything


def opened(document: Document) -> tuple[Entry, Imported]:
    recording = ATIF.recognise(Material(Path("one.json"), json.dumps(document).encode()))
    assert recording is not None
    return recording.entries[0], recording.read(0)


def back(document: Document) -> Imported:
    return opened(document)[1]


def facts(records: list[Record]) -> list[tuple[float, Event]]:
    """What happened and when, without where it was read from."""
    return [(one.at, one.event) for one in records if not isinstance(one.event, events.TrajectoryImported)]


def marks(part: Document) -> Document:
    found: Document = part["extra"]["lis_tui"]
    return found


def replies(document: Document) -> list[Document]:
    return [step for step in document["steps"] if step.get("llm_call_count")]


def without_marks(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_marks(one) for key, one in value.items() if key != "lis_tui"}
    return [without_marks(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", STORIES)
def test_a_run_is_valid_and_read_back_it_is_the_run_again(name: str) -> None:
    records = STORIES[name]()
    again = back(written(records))

    assert again.report.problems == ()
    assert facts(again.records) == facts(holdable(records)[0])
    assert [one.n for one in again.records] == list(range(1, len(again.records) + 1))


def test_the_model_was_told_the_same() -> None:
    told, again = Conversation(), Conversation()
    for record in changed.versions():
        told.apply(record.event)
    for record in back(written(changed.versions())).records:
        again.apply(record.event)

    assert again.digest() == told.digest()


def test_a_trajectory_of_ours_is_listed_by_its_task_and_its_end_and_commands_are_no_turns() -> None:
    document = written(story.ended())
    entry = opened(document)[0]
    assert (entry.task, entry.outcome, entry.turns) == (story.TASK, "submitted", 7)
    assert opened(written(changed.injected()))[0].turns == 6


def test_steps_and_their_numbers_are_those_of_the_run() -> None:
    document = written(story.ended())
    view = RunView().apply_all(story.ended())
    sent = sum(turn.usage.prompt_tokens or 0 for turn in view.turns if turn.usage is not None)

    assert [step["step_id"] for step in document["steps"]] == list(range(1, 10))
    assert [step["source"] for step in document["steps"]] == ["system", "user", *["agent"] * 7]
    assert sum(len(step["tool_calls"]) for step in replies(document)) == len(view.steps)
    assert document["final_metrics"]["total_prompt_tokens"] == sent
    assert document["final_metrics"]["total_cost_usd"] == pytest.approx(7 * 0.004)
    assert document["extra"]["status"] == "submitted"
    assert document["extra"]["answer"].startswith("The area")
    tools = [tool["function"]["name"] for tool in document["agent"]["tool_definitions"]]
    assert tools == ["execute_bash", "str_replace_editor", "submit"]


def test_a_changed_step_is_what_ran_and_says_who_changed_it_and_what_the_model_proposed() -> None:
    call, other = replies(written(story.ended()))[5]["tool_calls"]

    assert call["arguments"]["command"].startswith("python3 label.py --font 18 && cp")
    assert marks(call)["changed_by"] == "person"
    assert "--font 14" in json.loads(marks(call)["asked_for"]["arguments"])["command"]
    assert "changed_by" not in marks(other)
    assert "asked_for" not in marks(other)


def test_a_result_has_its_exit_code_and_status() -> None:
    document = written(story.ended())
    results = {
        (step["step_id"], number): result["extra"]
        for step in document["steps"]
        for number, result in enumerate(step.get("observation", {}).get("results", []), 1)
    }
    assert (results[5, 2]["exit_code"], results[5, 2]["status"]) == (1, "failed")
    assert "exit_code" not in results[5, 1]  # the editor has none


@pytest.mark.parametrize("is_hidden", [True, False])
def test_a_persons_command_is_a_step_that_no_model_made_and_says_whether_it_is_hidden(
    is_hidden: bool,
) -> None:
    document = written(changed.injected(is_hidden=is_hidden))
    (step,) = [one for one in document["steps"] if one.get("llm_call_count") == 0]

    assert step["tool_calls"][0]["arguments"] == {"command": "ls -l output"}
    assert step["observation"]["results"][0]["content"].startswith("total 84")
    assert (marks(step)["by"], marks(step).get("is_hidden", False)) == ("person", is_hidden)
    assert marks(step)["address"] == [6, 0, 1]


def test_the_version_that_counts_is_the_step_and_the_others_are_kept() -> None:
    step = replies(written(changed.versions()))[-1]
    kept = [line["event"] for line in marks(step)["facts"]]

    assert step["reasoning_content"].startswith("ImageMagick is installed")
    usages = [one.usage for one in RunView().apply_all(changed.versions()).turns[6].replies]
    used = sum(one.completion_tokens or 0 for one in usages if one is not None)
    assert (step["llm_call_count"], step["metrics"]["completion_tokens"]) == (3, used)
    assert marks(step)["changed_by"] == "person"
    assert marks(step)["model_wrote"]["reasoning_content"].startswith("ImageMagick can write")
    assert [one["type"] for one in kept if "reply" in one] == ["ReplyFinished", *["ReplyResampled"] * 2]


def test_a_reply_that_was_cut_off_is_kept() -> None:
    document = written(changed.cut_off())
    kept = [line["event"] for line in marks(document)["facts"]]
    assert [one["reasoning"][:11] for one in kept if one["type"] == "ReplyCutOff"] == ["The picture"]


def test_what_a_person_said_is_a_step_of_the_user() -> None:
    told = changed.middle()
    told.say(events.MessageSent(turn=7, text="Use blue.", origin="person"))
    last = written(told.records)["steps"][-1]
    assert (last["source"], last["message"], marks(last)["origin"]) == ("user", "Use blue.", "person")


def test_what_a_fork_took_from_its_parent_is_copied_context() -> None:
    document = written(branches.fork())
    copied = [step.get("is_copied_context", False) for step in document["steps"]]
    assert copied == [True] * 7 + [False] * 3
    assert "is_copied_context" not in written(branches.parent())["steps"][0]


def test_an_edited_result_is_what_the_model_saw_with_what_really_came_beside() -> None:
    records = story.ended()
    edit = events.ObservationEdited(StepAddress(5, 1), "area 1.5")
    place = next(n for n, one in enumerate(records) if getattr(one.event, "turn", 0) == 6)
    records.insert(place, Record(records[place].n, records[place].at, edit))
    document = written(records)
    (result,) = replies(document)[4]["observation"]["results"]

    assert result["content"] == "area 1.5"
    assert (marks(result)["changed_by"], marks(result)["really"]) == (
        "person",
        "saved output/set.png\narea 1.507\n",
    )
    assert facts(back(document).records) == facts(holdable(records)[0])


def test_without_the_marks_the_file_tells_the_same_steps() -> None:
    document = written(story.ended())
    view = RunView().apply_all(story.ended())
    again = RunView().apply_all(back(without_marks(document)).records)  # type: ignore[arg-type]  # still an object

    assert [(one.tool, one.status) for one in again.steps[:-1]] == [
        (one.tool, "unknown" if one.tool == "str_replace_editor" else one.status) for one in view.steps[:-1]
    ]
    assert [str(turn.reasoning) for turn in again.turns] == [str(turn.reasoning) for turn in view.turns]
    assert [turn.usage for turn in again.turns] == [turn.usage for turn in view.turns]


def test_a_text_that_was_changed_in_the_file_is_the_text() -> None:
    document = written(story.ended())
    replies(document)[0]["message"] = "I look around."
    replies(document)[0]["tool_calls"][0]["arguments"] = {"command": "ls"}
    view = RunView().apply_all(back(document).records)

    assert str(view.turns[1].text) == "I look around."
    assert view.steps[0].arguments == '{"command": "ls"}'


def broken(document: Document) -> Iterator[Document]:
    for spoil in (
        lambda one: marks(one["steps"][3]).update(n="x"),
        lambda one: one["steps"][3]["extra"].clear(),
        lambda one: marks(one).update(started={}),
        lambda one: marks(one).update(facts=[{"n": 3, "at": 0, "event": {"type": "RunStarted"}}, {"n": "?"}]),
        lambda one: marks(one["steps"][2]).update(
            facts=[{"n": 9, "at": 0, "event": {"type": "VersionChosen", "turn": 1, "version": 7}}]
        ),
        lambda one: one["steps"].append({"step_id": 10, "source": "user", "message": [{"type": "text"}]}),
    ):
        spoilt = copy.deepcopy(document)
        spoil(spoilt)
        yield spoilt


def test_marks_that_do_not_fit_are_left_aside_and_the_steps_read_as_those_of_others() -> None:
    for document in broken(written(story.ended())):
        again = back(document)
        assert again.report.turns == 7
        assert again.report.problems == ("extra.lis_tui: does not fit the steps, which are read without it",)


def test_marks_of_another_version_are_left_aside() -> None:
    document = written(story.ended())
    marks(document)["version"] = 2
    assert (back(document).report.turns, back(document).report.problems) == (7, ())


def test_what_the_file_cannot_hold_is_said() -> None:
    taken = events.CheckpointTaken(address=StepAddress(1, 1), entries=1, bytes_new=1, took_s=0.1)
    records = story.ended()
    first = records[0].event
    assert isinstance(first, events.RunStarted)
    records[0] = Record(1, 1.0, replace(first, spec=replace(first.spec, inputs=("/home/me/a.csv",))))
    records.append(Record(records[-1].n + 1, 2.0, taken))
    exported = exporter("atif")(Exportable(name="one", records=records))

    assert exported.lost == (
        "paths on this machine (1)",
        "replies as the server sent them, before they were read (7)",
        "raw outputs kept beside the journal (9)",
        "lists of files saved on this machine (1)",
        "checkpoints of the sandbox (1)",
    )
    assert b"/home/me" not in exported.data


def test_a_trajectory_of_another_program_stays_one_and_its_place_on_this_machine_is_not_told() -> None:
    records = story.ended()
    read = events.TrajectoryImported(
        format="mini-swe-agent", version="1.1", file="/home/me/a.json", kept={"x": 1}
    )
    records.insert(1, Record(2, 0.0, read))
    document = written(records)
    again = back(document)

    assert (document["agent"]["name"], document["agent"]["version"]) == ("mini-swe-agent", "1.1")
    assert "/home/me" not in json.dumps(document)
    assert again.report.kept == {"x": 1}
    assert "it had read the run from mini-swe-agent" in again.report.notes


@pytest.mark.parametrize("to", ["atif", "openai"])
def test_nothing_in_it_can_move_a_terminal(to: ExportFormat) -> None:
    said = "a\x1b[2J\x9b1;1H\u202eb\x07 👩\u200d💻"
    records = [*story.ended(), Record(999, 0.0, events.MessageSent(turn=8, text=said, origin="person"))]
    text = exporter(to)(Exportable(name="one", records=records)).data.decode()

    assert not HOSTILE.search(text)
    assert said in "".join(str(one.get("message", one.get("content"))) for one in items(json.loads(text)))


def items(document: Document) -> list[Document]:
    found: list[Document] = document.get("steps") or document["messages"]
    return found


# ---- any facts, in any order

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
TURN = st.integers(1, 3)
ADDRESS = st.builds(StepAddress, TURN, st.integers(0, 2), st.sampled_from([0, 0, 0, 1]))
WHO = st.sampled_from(["person", "rule", "script"])
ARGUMENTS = st.sampled_from(
    [
        *("", "{}", '{"command":"ls"}', '{"command": "ä"}', '{"a": "\\u00e4"}', '{ "b":1e2}', '{"c', "[1]"),
        *('{"n": 123456789012345678901234567890}', '{"x":NaN}'),
    ]
)
CALL = st.builds(
    ToolCall, st.sampled_from(["", "c1", "c2"]), st.sampled_from(["execute_bash", "x"]), ARGUMENTS
)
COUNT = st.none() | st.integers(0, 10**6)
USAGE = st.builds(
    Usage,
    prompt_tokens=COUNT,
    completion_tokens=COUNT,
    cached_tokens=COUNT,
    reasoning_tokens=COUNT,
    cost_usd=st.none() | st.floats(0, 1),
    is_estimated=st.booleans(),
)
REPLY = st.builds(
    Reply,
    text=TEXT,
    reasoning=TEXT,
    calls=st.lists(CALL, max_size=2).map(tuple),
    usage=st.none() | USAGE,
    finish_reason=TEXT,
    thinking_json=TEXT,
    calls_in_text=st.booleans(),
)
SEEN = st.builds(
    Observation,
    text=TEXT,
    status=st.sampled_from(["done", "failed", "unknown", "rejected"]),
    exit_code=st.none() | st.integers(-1, 200),
    duration_s=st.none() | st.floats(0, 100),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    answer=st.none() | TEXT,
    output=st.none() | TEXT,
    diff=TEXT,
)
FACT: st.SearchStrategy[Event] = st.one_of(
    st.builds(events.ReplyFinished, turn=TURN, reply=REPLY, duration_s=st.none() | st.floats(0, 9)),
    st.builds(events.StepProposed, address=ADDRESS, call=CALL, problem=TEXT),
    st.builds(
        events.StepStarted,
        address=ADDRESS,
        tool=st.sampled_from(["execute_bash", "y"]),
        arguments=ARGUMENTS,
        changed_by=st.none() | WHO,
    ),
    st.builds(
        events.StepFinished,
        address=ADDRESS,
        call_id=st.sampled_from(["", "c1", "c3"]),
        tool=st.sampled_from(["execute_bash", "z"]),
        observation=SEEN,
    ),
    st.builds(events.ObservationEdited, ADDRESS, TEXT, WHO),
    st.builds(events.ReplyResampled, turn=TURN, version=st.just(2), reply=REPLY),
    st.builds(events.ReplyEdited, turn=TURN, reasoning=st.none() | TEXT, text=st.none() | TEXT, by=WHO),
    st.builds(events.ReplyCutOff, turn=TURN, text=TEXT, reason=TEXT),
    st.builds(events.VersionChosen, TURN, st.just(1)),
    st.builds(events.CommandInjected, address=ADDRESS, command=TEXT, is_hidden=st.booleans(), by=WHO),
    st.builds(
        events.MessageSent, turn=TURN, text=TEXT, origin=st.sampled_from(["person", "nudge", "command"])
    ),
    st.builds(events.RunForked, parent=TEXT, point=ADDRESS, kind=st.sampled_from(["fork", "reexecution"])),
    st.builds(events.ModelChanged, st.builds(ModelSpec, name=TEXT), WHO),
    st.builds(events.InputSent, address=ADDRESS, data=st.binary(max_size=3)),
    st.builds(
        events.DecisionMade, address=ADDRESS, gate=st.just("before_step"), decision=st.just(Approve()), by=WHO
    ),
    st.builds(events.RunEnded, status=st.just("submitted"), answer=st.none() | TEXT),
    st.builds(events.RunContinued, TEXT),
)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.5, 1_790_000_000.123456]), FACT), max_size=12), TEXT, TEXT)
def test_any_facts_in_any_order_are_valid_and_come_back(
    told: list[tuple[float, Event]], system: str, task: str
) -> None:
    spec = RunSpec(task=task, model=ModelSpec(name="m"))
    begun = events.RunStarted(run="r", spec=spec, system_prompt=system, task_prompt=task, tools=())
    has_reply = False
    given_: list[tuple[float, Event]] = [(3.25, begun)]
    for at, event in told:
        has_reply |= isinstance(event, events.ReplyFinished | events.ReplyResampled)
        if has_reply or not isinstance(event, events.VersionChosen):
            given_.append((at, event))
    records = [Record(n, at, event) for n, (at, event) in enumerate(given_, 1)]

    document = written(records)

    assert document["steps"]  # there is always one: Harbor's own models ask for it
    assert facts(back(document).records) == given_
