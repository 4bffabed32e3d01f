"""A recorded run looks at each place as it did when it had come so far, however one gets there."""

from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lis_tui.core import cursor, events
from lis_tui.core.cursor import Timeline
from lis_tui.core.decisions import Approve, ChooseVersion, Edit
from lis_tui.core.events import Event, FileEntry, Record, StepAddress
from lis_tui.core.messages import Observation, Reply, ToolCall
from lis_tui.core.parts import GrowingText
from lis_tui.core.places import Place
from lis_tui.core.view import RunView
from tests import story
from tests.story import Story, bash

UNSHOWN = {"version", "epoch", "files_version", "files_epoch", "moved"}


def shown(value: object) -> object:
    """Give all that can be seen of a view, as plain data."""
    if isinstance(value, GrowingText):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: shown(getattr(value, one.name)) for one in fields(value) if one.name not in UNSHOWN}
    if isinstance(value, dict):
        return {key: shown(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shown(one) for one in value]
    return bytes(value) if isinstance(value, bytearray) else value


def eventful() -> list[Record]:
    """Tell a run in which a person does what they can: edits, versions, injections, own commands, jobs."""
    told = Story()
    told.begin()
    first, second = StepAddress(1, 1), StepAddress(1, 2)
    calls = [bash("sleep 9", "a"), bash("cat data.csv", "b")]
    told.think(1, "One two three.", calls, text="I look.")
    told.wait(first)
    told.say(events.StepAmended(address=first, arguments='{"command": "sleep 8"}'))
    told.say(events.DecisionMade(address=first, gate="before_step", decision=ChooseVersion(1)))
    told.say(events.ModelAsked(turn=1, model="m", message_count=2, prompt_tokens_estimate=9))
    told.say(events.ReasoningArrived(1, "Once more."))
    again = Reply(reasoning="Once more.", calls=(calls[1],))
    told.say(events.ReplyResampled(turn=1, version=2, reply=again))
    told.say(events.StepProposed(address=first, call=calls[1]))
    told.say(events.VersionChosen(1, 1))
    for number, call in enumerate(calls, 1):
        told.say(events.StepProposed(address=StepAddress(1, number), call=call))
    told.say(events.ReplyEdited(turn=1, text="I really look."))
    told.wait(first)
    told.say(events.DecisionMade(address=first, gate="before_step", decision=Edit('{"command": "sleep 7"}')))
    told.say(events.StepStarted(address=first, tool="execute_bash", arguments="{}", changed_by="person"))
    told.say(events.OutputArrived(first, b"z" * 90_000))
    told.say(events.InputAwaited(first, is_waiting=True))
    told.say(events.InputSent(address=first, data=b"yes\n"))
    told.say(events.TimeoutChanged(first, 9.0))
    told.say(events.InterruptSent(first, signal="INT"))
    told.say(events.FilesChanged((FileEntry("a.txt"), FileEntry("b.txt")), gone=("documents/notes.md",)))
    told.say(events.SentToBackground(first))
    seen = Observation(text="goes on", status="background")
    told.say(events.StepFinished(address=first, call_id="a", tool="execute_bash", observation=seen))
    told.say(events.ObservationEdited(first, "goes on, I say"))
    told.say(events.OwnOutputArrived(1, b"", "ls"))
    told.say(events.OwnOutputArrived(1, b"a.txt\n"))
    told.say(events.OwnCommandRan(number=1, command="ls", output="a.txt\n", exit_code=0))
    injected = StepAddress(1, 1, 1)
    told.say(events.CommandInjected(address=injected, command="ls -l"))
    told.run(injected, bash("ls -l"), "a.txt\n", files=(FileEntry("c.txt"),))
    told.say(events.CheckpointTaken(address=first, entries=3, bytes_new=9, took_s=0.1))
    told.run(second, calls[1], "1,2\n", code=1)
    told.say(events.CheckpointTaken(address=second, entries=3, bytes_new=9, took_s=0.1))
    told.say(events.MessageQueued("Mind the gap."))
    told.say(events.MessageSent(turn=2, text="Mind the gap.", origin="person"))
    told.say(events.ModelAsked(turn=2, model="m", message_count=4, prompt_tokens_estimate=70))
    told.say(events.ModelRetried(turn=2, attempt=2, max_attempts=5, wait_s=1.0, reason="disconnected"))
    told.say(events.ReplyCutOff(turn=2, text="I was say", reason="cut off by you"))
    told.say(events.RunEnded(status="turn_limit", reason="too many turns"))
    told.say(events.RunContinued("the limit was raised", lost=("a server",)))
    told.say(events.ReplyFinished(turn=3, reply=Reply(text="Nothing to do.")))
    told.say(events.JobEnded(address=first, exit_code=0))
    told.say(events.ForeignKept("info.cost", "1", first))
    told.think(4, "The last.", [bash("true", "x"), bash("false", "y")])
    told.wait(StepAddress(4, 1))
    told.say(events.DecisionMade(address=StepAddress(4, 1), gate="before_step", decision=Approve()))
    told.say(events.StepStarted(address=StepAddress(4, 1), tool="execute_bash", arguments="{}"))
    return told.records


STORIES = {
    "ended": story.ended(),
    "waiting": story.waiting(),
    "thinking": story.thinking(),
    "running": story.running(),
    "long": list(story.long(40)),
    "eventful": eventful(),
    "facts of eventful": [record for record in eventful() if record.n],
}


def fresh(records: list[Record], n: int) -> object:
    return shown(RunView().apply_all(records[:n]))


@pytest.fixture(params=STORIES, ids=str)
def records(request: pytest.FixtureRequest) -> list[Record]:
    return STORIES[request.param]


def test_every_place_looks_the_same_forward_backward_and_in_a_fresh_fold(
    records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor, "SPACING", 7)
    timeline, view = Timeline(records), RunView()
    indexes = range(len(timeline.places))
    expected = [fresh(records, place.n) for place in timeline.places]
    for index in (*indexes, *reversed(indexes)):
        timeline.move(view, index)
        assert shown(view) == expected[index]
    assert shown(timeline.whole) == fresh(records, len(records))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_order_of_moves_by_two_views_shows_what_a_fresh_fold_shows(data: st.DataObject) -> None:
    records = STORIES[data.draw(st.sampled_from(sorted(STORIES)))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cursor, "SPACING", data.draw(st.integers(1, 40)))
        patch.setattr(cursor, "MOST_KEPT", data.draw(st.integers(1, 6)))
        timeline = Timeline(records[: data.draw(st.integers(0, len(records)))])
        views = RunView(), RunView()
        moves = st.tuples(st.sampled_from(views), st.integers(0, len(records)))
        for view, wished in data.draw(st.lists(moves, max_size=12)):
            index = wished % len(timeline.places)
            timeline.move(view, index)
            assert shown(view) == fresh(records, timeline.places[index].n)
        timeline.extend(records[len(timeline.records) :])
        assert shown(timeline.whole) == fresh(records, len(records))
        timeline.move(views[0], len(timeline.places) - 1)
        assert shown(views[0]) == shown(timeline.whole)


def test_what_a_move_leaves_alone_stays_the_same_object_and_what_it_changes_is_named(
    records: list[Record],
) -> None:
    timeline, view = Timeline(records), RunView()
    last = len(timeline.places) - 1
    for index in (last, 0, last // 2, last // 2 + 1, last // 2 - 1, last):
        index = max(0, min(index, last))
        before = shown(view.turns), shown(view.steps)
        moved = timeline.move(view, index)
        assert shown(view.turns[: moved.turn]) == before[0][: moved.turn]  # type: ignore[index]  # a list
        assert shown(view.steps[: moved.step]) == before[1][: moved.step]  # type: ignore[index]  # a list


def test_a_version_stands_for_one_look_only(records: list[Record]) -> None:
    timeline, view = Timeline(records), RunView()
    looks: dict[tuple[str, object, int], object] = {}
    indexes = [*range(len(timeline.places)), *reversed(range(len(timeline.places)))]
    for index in indexes:
        timeline.move(view, index)
        for step in view.steps:
            assert looks.setdefault(("step", step.address, step.version), shown(step)) == shown(step)
        for turn in view.turns:
            words = (str(turn.reasoning), str(turn.text), shown(turn.said))
            assert looks.setdefault(("turn", turn.number, turn.version), words) == words


def test_places_are_the_task_each_reply_each_step_own_commands_and_the_end() -> None:
    timeline = Timeline(STORIES["eventful"])
    assert [(place.kind, str(place.address)) for place in timeline.places] == [
        ("task", "0"),
        ("reply", "1"),
        ("reply", "1"),
        ("reply", "1"),
        ("reply", "1"),
        ("step", "1.1"),
        ("own", "1.1"),
        ("step", "1.1+1"),
        ("step", "1.2"),
        ("reply", "2"),
        ("end", "2"),
        ("reply", "3"),
        ("reply", "4"),
        ("step", "4.1"),
        ("step", "4.2"),
    ]
    assert [place.index for place in timeline.places] == list(range(len(timeline.places)))
    assert timeline.places[-1].n == len(timeline.records)


def test_a_reply_is_shown_before_its_first_step_runs_and_a_step_after_it_ran() -> None:
    timeline, view = Timeline(STORIES["ended"]), RunView()
    index = timeline.index_of(StepAddress(3))
    assert index is not None
    timeline.move(view, index)
    assert [step.status for step in view.turn.steps] == ["proposed", "proposed"]
    assert not view.turn.is_streaming
    timeline.move(view, index + 1)
    assert [step.status for step in view.turn.steps] == ["done", "proposed"]
    assert timeline.places[index + 1].address == StepAddress(3, 1)


def test_a_run_without_turns_has_one_place() -> None:
    timeline, view = Timeline(), RunView()
    assert [place.kind for place in timeline.places] == ["task"]
    timeline.move(view, 0)
    timeline.extend(STORIES["ended"][:2])
    timeline.move(view, 0)
    assert view.started is not None


def test_the_end_of_a_run_is_a_place_with_all_of_it() -> None:
    timeline, view = Timeline(STORIES["ended"]), RunView()
    timeline.move(view, len(timeline.places) - 1)
    assert timeline.places[-1].kind == "end"
    assert view.ended is not None
    timeline.move(view, len(timeline.places) - 2)
    assert view.ended is None


def test_places_are_found_by_what_is_meant() -> None:
    timeline = Timeline(STORIES["ended"])
    failed = timeline.index_of(StepAddress(3, 2))
    assert failed is not None

    def is_failed(place: Place) -> bool:
        step = timeline.whole.step(place.address)
        return step is not None and step.status == "failed" and place.kind == "step"

    assert timeline.next(0, is_failed) == failed
    assert timeline.previous(len(timeline.places) - 1, is_failed) == failed
    assert timeline.next(failed, is_failed) is None
    assert timeline.previous(failed, is_failed) is None
    assert timeline.next(len(timeline.places) - 1) is None
    assert timeline.index_of(StepAddress(77, 1)) is None


def test_the_facts_up_to_a_place_are_those_that_a_request_is_rebuilt_from() -> None:
    timeline = Timeline(STORIES["ended"])
    index = timeline.index_of(StepAddress(2))
    assert index is not None
    facts = timeline.facts(index)
    assert all(record.n for record in facts)
    assert facts[-1].event == events.StepProposed(
        address=StepAddress(2, 1),
        call=next(
            one.event.call
            for one in timeline.records
            if isinstance(one.event, events.StepProposed) and one.event.address == StepAddress(2, 1)
        ),
    )


def test_a_long_run_keeps_few_states_and_makes_more_near_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor, "SPACING", 10)
    monkeypatch.setattr(cursor, "MOST_KEPT", 8)
    monkeypatch.setattr(cursor, "CLOSE", 12)
    monkeypatch.setattr(cursor, "CLOSE_SPACING", 3)
    folded = 0
    apply = RunView.apply

    def counted(self: RunView, record: Record) -> None:
        nonlocal folded
        folded += 1
        apply(self, record)

    records = [record for record in story.long(120) if record.n]
    timeline, view = Timeline(records), RunView()
    last = len(timeline.places) - 1
    timeline.move(view, last)
    timeline.move(view, last - 1)
    monkeypatch.setattr(RunView, "apply", counted)
    for index in range(last - 2, last - 12, -1):
        folded = 0
        timeline.move(view, index)
        assert folded <= 10 + timeline.places[index + 1].n - timeline.places[index].n
        assert shown(view) == fresh(records, timeline.places[index].n)


def test_going_back_step_by_step_leaves_most_turns_the_objects_that_they_were() -> None:
    timeline, view = Timeline(story.long(300)), RunView()
    timeline.move(view, len(timeline.places) - 1)
    fresh_steps = []
    for index in range(len(timeline.places) - 2, len(timeline.places) - 42, -1):
        before = {id(step) for step in view.steps}
        timeline.move(view, index)
        fresh_steps.append(sum(id(step) not in before for step in view.steps))
    most = cursor.CLOSE_SPACING // 4  # a step has more than four records
    assert sorted(fresh_steps)[len(fresh_steps) * 3 // 4] <= most


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_record_changes_what_it_can_and_ends_nothing(data: st.DataObject) -> None:
    numbers = st.sampled_from([-(2**40), -1, 0, 1, 2, 3, 9, 2**40])
    addresses = st.builds(StepAddress, numbers, numbers, numbers)
    call = ToolCall("a", "execute_bash", '{"command": ')
    made: st.SearchStrategy[Event] = st.one_of(
        st.builds(lambda a: events.StepProposed(address=a, call=call), addresses),
        st.builds(
            lambda a: events.StepStarted(address=a, tool="x", arguments="[]"),
            addresses,
        ),
        st.builds(
            lambda a: events.StepFinished(
                address=a, call_id="", tool="", observation=Observation(text="", output_bytes=-5)
            ),
            addresses,
        ),
        st.builds(lambda t: events.ReplyFinished(turn=t, reply=Reply(text="x")), numbers),
        st.builds(lambda t, v: events.ReplyResampled(turn=t, version=v, reply=Reply()), numbers, numbers),
        st.builds(events.VersionChosen, numbers, numbers),
        st.builds(lambda a: events.GateOpened(address=a, gate="before_step", because=""), addresses),
        st.builds(lambda a: events.CheckpointTaken(address=a, entries=0, bytes_new=0, took_s=0.0), addresses),
        st.builds(lambda a: events.NoticeGiven("x", address=a), addresses),
        st.builds(lambda t: events.MessageSent(turn=t, text="", origin="person"), numbers),
    )
    records = [
        Record(n, float(n), event) for n, event in enumerate(data.draw(st.lists(made, max_size=12)), 1)
    ]
    timeline, view = Timeline(records), RunView()
    for place in reversed(timeline.places):
        timeline.move(view, place.index)
        assert shown(view) == fresh(records, place.n)
