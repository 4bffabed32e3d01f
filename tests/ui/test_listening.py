"""Sound on a screen of its own: drawn, played, stopped."""

import asyncio
from pathlib import Path

from textual.pilot import Pilot

from lis_tui.core.content import Content
from lis_tui.preview.parts import CannotShow, Note, Preview, Roll, Wave
from lis_tui.ui.app import LisApp
from lis_tui.ui.screens.preview import PreviewScreen
from tests.previewed import FakePreviews, app_with
from tests.screens import text_of
from tests.ui.test_preview import look_at, rest

SOUND = Preview(
    kind="audio",
    called="a WAV recording",
    facts=("0:40", "PCM", "44.1 kHz", "stereo", "16 bit"),
    parts=(Wave(tuple((-place / 40, place / 40) for place in range(41)), 40.0),),
    duration_s=40.0,
)
SONG = Preview(
    kind="midi",
    called="a MIDI file",
    facts=("2.0 s", "120 beats a minute"),
    parts=(Roll((Note(0, 1, 60), Note(1, 2, 64)), 2.0, ("piano",)),),
    duration_s=2.0,
)


class FakeSounding:
    """Sounds until it is ended, or until a test says how it ended."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._why: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def is_over(self) -> bool:
        return self._why.done()

    def end(self) -> None:
        self.is_stopped = True
        self.finish("")

    def finish(self, why: str) -> None:
        if not self._why.done():
            self._why.set_result(why)

    async def ended(self) -> str:
        return await asyncio.shield(self._why)


class FakePlayer:
    """Plays nothing, and keeps what it was given."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.played: list[bytes] = []
        self.sounding: list[FakeSounding] = []

    async def play(self, content: Content) -> FakeSounding:
        if self.refusal:
            raise CannotShow(self.refusal)
        self.played.append(content.read(4))
        self.sounding.append(FakeSounding())
        return self.sounding[-1]


async def opened(app: LisApp, pilot: Pilot[int], name: str, player: FakePlayer) -> PreviewScreen:
    """Show a file whole, with this player."""
    await look_at(app, pilot, name)
    await pilot.press("4", "g", "enter")
    await rest(pilot)
    screen = app.screen
    assert isinstance(screen, PreviewScreen)
    screen.theatre.listening.play = player.play
    return screen


async def until_playing(pilot: Pilot[int], player: FakePlayer, count: int = 1) -> None:
    while len(player.sounding) < count:
        await pilot.pause(0.01)
    await rest(pilot)


async def test_a_recording_is_drawn_and_space_plays_it(tmp_path: Path) -> None:
    player = FakePlayer()
    app = app_with(tmp_path, FakePreviews({"tone.wav": SOUND}))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "tone.wav", player)
        assert set("▁▂▃▄▅▆▇") <= set(text_of(app))
        assert "╵0:00" in text_of(app)
        assert "space play" in " ".join(text_of(app).split())
        await pilot.press("space")
        await until_playing(pilot, player)
        assert player.played == [b"\0\1\2\3"]
        assert "♪ 0:00 of 0:40" in text_of(app)
        assert "space stop" in " ".join(text_of(app).split())
        await pilot.press("space")
        await rest(pilot)
        assert player.sounding[0].is_stopped
        assert "♪" not in text_of(app)
        assert not screen.theatre.listening.is_playing


async def test_a_song_is_drawn_as_a_roll_and_ends_by_itself(tmp_path: Path) -> None:
    player = FakePlayer()
    app = app_with(tmp_path, FakePreviews({"joy.mid": SONG}))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "joy.mid", player)
        assert "C4" in text_of(app)
        assert "█ piano" in text_of(app)
        await pilot.press("space")
        await until_playing(pilot, player)
        player.sounding[0].finish("")
        while screen.theatre.listening.is_playing:
            await pilot.pause(0.01)
        await rest(pilot)
        assert "♪" not in text_of(app)
        assert "█ piano" in text_of(app)


async def test_leaving_silences_what_is_played(tmp_path: Path) -> None:
    player = FakePlayer()
    app = app_with(tmp_path, FakePreviews({"tone.wav": SOUND}))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "tone.wav", player)
        await pilot.press("space")
        await until_playing(pilot, player)
        await pilot.press("escape")
        await rest(pilot)
        assert player.sounding[0].is_stopped


async def test_why_nothing_is_heard_stands_below_the_wave(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"tone.wav": SOUND}))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "tone.wav", FakePlayer("No program is installed here."))
        await pilot.press("space")
        while screen.theatre.listening.is_playing:
            await pilot.pause(0.01)
        await rest(pilot)
        assert "No program is installed here." in text_of(app)
        assert "╵0:00" in text_of(app)


async def test_a_player_that_fails_later_is_quoted(tmp_path: Path) -> None:
    player = FakePlayer()
    app = app_with(tmp_path, FakePreviews({"tone.wav": SOUND}))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "tone.wav", player)
        await pilot.press("space")
        await until_playing(pilot, player)
        player.sounding[0].finish("mpv could not play it: no device")
        while screen.theatre.listening.is_playing:
            await pilot.pause(0.01)
        await rest(pilot)
        assert "mpv could not play it: no device" in text_of(app)
