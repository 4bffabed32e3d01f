"""The start screen with the runs of a folder: what was cut off is looked at, or taken up again."""

import os
from pathlib import Path

import pytest
from textual.widgets import Input

from lis_tui.client import Client
from lis_tui.config.load import load
from lis_tui.config.places import Places, find_places
from lis_tui.core import events
from lis_tui.core.errors import HostUnreachable
from lis_tui.trajectory.store import Store
from lis_tui.ui.app import LisApp
from lis_tui.ui.home import Home
from lis_tui.ui.runs import Runs
from lis_tui.ui.themes import read_themes
from tests import story
from tests.screens import bench, settle, text_of


class Hostless(Runs):
    """No host can be reached."""

    async def client(self) -> Client:
        raise HostUnreachable("The host did not start.")


@pytest.fixture
def places() -> Places:
    """A user's folders, with a run in them that was cut off."""
    found = find_places(os.environ)
    folder = Store(found.data).create(story.TASK, "mandelbrot-3")
    facts = [record for record in story.waiting() if record.n]
    folder.journal_path.write_bytes(b"".join(events.encode(record) + b"\n" for record in facts))
    return found


def app_of(places: Places) -> LisApp:
    themes, _ = read_themes()
    loaded = load({}, {}, places.config)
    home = Home(places, loaded, Hostless(places))
    return LisApp(home.screen, themes)


async def test_a_run_that_was_cut_off_can_be_looked_at(places: Places) -> None:
    app = app_of(places)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "tab", "enter")
        await settle(pilot)
        assert "Resume mandelbrot-3" in text_of(app)
        assert "no checkpoint was taken: the sandbox is new" in text_of(app)
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert bench(app).source.is_recorded
        assert "cut off" in text_of(app)


async def test_a_resumption_that_fails_is_said(places: Places, tmp_path: Path) -> None:
    app = app_of(places)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "tab", "r")
        await settle(pilot)
        app.screen.query_one("#limits", Input).value = "turns=many"
        await pilot.press("enter")
        await settle(pilot)
        assert "turns needs a number" in text_of(app)
        app.screen.query_one("#limits", Input).value = "turns=200"
        app.screen.query_one("#model", Input).value = "script/demo"
        await pilot.press("enter")
        await settle(pilot)
        assert not bench(app).source.is_recorded
        assert "The host did not start." in text_of(app)
