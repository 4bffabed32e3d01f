"""Playing with programs that only note how they are called."""

import asyncio
import io
import os
import shutil
import stat
import sys
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pytest

from lis_tui.core.content import Content
from lis_tui.preview.parts import CannotShow
from lis_tui.preview.playing import play, render_midi
from lis_tui.preview.synthesis import find_font

MEDIA = Path(__file__).parents[2] / "media"
MP3 = (MEDIA / "tone.mp3").read_bytes()
WAV = (MEDIA / "tone.wav").read_bytes()
JOY = (MEDIA / "joy.mid").read_bytes()


def can_be_heard() -> bool:
    program = shutil.which("fluidsynth")
    return program is not None and find_font(Path(program)) is not None


class Machine:
    """A machine with only those programs that a test gives it."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "bin"
        self._bin.mkdir()
        self.said = folder / "said"
        os.mkfifo(self.said)
        self.font = folder / "share/sounds/sf2/any.sf2"
        self._open = ExitStack()

    def install(self, name: str, script: str) -> None:
        """Write a program."""
        program = self._bin / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def install_player(self, name: str, then: str = "exec /bin/sleep 1000") -> None:
        """Write a player that tells of its words and its surroundings."""
        said = 'printf "%s\\n" "$0" "$@" SURROUNDINGS >&3; export -p >&3; echo END >&3'
        self.install(name, f'exec 3>"{self.said}"; {said}; {then}')

    def install_synthesiser(self, script: str) -> None:
        self.install("fluidsynth", script)
        self.font.parent.mkdir(parents=True)
        self.font.write_bytes(b"RIFF")

    def open(self) -> TextIO:
        """Wait until a player says something."""
        return self._open.enter_context(self.said.open())

    def close(self) -> None:
        self._open.close()

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": str(self._bin), "HOME": "/home/x", "API_KEY": "secret", "XDG_RUNTIME_DIR": "/run/x"}

    def which(self, name: str) -> str | None:
        return shutil.which(name, path=str(self._bin))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.close()


class Heard:
    """What a player says: its words, and its surroundings; blocks until it is started."""

    def __init__(self, machine: Machine) -> None:
        self._stream = machine.open()
        lines = [line.strip() for line in iter(self._stream.readline, "END\n")]
        border = lines.index("SURROUNDINGS")
        self.name = Path(lines[0]).name
        self.words = lines[1:border]
        self.file = Path(self.words[-1])
        self.surroundings = {line.split("=")[0].removeprefix("export ") for line in lines[border + 1 :]}

    def rest(self) -> str:
        """Wait until no process of the player is left."""
        return self._stream.read()


async def heard(machine: Machine) -> Heard:
    return await asyncio.to_thread(Heard, machine)


async def test_a_recording_is_copied_under_a_safe_name_and_forced_to_its_format(machine: Machine) -> None:
    machine.install_player("mpv")
    playback = await play(MP3, machine.environment)
    told = await heard(machine)
    assert playback.player == told.name == "mpv"
    assert "--demuxer-lavf-format=mp3" in told.words
    assert told.file.name == "sound.mp3"
    assert told.file.read_bytes() == MP3
    assert stat.S_IMODE(told.file.parent.stat().st_mode) == 0o700
    await playback.stop()


async def test_a_player_gets_nothing_of_the_persons_surroundings(machine: Machine) -> None:
    machine.install_player("mpv")
    playback = await play(MP3, machine.environment)
    told = await heard(machine)
    assert {"PATH", "HOME", "XDG_RUNTIME_DIR"} <= told.surroundings
    assert "API_KEY" not in told.surroundings
    await playback.stop()


async def test_stopping_ends_all_that_the_player_began_and_removes_the_copy(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lis_tui.preview.playing._GRACE_S", 0.05)
    machine.install_player("mpv", "/bin/sleep 1000 & trap '' TERM; while :; do /bin/sleep 1000; done")
    playback = await play(MP3, machine.environment)
    told = await heard(machine)
    await playback.stop()
    assert await asyncio.to_thread(told.rest) == ""
    assert await playback.ended() == ""
    assert not told.file.parent.exists()


async def test_a_player_ends_with_the_process_that_began_it(machine: Machine) -> None:
    machine.install_player("mpv", "/bin/sleep 1000 & exec /bin/sleep 1000")
    words = "import asyncio, sys; from pathlib import Path; from lis_tui.preview.playing import play\n"
    words += "async def main():\n await play(Path(sys.argv[1]).read_bytes())\n await asyncio.sleep(1000)\n"
    screen = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", words + "asyncio.run(main())", str(MEDIA / "tone.mp3")),
        env={**machine.environment, "TMPDIR": str(machine.said.parent)},
    )
    told = await heard(machine)
    screen.kill()
    assert await asyncio.to_thread(told.rest) == ""
    await screen.wait()


async def test_a_player_can_be_silenced_without_waiting_for_it(machine: Machine) -> None:
    machine.install_player("mpv")
    playback = await play(MP3, machine.environment)
    told = await heard(machine)
    assert not playback.is_over
    playback.end()
    assert await playback.ended() == ""
    assert playback.is_over
    assert not told.file.parent.exists()


async def test_what_plays_sound_alone_comes_before_what_plays_everything(machine: Machine) -> None:
    for name in ("ffplay", "mpv", "paplay"):
        machine.install_player(name, "exit 0")
    wav = await play(WAV, machine.environment)
    assert (wav.player, (await heard(machine)).name) == ("paplay", "paplay")
    assert await wav.ended() == ""
    machine.close()
    m4a = await play((MEDIA / "tone.m4a").read_bytes(), machine.environment)
    assert (m4a.player, (await heard(machine)).name) == ("mpv", "mpv")
    assert await m4a.ended() == ""


async def test_the_sound_of_a_video_is_played_without_its_pictures(machine: Machine) -> None:
    machine.install_player("ffplay", "exit 0")
    playback = await play((MEDIA / "clip.mp4").read_bytes(), machine.environment)
    told = await heard(machine)
    assert {"-nodisp", "-vn"} <= set(told.words)
    assert told.words[told.words.index("-f") + 1] == "mov"
    await playback.ended()


async def test_a_player_that_fails_is_quoted_without_its_escapes(machine: Machine) -> None:
    machine.install("paplay", "printf 'trying\\n\\033[31mConnection refused\\033[0m\\n' >&2; exit 1")
    playback = await play(WAV, machine.environment)
    assert await playback.ended() == "paplay could not play it: ␛[31mConnection refused␛[0m"


async def test_a_failure_counts_that_ffplay_does_not_end_with(machine: Machine) -> None:
    machine.install("ffplay", "echo 'Failed to open file' >&2; exit 0")
    playback = await play(WAV, machine.environment)
    assert await playback.ended() == "ffplay could not play it: Failed to open file"


async def test_a_player_that_says_very_much_does_not_fill_the_memory_or_hang(machine: Machine) -> None:
    machine.install("mpv", "/usr/bin/head -c 3000000 /dev/zero >&2; exit 3")
    playback = await play(MP3, machine.environment)
    assert (await playback.ended()).startswith("mpv could not play it")


async def test_without_a_player_a_sentence_says_so(machine: Machine) -> None:
    with pytest.raises(CannotShow, match="No program is installed"):
        await play(MP3, machine.environment)


async def test_over_ssh_nothing_sounds_at_the_other_machine(machine: Machine) -> None:
    machine.install_player("mpv")
    over_ssh = machine.environment | {"SSH_CONNECTION": "1 2 3 4"}
    with pytest.raises(CannotShow, match="SSH"):
        await play(MP3, over_ssh)
    playback = await play(MP3, over_ssh | {"PULSE_SERVER": "tcp:localhost:4713"})
    assert "PULSE_SERVER" in (await heard(machine)).surroundings
    await playback.stop()


@pytest.mark.parametrize(
    "data", [b"#EXTM3U\nhttp://127.0.0.1/a.mp3\n", b"[playlist]\nFile1=/etc/passwd\n", b"\x7fELF", b""]
)
async def test_what_is_no_recording_is_not_handed_to_a_player(data: bytes, machine: Machine) -> None:
    machine.install("mpv", "exit 0")
    with pytest.raises(CannotShow, match="not played here"):
        await play(data, machine.environment)


async def test_an_open_file_is_played_and_may_be_closed_at_once(machine: Machine) -> None:
    machine.install_player("mpv")
    with Content(descriptor=os.open(MEDIA / "tone.mp3", os.O_RDONLY)) as content:
        playback = await play(content, machine.environment)
    assert (await heard(machine)).file.read_bytes() == MP3
    await playback.stop()


async def test_a_song_is_rendered_and_played_as_wav(machine: Machine) -> None:
    machine.install_synthesiser("/usr/bin/printf 'abcdefgh'")
    machine.install_player("pw-play")
    playback = await play(JOY, machine.environment)
    told = await heard(machine)
    assert told.file.name == "sound.wav"
    with wave.open(str(told.file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 44100)
        assert sound.readframes(9) == b"abcdefgh"
    await playback.stop()


async def test_a_song_that_never_ends_is_rendered_for_minutes_only(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lis_tui.preview.synthesis.MOST_S", 1)
    machine.install_synthesiser(f'exec 3>"{machine.said}"; echo START >&3; exec /usr/bin/yes')
    said, made = await asyncio.gather(
        asyncio.to_thread(_all_of, machine.said), render_midi(JOY, machine.which)
    )
    assert said == "START\n"
    with wave.open(io.BytesIO(made)) as sound:
        assert sound.getnframes() == 44100


async def test_a_synthesiser_that_hangs_is_ended(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lis_tui.preview.synthesis._PATIENCE_S", 0.05)
    machine.install_synthesiser("exec /bin/sleep 1000")
    with pytest.raises(CannotShow, match="no sound"):
        await render_midi(JOY, machine.which)


async def test_what_is_missing_to_hear_a_song_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CannotShow, match="fluidsynth, which is not installed"):
        await render_midi(JOY, machine.which)
    monkeypatch.setattr("lis_tui.preview.synthesis._FOLDERS", ("nowhere",))
    machine.install_synthesiser("exit 0")
    with pytest.raises(CannotShow, match="sound font"):
        await render_midi(JOY, machine.which)


@pytest.mark.skipif(not can_be_heard(), reason="fluidsynth or a sound font is not installed")
async def test_fluidsynth_renders_the_song() -> None:
    with wave.open(io.BytesIO(await render_midi(JOY))) as sound:
        assert 16 < sound.getnframes() / 44100 < 25
        sound.setpos(22050)
        assert any(sound.readframes(1000))


def _all_of(fifo: Path) -> str:
    with fifo.open() as stream:
        return stream.read()
