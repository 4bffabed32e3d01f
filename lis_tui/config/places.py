"""Where lis-tui keeps things: runs in the user's data folder, settings beside it, sockets in a short path."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from msgspec import Struct

from lis_tui.core.private import is_ours, private_folder

LONGEST_RUNTIME = 76
"""Bytes of the runtime folder's path. A socket's path may have about 100, and needs a name below it."""


class Places(Struct, frozen=True):
    """The three folders of a user. Finding them makes none of them."""

    data: Path
    config: Path
    runtime: Path

    @property
    def settings_path(self) -> Path:
        """The user's settings file."""
        return self.config / "config.toml"

    def make_runtime(self) -> Path:
        """Make the folder for sockets, for us alone. Raises StorageFailed where it is not ours."""
        if self.runtime.parent.name == _own_name():
            private_folder(self.runtime.parent)
        return private_folder(self.runtime)


def find_places(environ: Mapping[str, str]) -> Places:
    """Choose the folders: all below LIS_TUI_HOME where it is set, else where the system keeps such things."""
    home = environ.get("LIS_TUI_HOME", "")
    if home:
        root = Path(home).expanduser().absolute()
        return Places(root / "data", root / "config", _short(root / "run"))
    return Places(
        platformdirs.user_data_path("lis-tui", appauthor=False),
        platformdirs.user_config_path("lis-tui", appauthor=False),
        _usual_runtime(environ),
    )


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Say where copies are kept that may vanish at any time; it is not made."""
    home = environ.get("LIS_TUI_HOME", "")
    if home:
        return Path(home).expanduser().absolute() / "cache"
    return platformdirs.user_cache_path("lis-tui", appauthor=False)


def _usual_runtime(environ: Mapping[str, str]) -> Path:
    given = environ.get("XDG_RUNTIME_DIR", "")
    if given and is_ours(Path(given)) and os.access(given, os.W_OK):
        return _short(Path(given) / "lis-tui")
    return _short(Path(tempfile.gettempdir()) / _own_name() / "run")


def _short(wished: Path) -> Path:
    """Keep the path where a socket fits below it; else one of its own in /tmp, told apart by a digest."""
    if len(os.fsencode(wished)) <= LONGEST_RUNTIME:
        return wished
    digest = hashlib.sha256(os.fsencode(wished)).hexdigest()[:12]
    return Path("/tmp") / _own_name() / digest


def _own_name() -> str:
    return f"lis-tui-{os.getuid()}"
