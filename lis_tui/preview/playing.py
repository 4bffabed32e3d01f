"""Plays a recording or a song through a player of the desktop, if there is one."""

import asyncio
import os
import re
import shutil
import signal
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lis_tui.core.bus import spawn
from lis_tui.core.child import Child, begin
from lis_tui.core.content import Content
from lis_tui.core.temporary import TemporaryFolder
from lis_tui.core.text import one_line
from lis_tui.preview.file import File, HeldFile, OpenedFile
from lis_tui.preview.kinds import format_of
from lis_tui.preview.parts import CannotShow
from lis_tui.preview.players import SORTS, Player, Which, find_player
from lis_tui.preview.synthesis import render_midi

__all__ = ["Playback", "play", "render_midi"]
_MOST_BYTES = 1 << 30
_PIECE = 1 << 20
_MOST_SAID = 2000
_GRACE_S = 1.0
_WITH_US = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) </dev/null >/dev/null 2>&1 & exec "$@" 3<&- </dev/null'
"""Starts a player beside a process that waits for the end of its input, which comes with ours: however this
process ends, the player and all that it began end too."""
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "ALSA_CONFIG_PATH",
    "SDL_AUDIODRIVER",
)
_PREFIXES = ("PULSE_", "PIPEWIRE_")
"""What a player needs to reach the speakers; no key and no token of the person's is among it."""


class Playback:
    """A sound that is being played; it ends by itself, or is stopped."""

    def __init__(self, player: Player, child: Child, lifeline: int, folder: TemporaryFolder) -> None:
        self.player = player.name
        """The program that plays it."""
        self._player = player
        self._child = child
        self._lifeline = lifeline
        self._folder = folder
        self._is_stopped = False
        self._why: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        spawn(self._watch(), "player")

    @property
    def is_over(self) -> bool:
        """It has ended, and nothing is left of it."""
        return self._why.done()

    def end(self) -> None:
        """Make it silent at once, without waiting."""
        self._is_stopped = True
        self._signal(signal.SIGKILL)

    async def ended(self) -> str:
        """Wait for its end; give a sentence where the player failed, else nothing."""
        return await asyncio.shield(self._why)

    async def stop(self) -> None:
        """Make it silent, and wait until it is."""
        self._is_stopped = True
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_GRACE_S):
                await self.ended()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.ended()

    async def _watch(self) -> None:
        process, said = self._child.process, b""
        try:
            while process.stderr is not None and (piece := await process.stderr.read(_PIECE)):
                said = (said + piece)[-_MOST_SAID:]
            await process.wait()
        finally:
            self._signal(signal.SIGKILL)  # also those that it left behind
            os.close(self._lifeline)
            try:
                await self._child.end()
                await asyncio.to_thread(self._folder.close)
            finally:
                self._why.set_result(self._sentence(said))

    def _sentence(self, said: bytes) -> str:
        lines = said.decode(errors="replace").strip().splitlines()
        fails = self._player.fails
        has_failed = self._child.process.returncode or any(fails and re.match(fails, line) for line in lines)
        if self._is_stopped or not has_failed:
            return ""
        return f"{self.player} could not play it" + (f": {one_line(lines[-1])}" if lines else ".")

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.process.pid, number)


async def play(
    content: Content | bytes, environment: Mapping[str, str] = os.environ, which: Which | None = None
) -> Playback:
    """Begin to play a recording, a video's sound, or a song, told by its content. Raises CannotShow.

    The content may be closed when this returns.
    """
    _must_be_heard(environment)
    find = which if which is not None else _within(environment)
    held = content if isinstance(content, Content) else Content(content)
    kind, called = await asyncio.to_thread(lambda: format_of(_file(held)))
    if kind == "midi":
        song = await asyncio.to_thread(held.read, _MOST_BYTES)
        held = Content(await render_midi(song, find))
        called = "a WAV recording"
    if called not in SORTS:
        raise CannotShow(f"This is {called}, which is not played here.")
    ending, format_ = SORTS[called]
    found = find_player(ending, find)
    if found is None:
        raise CannotShow(_WITHOUT)
    player, place = found
    folder = TemporaryFolder()
    try:
        path = folder.path / f"sound.{ending}"
        await asyncio.to_thread(_copy, held, path)
        command = [
            place,
            *({"FILE": str(path)}.get(word, word.replace("FORMAT", format_)) for word in player.words),
        ]
        return Playback(player, *await _started(command, str(folder.path), environment), folder)
    except BaseException:
        folder.close()
        raise


_WITHOUT = "No program is installed here that plays it, such as mpv, ffplay or pw-play."


async def _started(command: list[str], folder: str, environment: Mapping[str, str]) -> tuple[Child, int]:
    """Give the player's process, and the end of a pipe with which it lives."""
    theirs, ours = os.pipe()
    try:
        child = await begin(
            *("/bin/sh", "-c", _WITH_US, "sh", *command),
            stdin=theirs,
            stderr=PIPE,
            folder=folder,
            environment={name: value for name, value in environment.items() if _is_passed_on(name)},
        )
    except BaseException as error:
        os.close(ours)
        if isinstance(error, OSError):
            raise CannotShow(f"{command[0]} cannot be started: {error.strerror}.") from error
        raise
    finally:
        os.close(theirs)
    return child, ours


def _is_passed_on(name: str) -> bool:
    return name in _PASSED_ON or name.startswith(_PREFIXES)


def _must_be_heard(environment: Mapping[str, str]) -> None:
    """Raises CannotShow where it would sound in another place than the person's."""
    if "SSH_CONNECTION" in environment and "PULSE_SERVER" not in environment:
        raise CannotShow("This session is over SSH: it would sound at the other machine. W saves the file.")


def _within(environment: Mapping[str, str]) -> Which:
    return lambda name: shutil.which(name, path=environment.get("PATH", os.defpath))


def _file(content: Content) -> File:
    if content.descriptor is not None:
        return OpenedFile(content.descriptor)
    return HeldFile(content.data or b"")


def _copy(content: Content, path: Path) -> None:
    """Write a copy that only its owner reads, under a name of ours. Raises CannotShow."""
    if content.size_bytes > _MOST_BYTES:
        raise CannotShow("It is too large to be played from here. W saves the file.")
    place = 0
    try:
        with path.open("xb") as copy:
            while place < _MOST_BYTES and (piece := content.read(_PIECE, place)):
                copy.write(piece)
                place += len(piece)
    except OSError as error:
        raise CannotShow(f"It cannot be copied to be played: {error.strerror}.") from error
