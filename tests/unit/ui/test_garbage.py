import gc
import subprocess
import sys

import pytest

from lis_tui.ui import garbage
from lis_tui.ui.garbage import LONGEST_S, RESTING_S, Garbage


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, garbage.FEW))
    return Clock()


def test_nothing_is_looked_for_while_somebody_presses_keys(clock: Clock) -> None:
    collector = Garbage(clock)
    clock.now += 10
    collector.key_pressed()
    assert not collector.look()
    clock.now += RESTING_S
    assert collector.look()


def test_it_is_looked_for_in_the_end_however_many_keys_are_pressed(clock: Clock) -> None:
    collector = Garbage(clock)
    clock.now += LONGEST_S
    collector.key_pressed()
    assert collector.look()
    assert not collector.look()


def test_it_is_not_looked_for_where_hardly_any_can_be(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 1))
    collector = Garbage(clock)
    clock.now += 10 * LONGEST_S
    assert not collector.look()


def test_full_collections_come_from_it_alone() -> None:
    program = (
        "import gc, sys\n"
        "from lis_tui.ui.garbage import Garbage\n"
        "Garbage().begin()\n"
        "full = lambda: gc.get_stats()[2]['collections']\n"
        "before = full()\n"
        "kept = []\n"
        "for _ in range(300_000): kept.append([]); loop = []; loop.append(loop)\n"
        "sys.exit(full() - before)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
