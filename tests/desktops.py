"""A desktop that takes note of what it is to open, and files for it."""

import asyncio
import io
import os
import zipfile
from pathlib import Path

import pytest

PATIENCE_S = 20.0
_SCRIPT = """#!/bin/sh
printf '%s\\n' "$#" "$@" >>{log}.part
mv {log}.part {log}
{then}
"""


class FakeDesktop:
    """`xdg-open` on PATH, and a display."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._log = folder / "opened.txt"
        self._door, self._number = folder / "door", folder / "number"
        self._program = folder / "desktop" / "xdg-open"
        self._program.parent.mkdir()
        self.fail(0)
        monkeypatch.setenv("PATH", f"{self._program.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("DISPLAY", ":0")
        for name in ("SSH_CONNECTION", "SSH_TTY"):
            monkeypatch.delenv(name, raising=False)

    def fail(self, code: int) -> None:
        """End with this code."""
        self._write(f"exit {code}")

    def stay(self) -> None:
        """Go on until `end`, as a program does that the person reads in."""
        os.mkfifo(self._door)
        self._write(
            f"echo $$ >{self._number}.part; mv {self._number}.part {self._number}; read line <{self._door}"
        )

    def is_running(self) -> bool:
        """Whether the program goes on."""
        os.kill(int(self._number.read_text()), 0)
        return True

    def end(self) -> None:
        """Have the program end."""
        self._door.write_text("\n")

    def _write(self, then: str) -> None:
        self._program.write_text(_SCRIPT.format(log=self._log, then=then))
        self._program.chmod(0o755)

    async def given(self, count: int = 1) -> list[str]:
        """Give what it was asked to open, once it was asked so often."""
        async with asyncio.timeout(PATIENCE_S):
            while count and not self._log.exists():
                await asyncio.sleep(0.01)
            while self._door.exists() and not self._number.exists():
                await asyncio.sleep(0.01)
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        assert lines[::2] == ["1"] * (len(lines) // 2)
        return lines[1::2]


def zipped(members: dict[str, bytes]) -> bytes:
    """Give a zip archive, as an office file is one."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
    return made.getvalue()
