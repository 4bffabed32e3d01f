import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core.events import RunEnded, StorageTrouble
from tests.command import LisTui

pytestmark = pytest.mark.docker
FILL = "cat /dev/zero > fill; true"
TALK = "seq 1 2000"


@pytest.fixture
def small_disk(lis: LisTui) -> Iterator[Path]:
    """Have the runs kept on a disk of half a megabyte."""
    data = lis.home / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(data)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk, and not everywhere")
    try:
        yield data
        lis.close()
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)


def test_a_run_that_fills_the_disk_holds_and_goes_on_whole_once_there_is_room(
    lis: LisTui, small_disk: Path
) -> None:
    model = lis.scenario(FILL, TALK, TALK, TALK, "echo 42 > answer.txt")
    process = lis.start("run", "Fill it.", "--model", model, "--json", "--name", "one")
    shown = process.until(StorageTrouble)
    trouble = shown[-1].event
    assert isinstance(trouble, StorageTrouble)
    assert "There is no room left for the journal" in trouble.text
    (lis.worktree("one") / "fill").unlink()
    shown += process.rest()
    assert process.process.returncode == 0
    kept = lis.journal("one")
    assert [record.n for record in kept] == list(range(1, len(kept) + 1))
    assert [record for record in shown if record.n] == kept
    assert [record.event.answer for record in kept if isinstance(record.event, RunEnded)] == ["42"]
