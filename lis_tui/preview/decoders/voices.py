"""The voices of a MIDI file: what one track plays on one channel."""

from collections import defaultdict
from contextlib import suppress

from msgspec import Struct, field

from lis_tui.preview.decoders.instruments import PROGRAMS
from lis_tui.preview.decoders.score import Event, Score

DRUMS = 9
"""The channel of drums, counted from 0."""
_MOST_NAME = 60

Sounding = tuple[int, int, int]
"""The ticks where a note begins and ends, and its pitch."""


class Voice(Struct):
    """The notes of one track on one channel."""

    channel: int
    name: str = ""
    program: int = 0
    """The first instrument it asks for."""
    notes: list[Sounding] = field(default_factory=list[Sounding])


def voices_of(score: Score) -> tuple[Voice, ...]:
    """Give the voices that have notes, in the order of their tracks and channels."""
    voices: list[Voice] = []
    for track in score.tracks:
        own = [voice for _, voice in sorted(_voices(track).items()) if voice.notes]
        name = _name(track)
        for voice in own:
            said = "drums" if voice.channel == DRUMS else PROGRAMS[voice.program]
            voice.name = (name if len(own) == 1 else f"{name}: {said}") if name else said
        voices += own
    return tuple(voices)


def _voices(track: tuple[Event, ...]) -> dict[int, Voice]:
    voices: dict[int, Voice] = {}
    begun: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for event in track:
        message = event.message
        if message.is_meta or not hasattr(message, "channel"):
            continue
        voice = voices.setdefault(message.channel, Voice(message.channel))
        if message.type == "program_change" and not voice.notes:
            voice.program = message.program
        elif message.type == "note_on" and message.velocity:
            begun[message.channel, message.note].append(event.tick)
        elif message.type in ("note_on", "note_off") and begun[message.channel, message.note]:
            voice.notes.append((begun[message.channel, message.note].pop(0), event.tick, message.note))
    _end(voices, begun, track[-1].tick if track else 0)
    return voices


def _end(voices: dict[int, Voice], begun: dict[tuple[int, int], list[int]], tick: int) -> None:
    """Let what still sounds end with its track."""
    for (channel, pitch), starts in begun.items():
        voices[channel].notes += [(start, tick, pitch) for start in starts]


def _name(track: tuple[Event, ...]) -> str:
    """Give what the track is called; most programs of today write UTF-8, which mido reads as Latin-1."""
    name = next((event.message.name for event in track if event.message.type == "track_name"), "")
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode()
    return str(name)[:_MOST_NAME]
