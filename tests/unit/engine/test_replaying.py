"""A recorded run is done again on fakes: compared step by step, stopped where it differs, taken over."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from lis_tui.core.decisions import Amend, Approve, CloseInput, Inject, Interrupt, Reject, SendInput, Steer
from lis_tui.core.events import (
    CommandInjected,
    GateOpened,
    InputAwaited,
    MessageSent,
    ModelChanged,
    NoticeGiven,
    PauseAsked,
    Record,
    RunForked,
    RunStarted,
    StepAddress,
    StepFinished,
    StepReplayed,
    StepStarted,
    TrajectoryImported,
)
from lis_tui.core.messages import AssistantMessage
from lis_tui.core.spec import Limits, ModelSpec
from lis_tui.engine.past import Past
from lis_tui.engine.replaying import Live, Replay
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.forking import Point
from lis_tui.trajectory.replay import Recorded
from tests.fakes import MemorySandbox, Played, ScriptedModel, bash, call, calls, says, submit
from tests.playing import Game, check_calls, make_spec

START = RunForked(parent="game-0", point=StepAddress(0), kind="reexecution")


def again(
    folder: Path,
    records: Sequence[Record],
    sandbox: MemorySandbox | None = None,
    *,
    point: Point | None = None,
    is_stopping: bool = False,
    live: Live | None = None,
    mode: str = "auto",
) -> Game:
    """Make a run that does these records again."""
    started = records[0].event
    assert isinstance(started, RunStarted)
    replay = Replay(recorded=Recorded(records, point), is_stopping=is_stopping, live=live)
    past = Past(records=(Record(1, 1.0, started),), opening=START)
    spec = make_spec(mode="step" if mode == "step" else "auto")
    return Game(folder, sandbox=sandbox, past=past, replay=replay, spec=spec)


def live(*turns: object, **given: object) -> tuple[Live, ScriptedModel]:
    model = ScriptedModel(*turns)  # type: ignore[arg-type]  # as the fake's
    made = Live(spec=ModelSpec(name="m"), model=model, limits=Limits(max_cost_usd=None), mode="auto", **given)  # type: ignore[arg-type]  # a test's
    return made, model


def verdicts(game: Game) -> dict[str, str]:
    return {str(one.address): one.verdict for one in game.all(StepReplayed)}


async def recorded(folder: Path, sandbox: MemorySandbox | None = None) -> Game:
    """Play a run of three turns with four steps."""
    game = Game(
        folder,
        calls(bash("date", "a"), bash("echo x", "b"), text="first"),
        says("Let me think."),
        calls(bash("cat /testbed/in", "c")),
        calls(submit("done", "d")),
        sandbox=sandbox or MemorySandbox({"date": Played([b"17:09:54\n"])}, {"/testbed/in": b"one\n"}),
    )
    await game.play()
    return game


async def test_all_steps_run_again_and_are_compared_before_they_are_counted(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    sandbox = MemorySandbox({"date": Played([b"18:00:00\n"])}, {"/testbed/in": b"one\n"})
    game = again(tmp_path, first.keeper.records, sandbox)
    ended = await game.play()
    assert (ended.status, ended.answer) == ("submitted", "done")
    assert verdicts(game) == {
        "1.1": "normalised",
        "1.2": "identical",
        "3.1": "identical",
        "4.1": "identical",
    }
    assert game.all(StepReplayed)[0].rules == ("times",)
    assert game.all(StepReplayed)[0].expected.startswith("17:09:54")
    kinds = game.kinds()
    assert kinds.index("StepFinished") < kinds.index("StepReplayed")
    assert sandbox.ran == ["date", "echo x", "cat /testbed/in"]
    check_calls(game.run._progress.conversation)
    totals = game.run._progress.view.totals
    assert (totals.prompt_tokens, totals.cost_usd) == (0, 0.0)


async def test_what_was_said_then_is_said_again_at_its_place_and_once(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    game = again(
        tmp_path,
        first.keeper.records,
        MemorySandbox({"date": Played([b"18:00:00\n"])}, {"/testbed/in": b"one\n"}),
    )
    await game.play()
    assert game.all(MessageSent) == first.all(MessageSent)
    assert [one.turn for one in game.all(MessageSent)] == [3]


async def test_a_changed_file_diverges_exactly_where_it_is_read(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    sandbox = MemorySandbox({"date": Played([b"17:09:54\n"])}, {"/testbed/in": b"two\n"})
    game = again(tmp_path, first.keeper.records, sandbox)
    ended = await game.play()
    assert verdicts(game) == {"1.1": "identical", "1.2": "identical", "3.1": "diverged", "4.1": "identical"}
    assert ended.status == "submitted"


async def test_it_stops_at_the_first_divergence_where_it_is_asked_to(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    sandbox = MemorySandbox({"date": Played([b"nine\n"])}, {"/testbed/in": b"one\n"})
    game = again(tmp_path, first.keeper.records, sandbox, is_stopping=True)
    ended = await game.play()
    assert (ended.status, ended.exit_code) == ("replayed", 0)
    assert "1.1 diverged" in ended.reason
    assert sandbox.ran == ["date"]
    assert [one.call_id for one in game.all(StepFinished)] == ["a", "b"]


async def test_another_exit_code_diverges_also_where_the_same_is_printed(tmp_path: Path) -> None:
    first = Game(tmp_path, calls(bash("try")), sandbox=MemorySandbox({"try": Played([b"x\n"])}))
    first.model.turns.append(calls(submit("y")))
    await first.play()
    game = again(tmp_path, first.keeper.records, MemorySandbox({"try": Played([b"x\n"], exit_code=2)}))
    await game.play()
    assert game.all(StepReplayed)[0].because == "exit code 2, recorded 0"


async def test_up_to_a_step_nothing_after_it_runs(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    sandbox = MemorySandbox({"date": Played([b"17:09:54\n"])})
    game = again(tmp_path, first.keeper.records, sandbox, point=Point(StepAddress(1, 1)))
    ended = await game.play()
    assert (ended.status, ended.reason) == ("replayed", "Re-executed: 1 identical.")
    assert sandbox.ran == ["date"]


async def test_the_edited_call_runs_again_and_what_was_rejected_does_not(tmp_path: Path) -> None:
    first = Game(
        tmp_path,
        calls(bash("echo a", "a"), bash("rm -rf /", "b")),
        calls(submit("y")),
        spec=make_spec(mode="confirm"),
    )
    first.start()
    await first.next(GateOpened)
    first.decide(Amend('{"command":"echo better"}'), (1, 1))
    first.decide(Approve(), (1, 1))
    await first.next(GateOpened)
    first.decide(Reject("no"), (1, 2))
    await first.next(GateOpened)
    first.decide(Approve(), (2, 1))
    await first.ended()
    game = again(tmp_path, first.keeper.records)
    await game.play()
    assert game.sandbox.ran == ["echo better"]
    assert verdicts(game) == {"1.1": "identical", "1.2": "not_replayable", "2.1": "identical"}
    assert game.all(StepStarted)[0].changed_by == "person"
    assert game.observation(1, 2) == first.observation(1, 2)
    await first.run.close()


async def test_commands_of_a_person_run_again_at_their_places_shown_or_hidden(tmp_path: Path) -> None:
    first = Game(tmp_path, calls(bash("echo a", "a")), calls(submit("y")), spec=make_spec(mode="step"))
    first.start()
    await first.next(GateOpened)
    first.decide(Inject("echo early"), (1, 0))
    await first.next(GateOpened)
    first.decide(Approve(), (1, 0))
    await first.next(GateOpened)
    first.decide(Inject("echo hidden", is_hidden=True), (1, 1))
    await first.next(GateOpened)
    for address in ((1, 1), (2, 0), (2, 1)):
        first.decide(Approve(), address)
        if address != (2, 1):
            await first.next(GateOpened)
    await first.ended()
    game = again(tmp_path, first.keeper.records)
    await game.play()
    assert game.sandbox.ran == first.sandbox.ran == ["echo early", "echo hidden", "echo a"]
    assert game.all(CommandInjected) == first.all(CommandInjected)
    assert set(verdicts(game).values()) == {"identical"}
    assert game.all(MessageSent) == first.all(MessageSent)
    await first.run.close()


async def test_what_was_typed_is_typed_again_and_what_was_stopped_is_stopped(tmp_path: Path) -> None:
    asks = Played(blocks=True, asks_for_input=True)
    first = Game(
        tmp_path,
        calls(bash("ask", "a")),
        calls(submit("y")),
        sandbox=MemorySandbox({"ask": asks}),
        spec=make_spec(),
    )
    first.start()
    await first.next(InputAwaited)
    first.decide(SendInput(b"yes\n"))
    first.decide(CloseInput())
    first.decide(Interrupt(), (1, 1))
    await first.ended()
    game = again(
        tmp_path,
        first.keeper.records,
        MemorySandbox({"ask": Played(blocks=True, asks_for_input=True)}),
    )
    await game.play()
    assert game.sandbox.typed == [b"yes\n", None]
    assert game.sandbox.interrupts == 1
    assert verdicts(game)["1.1"] == "identical"
    await first.run.close()


async def test_a_live_model_takes_over_with_what_came_of_it_now(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    taken, model = live(calls(bash("echo mine", "z")), calls(submit("new", "y")), message="Look again.")
    sandbox = MemorySandbox({"date": Played([b"18:00:00\n"])})
    game = again(tmp_path, first.keeper.records, sandbox, point=Point(StepAddress(1, 2)), live=taken)
    ended = await game.play()
    assert (ended.status, ended.answer) == ("submitted", "new")
    assert sandbox.ran == ["date", "echo x", "echo mine"]
    assert verdicts(game) == {"1.1": "normalised", "1.2": "identical"}
    assert [one.model.name for one in game.all(ModelChanged)] == ["m"]
    notices = [one.text for one in game.all(NoticeGiven)]
    assert notices == ["Taken over here. The sandbox was rebuilt by re-execution: 1 identical, 1 normalised."]
    said = [type(one).__name__ for one in model.asked[0].messages]
    assert said == [
        "SystemMessage",
        "UserMessage",
        "AssistantMessage",
        "ToolMessage",
        "ToolMessage",
        "UserMessage",
    ]
    assert "18:00:00" in str(model.asked[0].messages[3])
    check_calls(game.run._progress.conversation)


async def test_taken_over_before_a_step_that_runs_something_else(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    taken, model = live(calls(submit("new", "y")), arguments='{"command":"echo other"}')
    sandbox = MemorySandbox({"date": Played([b"17:09:54\n"])})
    point = Point(StepAddress(1, 2), is_before=True)
    game = again(tmp_path, first.keeper.records, sandbox, point=point, live=taken)
    await game.play()
    assert sandbox.ran == ["date", "echo other"]
    assert verdicts(game) == {"1.1": "identical"}
    assert len(model.asked) == 1


async def test_in_step_mode_each_recorded_step_waits(tmp_path: Path) -> None:
    first = await recorded(tmp_path)
    sandbox = MemorySandbox({"date": Played([b"17:09:54\n"])})
    game = again(tmp_path, first.keeper.records, sandbox, point=Point(StepAddress(1, 1)), mode="step")
    game.start()
    await game.next(GateOpened)
    game.decide(Approve(), (1, 0))
    await game.next(GateOpened)
    assert sandbox.ran == []
    game.decide(Approve(), (1, 1))
    assert (await game.ended()).status == "replayed"
    await game.run.close()


async def test_a_follow_up_of_the_recorded_run_is_done_again_too(tmp_path: Path) -> None:
    from lis_tui.core.decisions import FollowUp

    first = Game(tmp_path, calls(submit("one", "a")), calls(bash("echo b", "b")), calls(submit("two", "c")))
    first.start()
    await first.ended()
    first.decide(FollowUp("And b?"))
    first.go_on()
    await first.ended()
    game = again(tmp_path, first.keeper.records)
    ended = await game.play()
    assert (ended.answer, verdicts(game)) == (
        "two",
        {"1.1": "identical", "2.1": "identical", "3.1": "identical"},
    )
    assert [one.text for one in game.all(MessageSent)] == ["And b?"]
    await first.run.close()


async def test_where_the_recording_is_over_a_model_must_be_chosen(tmp_path: Path) -> None:
    from lis_tui.core.decisions import FollowUp

    first = await recorded(tmp_path)
    game = again(tmp_path, first.keeper.records, point=Point(StepAddress(1, 2)))
    game.start()
    await game.ended()
    game.decide(FollowUp("Go on."))
    game.go_on()
    held = await game.next(PauseAsked)
    assert "choose the model" in held.reason
    await game.run.close()


def foreign() -> list[Record]:
    """A trajectory as another program writes it: one tool of its own, one command, its own words around."""
    builder = Builder("mini", name="m")
    builder.begin(task="Do it.", system="Answer with one ```bash block.")
    builder.reply(text="Browse.", calls=[call("browser", '{"url":"x"}', "a")])
    builder.observe("a page")
    builder.say("Format error.", "nudge")
    builder.reply(text="Look.", calls=[call("bash", '{"command":"cat /testbed/in"}', "b")])
    builder.observe("<returncode>0</returncode>\n<output>\none\n</output>", exit_code=0)
    builder.reply(text="Done.", calls=[call("finish", '{"message":"ok"}', "c")])
    builder.observe("")
    builder.end("elsewhere", "Submitted")
    return builder.finish().records


async def test_another_programs_trajectory_runs_with_our_tools_and_says_what_it_cannot(
    tmp_path: Path,
) -> None:
    records = foreign()
    game = again(tmp_path, records, MemorySandbox(files={"/testbed/in": b"one\n"}))
    ended = await game.play()
    assert ended.status == "replayed"
    assert verdicts(game) == {"1.1": "not_replayable", "2.1": "identical", "3.1": "not_replayable"}
    whys = [one.because for one in game.all(StepReplayed)]
    assert whys[0].startswith("There is no tool 'browser'")
    assert whys[2] == "its answer went to another program"
    assert game.observation(1, 1).text == "a page"
    assert game.sandbox.ran == ["cat /testbed/in"]
    assert any(isinstance(one.event, TrajectoryImported) for one in records)
    check_calls(game.run._progress.conversation)


async def test_a_live_model_gets_another_programs_calls_as_ours(tmp_path: Path) -> None:
    taken, model = live(calls(submit("ok", "z")), note="The tools are these now.")
    point = Point(StepAddress(2, 1))
    sandbox = MemorySandbox(files={"/testbed/in": b"one\n"})
    game = again(tmp_path, foreign(), sandbox, point=point, live=taken)
    await game.play()
    said = [one for one in model.asked[0].messages if isinstance(one, AssistantMessage)]
    assert [made.name for one in said for made in one.calls] == ["browser", "execute_bash"]
    assert not any(one.calls_in_text for one in said)
    assert cast("object", model.asked[0].messages[-1]) == game.run._progress.conversation.messages[-3]
    assert [one.text for one in game.all(MessageSent)] == ["Format error.", "The tools are these now."]


async def test_what_a_person_said_in_between_is_said_again(tmp_path: Path) -> None:
    first = Game(tmp_path, calls(bash("echo a", "a")), calls(submit("y")), spec=make_spec(mode="confirm"))
    first.start()
    await first.next(GateOpened)
    first.decide(Steer("Mind the gap."))
    first.decide(Approve(), (1, 1))
    await first.next(GateOpened)
    first.decide(Approve(), (2, 1))
    await first.ended()
    game = again(tmp_path, first.keeper.records)
    await game.play()
    assert [(one.turn, one.text) for one in game.all(MessageSent)] == [(2, "Mind the gap.")]
    await first.run.close()
