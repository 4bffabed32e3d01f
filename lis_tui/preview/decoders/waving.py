"""The wave form of any sound: its lowest and highest values in equal spans, read block by block."""

from itertools import pairwise
from typing import Protocol

from lis_tui.preview.decoders.deadline import Deadline
from lis_tui.preview.parts import Wave

SPANS = 400
SAMPLED_SPANS = 240
SLOW_SPANS = 120
"""Where going to a place takes long."""
_ALMOST = 0.97
"""Of what the file says; encoders round up."""
_BLOCK = 1 << 16
Extent = tuple[float, float]
"""The lowest and the highest value."""


class Recording(Protocol):
    """An opened file with sound, whatever reads it. A frame is one value of each channel."""

    codec: str
    rate: int
    channels: int
    bits: str
    """How exact a value is, in words; empty where that is not a number of the format."""
    frames: int
    most_frames: int
    """So many are read whole in a fraction of a second."""

    sampled_spans: int
    """So many spans are drawn where only their beginnings are read."""

    def extent(self, first: int, count: int) -> Extent | None:
        """Read so many frames from there on; None: there are none."""
        ...


class Drawing:
    """The wave form of one recording, and how true it is."""

    def __init__(self, recording: Recording, deadline: Deadline) -> None:
        self._recording = recording
        self._deadline = deadline
        self.is_sampled = recording.frames > recording.most_frames
        """Only the beginning of each span was read."""
        self.ends_early = False
        """There is less sound than the file says."""
        self.is_late = False

    def wave(self) -> Wave:
        """Read the recording once, from its beginning to its end."""
        total = self._recording.frames
        most = self._recording.sampled_spans if self.is_sampled else SPANS
        spans = max(min(most, total), 1)
        bounds = [total * number // spans for number in range(spans + 1)]
        peaks = [self._span(first, last) for first, last in pairwise(bounds)]
        return Wave(tuple(peaks), total / self._recording.rate)

    def _span(self, first: int, last: int) -> Extent:
        if self.is_sampled:
            last = min(last, first + max(self._recording.most_frames // (SPANS * 8), 1024))
        low = high = 0.0
        while first < last and not (self.is_late or self.ends_early):
            count = min(_BLOCK, last - first)
            found = self._recording.extent(first, count)
            self.is_late = self._deadline.is_over
            if found is None:
                self.ends_early = not self.is_late and first < self._recording.frames * _ALMOST
                break
            low, high = min(low, found[0]), max(high, found[1])
            first += count
        return max(low, -1.0), min(high, 1.0)
