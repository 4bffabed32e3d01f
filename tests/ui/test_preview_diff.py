"""A picture after two steps: before, after, and what differs."""

import asyncio
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from textual.pilot import Pilot

from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.preview.parts import Pixels, Preview, Wanted
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.past_files import PastFiles
from lis_tui.ui.app import LisApp
from lis_tui.ui.media.gallery import differing
from lis_tui.ui.screens.file_diff import FileDiffScreen
from tests import previewed, story
from tests.previewed import FakePreviews
from tests.screens import FakeSource, settle, text_of, workbench_app
from tests.ui.test_files_then import node

Compare = Callable[..., bool]
FIRST, SECOND = StepAddress(2, 1), StepAddress(4, 1)


def png(grey: int) -> bytes:
    data = BytesIO()
    Image.new("L", (4, 3), grey).save(data, "PNG")
    return data.getvalue()


def kept(root: Path, contents: dict[StepAddress, dict[str, bytes]]) -> PastFiles:
    blobs = Blobs(root)
    (root / "run").mkdir()
    manifests = Manifests(root / "run", blobs)
    for address, files in contents.items():
        nodes = [node(path, data, blobs, float(address.turn)) for path, data in files.items()]
        manifests.save(
            Manifest(address=address, at=1.0, workdir="/testbed", nodes={each.path: each for each in nodes})
        )
    past = PastFiles("mandelbrot-3")
    past.keep(manifests)
    return past


async def quiet(pilot: Pilot[int]) -> None:
    """Let files be read and drawn."""
    await settle(pilot)
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() in ("diff", "preview")]:
        await asyncio.gather(*tasks)
        await settle(pilot)


class Turns:
    """Gives the picture before, then the one after."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, wanted: Wanted) -> Preview:
        self.asked += 1
        pixels = previewed.mandelbrot(min(wanted.width_px, 60), min(wanted.width_px, 60) * 3 // 4)
        if not self.asked % 2:
            data = bytearray(pixels.data)
            for row in range(8, 20):
                start = (row * pixels.width + 6) * 4
                data[start : start + 48] = bytes((250, 240, 120, 255)) * 12
            pixels = Pixels(pixels.width, pixels.height, bytes(data), 800, 600)
        return Preview(kind="picture", called="a PNG picture", facts=("800×600",), parts=(pixels,))


async def shown(tmp_path: Path, pilot: Pilot[int], app: LisApp) -> FileDiffScreen:
    before = {"set.png": png(10), "a.txt": b"one\n"}
    after = {"set.png": png(200), "a.txt": b"two\n"}
    past = kept(tmp_path, {FIRST: before, SECOND: after})
    screen = FileDiffScreen(past, list(after), "set.png", (FIRST, SECOND), app.paint)
    await settle(pilot)
    await app.push_screen(screen)
    await quiet(pilot)
    return screen


def app_with_pictures() -> LisApp:
    app = workbench_app(FakeSource(story.ended()), now=story.ended()[-1].at + 3)
    app.previews = FakePreviews({"set.png": Turns()})
    return app


def test_what_differs_is_red_and_counted() -> None:
    before = Pixels(2, 1, bytes((10, 10, 10, 255, 10, 10, 10, 255)))
    after = Pixels(2, 1, bytes((10, 10, 18, 255, 200, 10, 10, 255)))
    found, share = differing(before, after)
    assert share == 0.5
    assert found.data[:3] == bytes((10, 10, 18))
    assert found.data[3] < 100
    assert found.data[4:] == bytes((255, 64, 64, 255))


async def test_two_pictures_stand_beside_each_other_and_texts_stay_lines(tmp_path: Path) -> None:
    app = app_with_pictures()
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(tmp_path, pilot, app)
        text = text_of(app)
        assert "after 2.1 · 800×600" in text
        assert "after 4.1 · 800×600" in text
        assert "what differs: " in text
        assert text.count("▀") > 300
        await pilot.press("n")
        await quiet(pilot)
        assert "-one" in text_of(app)
        assert "▀" not in text_of(app)
        await pilot.press("n")
        await quiet(pilot)
        assert "what differs: " in text_of(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_two_pictures_look_as_they_did(snap_compare: Compare, size: tuple[int, int], tmp_path: Path) -> None:
    app = app_with_pictures()

    async def run_before(pilot: Pilot[int]) -> None:
        await shown(tmp_path, pilot, app)

    assert snap_compare(app, terminal_size=size, run_before=run_before)
