"""What an embedded sandbox has in its system folders beyond the machine's: accounts, pip, apt's ways."""

import functools
import importlib.util
import shutil
from pathlib import Path

PIP_PATH = "/run/lis-tui"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_ETC = {
    "shadow": ("root:*:19000:0:99999:7:::\n", 0o640),
    "gshadow": ("root:*::\n", 0o640),
    "apt/apt.conf.d/90lis-tui": (
        'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\nAPT::Sandbox::User "root";\n',
        0o644,
    ),
}
_PIP = f'#!/bin/sh\nPYTHONPATH={PIP_PATH}${{PYTHONPATH:+:$PYTHONPATH}} exec python3 -m pip "$@"\n'
VARIABLES = {
    "PIP_BREAK_SYSTEM_PACKAGES": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "MPLBACKEND": "Agg",
}
"""The system's Python refuses pip, for what it protects; here that is a layer of the run's own."""


def furnish(path: str, upper: Path) -> None:
    """Put what is ours into the layer over a system folder. Raises OSError."""
    if path == "/etc":
        for name, (text, mode) in _ETC.items():
            _write(upper / name, text, mode)
        resolver = Path("/etc/resolv.conf")
        if resolver.is_symlink():  # it leads to where nothing is inside
            _write(upper / "resolv.conf", _read(resolver), 0o644)
    if path == "/usr" and pip_package() is not None:
        _write(upper / "local/bin/pip", _PIP, 0o755)


def furnish_base(upper: Path) -> None:
    """Put into the layer over a root file system what an engine would, and apt's ways. Raises OSError."""
    _write(upper / "etc/resolv.conf", _read(Path("/etc/resolv.conf")), 0o644)
    _write(upper / "etc/apt/apt.conf.d/91lis-tui", 'APT::Sandbox::User "root";\n', 0o644)
    _write(upper / "etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n", 0o644)


@functools.cache
def pip_package() -> Path | None:
    """Give our own Python's pip, for a machine whose Python has none."""
    if shutil.which("pip", path=_PATH) is not None:
        return None
    found = importlib.util.find_spec("pip")
    return Path(found.origin).parent if found is not None and found.origin is not None else None


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
