"""The person's desktop: whether there is one to open things, and by which program."""

import asyncio
import shutil
from collections.abc import Callable, Mapping

from msgspec import Struct

from lis_tui.core.bus import spawn
from lis_tui.core.errors import UsageWrong

PATIENCE_S = 4.0
"""What has not failed by then has begun to open."""
_FAILURES = {2: "it does not find the file", 3: "no program is known for it", 4: "the program for it failed"}
_FORWARDED = ("localhost:", "127.0.0.1:", "[::1]:")


class Desktop(Struct, frozen=True):
    """The program that opens things; none where `why_not` says so."""

    command: tuple[str, ...] = ()
    why_not: str = ""


def find_desktop(
    environ: Mapping[str, str], platform: str, which: Callable[[str], str | None] = shutil.which
) -> Desktop:
    """Look for it. Over SSH there is none, unless the windows of that machine come along."""
    is_remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    display = environ.get("DISPLAY", "")
    if is_remote and not display.startswith(_FORWARDED):
        return Desktop(why_not="you are here over SSH")
    if platform == "darwin":
        return Desktop(("open",))
    if platform == "win32":
        return Desktop(("explorer",))
    if not display and not environ.get("WAYLAND_DISPLAY"):
        return Desktop(why_not="there is no desktop here")
    for command in (("xdg-open",), ("gio", "open"), ("wslview",)):
        if found := which(command[0]):
            return Desktop((found, *command[1:]))
    return Desktop(why_not="xdg-open is not installed")


async def hand_over(desktop: Desktop, target: str) -> None:
    """Have it open a path or an address. Raises UsageWrong where it says at once that it cannot."""
    try:
        program = await asyncio.create_subprocess_exec(
            *desktop.command,
            target,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageWrong(f"{desktop.command[0]} cannot be started: {error.strerror}.") from error
    ending = spawn(program.wait(), "desktop")
    done, _ = await asyncio.wait((ending,), timeout=PATIENCE_S)
    if done and program.returncode:
        why = _FAILURES.get(program.returncode, f"it ended with {program.returncode}")
        raise UsageWrong(f"{desktop.command[0]} did not open it: {why}.")
