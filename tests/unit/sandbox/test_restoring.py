"""Bringing a checkpoint back: what is told meanwhile."""

import itertools

from lis_tui.sandbox.restoring import reported
from tests.fakes import FakeClock


def test_progress_is_told_at_both_ends_and_ten_times_a_second_between() -> None:
    clock = FakeClock(0.0)
    told: list[tuple[float, int, int]] = []
    pieces = reported([bytes(10)] * 100, 1000, lambda done, total: told.append((clock(), done, total)), clock)
    for _ in pieces:
        clock.forward(1 / 64)
    assert told[0] == (0.0, 0, 1000)
    assert told[-1][1:] == (1000, 1000)
    times = [at for at, _, _ in told[:-1]]
    assert all(after - before >= 0.1 for before, after in itertools.pairwise(times))
    assert 12 <= len(told) <= 16
    assert [done for _, done, _ in told] == sorted({done for _, done, _ in told})


def test_one_piece_is_told_as_begun_and_done() -> None:
    told: list[tuple[int, int]] = []
    assert list(reported([b"abc"], 3, lambda *both: told.append(both), FakeClock())) == [b"abc"]
    assert told == [(0, 3), (3, 3)]
