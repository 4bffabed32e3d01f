"""Saves one setting into the user's settings file and leaves everything else in it as it was."""

import os
import re
import tempfile
import tomllib
from pathlib import Path

import msgspec

from lis_tui.config.schema import keys
from lis_tui.config.values import checked
from lis_tui.core.errors import SettingsInvalid

_TABLE = re.compile(r"(?m)^[ \t]*\[")


def save_setting(path: Path, key: str, value: str | bool) -> None:
    """Write `key = value` for a setting outside all sections (theme, mode, follow, bell, profile).

    Raises SettingsInvalid, and then the file is as it was.
    """
    if "." in key or key not in keys():
        raise SettingsInvalid(f"{key} cannot be saved: only settings outside all sections can.")
    checked(key, value, str(path))
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = _changed(old, key, value)
        if not _says(new, old, key, value):
            raise SettingsInvalid(
                f"{path} is written in a way that cannot be changed safely. Edit it by hand."
            )
        replace_file(path, new)
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be written: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}.") from error


def _changed(old: str, key: str, value: str | bool) -> str:
    line = f"{key} = {msgspec.json.encode(value).decode()}"
    table = _TABLE.search(old)
    head, rest = (old[: table.start()], old[table.start() :]) if table else (old, "")
    place = re.compile(rf"(?m)^{key}[ \t]*=[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*'|[^#\s]+)")
    if place.search(head):
        return place.sub(lambda _: line, head, count=1) + rest
    end = "" if not head or head.endswith("\n") else "\n"
    return f"{head}{end}{line}\n{rest}"


def _says(new: str, old: str, key: str, value: str | bool) -> bool:
    """Whether the new text differs from the old in this setting alone."""
    return tomllib.loads(new) == {**tomllib.loads(old), key: value}


def replace_file(path: Path, text: str) -> None:
    """Write whole or not at all; a link to the file, as managers of such files make, stays a link."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    fd, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if target.exists():
                os.fchmod(fd, target.stat().st_mode & 0o777)
            os.fsync(fd)
        Path(made).replace(target)
    except OSError:
        Path(made).unlink(missing_ok=True)
        raise
