"""Writes the pictures that README shows: `python -m tests.screenshots`."""

import asyncio
from pathlib import Path

from lis_tui.ui.app import LisApp
from tests import story
from tests.families import app_of, parent
from tests.screens import bench, settle, some_runs, start_app, story_app

FOLDER = Path(__file__).parent.parent / "screenshots"
WIDE, NARROW = (120, 40), (80, 24)


async def draw(app: LisApp, name: str, size: tuple[int, int], *keys: str) -> Path:
    """Show the app, press the keys, keep the picture."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        if len(app.screen_stack) == 1 and name != "start":
            bench(app).files.end_flash()
            await settle(pilot)
        path = FOLDER / f"{name}.svg"
        path.write_text(app.export_screenshot(simplify=True), encoding="utf-8")
    return path


async def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    await draw(story_app(story.running()), "running", WIDE)
    await draw(story_app(story.waiting()), "waiting", WIDE)
    await draw(story_app(story.waiting(), "light"), "light", WIDE)
    await draw(story_app(story.waiting()), "edit", WIDE, "e")
    await draw(story_app(story.waiting()), "sent", WIDE, "v")
    await draw(story_app(story.ended()), "ended", WIDE)
    await draw(story_app(story.waiting()), "breakpoints", WIDE, "b")
    await draw(app_of(parent()), "rewind", WIDE, "k", "r")
    recorded = story_app(story.ended(), is_recorded=True)
    await draw(recorded, "replay", WIDE, "g", *["right_square_bracket"] * 2, "slash", *"exit!=0")
    await draw(story_app(story.ended()), "numbers", WIDE, "percent_sign")
    await draw(story_app(story.waiting()), "narrow", NARROW)
    await draw(start_app(some_runs()), "start", WIDE)


if __name__ == "__main__":
    asyncio.run(main())
