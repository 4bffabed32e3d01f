"""A terminal whose size changes all the time, also to sizes in which nothing can be shown."""

import random
import sys
from pathlib import Path

import pexpect

from lis_tui.core.events import encode
from lis_tui.trajectory.store import Store
from tests import story

SIZES = [(1, 1), (5, 20), (24, 80), (3, 200), (60, 5), (40, 120), (2, 2), (50, 200)]


def test_two_hundred_sizes_in_a_row_end_nothing(tmp_path: Path) -> None:
    folder = Store(tmp_path / "data").create("plot", "one")
    kept = [record for record in story.ended() if record.n]
    folder.journal_path.write_bytes(b"".join(encode(record) + b"\n" for record in kept))
    child = pexpect.spawn(
        sys.executable,
        ["-m", "lis_tui", "open", "one"],
        timeout=60,
        dimensions=(24, 80),
        env={"LIS_TUI_HOME": str(tmp_path), "TERM": "xterm-256color", "PATH": "/usr/bin:/bin"},
    )
    try:
        child.expect(b"Mandelbrot")
        dice = random.Random(7)
        for number in range(200):
            child.setwinsize(*dice.choice(SIZES))
            if number % 20 == 0:
                child.send("j")
        child.setwinsize(24, 80)
        child.send("?")
        child.expect(b"Keys|keys|help|Help")
        child.sendcontrol("q")
        child.expect(pexpect.EOF)
    finally:
        child.close()
    assert child.exitstatus == 0
