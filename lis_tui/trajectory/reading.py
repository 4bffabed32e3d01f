"""Reading a journal, whatever a crash, a full disk or an editor made of it."""

from collections.abc import Iterator
from pathlib import Path

from lis_tui.core.errors import JournalUnreadable
from lis_tui.core.events import (
    FORMAT_VERSION,
    CallArrived,
    ModelRetried,
    NoticeGiven,
    ReasoningArrived,
    Record,
    ReplyCutOff,
    ReplyFinished,
    ReplyResampled,
    TextArrived,
    decode,
)
from lis_tui.core.messages import ToolCall
from lis_tui.trajectory.lines import UNREADABLE
from lis_tui.trajectory.store import RunFolder, is_locked
from lis_tui.trajectory.summary import newer_version

STREAM_ENDS = (ReplyFinished, ReplyResampled, ReplyCutOff, ModelRetried)
"""Facts that say what became of the text that streamed before them."""


def read(source: RunFolder | Path) -> Iterator[Record]:
    """Give the records of a run folder (or of its journal file), in order.

    A torn last line is left out, a line that is no record becomes a warning. Where the run is not live, what
    streamed when it was cut off comes last, as a ReplyCutOff with number 0.
    Raises JournalUnreadable where there is no journal, or one of a newer program.
    """
    path = source.path if isinstance(source, RunFolder) else source
    folder = path.parent if path.is_file() else path
    journal = path if path.is_file() else path / "journal.jsonl"
    last_end_n = 0
    for record in _read_lines(journal):
        if isinstance(record.event, STREAM_ENDS):
            last_end_n = record.n
        yield record
    if is_locked(folder / "lock"):
        return
    cut_off = cut_off_reply(folder / "stream.part", after_n=last_end_n)
    if cut_off is not None:
        yield cut_off


def read_stream(folder: RunFolder) -> list[Record]:
    """Give the reply that streams now as few fragments: reasoning, text, and each call."""
    last_end_n = 0
    for record in _read_lines(folder.journal_path):
        if isinstance(record.event, STREAM_ENDS):
            last_end_n = record.n
    return _Stream(folder.stream_path, last_end_n).fragments()


def cut_off_reply(stream_path: Path, *, after_n: int) -> Record | None:
    """Give what streamed after fact `after_n` as a cut-off reply, or None where nothing did."""
    return _Stream(stream_path, after_n).cut_off()


class _Stream:
    """The pieces of one reply, put together from `stream.part`."""

    def __init__(self, path: Path, after_n: int) -> None:
        self._turn = 0
        self._at = 0.0
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, tuple[str, list[str]]] = {}
        for record in _stream_records(path):
            if record.n > after_n:
                self._add(record)

    def cut_off(self) -> Record | None:
        """Give the whole as one event."""
        if not self._turn:
            return None
        calls = tuple(ToolCall("", name, "".join(pieces)) for name, pieces in self._calls.values())
        event = ReplyCutOff(
            turn=self._turn,
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            reason="The program ended while the reply was streaming.",
            calls=calls,
        )
        return Record(0, self._at, event)

    def fragments(self) -> list[Record]:
        """Give the whole as few fragments."""
        found: list[ReasoningArrived | TextArrived | CallArrived] = []
        if self._reasoning:
            found.append(ReasoningArrived(self._turn, "".join(self._reasoning)))
        if self._text:
            found.append(TextArrived(self._turn, "".join(self._text)))
        found += [CallArrived(self._turn, i, name, "".join(all_)) for i, (name, all_) in self._calls.items()]
        return [Record(0, self._at, event) for event in found]

    def _add(self, record: Record) -> None:
        self._at = record.at
        match record.event:
            case TextArrived(turn, text):
                self._turn = turn
                self._text.append(text)
            case ReasoningArrived(turn, text):
                self._turn = turn
                self._reasoning.append(text)
            case CallArrived(turn, index, name, text):
                self._turn = turn
                old, pieces = self._calls.get(index, ("", []))
                self._calls[index] = (old or name, [*pieces, text])
            case _:
                pass


def _stream_records(path: Path) -> Iterator[Record]:
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield from _record_or_nothing(line)
    except FileNotFoundError:
        return


def _record_or_nothing(line: bytes) -> Iterator[Record]:
    try:
        yield decode(line)
    except UNREADABLE:
        return


def _read_lines(journal: Path) -> Iterator[Record]:
    try:
        with journal.open("rb") as file:
            last_at = 0.0
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                if number == 1:
                    _check_first(journal, line)
                record = read_line(line, number, last_at)
                last_at = record.at
                yield record
    except OSError as error:
        raise JournalUnreadable(f"The journal {journal} cannot be read: {error.strerror}.") from error


def _check_first(journal: Path, line: bytes) -> None:
    version = newer_version(line)
    if version is not None:
        raise JournalUnreadable(
            f"{journal} was written by a newer lis-tui (format {version}; this one reads up to "
            f"{FORMAT_VERSION}): update lis-tui to open it."
        )
    try:
        decode(line)
    except UNREADABLE as error:
        raise JournalUnreadable(f"{journal} is no journal of lis-tui.") from error


def read_line(line: bytes, number: int, last_at: float) -> Record:
    """Give a line's record; where it is none, a warning that says so."""
    try:
        return decode(line)
    except UNREADABLE:
        text = f"Line {number} of the journal cannot be read ({len(line):,} bytes); it was left out."
        return Record(0, last_at, NoticeGiven(text, "warning"))
