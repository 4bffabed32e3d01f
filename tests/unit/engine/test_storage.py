"""A journal that finds no room: the run holds, says so, tries again, and loses and corrupts nothing."""

from pathlib import Path

import pytest

from lis_tui.core.decisions import End, Resume
from lis_tui.core.errors import DiskFull, StorageFailed
from lis_tui.core.events import (
    GateOpened,
    ModelAsked,
    PauseAsked,
    RunEnded,
    StepFinished,
    StepStarted,
    StorageTrouble,
)
from tests.fakes import MemorySandbox, Played, bash, calls, submit
from tests.playing import Game, make_spec

NEVER = 1e9


async def full_in_mid_command(tmp_path: Path, *, retry_s: float, is_headless: bool = False) -> Game:
    """Give a run whose disk got full while a command ran, which has come to its end."""
    played = Played(blocks=True)
    game = Game(
        tmp_path,
        calls(bash("true")),
        calls(bash("echo on"), submit("x")),
        sandbox=MemorySandbox({"true": played}),
        spec=make_spec(is_headless=is_headless),
        storage_retry_s=retry_s,
    )
    game.start()
    await played.reached.wait()
    game.keeper.fail(DiskFull("The disk is full."))
    played.release()
    await game.next(StorageTrouble)
    return game


async def test_a_full_disk_holds_the_run_until_there_is_room_and_nothing_is_lost(tmp_path: Path) -> None:
    game = await full_in_mid_command(tmp_path, retry_s=0.0)
    asked = len(game.model.asked)
    assert game.all(StepFinished) == []
    for _ in range(50):
        await game.pass_by()
    assert len(game.model.asked) == asked
    game.keeper.fail(DiskFull(""), times=0)
    ended = await game.ended()
    assert (ended.status, ended.answer) == ("submitted", "x")
    assert [step.observation.status for step in game.all(StepFinished)] == ["done", "done", "done"]
    assert [record.n for record in game.keeper.records] == list(range(1, len(game.keeper.records) + 1))
    assert [t.is_over for t in game.fragments(StorageTrouble)] == [False, True]
    game.check_history()


class Unsafe(Game):
    """A run whose journal is written and finds no room when the disk is asked to keep it."""

    async def _sync(self) -> None:
        if not self.syncs:
            self.syncs.append(0)
            raise DiskFull("The disk is full.")


async def test_what_the_disk_does_not_keep_holds_a_run_that_is_watched(tmp_path: Path) -> None:
    game = Unsafe(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.start()
    await game.next(GateOpened)
    assert game.all(PauseAsked)[0].reason.startswith("The disk is full.\nResume goes on.")
    assert game.observation(1, 1).status == "done"
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    await game.run.close()


async def test_a_person_who_resumes_has_it_tried_at_once(tmp_path: Path) -> None:
    game = await full_in_mid_command(tmp_path, retry_s=NEVER)
    game.keeper.fail(DiskFull(""), times=0)
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"


@pytest.mark.parametrize("kind", [ModelAsked, StepStarted, RunEnded])
async def test_whatever_finds_no_room_first_waits_for_it(
    tmp_path: Path, kind: type[ModelAsked | StepStarted | RunEnded]
) -> None:
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")))
    game.keeper.fail_at(kind, DiskFull("The disk is full."), times=3)
    ended = await game.play()
    assert (ended.status, ended.answer) == ("submitted", "x")
    assert game.sandbox.ran == ["true"]
    assert len(game.all(kind)) == {ModelAsked: 2, StepStarted: 2, RunEnded: 1}[kind]
    game.check_history()


async def test_no_command_starts_before_its_start_is_written(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")), storage_retry_s=NEVER)
    game.keeper.fail_at(StepStarted, DiskFull("The disk is full."), times=1)
    game.start()
    await game.next(StorageTrouble)
    await game.pass_by()
    assert game.sandbox.ran == []
    game.decide(End("Enough."))
    assert (await game.ended()).status == "ended_by_person"
    await game.run.close()
    assert game.sandbox.ran == []
    assert game.observation(1, 1).status == "skipped"
    game.check_history()


async def test_a_person_can_end_a_run_that_holds_and_its_end_is_written_when_there_is_room(
    tmp_path: Path,
) -> None:
    game = await full_in_mid_command(tmp_path, retry_s=NEVER)
    game.decide(End("Enough."))
    assert (await game.ended()).status == "ended_by_person"
    assert game.all(RunEnded) == []
    game.keeper.fail(DiskFull(""), times=0)
    await game.run.close()
    assert [ended.status for ended in game.all(RunEnded)] == ["ended_by_person"]
    game.check_history()


async def test_where_nobody_watches_a_disk_that_stays_full_ends_the_run_and_nothing_more_is_written(
    tmp_path: Path,
) -> None:
    game = await full_in_mid_command(tmp_path, retry_s=0.0, is_headless=True)
    written = len(game.keeper.records)
    with pytest.raises(DiskFull, match=r"The disk is full\."):
        await game.ended()
    assert game.run.ended is not None
    assert (game.run.ended.status, game.run.ended.exit_code) == ("storage_failed", 7)
    await game.run.close()
    assert len(game.keeper.records) == written


async def test_where_nobody_watches_room_that_comes_in_time_is_enough(tmp_path: Path) -> None:
    game = await full_in_mid_command(tmp_path, retry_s=0.0, is_headless=True)
    game.keeper.fail(DiskFull("The disk is full."), times=5)
    assert (await game.ended()).status == "submitted"
    game.check_history()


async def test_a_journal_that_fails_otherwise_ends_the_run_with_its_own_status(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")))
    game.keeper.fail_at(StepFinished, StorageFailed("The disk is broken."), times=1)
    ended = await game.play()
    assert (ended.status, ended.exit_code, ended.reason) == ("storage_failed", 7, "The disk is broken.")
    assert game.all(StepFinished)[0].observation.status == "interrupted"
    game.check_history()
