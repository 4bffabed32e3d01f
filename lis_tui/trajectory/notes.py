"""What a person thinks of a run: a verdict, tags and a note, in `notes.json` beside its journal.

The journal says what happened and is never rewritten; an opinion may change, so it lies apart.
"""

import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from lis_tui.core.errors import StorageFailed, UsageWrong
from lis_tui.core.private import open_private
from lis_tui.core.text import one_line, safe_str

Verdict = Literal["", "good", "bad", "mixed"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
MOST_BYTES = 1 << 20
MOST_NOTE = 20_000
_NAME = "notes.json"
_TAG = re.compile(r"[\w.+/-]{1,40}")


class Notes(Struct, frozen=True, omit_defaults=True):
    """A person's opinion of a run."""

    verdict: Verdict = ""
    tags: tuple[str, ...] = ()
    note: str = ""

    def __bool__(self) -> bool:
        return self != Notes()


_DECODER: msgspec.json.Decoder[Notes] = msgspec.json.Decoder(Notes)


def read_notes(run_path: Path) -> Notes:
    """Read a run's notes; none where there is no file that can be read."""
    try:
        fd = os.open(run_path / _NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as source:
            return _DECODER.decode(source.read(MOST_BYTES))
    except (OSError, msgspec.MsgspecError):
        return Notes()


def write_notes(run_path: Path, notes: Notes) -> None:
    """Keep a run's notes: whole or not at all, for the owner alone. Raises StorageFailed."""
    path = run_path / _NAME
    fresh = run_path / f".{_NAME}.{secrets.token_hex(4)}"
    try:
        with os.fdopen(open_private(fresh, os.O_WRONLY | os.O_EXCL), "wb") as target:
            target.write(msgspec.json.encode(notes))
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageFailed(f"The notes of {run_path.name} cannot be kept: {error.strerror}.") from error


def verdict_of(word: str) -> Verdict:
    """Read a verdict; `none` takes it back. Raises UsageWrong."""
    wanted = "" if word.strip().lower() == "none" else word.strip().lower()
    for verdict in VERDICTS:
        if verdict == wanted:
            return verdict
    raise UsageWrong(f"A verdict is good, bad, mixed or none, not {one_line(word, 40)!r}.")


def tags_of(words: Iterable[str]) -> tuple[str, ...]:
    """Read tags, each once, with or without a leading #. Raises UsageWrong."""
    found: dict[str, None] = {}
    for word in words:
        tag = word.removeprefix("#")
        if _TAG.fullmatch(tag) is None:
            raise UsageWrong(
                f"A tag is one word of up to 40 letters, digits and - _ . + /, not {one_line(word, 60)!r}."
            )
        found[tag] = None
    return tuple(found)


def note_of(text: str) -> str:
    """Read a note. Raises UsageWrong."""
    if len(text) > MOST_NOTE:
        raise UsageWrong(f"A note has {MOST_NOTE:,} characters at most.")
    return safe_str(text.strip())
