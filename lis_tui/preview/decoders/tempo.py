"""When a tick of a MIDI file is, in seconds, through all changes of tempo."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain

from lis_tui.preview.decoders.score import Score

_USUAL = 500_000
"""Microseconds a beat, where a file does not say."""
_DROPPED = 29
"""How SMPTE writes 29.97 pictures a second."""


class Tempo:
    """The tempo of one score."""

    def __init__(self, score: Score) -> None:
        self._division = score.division
        events = chain.from_iterable(score.tracks)
        self._changes = sorted(
            (event.tick, int(event.message.tempo)) for event in events if event.message.type == "set_tempo"
        )
        self._ticks = [0]
        self._seconds = [0.0]
        self._a_tick = [self._seconds_a_tick(_USUAL)]
        if self._division > 0:
            self._follow()

    def seconds(self, tick: int) -> float:
        """When a tick is."""
        place = bisect_right(self._ticks, tick) - 1
        return self._seconds[place] + (tick - self._ticks[place]) * self._a_tick[place]

    def words(self) -> Iterator[str]:
        """Give the tempo as a fact, where there is one."""
        if self._division < 0:
            return
        beats = [round(60_000_000 / tempo) for _, tempo in self._changes if tempo] or [60_000_000 // _USUAL]
        low, high = min(beats), max(beats)
        if low == high:
            yield f"{low} beats a minute"
        else:
            yield f"{low}–{high} beats a minute"

    def _follow(self) -> None:
        for tick, tempo in self._changes:
            self._seconds.append(self.seconds(tick))
            self._ticks.append(tick)
            self._a_tick.append(self._seconds_a_tick(tempo))

    def _seconds_a_tick(self, tempo: int) -> float:
        if self._division > 0:
            return tempo / 1_000_000 / self._division
        pictures = -(self._division >> 8)
        rate = 30_000 / 1001 if pictures == _DROPPED else pictures
        return 1 / (rate * max(self._division & 0xFF, 1))
