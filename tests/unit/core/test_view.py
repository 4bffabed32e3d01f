from lis_tui.core import events
from lis_tui.core.decisions import Edit
from lis_tui.core.events import Event, FileEntry, Record, StepAddress
from lis_tui.core.messages import Observation, Reply, ToolCall, Usage
from lis_tui.core.parts import MOST_TAIL
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.view import RunView

HERE = StepAddress(1, 1)
CALL = ToolCall("a", "execute_bash", '{"command": "rm -rf data"}')


def view_of(*story: Event) -> RunView:
    return RunView().apply_all(Record(n, float(n), event) for n, event in enumerate(story, 1))


def started() -> events.RunStarted:
    spec = RunSpec(task="add", model=ModelSpec(name="m"), mode="confirm")
    return events.RunStarted(run="add-1", spec=spec, system_prompt="", task_prompt="", tools=())


def asked(turn: int = 1) -> events.ModelAsked:
    return events.ModelAsked(turn=turn, model="m", message_count=2, prompt_tokens_estimate=50)


def replied(usage: Usage | None = None) -> events.ReplyFinished:
    return events.ReplyFinished(turn=1, reply=Reply(reasoning="why", calls=(CALL,), usage=usage))


def proposed(address: StepAddress = HERE) -> events.StepProposed:
    return events.StepProposed(address=address, call=CALL)


def opened() -> events.GateOpened:
    return events.GateOpened(address=HERE, gate="before_step", because="mode confirm")


def test_streamed_text_equals_the_whole_that_replaces_it() -> None:
    pieces = [events.ReasoningArrived(1, "wh"), events.ReasoningArrived(1, "y")]
    streaming = view_of(started(), asked(), *pieces)
    assert streaming.phase == "thinking"
    assert str(streaming.turn.reasoning) == "why"
    assert streaming.turn.is_streaming
    whole = view_of(started(), asked(), replied())
    assert str(whole.turn.reasoning) == "why"
    assert not whole.turn.is_streaming


def test_words_of_the_same_length_are_another_version() -> None:
    edits = [events.ReplyEdited(turn=1, text=text) for text in ("abc", "abd")]
    view = view_of(started(), asked(), replied(), edits[0])
    before = view.turn.text.version
    view.apply(Record(5, 5.0, edits[1]))
    assert view.turn.text.version != before


def test_an_edited_step_shows_both_versions_and_who_changed_it() -> None:
    edit = Edit('{"command": "ls data"}')
    view = view_of(
        started(),
        asked(),
        replied(),
        proposed(),
        opened(),
        events.DecisionMade(address=HERE, gate="before_step", decision=edit),
        events.StepStarted(address=HERE, tool="execute_bash", arguments=edit.arguments, changed_by="person"),
    )
    step = view.step(HERE)
    assert step is not None
    assert step.proposed == CALL.arguments
    assert step.arguments == edit.arguments
    assert step.changed_by == "person"
    assert step.is_notable


def test_a_gate_waits_until_it_is_answered_and_the_wait_is_counted_apart() -> None:
    view = view_of(started(), asked(), replied(), proposed(), opened())
    assert view.phase == "waiting"
    assert view.waiting is view.step(HERE)
    decision = events.DecisionMade(address=HERE, gate="before_step", decision=Edit("{}"))
    view.apply(Record(9, 65.0, decision))
    assert view.gate is None
    assert view.waited_s == 60.0


def test_a_retry_voids_what_was_streamed_before_it() -> None:
    retried = events.ModelRetried(turn=1, attempt=2, max_attempts=6, wait_s=1.0, reason="disconnected")
    view = view_of(started(), asked(), events.TextArrived(1, "half"), retried)
    assert not view.turn.text
    assert view.phase == "retrying"
    assert "disconnected" in view.turn.said[-1].text


def test_an_unknown_price_is_not_zero() -> None:
    view = view_of(started(), asked(), replied(Usage(prompt_tokens=10, completion_tokens=5)))
    assert view.totals.has_unknown_cost
    assert not view.totals.has_known_cost
    assert view.totals.prompt_tokens == 10


def test_the_tail_of_an_endless_output_stays_bounded_and_its_size_is_true() -> None:
    view = view_of(started(), asked(), replied(), proposed())
    for _ in range(100):
        view.apply(Record(0, 9.0, events.OutputArrived(HERE, b"y" * 10_000)))
    step = view.step(HERE)
    assert step is not None
    assert len(step.tail) <= 2 * MOST_TAIL
    assert step.output_bytes == 1_000_000


def test_files_are_marked_against_the_beginning_of_the_step() -> None:
    run = events.StepStarted(address=HERE, tool="execute_bash", arguments="{}")
    whole = events.FilesChanged((FileEntry("a"), FileEntry("b")), is_whole=True)
    change = events.FilesChanged((FileEntry("a", size_bytes=3), FileEntry("c")), gone=("b",))
    again = events.FilesChanged((FileEntry("c", size_bytes=9),))
    view = view_of(started(), asked(), replied(), proposed(), whole, run, change, again)
    assert view.marks == {"a": "changed", "b": "gone", "c": "new"}
    assert sorted(view.files) == ["a", "c"]
    step = view.step(HERE)
    assert step is not None
    assert step.changes == view.marks
    assert view.newest_file == "c"


def test_an_artefact_is_the_newest_file_until_a_newer_one_or_its_end() -> None:
    def newest(*changes: events.FilesChanged) -> str | None:
        return RunView().apply_all(Record(0, 0.0, change) for change in changes).newest_file

    def made(*paths: str, gone: tuple[str, ...] = ()) -> events.FilesChanged:
        return events.FilesChanged(tuple(FileEntry(path) for path in paths), gone)

    assert newest(made("plot.py"), made("output/set.png"), made("answer.txt")) == "output/set.png"
    assert newest(made("output/set.png"), made("output/sub/b.png")) == "output/sub/b.png"
    assert newest(made("output/set.png"), made(gone=("output/set.png",))) is None
    assert newest(made("output/set.png"), made("a.py", gone=("output/set.png",)), made("b.py")) == "b.py"


def test_the_same_call_made_again_and_again_is_counted() -> None:
    story = [proposed(StepAddress(turn, 1)) for turn in (1, 2, 3)]
    assert view_of(started(), *story).repeats == 3


def test_an_ended_run_that_is_continued_is_live_again() -> None:
    end = events.RunEnded(status="turn_limit", exit_code=3)
    view = view_of(started(), end)
    assert not view.is_live
    view.apply(Record(3, 3.0, events.RunContinued("follow-up")))
    assert view.is_live


def test_a_finished_step_keeps_what_the_model_saw() -> None:
    done = events.StepFinished(
        address=HERE,
        call_id="a",
        tool="execute_bash",
        observation=Observation(text="no such file", status="failed", exit_code=2),
    )
    view = view_of(started(), asked(), replied(), proposed(), done)
    step = view.step(HERE)
    assert step is not None
    assert step.status == "failed"
    assert step.is_over


def test_a_journal_without_room_is_trouble_until_it_is_over() -> None:
    full = view_of(started(), events.StorageTrouble("There is no room left."))
    assert full.trouble == "There is no room left."
    full.apply(Record(0, 9.0, events.StorageTrouble("", is_over=True)))
    assert full.trouble == ""
