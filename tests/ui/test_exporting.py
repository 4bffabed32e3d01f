import json
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from lis_tui.trajectory.exporting.names import FORMATS
from lis_tui.ui.screens.export import ABOUT
from tests import story
from tests.screens import FakeSource, bench, pressing, settle, story_app, text_of, workbench_app

SIZE = (120, 40)


@pytest.mark.parametrize("size", [(80, 24), SIZE])
def test_the_choice_of_formats_looks_as_it_did(
    snap_compare: Callable[..., bool],
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/home/me"))
    app = story_app(story.ended(), is_recorded=True)
    assert snap_compare(app, terminal_size=size, run_before=pressing("w", "down", "down"))


def test_every_format_is_offered() -> None:
    assert set(ABOUT) == set(FORMATS)


async def test_a_run_is_written_down_in_the_format_and_place_that_one_chose(tmp_path: Path) -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    target = tmp_path / "run.json"
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("w", "down")
        await settle(pilot)
        field = app.screen.query_one("#path", Input)
        assert field.value.endswith("mandelbrot-3.json")
        field.value = str(target)
        await settle(pilot)
        await pilot.press("enter")
        for _ in range(200):
            await settle(pilot)
            if "written:" in text_of(app):
                break
        assert app.screen is bench(app)
    assert json.loads(target.read_text())["run"] == "mandelbrot-3"


async def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    target = tmp_path / "mine.md"
    target.write_text("mine")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("w")
        await settle(pilot)
        app.screen.query_one("#path", Input).value = str(target)
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "is there already" in text_of(app)
    assert target.read_text() == "mine"
