"""Plays the four showcases and writes their pictures for README: `python -m tests.showcases`.

Needs an engine, the whole image and rsvg-convert; the map's picture needs Chromium too.
"""

import asyncio
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from textual.pilot import Pilot

from lis_tui.config.load import load
from lis_tui.config.places import Places, find_places
from lis_tui.ui.app import LisApp, workbench
from lis_tui.ui.runs import Runs
from lis_tui.ui.themes import read_themes
from tests.command import LisTui
from tests.leaking import CHROMIUM
from tests.screens import bench, settle

FOLDER = Path(__file__).parent.parent / "screenshots"
SHOWN = {
    "tokyo-map": "output/tokyo.html",
    "conference-poster": "output/poster.png",
    "birthday-video": "output/countdown.mp4",
    "piano-piece": "output/piece.mid",
}
"""Showcase to the file that is looked at."""
SIZE = (120, 40)
WIDTH_PX = 1100


async def rest(pilot: Pilot[int]) -> None:
    """Let files be read and drawn."""
    await settle(pilot)
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() == "preview"]:
        await asyncio.gather(*tasks)
        await settle(pilot)


async def draw(places: Places, name: str, path: str) -> str:
    """Open the recorded run, select the file, give its preview over the whole screen as SVG."""
    loaded, runs = load({}, {}, places.config), Runs(places)
    themes, _ = read_themes()
    source = runs.recorded(places.data / "runs" / name)
    app = LisApp(lambda app: workbench(app, source, loaded), themes)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        files = bench(app).files
        while path not in files.files:
            await pilot.pause(0.05)
        await pilot.press("3")
        while files.selected() is None or files.files[path] != files.selected():
            await pilot.press("down")
        await rest(pilot)
        await pilot.press("enter")
        await rest(pilot)
        drawn = app.export_screenshot(simplify=True)
    await runs.close()
    return drawn


def as_picture(svg: str) -> Image.Image:
    """Half blocks make a large SVG; as dots they are small."""
    command = ["rsvg-convert", "-w", str(WIDTH_PX)]
    done = subprocess.run(command, input=svg.encode(), capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout))


def map_in_browser(page: Path) -> Image.Image:
    """Give the map as a browser without a network shows it."""
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder, "shot.png")
        flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars")
        window = ("--window-size=1280,800", "--host-resolver-rules=MAP * ~NOTFOUND")
        kept = (f"--user-data-dir={folder}/profile", "--virtual-time-budget=5000", f"--screenshot={shot}")
        command = [CHROMIUM, *flags, *window, *kept, page.as_uri()]
        subprocess.run(command, capture_output=True, check=True, timeout=60)
        return Image.open(shot).convert("RGB")


def keep(picture: Image.Image, name: str) -> None:
    """Write it."""
    FOLDER.mkdir(exist_ok=True)
    picture = picture.convert("RGB")
    picture.thumbnail((WIDTH_PX, WIDTH_PX), Image.Resampling.LANCZOS)
    picture.save(FOLDER / f"{name}.png", optimize=True)


def main() -> None:
    """Play and draw all of them."""
    with tempfile.TemporaryDirectory() as home:
        lis = LisTui(Path(home), environ={"LIS_TUI_MODEL_EXTRA_BODY": '{"pace": 0}'})
        places = find_places({**os.environ, "LIS_TUI_HOME": home})
        for name, path in SHOWN.items():
            done = lis.run("demo", name, "--headless", longest_s=600)
            if done.returncode:
                sys.exit(done.stdout[-2000:] + done.stderr)
            if name == "tokyo-map" and CHROMIUM:
                results = places.data / "runs" / name / "results"
                keep(map_in_browser(results / path), f"showcase-{name}")
            else:
                keep(as_picture(asyncio.run(draw(places, name, path))), f"showcase-{name}")
        lis.close()


if __name__ == "__main__":
    main()
