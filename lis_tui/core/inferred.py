"""Files as the recorded edits tell of them, where nobody kept them: no more than that, and always said so.

What the shell did to a file is not guessed; so a text here is what it was if nothing else touched it.
"""

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lis_tui.core.events import StepAddress
from lis_tui.core.facts import relative
from lis_tui.core.parts import FileMark, StepView
from lis_tui.core.patches import FileChange, Hunk, changes_of, patch_in, patched

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
    command: Literal["create", "str_replace", "insert", "undo_edit", "patch", "delete"]
    text: str = ""
    old: str = ""
    line: int = 0
    is_everywhere: bool = False
    hunks: tuple[Hunk, ...] = ()
    moved_from: str = ""
    """The path that it had until then."""


class _Patch(Struct):
    """What `apply_patch`, or a shell that runs it, is given."""

    input: str = ""
    patch: str = ""
    command: str = ""


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
_PATCH: msgspec.json.Decoder[_Patch] = msgspec.json.Decoder(_Patch, strict=False)


class Inferred:
    """The edits that the steps of a run made, by path; those that failed are none."""

    def __init__(self, steps: Iterable[StepView], workdir: str = "/testbed") -> None:
        self._edits: dict[str, list[_Edit]] = {}
        for step in steps:
            for path, edit in _edits_of(step):
                at = relative(path, workdir)
                if edit.moved_from:
                    edit = replace(edit, moved_from=relative(edit.moved_from, workdir))
                self._edits.setdefault(at, []).append(edit)

    def addresses(self) -> list[StepAddress]:
        """Give the steps that edited a file, in order."""
        return sorted({edit.address for edits in self._edits.values() for edit in edits})

    def files(self, at: StepAddress) -> dict[str, InferredFile]:
        """Give what had been edited once a step was over, by path; relative inside the work folder."""
        found: dict[str, InferredFile] = {}
        for path, edits in self._edits.items():
            done = edits[: _count(edits, at)]
            if done and done[-1].command != "delete":
                mark: FileMark = "new" if _is_new(done[0]) else "changed"
                found[path] = InferredFile(path, mark, done[-1].address)
        return found

    def changes(self, at: StepAddress) -> dict[str, FileMark]:
        """Tell what this very step edited."""
        found: dict[str, FileMark] = {}
        for path, edits in self._edits.items():
            place = _count(edits, at) - 1
            if place >= 0 and edits[place].address == at:
                is_new = _is_new(edits[place]) and (place == 0 or edits[place - 1].command == "delete")
                gone: FileMark = "gone" if edits[place].command == "delete" else "changed"
                found[path] = "new" if is_new else gone
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
            if edit.moved_from:
                text = self._text_before(edit.moved_from, edit.address)
            text = _applied(edit, text)
        return text

    def _text_before(self, path: str, at: StepAddress) -> str | None:
        """Give what a file held when this step began; it is gone after it."""
        earlier = [edit.address for edit in self._edits.get(path, []) if edit.address < at]
        return self.text(path, earlier[-1]) if earlier else None


def _is_new(edit: _Edit) -> bool:
    return edit.command == "create" or bool(edit.moved_from)


def _edits_of(step: StepView) -> Iterator[tuple[str, _Edit]]:
    if not _went_well(step):
        return
    if step.tool == "str_replace_editor":
        found = _edit_of(step)
        if found is not None:
            yield found
    elif "*** Begin Patch" in step.arguments:
        yield from _patches_of(step)


def _patches_of(step: StepView) -> Iterator[tuple[str, _Edit]]:
    try:
        given = _PATCH.decode(step.arguments.encode(errors="replace"))
    except (msgspec.DecodeError, RecursionError):
        return
    patch, folder = given.input or given.patch, ""
    if given.command:
        patch, folder = patch_in(given.command)
    for change in changes_of(patch):
        if 0 < len(change.path) <= MOST_PATH and len(change.moved_to) <= MOST_PATH:
            yield from _of_change(step.address, change, folder)


def _of_change(address: StepAddress, change: FileChange, folder: str) -> Iterator[tuple[str, _Edit]]:
    path, moved_to = (posixpath.join(folder, one) if one else "" for one in (change.path, change.moved_to))
    if change.kind == "add":
        yield path, _Edit(address, "create", change.text)
    elif change.kind == "delete":
        yield path, _Edit(address, "delete")
    elif moved_to:
        yield moved_to, _Edit(address, "patch", hunks=change.hunks, moved_from=path)
        yield path, _Edit(address, "delete")
    else:
        yield path, _Edit(address, "patch", hunks=change.hunks)


def _edit_of(step: StepView) -> tuple[str, _Edit] | None:
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
    if text is None or edit.command == "delete":
        return None
    if edit.command == "patch":
        return patched(text, edit.hunks)
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
