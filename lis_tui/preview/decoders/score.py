"""A MIDI file's tracks as mido reads them, as far as they are whole."""

import io
import struct
from collections.abc import Iterator

import mido
from msgspec import Struct

from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow

_MOST_BYTES = 256 * 1024
"""Of all tracks: it takes about a second to read them."""
_MOST_TRACKS = 256
_MOST_TICKS = 1 << 28
"""What the format can say at most between two events."""
_HEADER = struct.Struct(">4sL")


class Event(Struct, frozen=True):
    """A message of a track and when it comes, in ticks from the beginning."""

    tick: int
    message: mido.Message | mido.MetaMessage


class Score(Struct):
    """What was read of a file."""

    division: int
    """Ticks of a beat; negative: of a second, as SMPTE counts."""
    is_of_songs: bool = False
    """Its tracks are songs of their own, to be played one after the other."""
    tracks: list[tuple[Event, ...]] = []
    is_damaged: bool = False
    is_cut: bool = False
    """There is more than was read."""


def read_score(file: File) -> Score:
    """Read the tracks. Raises CannotShow."""
    data = file.read_at(0, _MOST_BYTES)
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[20:]
    name, size = _HEADER.unpack_from(data.ljust(_HEADER.size, b"\0"))
    if name != b"MThd" or size < 6 or len(data) < _HEADER.size + 6:
        raise CannotShow("It is damaged: it has no header of a MIDI file.")
    form, declared, division = struct.unpack_from(">HHh", data, _HEADER.size)
    score = Score(division or 480, form == 2, is_damaged=division == 0, is_cut=file.size_bytes > _MOST_BYTES)
    for chunk, is_whole in _chunks(data[_HEADER.size + size :]):
        if len(score.tracks) >= _MOST_TRACKS:
            score.is_cut = True
            break
        messages, is_read = _messages(chunk)
        score.tracks.append(tuple(_timed(messages)))
        score.is_damaged |= not (is_read and is_whole)
    score.is_damaged |= len(score.tracks) < declared
    return score


def _chunks(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Give what is in each track, and whether all of it is there."""
    place = 0
    while len(data) - place >= _HEADER.size:
        name, size = _HEADER.unpack_from(data, place)
        place += _HEADER.size
        if name == b"MTrk":
            yield data[place : place + size], place + size <= len(data)
        place += size


def _messages(chunk: bytes) -> tuple[list[mido.Message], bool]:
    """Read a track, up to the first event that is none; say whether that was all."""
    stream = _Track(chunk)
    try:
        return _parsed(stream), True
    except _DAMAGE:
        pass
    try:
        return _parsed(_Track(chunk[: stream.whole])), False
    except _DAMAGE:
        return [], False


_DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, struct.error, mido.KeySignatureError)


class _Track(io.BytesIO):
    """A file of one track. mido asks for the place before each event, so the last whole one is known."""

    def __init__(self, chunk: bytes) -> None:
        self._before = 14 + _HEADER.size
        super().__init__(
            _HEADER.pack(b"MThd", 6)
            + struct.pack(">hhh", 0, 1, 480)
            + _HEADER.pack(b"MTrk", len(chunk))
            + chunk
        )
        self.whole = 0
        """So many bytes of the track are whole events."""

    def tell(self) -> int:
        place = super().tell()
        self.whole = place - self._before
        return place


def _parsed(stream: _Track) -> list[mido.Message]:
    return list(mido.MidiFile(file=stream, clip=True).tracks[0])


def _timed(messages: list[mido.Message]) -> Iterator[Event]:
    tick = 0
    for message in messages:
        tick += min(message.time, _MOST_TICKS)
        yield Event(tick, message)
