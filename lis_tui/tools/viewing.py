"""Files and folders as the model reads them: numbered lines, sizes, and what was left out."""

from collections.abc import Sequence
from itertools import islice

from lis_tui.core.events import FileEntry
from lis_tui.core.text import clean
from lis_tui.tools.textfile import CONTEXT_LINES, Change, TextFile, split_lines

MOST_BYTES = 30_000
MOST_LINES = 1000
MOST_LINE = 2000
MOST_ENTRIES = 500


def text_view(path: str, file: TextFile, asked: tuple[int, int | None] | None) -> str:
    """Give the file's lines with their numbers, all of them or those asked for, as far as they fit."""
    lines = file.lines
    if not lines:
        return f"{path} is empty."
    first, last = _bounds(asked, len(lines))
    if first > len(lines):
        return f"{path} has only {len(lines)} lines."
    shown = _numbered(lines[first - 1 : last], first)
    end = first + len(shown) - 1
    remarks = []
    if end < last or asked is not None or first > 1:
        remarks.append(f"lines {first} to {end} of {len(lines)}")
    if end < last:
        remarks.append(f"use view_range to see more, from line {end + 1} on")
    if file.has_crlf:
        remarks.append("lines end in CR LF")
    if file.codec != "utf-8":
        remarks.append(f"read as {file.codec}")
    if not file.text.endswith("\n") and end == len(lines):
        remarks.append("no newline at the end")
    return "\n".join([*shown, *([f"[{'; '.join(remarks)}]"] if remarks else [])])


def around(data: bytes, change: Change) -> str:
    """Give the changed lines and a few around them."""
    first = max(1, data.count(b"\n", 0, change.start) + 1 - CONTEXT_LINES)
    end = change.start + max(0, len(change.new) - 1)
    last = data.count(b"\n", 0, end) + 1 + CONTEXT_LINES
    lines = split_lines(data.decode(change.codec, errors="replace"))
    shown = _numbered(lines[first - 1 : last], first)
    if not shown:
        return "[the file is empty]"
    left_out = min(last, len(lines)) - (first + len(shown) - 1)
    return "\n".join([*shown, *([f"[{left_out} more lines]"] if left_out > 0 else [])])


def folder_view(path: str, entries: Sequence[FileEntry]) -> str:
    """List a folder, with sizes."""
    if not entries:
        return f"{path} is an empty folder."
    lines = [_entry(entry) for entry in entries[:MOST_ENTRIES]]
    if len(entries) > MOST_ENTRIES:
        lines.append(f"[{len(entries) - MOST_ENTRIES:,} more entries; use execute_bash to list them]")
    return "\n".join([f"{path}, two levels deep:", *lines])


def _entry(entry: FileEntry) -> str:
    name = clean(entry.path)
    match entry.kind:
        case "folder":
            return f"{name}/"
        case "file":
            return f"{name}  ({entry.size_bytes:,} bytes)"
        case "link":
            return f"{name} -> {clean(entry.target)}"
        case _:
            return f"{name}  ({entry.kind})"


def _bounds(asked: tuple[int, int | None] | None, count: int) -> tuple[int, int]:
    if asked is None:
        return 1, count
    first = max(1, asked[0])
    last = count if asked[1] is None else min(count, asked[1])
    return first, max(first, last)


def _numbered(lines: Sequence[str], first: int) -> list[str]:
    """Number lines until they are too many or too long."""
    shown: list[str] = []
    size = 0
    for number, line in enumerate(islice(lines, MOST_LINES), start=first):
        text = f"{number:6}\t{clean(line[:MOST_LINE])}"
        if len(line) > MOST_LINE:
            text += f"[… {len(line) - MOST_LINE:,} characters more …]"
        size += len(text.encode("utf-8", errors="replace")) + 1
        if shown and size > MOST_BYTES:
            break
        shown.append(text)
    return shown
