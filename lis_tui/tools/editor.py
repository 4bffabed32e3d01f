"""The tool that views and edits files: bytes in, bytes out, nothing touched but what was asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lis_tui.core.errors import FileRefused
from lis_tui.core.events import FileEntry
from lis_tui.core.messages import Observation, ToolSchema
from lis_tui.core.paths import escape_path
from lis_tui.core.ports import Sandbox, StepContext
from lis_tui.tools.arguments import problem_with, whole_number
from lis_tui.tools.describe import describe, is_media
from lis_tui.tools.places import not_found, several
from lis_tui.tools.textfile import Change, NotEncodable, TextFile, diff, digest, is_binary, with_crlf
from lis_tui.tools.viewing import around, folder_view, text_view

MOST_FILE_BYTES = 256 << 20
"""A larger file is left to the shell."""
MOST_UNDOS = 100

_COMMANDS = ("view", "create", "str_replace", "insert", "undo_edit")
_NEEDED = {"create": ("file_text",), "str_replace": ("old_str",), "insert": ("insert_line", "new_str")}
_PARAMETERS = """{
  "type": "object",
  "properties": {
    "command": {"type": "string", "enum": ["view", "create", "str_replace", "insert", "undo_edit"]},
    "path": {"type": "string", "description": "Absolute path of a file, or of a folder to view."},
    "view_range": {
      "type": "array", "items": {"type": "integer"},
      "description": "For view: first and last line, from 1; -1 as last means the end."
    },
    "file_text": {"type": "string", "description": "For create: the whole content."},
    "old_str": {
      "type": "string",
      "description": "For str_replace: the text to replace, exactly as in the file; it must stand there once."
    },
    "new_str": {
      "type": "string", "description": "For str_replace: what replaces it. For insert: the lines to insert."
    },
    "insert_line": {
      "type": "integer", "description": "For insert: the line after which to insert; 0 is the start."
    }
  },
  "required": ["command", "path"]
}"""


class EditFailed(Exception):
    """The edit cannot be done; a sentence for the model."""


@dataclass(frozen=True)
class Edit:
    """An edit that was made, and the SHA-256 of the file it left."""

    change: Change
    digest: str


class Editor:
    """Views, creates and changes files; remembers its edits, so that they can be undone."""

    def __init__(self) -> None:
        self._edits: dict[str, list[Edit]] = {}

    @property
    def schema(self) -> ToolSchema:
        """What the model is told."""
        return ToolSchema(
            "str_replace_editor",
            "View and edit files. view: a text file with line numbers, or a folder two levels deep. create: "
            "a new file (never overwrites). str_replace: replace text that stands in the file exactly once. "
            "insert: lines after a line. undo_edit: take back the last edit of a file.",
            _PARAMETERS,
        )

    def problem(self, arguments: dict[str, object]) -> str:
        """Why these arguments cannot be used."""
        command = arguments.get("command")
        needed = _NEEDED.get(command, ()) if isinstance(command, str) else ()
        problem = problem_with(
            _with_aliases(arguments),
            required=("command", "path", *needed),
            texts=("command", "path", "file_text", "old_str", "new_str"),
        )
        if problem:
            return problem
        if command not in _COMMANDS:
            return f"There is no command {command!r}. The commands are: {', '.join(_COMMANDS)}."
        if not arguments["path"] or "\0" in str(arguments["path"]):
            return "The argument `path` must be the path of a file or folder."
        return _problem_with_lines(arguments)

    async def run(self, arguments: dict[str, object], context: StepContext) -> Observation:
        """Carry out one command; what goes wrong with a file is an observation."""
        arguments = _with_aliases(arguments)
        path = _absolute(str(arguments["path"]), context.sandbox.workdir)
        commands: dict[str, Callable[[], Awaitable[Observation]]] = {
            "view": lambda: _view(context.sandbox, path, _range(arguments)),
            "create": lambda: self._create(context.sandbox, path, str(arguments["file_text"])),
            "str_replace": lambda: self._replace(
                context.sandbox, path, str(arguments["old_str"]), str(arguments.get("new_str") or "")
            ),
            "insert": lambda: self._insert(
                context.sandbox, path, whole_number(arguments["insert_line"]) or 0, str(arguments["new_str"])
            ),
            "undo_edit": lambda: self._undo(context.sandbox, path),
        }
        try:
            return await commands[str(arguments["command"])]()
        except FileRefused as error:
            return Observation(text=error.sentence, status="failed")
        except (EditFailed, NotEncodable) as error:
            return Observation(text=str(error), status="failed")

    # ---- the commands that change something

    async def _create(self, sandbox: Sandbox, path: str, text: str) -> Observation:
        if await sandbox.stat(escaped(path)) is not None:
            raise EditFailed(
                f"{path} exists already; create never overwrites. Change it with str_replace or insert, or "
                "remove it first with execute_bash."
            )
        data = text.encode("utf-8", errors="replace")
        await sandbox.write_file(escaped(path), data)
        self._edits[path] = []
        return Observation(
            text=f"Created {path}: {len(data):,} bytes.", diff=diff(path, b"", Change(0, b"", data))
        )

    async def _replace(self, sandbox: Sandbox, path: str, old: str, new: str) -> Observation:
        if not old:
            raise EditFailed("old_str is empty. Use insert to add lines, or create for a new file.")
        if old == new:
            raise EditFailed("old_str and new_str are the same; nothing would change.")
        file = await _read(sandbox, path)
        if old not in file.text and "\r\n" in file.text:
            old, new = with_crlf(old), with_crlf(new)
        elif "\n" not in old and file.has_crlf:
            new = with_crlf(new)
        count = file.text.count(old)
        if count == 0:
            raise EditFailed(not_found(path, file, old))
        if count > 1:
            raise EditFailed(several(path, file, old, count))
        return await self._write(sandbox, path, file, file.change(file.text.index(old), old, new))

    async def _insert(self, sandbox: Sandbox, path: str, after: int, new: str) -> Observation:
        file = await _read(sandbox, path)
        lines = file.text.split("\n")
        count = len(lines) - (lines[-1] == "")
        if not 0 <= after <= count:
            raise EditFailed(f"{path} has {count} lines; insert_line must be between 0 and {count}.")
        start = sum(len(line) + 1 for line in lines[:after])
        if start > len(file.text):
            start, new = len(file.text), "\n" + new.removesuffix("\n")
        elif not new.endswith("\n"):
            new += "\n"
        new = with_crlf(new) if file.has_crlf else new
        return await self._write(sandbox, path, file, file.change(start, "", new))

    async def _write(self, sandbox: Sandbox, path: str, file: TextFile, change: Change) -> Observation:
        data = change.on(file.data)
        await sandbox.write_file(escaped(path), data)
        edit = Edit(change, digest(data))
        self._edits[path] = [*self._edits.get(path, []), edit][-MOST_UNDOS:]
        return Observation(
            text=f"Edited {path}. It reads now:\n{around(data, change)}",
            diff=diff(path, file.data, change),
        )

    async def _undo(self, sandbox: Sandbox, path: str) -> Observation:
        edits = self._edits.get(path, [])
        if not edits:
            raise EditFailed(f"There is no edit of {path} to undo.")
        last = edits[-1]
        before = (await _read(sandbox, path)).data
        if digest(before) != last.digest:
            raise EditFailed(f"Not undone: {path} was changed since by something other than this tool.")
        change = last.change.reversed()
        data = change.on(before)
        await sandbox.write_file(escaped(path), data)
        edits.pop()
        return Observation(
            text=f"Took back the last edit of {path}. It reads now:\n{around(data, change)}",
            diff=diff(path, before, change),
        )


def escaped(path: str) -> str:
    """Give the path as the sandbox takes it."""
    return escape_path(path.encode("utf-8", errors="surrogateescape"))


async def _view(sandbox: Sandbox, path: str, lines: tuple[int, int | None] | None) -> Observation:
    entry = await _stat(sandbox, path)
    if entry.kind == "folder":
        listed = await sandbox.list_folder(escaped(path), 2)
        return Observation(text=folder_view(path, listed))
    data = await _bytes(sandbox, path, entry)
    if is_binary(data) or is_media(data):
        text = f"{path} is {describe(data, len(data))}. It is no text; look at it with a program."
        return Observation(text=text)
    return Observation(text=text_view(path, TextFile.decode(data), lines))


async def _read(sandbox: Sandbox, path: str) -> TextFile:
    data = await _bytes(sandbox, path, await _stat(sandbox, path))
    if is_binary(data):
        raise EditFailed(f"{path} is {describe(data, len(data))}; only text files can be edited.")
    return TextFile.decode(data)


async def _stat(sandbox: Sandbox, path: str) -> FileEntry:
    entry = await sandbox.stat(escaped(path))
    if entry is None:
        raise EditFailed(f"{path} does not exist.")
    return entry


async def _bytes(sandbox: Sandbox, path: str, entry: FileEntry) -> bytes:
    if entry.kind != "file":
        raise EditFailed(f"{path} is a {entry.kind}, not a regular file.")
    if entry.size_bytes > MOST_FILE_BYTES:
        raise EditFailed(f"{path} has {entry.size_bytes:,} bytes; use execute_bash for a file of that size.")
    return await sandbox.read_file(escaped(path))


def _absolute(path: str, workdir: str) -> str:
    return path if path.startswith("/") else f"{workdir.rstrip('/')}/{path}"


def _with_aliases(arguments: dict[str, object]) -> dict[str, object]:
    """Some models know the text of an insert as `insert_text`."""
    if "insert_text" in arguments and "new_str" not in arguments:
        return {**arguments, "new_str": arguments["insert_text"]}
    return arguments


def _problem_with_lines(arguments: dict[str, object]) -> str:
    line = arguments.get("insert_line")
    if line is not None and whole_number(line) is None:
        return "The argument `insert_line` must be a whole number."
    asked = arguments.get("view_range")
    if asked is None:
        return ""
    if not isinstance(asked, list) or len(asked) != 2 or any(whole_number(one) is None for one in asked):
        return "The argument `view_range` must be a list of two whole numbers, like [1, 50]."
    return ""


def _range(arguments: dict[str, object]) -> tuple[int, int | None] | None:
    asked = arguments.get("view_range")
    if not isinstance(asked, list):
        return None
    first, last = (whole_number(one) or 0 for one in asked)
    return first, None if last == -1 else last
