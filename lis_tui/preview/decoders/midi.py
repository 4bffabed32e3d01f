"""Music as notes: a piano roll with its voices, tempo, key and instruments; nothing is played."""

from collections.abc import Iterator
from itertools import chain
from operator import attrgetter

from lis_tui.preview.decoders.instruments import PROGRAMS
from lis_tui.preview.decoders.lengths import length_words
from lis_tui.preview.decoders.score import Score, read_score
from lis_tui.preview.decoders.tempo import Tempo
from lis_tui.preview.decoders.voices import DRUMS, Voice, voices_of
from lis_tui.preview.file import File
from lis_tui.preview.parts import Note, Preview, Roll, Wanted

_MOST_NOTES = 20_000
_MOST_NAMED = 4


def decode(file: File, wanted: Wanted) -> Preview:  # noqa: ARG001  (all of it is shown, at any size)
    """Show a MIDI file. Raises CannotShow."""
    score = read_score(file)
    tempo = Tempo(score)
    voices = voices_of(score)
    notes = [
        Note(tempo.seconds(first), tempo.seconds(last), pitch, number)
        for number, voice in enumerate(voices)
        for first, last, pitch in voice.notes
    ]
    notes.sort(key=attrgetter("start_s", "pitch"))
    duration_s = max((note.end_s for note in notes), default=0.0)
    names = tuple(voice.name for voice in voices)
    return Preview(
        kind="midi",
        called="a MIDI file",
        facts=tuple(_facts(score, tempo, voices, duration_s)),
        parts=(Roll(tuple(notes[:_MOST_NOTES]), duration_s, names),),
        note=" ".join(_notes(score, len(notes))),
        duration_s=duration_s,
    )


def _facts(score: Score, tempo: Tempo, voices: tuple[Voice, ...], duration_s: float) -> Iterator[str]:
    yield f"more than {length_words(duration_s)}" if score.is_cut else length_words(duration_s)
    yield from tempo.words()
    yield from _signatures(score)
    yield _counted(sum(len(voice.notes) for voice in voices), "note")
    yield _counted(len(score.tracks), "track")
    yield from _instruments(voices)


def _signatures(score: Score) -> Iterator[str]:
    """Give time and key, and whether they change."""
    messages = [event.message for event in chain.from_iterable(score.tracks)]
    times = [f"{one.numerator}/{one.denominator}" for one in messages if one.type == "time_signature"]
    keys = [_key_words(one.key) for one in messages if one.type == "key_signature"]
    for found in (times, keys):
        if found:
            yield found[0] if len(set(found)) == 1 else f"{found[0]}, changes"


def _key_words(key: str) -> str:
    tonic = key.removesuffix("m")
    return f"{tonic} {'minor' if key.endswith('m') else 'major'}".replace("b", "♭", 1).replace("#", "♯")


def _instruments(voices: tuple[Voice, ...]) -> Iterator[str]:
    names = list(
        dict.fromkeys("drums" if voice.channel == DRUMS else PROGRAMS[voice.program] for voice in voices)
    )
    yield from names[:_MOST_NAMED]
    if len(names) > _MOST_NAMED:
        yield f"{len(names) - _MOST_NAMED} more instruments"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _notes(score: Score, found: int) -> Iterator[str]:
    if score.is_cut:
        yield "It is very long: only its first part was read."
    elif score.is_damaged:
        yield "Parts of it are damaged and not shown."
    if found > _MOST_NOTES:
        yield f"The first {_MOST_NOTES:,} of {found:,} notes are drawn."
    if score.is_of_songs:
        yield "Its tracks are songs of their own; they are drawn over each other."
    if not found:
        yield "There are no notes in it."
