import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from lis_tui.core.decisions import (
    Approve,
    ChangeModel,
    Decision,
    Edit,
    End,
    FollowUp,
    Inject,
    Pause,
    Resume,
)
from lis_tui.core.errors import (
    AllKilled,
    EngineMissing,
    ImageMissing,
    ModelRefused,
    ModelUnreachable,
    SandboxFailed,
    ShellLost,
)
from lis_tui.core.events import (
    CheckpointTaken,
    GateOpened,
    MessageSent,
    ModelAsked,
    NoticeGiven,
    PauseAsked,
    PauseLifted,
    ReplyCutOff,
    RunEnded,
    SandboxStarted,
    SandboxStopped,
    StepAddress,
    StepFinished,
)
from lis_tui.core.manifest import Manifest
from lis_tui.core.messages import TextPiece
from lis_tui.core.ports import Load, OnProgress, Restored
from lis_tui.core.spec import Limits, ModelSpec
from lis_tui.core.view import RunView
from lis_tui.engine import recovery
from lis_tui.engine.recovery import Means
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, calls, submit
from tests.playing import Game, make_spec

DIES = ShellLost("The container is gone.")


class Kept(MemorySandbox):
    """A sandbox that can be kept as it is; what it was is told apart by address alone."""

    can_checkpoint = True

    def __init__(self, commands: dict[str, Played] | None = None) -> None:
        super().__init__(commands)
        self.kept: list[StepAddress] = []
        self.restored: list[StepAddress] = []
        self.no_start: list[Exception] = []
        """What the next starts fail with."""
        self.no_restore: list[Exception] = []

    async def start(self) -> SandboxStarted:
        if self.no_start:
            self.starts += 1
            raise self.no_start.pop(0)
        return await super().start()

    async def checkpoint(self, address: StepAddress) -> CheckpointTaken:
        self._check()
        self.kept.append(address)
        return CheckpointTaken(address=address, entries=1, bytes_new=0, took_s=0.0)

    async def restore(self, manifest: Manifest, on_progress: OnProgress | None = None) -> Restored:
        if self.no_restore:
            raise self.no_restore.pop(0)
        self.restored.append(manifest.address)
        return Restored(written=1, deleted=0, took_s=0.0, lost=("sleep 9",))

    def manifest(self) -> Manifest | None:
        newest = max(self.kept, default=None)
        return None if newest is None else Manifest(address=newest, at=0.0, workdir="/testbed", nodes={})


def lossy(**more: Played) -> Kept:
    return Kept({"boom": Played([b"so far\n"], raises=DIES), **more})


def game_of(
    folder: Path, sandbox: Kept, *turns: Turn, is_headless: bool = False, gaps: tuple[float, ...] = ()
) -> Game:
    spec = make_spec(is_headless=is_headless)
    means = Means(newest=sandbox.manifest, gaps_s=gaps)
    return Game(folder, *turns, spec=spec, sandbox=sandbox, means=means)


def holds(event: GateOpened) -> bool:
    return event.because == "paused"


async def test_a_sandbox_that_is_lost_under_a_step_holds_the_run_and_resume_brings_it_back(
    tmp_path: Path,
) -> None:
    sandbox = lossy()
    reply = calls(bash("boom", "2"), bash("true", "3"), submit("early", "4"))
    game = game_of(tmp_path, sandbox, calls(bash("true", "1")), reply, calls(submit("x")))
    game.start()
    await game.next(GateOpened, holds)
    (held,) = game.all(PauseAsked)
    assert held.by == "rule"
    assert held.reason.split("\n") == [
        "The sandbox is lost: The container is gone.",
        "Resume takes it as it is where it answers again, else brings it back as it was after 1.1; "
        "what 2.1 did in it and all that ran is gone.",
        "End ends the run.",
    ]
    view = RunView().apply_all(game.keeper.records)
    assert (view.is_held, view.held_because) == (True, held.reason)
    assert (game.observation(2, 1).status, game.observation(2, 2).status) == ("failed", "skipped")
    assert "The container is gone." in game.observation(2, 1).text
    assert sandbox.ran == ["true", "boom"]
    game.decide(Resume())
    ended = await game.ended()
    assert (ended.status, ended.answer) == ("submitted", "x")
    assert sandbox.restored == [StepAddress(1, 1)]
    assert [stopped.reason for stopped in game.all(SandboxStopped)] == ["It was lost."]
    (told,) = game.all(MessageSent)
    assert (told.turn, told.origin) == (3, "nudge")
    assert "lost and rebuilt, as it was after 1.1; what 2.1 did" in told.text
    assert any("does not any more: sleep 9" in notice.text for notice in game.all(NoticeGiven))
    game.check_history()
    await game.run.close()


async def test_where_it_cannot_be_brought_back_the_run_holds_again_with_that_reason(tmp_path: Path) -> None:
    sandbox = lossy()
    sandbox.no_start = []
    game = game_of(tmp_path, sandbox, calls(bash("true")), calls(bash("boom")), calls(submit("x")))
    game.start()
    await game.next(GateOpened, holds)
    sandbox.no_start = [EngineMissing("No engine answers."), EngineMissing("Still no engine.")]
    for reason in ("No engine answers.", "Still no engine."):
        game.decide(Resume())
        await game.next(GateOpened, holds)
        assert game.all(PauseAsked)[-1].reason.startswith(f"The sandbox is lost: {reason}\nResume takes")
    assert sandbox.starts == 3
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert len(game.all(PauseAsked)) == len(game.all(PauseLifted)) == 3
    await game.run.close()


async def test_what_was_brought_back_half_way_is_not_taken_for_whole(tmp_path: Path) -> None:
    sandbox = lossy()
    game = game_of(tmp_path, sandbox, calls(bash("true")), calls(bash("boom")), calls(submit("x")))
    game.start()
    await game.next(GateOpened, holds)
    sandbox.no_restore = [ShellLost("It broke.")]
    game.decide(Resume())
    await game.next(GateOpened, holds)
    assert sandbox.is_up
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert (sandbox.starts, sandbox.restored) == (3, [StepAddress(1, 1)])
    await game.run.close()


async def test_a_sandbox_that_answers_again_is_taken_as_it_is(tmp_path: Path) -> None:
    sandbox = lossy()
    game = game_of(tmp_path, sandbox, calls(bash("true")), calls(bash("boom")), calls(submit("x")))
    game.start()
    await game.next(GateOpened, holds)
    sandbox.is_up = True
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert (sandbox.starts, sandbox.restored) == (1, [])
    assert "did not answer for a while and is back" in game.all(MessageSent)[0].text
    await game.run.close()


async def test_a_held_run_without_its_sandbox_can_be_ended_and_followed_up(tmp_path: Path) -> None:
    sandbox = lossy()
    game = game_of(tmp_path, sandbox, calls(bash("true")), calls(bash("boom")), calls(submit("x")))
    game.start()
    await game.next(GateOpened, holds)
    game.decide(End())
    assert (await game.ended()).status == "ended_by_person"
    assert sandbox.starts == 1
    game.decide(FollowUp("Go on after all."))
    assert (await game.run.go_on()).status == "submitted"
    assert sandbox.restored == [StepAddress(1, 1)]
    assert [sent.origin for sent in game.all(MessageSent)] == ["nudge", "follow_up"]
    game.check_history()
    await game.run.close()


async def test_without_a_checkpoint_a_new_sandbox_takes_its_place(tmp_path: Path) -> None:
    sandbox = MemorySandbox({"boom": Played(raises=DIES)})
    game = Game(tmp_path, calls(bash("boom")), calls(submit("x")), sandbox=sandbox)
    game.start()
    await game.next(GateOpened, holds)
    assert "there is no checkpoint" in game.all(PauseAsked)[0].reason
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert "a new one takes its place" in game.all(MessageSent)[0].text
    await game.run.close()


async def test_inputs_that_went_with_it_are_put_in_again(tmp_path: Path) -> None:
    source = tmp_path / "data.csv"
    source.write_bytes(b"a\n")
    sandbox = MemorySandbox({"boom": Played(raises=DIES)})
    spec = make_spec(inputs=(str(source),))
    game = Game(tmp_path, calls(bash("boom")), calls(submit("x")), sandbox=sandbox, spec=spec)
    game.start()
    await game.next(GateOpened, holds)
    sandbox.files.clear()
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert sandbox.files["/testbed/documents/data.csv"] == b"a\n"
    await game.run.close()


async def test_a_sandbox_that_does_not_start_holds_a_run_that_is_watched(tmp_path: Path) -> None:
    sandbox = Kept()
    sandbox.no_start = [ImageMissing("No such image: build it.")]
    game = game_of(tmp_path, sandbox, calls(bash("true")), calls(submit("x")))
    game.start()
    await game.next(GateOpened, holds)
    expected = "The sandbox did not start: No such image: build it.\nResume tries again. End ends the run."
    assert game.all(PauseAsked)[0].reason == expected
    assert sandbox.ran == []
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert game.all(MessageSent) == []
    assert sandbox.kept[0] == StepAddress(1)
    game.check_history()
    await game.run.close()


async def test_inputs_wait_for_a_sandbox_that_starts_late(tmp_path: Path) -> None:
    source = tmp_path / "data.csv"
    source.write_bytes(b"a\n")
    sandbox = Kept()
    sandbox.no_start = [EngineMissing("No engine answers.")]
    game = Game(tmp_path, calls(submit("x")), sandbox=sandbox, spec=make_spec(inputs=(str(source),)))
    game.start()
    await game.next(GateOpened, holds)
    assert game.model.asked == []
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert sandbox.files["/testbed/documents/data.csv"] == b"a\n"
    await game.run.close()


@pytest.mark.parametrize("decision", [Approve(), Edit('{"command":"echo b"}')])
async def test_a_loss_while_a_step_waits_is_said_at_once_and_the_step_runs_in_the_new_sandbox(
    tmp_path: Path, decision: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lis_tui.engine.load.GAP_S", 0.0)
    sandbox = Measured()
    spec = make_spec(mode="confirm")
    means = Means(newest=sandbox.manifest, gaps_s=())
    game = Game(tmp_path, calls(bash("echo a")), calls(submit("x")), spec=spec, sandbox=sandbox, means=means)
    game.start()
    await game.next(GateOpened)
    lost = asyncio.ensure_future(game.next(PauseAsked))
    sandbox.is_up = False
    sandbox.measured_once.set()
    assert (await lost).reason.startswith("The sandbox is lost: The sandbox is gone.")
    sandbox.no_start = [EngineMissing("No engine answers.")]
    again = asyncio.ensure_future(game.next(GateOpened))
    game.decide(decision, (1, 1))
    assert (await again).address == StepAddress(1, 1)
    assert sandbox.ran == []
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened, lambda event: event.gate == "before_submit")
    assert sandbox.ran == ["echo b" if isinstance(decision, Edit) else "echo a"]
    game.decide(Approve(), (2, 1))
    assert (await game.ended()).status == "submitted"
    game.check_history()
    await game.run.close()


async def test_an_approved_step_that_cannot_run_needs_no_second_approval(tmp_path: Path) -> None:
    sandbox = Measured()
    game = await asking(tmp_path, sandbox)
    sandbox.no_start = [EngineMissing("No engine answers.")]
    again = asyncio.ensure_future(game.next(GateOpened))
    game.decide(Edit('{"command":"echo b"}'), (1, 1))
    assert (await again).because == "paused"
    game.decide(Resume())
    await game.next(GateOpened, lambda event: event.gate == "before_submit")
    assert sandbox.ran == ["echo b"]
    game.decide(Approve(), (2, 1))
    await game.ended()
    assert len([one for one in game.all(GateOpened) if one.address == StepAddress(1, 1)]) == 2
    await game.run.close()


async def test_to_resume_brings_the_sandbox_back_and_still_asks_about_a_step_nobody_approved(
    tmp_path: Path,
) -> None:
    sandbox = Measured()
    game = await asking(tmp_path, sandbox)
    again = asyncio.ensure_future(game.next(GateOpened))
    game.decide(Resume())
    assert (await again).because == "confirm mode"
    assert (sandbox.restored, sandbox.ran) == ([StepAddress(1)], [])
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened, lambda event: event.gate == "before_submit")
    assert sandbox.ran == ["echo a"]
    assert len([one for one in game.all(GateOpened) if one.address == StepAddress(1, 1)]) == 2
    await game.run.close()


async def test_one_approval_alone_has_a_step_run_in_the_new_sandbox(tmp_path: Path) -> None:
    sandbox = Measured()
    game = await asking(tmp_path, sandbox)
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened, lambda event: event.gate == "before_submit")
    assert sandbox.ran == ["echo a"]
    assert not RunView().apply_all(game.keeper.records).is_held
    await game.run.close()


async def test_all_that_ran_in_it_killed_holds_the_run_and_nothing_is_rebuilt(tmp_path: Path) -> None:
    sandbox = Measured()
    means = Means(newest=sandbox.manifest, gaps_s=())
    spec = make_spec(mode="confirm")
    game = Game(tmp_path, calls(bash("echo a")), calls(submit("x")), spec=spec, sandbox=sandbox, means=means)
    game.start()
    await game.next(GateOpened)
    lost = asyncio.ensure_future(game.next(PauseAsked))
    sandbox.fails_with = AllKilled("All that ran in it was killed, though no command ran.")
    sandbox.measured_once.set()
    assert "All that ran in it was killed, though no command ran.\n" in (await lost).reason
    again = asyncio.ensure_future(game.next(GateOpened))
    game.decide(Resume())
    await again
    game.decide(Approve(), (1, 1))
    told = await game.next(MessageSent)
    assert told.text.startswith("All that ran in your sandbox was killed")
    assert (sandbox.restored, sandbox.ran) == ([], ["echo a"])
    await game.run.close()


async def asking(folder: Path, sandbox: "Measured") -> Game:
    """A run in confirm mode whose sandbox was lost while its first step waits."""
    means = Means(newest=sandbox.manifest, gaps_s=())
    spec = make_spec(mode="confirm")
    game = Game(folder, calls(bash("echo a")), calls(submit("x")), spec=spec, sandbox=sandbox, means=means)
    game.start()
    await game.next(GateOpened)
    lost = asyncio.ensure_future(game.next(PauseAsked))
    sandbox.is_up = False
    sandbox.measured_once.set()
    await lost
    return game


class Measured(Kept):
    """A sandbox whose load is measured when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.measured_once = asyncio.Event()
        self.fails_with: SandboxFailed | None = None

    async def load(self) -> Load:
        await self.measured_once.wait()
        self.measured_once.clear()
        fails_with, self.fails_with = self.fails_with, None
        if fails_with is not None:
            raise fails_with
        self._check()
        return Load(memory_bytes=1, pids=1)


async def test_a_measurement_that_fails_is_no_loss_where_the_sandbox_answers(tmp_path: Path) -> None:
    sandbox = Measured()
    block = Block()
    game = game_of(tmp_path, sandbox, [block], calls(submit("x")))
    game.start()
    await block.reached.wait()
    await game.pass_by()
    assert await game.run._recovery._is_there(ShellLost("No answer."))
    assert game.all(PauseAsked) == []
    game.decide(End())
    await game.ended()
    await game.run.close()


async def test_a_command_of_a_person_under_which_it_is_lost_is_closed_and_the_run_holds(
    tmp_path: Path,
) -> None:
    sandbox = lossy()
    means = Means(newest=sandbox.manifest)
    spec = make_spec(mode="confirm")
    game = Game(tmp_path, calls(bash("echo a")), calls(submit("x")), spec=spec, sandbox=sandbox, means=means)
    game.start()
    await game.next(GateOpened)
    again = asyncio.ensure_future(game.next(GateOpened))
    game.decide(Inject("boom"), (1, 1))
    await again
    assert game.observation(1, 0, 1).status == "failed"
    assert game.all(PauseAsked)[0].by == "rule"
    later = asyncio.ensure_future(game.next(GateOpened))
    game.decide(Inject("echo there"), (1, 1))
    await later
    assert game.observation(1, 0, 2).text.startswith("there")
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened, lambda event: event.gate == "before_submit")
    game.decide(Approve(), (2, 1))
    assert (await game.ended()).status == "submitted"
    game.check_history()
    await game.run.close()


# ---- nobody watches


async def test_nobody_watches_and_it_is_brought_back_by_itself(tmp_path: Path) -> None:
    sandbox = lossy()
    turns = (calls(bash("true", "1")), calls(bash("boom", "2"), bash("true", "3")), calls(submit("x")))
    game = game_of(tmp_path, sandbox, *turns, is_headless=True)
    assert (await game.play()).status == "submitted"
    assert game.all(PauseAsked) == []
    assert sandbox.restored == [StepAddress(1, 1)]
    assert game.observation(2, 2).status == "skipped"
    game.check_history()


async def test_an_engine_that_starts_again_is_waited_for(tmp_path: Path) -> None:
    sandbox = lossy(gone=Played(raises=DIES))
    game = game_of(
        tmp_path, sandbox, calls(bash("gone")), calls(submit("x")), is_headless=True, gaps=(0.0, 0.0)
    )
    sandbox.commands["gone"].writes = {}
    wait_for(
        game, StepFinished, lambda: sandbox.no_start.extend([EngineMissing("No."), EngineMissing("No.")])
    )
    assert (await game.play()).status == "submitted"
    assert sandbox.starts == 4


async def test_an_engine_that_does_not_come_back_ends_the_run(tmp_path: Path) -> None:
    sandbox = lossy()
    game = game_of(tmp_path, sandbox, calls(bash("boom")), is_headless=True, gaps=(0.0, 0.0))
    wait_for(game, StepFinished, lambda: sandbox.no_start.extend([EngineMissing("No engine answers.")] * 3))
    ended = await game.play()
    assert (ended.status, ended.reason, ended.exit_code) == ("sandbox_failed", "No engine answers.", 6)
    game.check_history()


async def test_it_is_not_brought_back_twice_without_a_step_that_worked(tmp_path: Path) -> None:
    sandbox = lossy()
    game = game_of(tmp_path, sandbox, calls(bash("boom")), calls(bash("boom")), is_headless=True)
    ended = await game.play()
    assert (ended.status, ended.reason) == ("sandbox_failed", "The container is gone.")
    assert sandbox.starts == 2


async def test_it_is_not_brought_back_more_often_than_three_times(tmp_path: Path) -> None:
    sandbox = lossy()
    turns = [calls(bash(what)) for _ in range(recovery.MOST_TIMES + 1) for what in ("true", "boom")]
    game = game_of(tmp_path, sandbox, *turns, is_headless=True)
    assert (await game.play()).status == "sandbox_failed"
    assert sandbox.starts == 1 + recovery.MOST_TIMES
    game.check_history()


def wait_for(game: Game, kind: type[StepFinished], do: Callable[[], None]) -> None:
    def hear(event: object) -> None:
        if isinstance(event, kind):
            do()

    game.bus.call(hear)


# ---- the model


@pytest.mark.parametrize(
    "error", [ModelUnreachable("No connection."), ModelRefused("The key is wrong.", status=401)]
)
async def test_a_model_that_cannot_be_asked_holds_the_run_and_resume_asks_again(
    tmp_path: Path, error: Exception
) -> None:
    game = Game(tmp_path, [TextPiece("half"), error], error, calls(submit("x")))
    game.start()
    for _ in range(2):
        await game.next(GateOpened, holds)
        assert game.all(PauseAsked)[-1].reason.startswith(f"The model gave no reply: {error}\nResume asks")
        game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert [cut.text for cut in game.all(ReplyCutOff)] == ["half", ""]
    assert not game.run.is_held
    game.check_history()
    await game.run.close()


async def test_another_model_is_asked_where_a_person_chose_one_meanwhile(tmp_path: Path) -> None:
    game = Game(tmp_path, ModelUnreachable("No connection."), calls(submit("x")))
    game.start()
    await game.next(GateOpened, holds)
    game.decide(ChangeModel(ModelSpec(name="other", max_tokens=1000)))
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert [asked.model for asked in game.all(ModelAsked)] == ["scripted", "other"]
    await game.run.close()


async def test_a_hold_for_the_model_ends_with_its_reply_where_one_only_approved(tmp_path: Path) -> None:
    game = Game(tmp_path, ModelUnreachable("No connection."), calls(bash("true")), calls(submit("x")))
    game.start()
    gate = await game.next(GateOpened, holds)
    game.decide(Approve(), (gate.address.turn, 0))
    assert (await game.ended()).status == "submitted"
    assert len(game.all(PauseLifted)) == 1
    await game.run.close()


async def test_what_a_person_paused_stays_so_when_the_model_answers(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, [block, ModelUnreachable("No connection.")], calls(bash("true")))
    game.start()
    await block.reached.wait()
    game.decide(Pause())
    block.released.set()
    await game.next(GateOpened, holds)
    assert [asked.by for asked in game.all(PauseAsked)] == ["person", "rule"]
    game.decide(End())
    await game.ended()
    await game.run.close()


async def test_a_limit_is_no_matter_for_a_pause(tmp_path: Path) -> None:
    spec = make_spec(limits=Limits(max_turns=1))
    game = Game(tmp_path, calls(bash("true")), spec=spec)
    assert (await game.play()).status == "turn_limit"
    assert game.all(PauseAsked) == []
    assert [one.status for one in game.all(RunEnded)] == ["turn_limit"]
