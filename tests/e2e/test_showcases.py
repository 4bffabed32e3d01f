"""The four showcases, played by their scripts in the real sandbox; what comes of them is checked anew."""

import functools
import io
import itertools
import json
import re
import wave
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageColor

from lis_tui.config.presets import read_preset
from lis_tui.core.content import Content
from lis_tui.core.events import RunEnded, RunStarted
from lis_tui.preview.parts import Lines, Pixels, Roll, Wanted, Wave
from lis_tui.preview.studio import Studio
from lis_tui.preview.viewer import Viewer
from tests.command import LisTui
from tests.docker_home import docker_image
from tests.leaking import CHROMIUM
from tests.tiles import colours_of, picture_of, tile_server

pytestmark = [pytest.mark.docker, pytest.mark.slow]

Made = Callable[[str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, index_answers: None) -> Iterator[Made]:
    """Plays a showcase to its end, once; gives the folder of what was saved."""
    image, reason = docker_image()
    if reason or not image.startswith("lis-tui-sandbox"):
        pytest.skip(reason or "the showcases need the whole sandbox image")
    environ = {"LIS_TUI_IMAGE": image, "LIS_TUI_MODEL_EXTRA_BODY": '{"pace": 0}'}
    lis = LisTui(tmp_path_factory.mktemp("showcases"), environ=environ)

    @functools.cache
    def play(name: str) -> Path:
        done = lis.run("demo", name, "--headless", longest_s=240)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr
        events = [record.event for record in lis.journal(name)]
        (started,) = (event for event in events if isinstance(event, RunStarted))
        assert started.spec.task == read_preset(name).task
        assert started.spec.model.name == f"script/{name}", "what is scripted is called so"
        assert [event.status for event in events if isinstance(event, RunEnded)] == ["submitted"]
        return lis.home / "data" / "runs" / name / "results"

    yield play
    lis.close()
    assert lis.containers() == []


def days_of(page: str) -> list[dict[str, object]]:
    found = re.search(r"const DAYS = (\[.*?\n\]);\n", page, re.DOTALL)
    assert found is not None
    days: list[dict[str, object]] = json.loads(found[1])
    return days


def test_the_map_holds_a_line_and_four_to_six_stops_a_day_each_with_time_plan_and_food(made: Made) -> None:
    results = made("tokyo-map")
    page = (results / "output" / "tokyo.html").read_text(encoding="utf-8")
    days = days_of(page)
    assert len(days) == 3
    assert len({str(day["colour"]) for day in days}) == 3
    numbers = []
    for day in days:
        stops = day["stops"]
        assert isinstance(stops, list)
        assert 4 <= len(stops) <= 6
        assert all(re.fullmatch(r"\d\d:\d\d", stop["time"]) and stop["do"] and stop["eat"] for stop in stops)
        numbers.append(str(len(stops)))
    assert (results / "answer.txt").read_text().split() == numbers
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", page)
    assert not re.search(r"url\((?!['\"]?(data:|#))", page)


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
async def test_the_viewer_shows_the_markers_with_and_without_network(made: Made, tmp_path: Path) -> None:
    page = (made("tokyo-map") / "output" / "tokyo.html").read_bytes()
    colours = [ImageColor.getrgb(str(day["colour"]))[:3] for day in days_of(page.decode())]
    viewer = Viewer()
    async with tile_server(tmp_path) as tiles:
        pictures = []
        for has_network in (False, True):
            address = await viewer.show("tokyo.html", lambda _: Content(page), has_network=has_network)
            before = len(tiles.asked)
            pictures.append(await picture_of(address, tmp_path, tiles))
            asked = [one for one in tiles.asked[before:] if one.startswith("/rastertiles/voyager/")]
            assert (len(asked) >= 6) == has_network, asked
    await viewer.close()
    for picture in pictures:
        dots = colours_of(picture)
        assert all(dots[red, green, blue] > 4 * 250 for red, green, blue in colours), "a marker has about 400"
    alone, tiled = map(share_of_tiles, pictures)
    assert tiled > 0.3 > 0.001 > alone


def share_of_tiles(picture: Image.Image) -> float:
    """How much of the picture is green; the page takes a little of the tiles' colour away."""
    dots = colours_of(picture)
    green = sum(n for (r, g, b), n in dots.items() if g > 235 and 150 < r < 225 and 150 < b < 225)
    return green / dots.total()


def test_the_poster_is_a2_and_says_everything_also_where_its_font_is_missing(made: Made) -> None:
    results = made("conference-poster")
    svg = ET.fromstring((results / "output" / "poster.svg").read_text(encoding="utf-8"))
    assert (svg.get("width"), svg.get("height"), svg.get("viewBox")) == ("420mm", "594mm", "0 0 420 594")
    assert not svg.findall(".//{*}text")
    said = " ".join(path.get("aria-label", "") for path in svg.findall(".//{*}path"))
    (path,) = read_preset("conference-poster").inputs
    event = json.loads(path.read_text(encoding="utf-8"))
    people = [word for speaker in event["speakers"] for word in speaker.values()]
    for fact in (*event["title"].split(), event["subtitle"], event["place"]["city"], "June 2027", *people):
        assert fact in said
    with Image.open(results / "output" / "poster.png") as png:
        png.load()
        assert png.size == (2480, 3508)
        title = png.convert("L").crop((150, 1860, 2330, 2660))
        ground = png.convert("L").getpixel((5, 3500))
    assert isinstance(ground, int)
    ink = sum(title.histogram()[ground + 40 :]) / (title.width * title.height)
    assert ink > 0.15, "the title is there"
    assert (results / "answer.txt").read_text().strip() == "2480 x 3508"


def test_the_countdown_lasts_twelve_seconds_and_plays_everywhere(made: Made) -> None:
    av = pytest.importorskip("av")
    data = (made("birthday-video") / "output" / "countdown.mp4").read_bytes()
    assert data.find(b"moov") < data.find(b"mdat"), "it plays while it loads"
    with av.open(io.BytesIO(data)) as film:
        video, sound = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height) == (1280, 720)
        assert (video.codec.name, video.pix_fmt) == ("h264", "yuv420p")
        assert abs(film.duration / 1_000_000 - 12) < 0.05
        assert abs(float(video.duration * video.time_base) - 12) < 0.01
        assert abs(float(sound.duration * sound.time_base) - 12) < 0.1
        middles = [
            frame.to_image().convert("L").crop((480, 230, 800, 490))
            for number, frame in enumerate(film.decode(video))
            if number % 25 == 12
        ]
    assert len(middles) == 12
    for one, after in itertools.pairwise(middles):
        changed = sum(ImageChops.difference(one, after).histogram()[60:]) / (one.width * one.height)
        assert changed > 0.01, "each second shows something else in its middle"


def test_the_piece_lasts_twenty_to_thirty_seconds_as_midi_and_as_sound(made: Made) -> None:
    mido = pytest.importorskip("mido")
    results = made("piano-piece")
    midi = mido.MidiFile(results / "output" / "piece.mid")
    assert 20 <= midi.length <= 30
    hands = [
        [message.velocity for message in track if message.type == "note_on" and message.velocity]
        for track in midi.tracks
    ]
    assert [len(hand) > 15 for hand in hands].count(True) == 2
    assert all(len(set(hand)) > 5 for hand in hands if hand), "nobody plays all notes alike"
    with wave.open(str(results / "output" / "piece.wav")) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 44_100, 2)
        seconds = sound.getnframes() / sound.getframerate()
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")
    assert midi.length <= seconds <= 30
    assert 3_000 < max(samples) < 32_700
    assert max(samples[-200:]) < 30, "it has faded out"
    assert (results / "answer.txt").read_text().strip() == f"{midi.length:.1f} {seconds:.1f}"


PREVIEWS: dict[str, tuple[str, type, str]] = {
    "output/tokyo.html": ("tokyo-map", Lines, "Three days in Tokyo"),
    "output/poster.svg": ("conference-poster", Pixels, "Quiet Machines"),
    "output/poster.png": ("conference-poster", Pixels, "2480×3508"),
    "output/countdown.mp4": ("birthday-video", Pixels, "1280×720 h264 12.0 s"),
    "output/piece.mid": ("piano-piece", Roll, "85 notes"),
    "output/piece.wav": ("piano-piece", Wave, "stereo"),
}


async def test_each_result_has_a_preview_of_its_kind(made: Made) -> None:
    for library in ("av", "mido", "resvg_py"):
        pytest.importorskip(library)
    studio = Studio()
    try:
        for path, (name, part, facts) in PREVIEWS.items():
            data = (made(name) / path).read_bytes()
            found = await studio.preview(data, Wanted(name=Path(path).name))
            told = " ".join((found.called, *found.facts))
            assert any(isinstance(one, part) for one in found.parts), (path, found.parts)
            assert all(fact in told for fact in ([facts] if part is Lines else facts.split(" ")))
    finally:
        await studio.close()
