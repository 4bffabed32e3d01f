"""The person's desktop: whether there is one to open things, and by which program."""

import asyncio
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from msgspec import Struct

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
    """Have it open a path or an address. Raises UsageWrong where it says at once that it cannot.

    The program outlives the screen: it may be what the person reads in.
    """
    try:
        program = await asyncio.to_thread(_started, (*desktop.command, target))
    except OSError as error:
        raise UsageWrong(f"{desktop.command[0]} cannot be started: {error.strerror}.") from error
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def watch() -> None:
        code = program.wait()
        with suppress(RuntimeError):  # the screen is gone
            loop.call_soon_threadsafe(_tell, ended, code)

    threading.Thread(target=watch, name="desktop", daemon=True).start()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            if code := await ended:
                why = _FAILURES.get(code, f"it ended with {code}")
                raise UsageWrong(f"{desktop.command[0]} did not open it: {why}.")


def _started(command: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


def _tell(ended: "asyncio.Future[int]", code: int) -> None:
    if not ended.done():
        ended.set_result(code)
