"""Files as the recorded edits tell of them, where nobody kept them: no more than that, and always said so.

What the shell did to a file is not guessed; so a text here is what it was if nothing else touched it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from lis_tui.core.events import StepAddress
from lis_tui.core.facts import relative
from lis_tui.core.parts import FileMark, StepView

MOST_PATH = 4096
MOST_UNDOS = 50
_FAILED = re.compile(
    r"\s*(?:<?error\b|traceback|invalid\b|no replacement|no edit history|no change|not (?:done|undone|run)\b"
    r"|file already exists|file has not been|string to replace|found \d+ matches|ran into|permission denied"
    r"|multiple occurrences|the path\b.*(?:does not|is not|is a directory)|.{0,300}\bdoes not exist\b"
    r"|.{0,300}\bno such file\b)",
    re.IGNORECASE,
)
"""How editors of this kind say that nothing was done, where the recording has no status."""


class InferredFile(Struct, frozen=True):
    """A file that was edited: `new` where it was created, and the step that edited it last."""

    path: str
    mark: FileMark
    by: StepAddress


class _Edit(Struct, frozen=True):
    address: StepAddress
    command: Literal["create", "str_replace", "insert", "undo_edit"]
    text: str
    old: str = ""
    line: int = 0
    is_everywhere: bool = False


class _Arguments(Struct):
    path: str
    command: Literal["create", "str_replace", "insert", "undo_edit"]
    file_text: str = ""
    old_str: str = ""
    new_str: str | None = None
    insert_text: str | None = None
    insert_line: int = 0
    replace_all: bool = False


_ARGUMENTS: msgspec.json.Decoder[_Arguments] = msgspec.json.Decoder(_Arguments, strict=False)


class Inferred:
    """The edits that the steps of a run made, by path; those that failed are none."""

    def __init__(self, steps: Iterable[StepView], workdir: str = "/testbed") -> None:
        self._edits: dict[str, list[_Edit]] = {}
        for step in steps:
            found = _edit_of(step)
            if found is not None:
                self._edits.setdefault(relative(found[0], workdir), []).append(found[1])

    def addresses(self) -> list[StepAddress]:
        """Give the steps that edited a file, in order."""
        return sorted({edit.address for edits in self._edits.values() for edit in edits})

    def files(self, at: StepAddress) -> dict[str, InferredFile]:
        """Give what had been edited once a step was over, by path; relative inside the work folder."""
        found: dict[str, InferredFile] = {}
        for path, edits in self._edits.items():
            done = edits[: _count(edits, at)]
            if done:
                mark: FileMark = "new" if done[0].command == "create" else "changed"
                found[path] = InferredFile(path, mark, done[-1].address)
        return found

    def changes(self, at: StepAddress) -> dict[str, FileMark]:
        """Tell what this very step edited."""
        found: dict[str, FileMark] = {}
        for path, edits in self._edits.items():
            place = _count(edits, at) - 1
            if place >= 0 and edits[place].address == at:
                found[path] = "new" if place == 0 and edits[0].command == "create" else "changed"
        return found

    def text(self, path: str, at: StepAddress) -> str | None:
        """Give what stood in a file once a step was over; None where the edits do not tell."""
        edits = self._edits.get(path, [])
        text: str | None = None
        before: list[str | None] = []
        for edit in edits[: _count(edits, at)]:
            if edit.command == "undo_edit":
                text = before.pop() if before else None
                continue
            before = [*before, text][-MOST_UNDOS:]
            text = _applied(edit, text)
        return text


def _edit_of(step: StepView) -> tuple[str, _Edit] | None:
    if step.tool != "str_replace_editor" or not _went_well(step):
        return None
    try:
        given = _ARGUMENTS.decode(step.arguments.encode(errors="replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
    if not 0 < len(given.path) <= MOST_PATH:
        return None
    new = given.new_str if given.new_str is not None else given.insert_text or ""
    text = given.file_text if given.command == "create" else new
    edit = _Edit(step.address, given.command, text, given.old_str, given.insert_line, given.replace_all)
    return given.path, edit


def _went_well(step: StepView) -> bool:
    seen = step.observation
    if seen is None:
        return False
    return seen.status == "done" or (seen.status == "unknown" and _FAILED.match(seen.text[:1000]) is None)


def _count(edits: list[_Edit], at: StepAddress) -> int:
    return bisect_right(edits, at, key=lambda edit: edit.address)


def _applied(edit: _Edit, text: str | None) -> str | None:
    """Carry out an edit on a known text; what could be meant in two ways makes it unknown."""
    if edit.command == "create":
        return edit.text
    if text is None:
        return None
    if edit.command == "insert":
        return _inserted(edit, text)
    count = text.count(edit.old) if edit.old else 0
    if count == 1 or (count and edit.is_everywhere):
        return text.replace(edit.old, edit.text)
    return None


def _inserted(edit: _Edit, text: str) -> str | None:
    """Editors differ in what they make of a line end at the end of what is inserted."""
    lines = text.split("\n")
    if edit.text.endswith("\n") or not 0 <= edit.line < len(lines):
        return None
    return "\n".join([*lines[: edit.line], edit.text, *lines[edit.line :]])
