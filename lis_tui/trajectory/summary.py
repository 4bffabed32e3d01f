"""A run at a glance: what its journal's first line and last lines say."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from lis_tui.core.events import FORMAT_VERSION, EndStatus, StepAddress
from lis_tui.trajectory.lines import UNREADABLE, first_line, lines_backward
from lis_tui.trajectory.notes import Notes, read_notes

if TYPE_CHECKING:
    from lis_tui.core.run_filter import RunFacts

_HEAD_CHARS = 200


class RunSummary(Struct, frozen=True, kw_only=True):
    """One run for a list. All text in it is as the journal has it: clean it before a terminal sees it."""

    name: str
    path: Path
    worktree: Path
    task: str = ""
    """First line of the task."""
    model: str = ""
    is_live: bool = False
    """Its lock is held: it can be attached, also after its end."""
    end: EndStatus | None = None
    turns: int = 0
    started_at: float = 0.0
    last_at: float = 0.0
    """When the last event was written."""
    answer_head: str = ""
    parent: str | None = None
    parent_step: StepAddress | None = None
    """Where it left its parent."""
    problem: str = ""
    """Why the journal cannot be read; empty where it can."""
    is_imported: bool = False
    """Another program recorded it."""
    notes: Notes = Notes()
    """What a person thinks of it."""

    @property
    def status(self) -> str:
        """How the run ended, or `live`, `cut off`, `not recorded` (another program's), `unreadable`."""
        if self.problem:
            return "unreadable"
        if self.end is not None:
            return self.end
        if self.is_live:
            return "live"
        return "not recorded" if self.is_imported else "cut off"

    @property
    def was_cut_off(self) -> bool:
        """Whether its process ended before the run did."""
        return self.status == "cut off"

    @property
    def ended_at(self) -> float | None:
        """When it ended or was cut off; None while it goes on."""
        return None if self.status == "live" else self.last_at

    def facts(self) -> "RunFacts":
        """Give what a filter of runs can ask about."""
        from lis_tui.core.run_filter import RunFacts

        notes = self.notes
        return RunFacts(
            names={
                "tag": notes.tags,
                "verdict": (notes.verdict or "none",),
                "state": (self.status,),
                "name": (self.name,),
                "parent": (self.parent or "",),
            },
            texts={"model": self.model, "task": self.task, "answer": self.answer_head, "note": notes.note},
            numbers={"turns": self.turns},
        )

    def size_bytes(self) -> int:
        """Add up what the run takes on disk, its work tree included; walks all of it."""
        return sum(_size(folder) for folder in (self.path, self.worktree))

    def cost_usd(self) -> float | None:
        """Add up what the replies cost; None where no price is known. Reads the whole journal."""
        try:
            with (self.path / "journal.jsonl").open("rb") as file:
                costs = list(_costs(file))
        except OSError:
            return None
        return sum(costs) if costs else None


class _Model(Struct, frozen=True):
    name: str


class _Spec(Struct, frozen=True):
    task: str
    model: _Model


class _Started(Struct, frozen=True):
    spec: _Spec
    format_version: int = 1
    parent: str | None = None
    parent_step: StepAddress | None = None


class _First(Struct, frozen=True):
    at: float
    event: _Started


class _Version(Struct, frozen=True):
    format_version: int = 1


class _Opening(Struct, frozen=True):
    event: _Version


class _Usage(Struct, frozen=True):
    cost_usd: float | None = None


class _Reply(Struct, frozen=True):
    usage: _Usage | None = None


class _Any(Struct, frozen=True):
    type: str
    turn: int = 0
    address: tuple[int, ...] | None = None
    reply: _Reply | None = None


class _Line(Struct, frozen=True):
    at: float
    event: _Any


class _Ended(Struct, frozen=True):
    status: EndStatus
    answer: str | None = None


class _LastLine(Struct, frozen=True):
    event: _Ended


_FIRST: msgspec.json.Decoder[_First] = msgspec.json.Decoder(_First)
_OPENING: msgspec.json.Decoder[_Opening] = msgspec.json.Decoder(_Opening)
_LINE: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)
_IMPORTED = b'"type":"TrajectoryImported"'
_LINE_HEAD = 120
"""Within so many bytes a line says which event it holds."""
_LAST_LINE: msgspec.json.Decoder[_LastLine] = msgspec.json.Decoder(_LastLine)


def newer_version(line: bytes) -> int | None:
    """Give the format version of a journal's first line where this program is too old to know it."""
    try:
        version = _OPENING.decode(line).event.format_version
    except UNREADABLE:
        return None
    return version if version > FORMAT_VERSION else None


def summarise(name: str, path: Path, worktree: Path, *, is_live: bool) -> RunSummary:
    """Describe the run; one whose journal cannot be read says so in `problem`."""
    try:
        fd = os.open(path / "journal.jsonl", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return _without_events(name, path, worktree, is_live=is_live)
    except OSError as error:
        return _unreadable(name, path, worktree, f"The journal cannot be opened: {error.strerror}.")
    try:
        first = first_line(fd)
        if first is None:
            return _without_events(name, path, worktree, is_live=is_live)
        notes = read_notes(path)
        bare = RunSummary(name=name, path=path, worktree=worktree, is_live=is_live, notes=notes)
        return _from_lines(bare, first, fd)
    except OSError as error:
        return _unreadable(name, path, worktree, f"The journal cannot be read: {error.strerror}.")
    finally:
        os.close(fd)


def _from_lines(bare: RunSummary, first: bytes, fd: int) -> RunSummary:
    version = newer_version(first)
    if version is not None:
        return msgspec.structs.replace(
            bare, problem=f"Written by a newer lis-tui (format {version}); update lis-tui to open it."
        )
    try:
        opening = _FIRST.decode(first)
    except UNREADABLE:
        return msgspec.structs.replace(bare, problem="The file is no journal of lis-tui.")
    last_at, turns, ended = _read_end(lines_backward(fd))
    return msgspec.structs.replace(
        bare,
        task=_head(opening.event.spec.task),
        model=opening.event.spec.model.name,
        parent=opening.event.parent,
        parent_step=opening.event.parent_step,
        started_at=opening.at,
        last_at=max(last_at, opening.at),
        turns=turns,
        end=ended.status if ended else None,
        answer_head=_head(ended.answer or "") if ended else "",
        is_imported=_IMPORTED in os.pread(fd, _LINE_HEAD, len(first) + 1).partition(b"\n")[0],
    )


def _read_end(lines: Iterable[bytes]) -> tuple[float, int, _Ended | None]:
    """Read backwards until the number of turns is known: time of the last event, turns, the end."""
    last_at = 0.0
    ended: _Ended | None = None
    was_continued = False
    for line in lines:
        try:
            found = _LINE.decode(line)
            if found.event.type == "RunEnded" and not was_continued and ended is None:
                ended = _LAST_LINE.decode(line).event
        except UNREADABLE:
            continue
        last_at = last_at or found.at
        was_continued = was_continued or found.event.type in ("RunContinued", "RunForked")
        turn = _turn(found.event)
        if turn:
            return last_at, turn, ended
    return last_at, 0, ended


def _turn(event: _Any) -> int:
    # A message is sent before a turn that may never come; a checkpoint is done beside the turns that follow.
    if event.type in ("MessageSent", "CheckpointTaken"):
        return 0
    return event.turn or (event.address[0] if event.address else 0)


def _costs(lines: Iterable[bytes]) -> Iterable[float]:
    for line in lines:
        # Decoding is dear, and most lines are no replies.
        head = line[:120]
        if b'"ReplyFinished"' not in head and b'"ReplyResampled"' not in head:
            continue
        try:
            reply = _LINE.decode(line).event.reply
        except UNREADABLE:
            continue
        if reply and reply.usage and reply.usage.cost_usd is not None:
            yield reply.usage.cost_usd


def _without_events(name: str, path: Path, worktree: Path, *, is_live: bool) -> RunSummary:
    """Describe a run that was killed, or is now, before its first event."""
    try:
        made_at = path.stat().st_mtime
    except OSError:
        made_at = 0.0
    return RunSummary(
        name=name, path=path, worktree=worktree, is_live=is_live, started_at=made_at, last_at=made_at
    )


def _unreadable(name: str, path: Path, worktree: Path, problem: str) -> RunSummary:
    return RunSummary(name=name, path=path, worktree=worktree, problem=problem)


def _head(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:_HEAD_CHARS]


def _size(folder: Path) -> int:
    """Add up the blocks that a folder takes; hard links count once, what may not be read not at all."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            try:
                found = os.lstat(os.path.join(root, name))  # noqa: PTH118  (half the time of a Path)
            except OSError:
                continue
            if (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                total += found.st_blocks * 512
    return total
