"""A person plays the model: the run holds for them, their commands run, and they end it with their answer."""

from pathlib import Path

from lis_tui.core.decisions import Approve, End, Inject
from lis_tui.core.events import GateOpened, ModelChanged, ReplyCutOff, StepAddress, StepFinished
from lis_tui.core.spec import Limits, ModelSpec
from lis_tui.engine.past import Past
from lis_tui.engine.replaying import Live, Replay
from lis_tui.model.human import HumanModel
from lis_tui.trajectory.forking import Point
from lis_tui.trajectory.replay import Recorded
from tests.fakes import bash, calls, submit
from tests.playing import Game, make_spec
from tests.unit.engine.test_replaying import START


async def test_a_person_takes_a_recorded_run_over_and_ends_it_with_their_answer(tmp_path: Path) -> None:
    first = Game(tmp_path, calls(bash("echo one", "a")), calls(submit("wrong", "b")))
    await first.play()
    records = tuple(first.keeper.records)
    human = Live(spec=ModelSpec(name="human/me"), model=HumanModel(), limits=Limits(), mode="auto")
    replay = Replay(recorded=Recorded(records, Point(StepAddress(1, 1))), live=human)
    past = Past(records=records[:1], opening=START)
    game = Game(tmp_path, past=past, replay=replay, spec=make_spec())
    game.start()
    held = await game.next(GateOpened)
    assert (held.gate, held.because, str(held.address)) == ("before_model", "paused", "3")
    assert game.all(ModelChanged)[0].model.name == "human/me"
    game.decide(Inject("echo two"), (3, 0))
    await game.next(GateOpened)
    game.decide(Approve(), (3, 0))  # asked, nobody answers: it holds again
    held = await game.next(GateOpened)
    assert str(held.address) == "4"
    assert len(game.all(ReplyCutOff)) == 2
    game.decide(End(answer="right"), (4, 0))
    ended = await game.ended()
    assert (ended.status, ended.answer) == ("ended_by_person", "right")
    assert game.sandbox.ran == ["echo one", "echo two"]
    assert [str(one.address) for one in game.all(StepFinished)] == ["1.1", "3.0+1"]
    await game.run.close()
