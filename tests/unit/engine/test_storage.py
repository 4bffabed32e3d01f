"""A journal that cannot be written: the run stops, says so where it still can, and corrupts nothing."""

from pathlib import Path

import pytest

from lis_tui.core.errors import DiskFull
from lis_tui.core.events import RunEnded, StepFinished
from tests.fakes import MemorySandbox, Played, bash, calls, submit
from tests.playing import Game


async def test_a_full_disk_ends_the_run_with_its_own_status_where_that_can_be_written(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = Game(tmp_path, calls(bash("true")), sandbox=MemorySandbox({"true": played}))
    game.start()
    await played.reached.wait()
    game.keeper.fail(DiskFull("The disk is full."), times=1)
    played.release()
    ended = await game.ended()
    assert (ended.status, ended.exit_code, ended.reason) == ("storage_failed", 7, "The disk is full.")
    assert game.all(StepFinished)[0].observation.status == "interrupted"
    game.check_history()


async def test_a_disk_that_stays_full_raises_and_writes_nothing_more(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")), sandbox=MemorySandbox({"true": played}))
    game.start()
    await played.reached.wait()
    written = len(game.keeper.records)
    game.keeper.fail(DiskFull("The disk is full."))
    played.release()
    with pytest.raises(DiskFull):
        await game.ended()
    assert len(game.keeper.records) == written
    assert game.all(RunEnded) == []
    assert game.run.ended is not None
    assert game.run.ended.status == "storage_failed"
