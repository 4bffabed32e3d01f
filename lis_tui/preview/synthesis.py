"""MIDI made audible: fluidsynth in a process of its own, with a sound font of this machine."""

import asyncio
import io
import shutil
import sys
import wave
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from lis_tui.core.child import begin
from lis_tui.core.temporary import TemporaryFolder
from lis_tui.preview.parts import CannotShow

RATE = 44_100
MOST_S = 300
"""So much is rendered of a longer song."""
_PATIENCE_S = 40.0
_FRAME_BYTES = 4
_MOST_SONG = 8 << 20
_PIECE = 1 << 18
_FOLDERS = ("share/sounds/sf2", "share/sounds/sf3", "share/soundfonts", "share/fluid-synth/sf2")
_USUAL = ("default-GM.sf2", "default-GM.sf3", "default.sf2", "FluidR3_GM.sf2")
_LIMITS = 'ulimit -f 131072; ulimit -t 30; ulimit -v 2000000 2>/dev/null; exec "$@"'
"""Files of 64 MB (PulseAudio's library makes one at once), thirty seconds of the processor, 2 GB of addresses
(macOS takes no such limit)."""
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/alternatives", "/etc/ld.so.cache")

Which = Callable[[str], str | None]


async def render_midi(data: bytes, which: Which = shutil.which) -> bytes:
    """Give a MIDI file as WAV, its first minutes where it is long. Raises CannotShow."""
    program = which("fluidsynth")
    if program is None:
        raise CannotShow("To hear it takes fluidsynth, which is not installed.")
    font = find_font(Path(program))
    if font is None:
        raise CannotShow("To hear it takes a sound font, and none is installed (as `fluid-soundfont-gm`).")
    if len(data) > _MOST_SONG:
        raise CannotShow("It is too large to be rendered.")
    with TemporaryFolder() as folder:
        song = folder / "song.mid"
        await asyncio.to_thread(song.write_bytes, data)
        sound = b""
        for command in _commands(which, program, str(font), str(song)):
            sound = await _output(command)
            if sound:
                break
    if not any(sound):
        raise CannotShow("fluidsynth made no sound of it.")
    return _as_wav(sound)


def _commands(which: Which, program: str, font: str, song: str) -> Iterator[list[str]]:
    """Give what to try: inside bubblewrap where that is installed, and by its limits alone."""
    limited = ["/bin/sh", "-c", _LIMITS, "sh"]
    words = [
        "-n",
        "-i",
        "-q",
        "-g",
        "0.6",
        "-r",
        str(RATE),
        "-T",
        "raw",
        "-O",
        "s16",
        "-E",
        "little",
        "-F",
        "-",
    ]
    wall = which("bwrap") if sys.platform.startswith("linux") else None
    if wall is not None:
        shown = [word for place in (*_SYSTEM, font) for word in ("--ro-bind-try", place, place)]
        yield [
            *(wall, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
            *(
                *shown,
                "--dev",
                "/dev",
                "--proc",
                "/proc",
                "--tmpfs",
                "/tmp",
                "--ro-bind",
                song,
                "/tmp/song.mid",
            ),
            *("--chdir", "/", "--", *limited, program, *words, font, "/tmp/song.mid"),
        ]
    yield [*limited, program, *words, font, song]


async def _output(command: list[str]) -> bytes:
    """Give what a command writes, as far as time and room reach; it is ended in any case."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    found = bytearray()
    async with await begin(*command, stdout=PIPE, environment=environment, folder="/") as process:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await _gather(process, found)
    return bytes(found[: len(found) // _FRAME_BYTES * _FRAME_BYTES])


async def _gather(process: Process, found: bytearray) -> None:
    most = MOST_S * RATE * _FRAME_BYTES
    while process.stdout is not None and len(found) < most:
        piece = await process.stdout.read(min(_PIECE, most - len(found)))
        if not piece:
            return
        found += piece


def _as_wav(sound: bytes) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound)
    return made.getvalue()


def find_font(program: Path) -> Path | None:
    """Find a sound font: what the machine calls its usual one, else the first."""
    prefixes = dict.fromkeys((program.parent.parent, program.resolve().parent.parent, Path("/usr")))
    folders = [prefix / folder for prefix in prefixes for folder in _FOLDERS]
    for folder in folders:
        for name in _USUAL:
            if (folder / name).is_file():
                return (folder / name).resolve()
    fonts = [font for folder in folders for font in sorted(folder.glob("*.sf[23]"))]
    return fonts[0].resolve() if fonts else None
