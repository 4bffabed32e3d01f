"""The user's breakpoints: a file of their own beside the settings, for all runs and for tasks by name."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TypeGuard

import msgspec
from msgspec import Struct

from lis_tui.config.values import nearest
from lis_tui.config.write import replace_file
from lis_tui.core.breakpoints import SHIPPED, Breakpoint
from lis_tui.core.errors import SettingsInvalid, UsageWrong
from lis_tui.core.filter_parser import check_breakpoints
from lis_tui.core.text import safe_str

_FIELDS = tuple(field.name for field in msgspec.structs.fields(Breakpoint))
_HEAD = "# Written by lis-tui, which keeps no comments here. The language: docs/filters.md\n"
Table = dict[str, object]


class SavedBreakpoints(Struct, frozen=True):
    """What the file holds: those of every run, and by name those of a task."""

    user: tuple[Breakpoint, ...]
    tasks: dict[str, tuple[Breakpoint, ...]]

    def of(self, task: str) -> tuple[Breakpoint, ...]:
        """Give those of a run; one of the task stands for one of the same name for all runs."""
        own = self.tasks.get(task, ())
        names = {one.name for one in own}
        return (*(one for one in self.user if one.name not in names), *own)


def breakpoints_path(folder: Path) -> Path:
    """Where they are kept, in the user's config folder."""
    return folder / "breakpoints.toml"


def read_breakpoints(folder: Path) -> SavedBreakpoints:
    """Read the file; where there is none, the shipped ones, which are off. Raises SettingsInvalid."""
    path = breakpoints_path(folder)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return SavedBreakpoints(SHIPPED, {})
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}.") from error
    user = _read_list(table.pop("breakpoint", []), str(path))
    tasks = table.pop("task", {})
    if table or not _is_table(tasks):
        raise SettingsInvalid(f"{path} may hold [[breakpoint]] and [[task.NAME.breakpoint]] alone.")
    return SavedBreakpoints(user, {name: _read_task(name, of, str(path)) for name, of in tasks.items()})


def save_breakpoints(folder: Path, breakpoints: Iterable[Breakpoint], task: str = "") -> None:
    """Replace those of all runs, or of one task; the others stay. Raises SettingsInvalid, UsageWrong."""
    new = tuple(breakpoints)
    check_breakpoints(new)
    old = read_breakpoints(folder)
    tasks = dict(old.tasks)
    if task:
        tasks[safe_str(task)] = new
    saved = SavedBreakpoints(old.user if task else new, {name: of for name, of in tasks.items() if of})
    path = breakpoints_path(folder)
    try:
        replace_file(path, _written(saved))
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be written: {error.strerror}.") from error


def _read_task(name: str, table: object, origin: str) -> tuple[Breakpoint, ...]:
    if not _is_table(table) or set(table) - {"breakpoint"}:
        raise SettingsInvalid(f"{origin}: write the breakpoints of a task as [[task.{name}.breakpoint]].")
    return _read_list(table.get("breakpoint", []), origin)


def _read_list(listed: object, origin: str) -> tuple[Breakpoint, ...]:
    if not isinstance(listed, list):
        raise SettingsInvalid(f"{origin}: write each breakpoint as a table of its own, [[breakpoint]].")
    found = tuple(_read(one, origin) for one in listed)
    try:
        check_breakpoints(found)
    except UsageWrong as error:
        raise SettingsInvalid(f"{origin}: {error.sentence}") from error
    return found


def _read(table: object, origin: str) -> Breakpoint:
    given = table if _is_table(table) else {}
    name = str(given.get("name", ""))
    for key in given:
        if key not in _FIELDS:
            raise SettingsInvalid(f"{origin}: a breakpoint has no {key}.{nearest(key, _FIELDS)}")
    try:
        one = msgspec.convert(table, Breakpoint)
        check_breakpoints([one])
    except (msgspec.ValidationError, UsageWrong) as error:
        wrong = error.sentence if isinstance(error, UsageWrong) else f"{error}."
        raise SettingsInvalid(f"{origin}: the breakpoint {name}: {wrong}") from error
    return one


def _written(saved: SavedBreakpoints) -> str:
    parts = [_HEAD, *(f"[[breakpoint]]\n{_fields(one)}" for one in saved.user)]
    for task, breakpoints in saved.tasks.items():
        parts += [f"[[task.{_toml(task)}.breakpoint]]\n{_fields(one)}" for one in breakpoints]
    return "\n".join(parts)


def _fields(one: Breakpoint) -> str:
    """Name, filter, whether it is on, and what is not as usual."""
    usual = Breakpoint(name="", filter="")
    lines = []
    for name in _FIELDS:
        value = getattr(one, name)
        if name == "is_on" or value != getattr(usual, name):
            lines.append(f"{name} = {_toml(value)}\n")
    return "".join(lines)


def _toml(value: object) -> str:
    """Write texts, numbers, booleans and lists, in which JSON and TOML differ by one character."""
    plain = safe_str(value) if isinstance(value, str) else value
    return msgspec.json.encode(plain).decode().replace("\x7f", "\\u007f")


def _is_table(value: object) -> TypeGuard[Table]:
    return isinstance(value, dict)
