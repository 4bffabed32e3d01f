"""A terminal whose size changes all the time, also to sizes in which nothing can be shown."""

import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pexpect
import pytest
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen

from lis_tui.core.events import encode
from lis_tui.core.text import clean
from lis_tui.trajectory.store import Store
from lis_tui.ui.app import LisApp
from lis_tui.ui.screens.connections import ConnectionsScreen
from lis_tui.ui.screens.numbers import NumbersScreen
from lis_tui.ui.screens.preview import PreviewScreen
from lis_tui.ui.screens.workbench import Workbench
from tests import connected, previewed, story
from tests.previewed import FakePreviews
from tests.screens import FakeSource, bench, settle, start_app, text_of, workbench_app
from tests.ui.test_preview import look_at, rest

SIZES = [(1, 1), (5, 20), (24, 80), (3, 200), (60, 5), (40, 120), (2, 2), (50, 200)]


def test_two_hundred_sizes_in_a_row_end_nothing(tmp_path: Path) -> None:
    folder = Store(tmp_path / "data").create("plot", "one")
    kept = [record for record in story.ended() if record.n]
    folder.journal_path.write_bytes(b"".join(encode(record) + b"\n" for record in kept))
    child = pexpect.spawn(
        sys.executable,
        ["-m", "lis_tui", "open", "one"],
        timeout=60,
        dimensions=(24, 80),
        env={"LIS_TUI_HOME": str(tmp_path), "TERM": "xterm-256color", "PATH": "/usr/bin:/bin"},
    )
    try:
        child.expect(b"Mandelbrot")
        dice = random.Random(7)
        for number in range(200):
            child.setwinsize(*dice.choice(SIZES))
            if number % 20 == 0:
                child.send("j")
        child.setwinsize(24, 80)
        # A key that comes before the last size is taken finds no room for what it opens.
        for _ in range(6):
            child.send("?")
            if child.expect([b"esc back", pexpect.TIMEOUT], timeout=10) == 0:
                break
        child.send("q")
        child.expect(b"2 Commands")
        child.sendcontrol("q")
        child.expect(pexpect.EOF)
    finally:
        child.close()
    assert child.exitstatus == 0, said(child.before)


def said(written: object) -> str:
    """Give the end of what a program wrote to its terminal, such as a crash report."""
    text = written.decode(errors="replace") if isinstance(written, bytes) else ""
    return clean(re.sub(r"\x1b\[[0-9;?=><]*[a-zA-Z]", "", text))[-6000:]


async def test_a_size_that_has_passed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        monkeypatch.setattr(LisApp, "is_headless", False)
        # Ours alone: pytest asks the real one in the middle of a test
        monkeypatch.setattr("lis_tui.ui.app.shutil", SimpleNamespace(get_terminal_size=lambda: (100, 30)))
        # What a signal's handler read before another one came in between
        app.post_message(Resize(Size(90, 20), Size(90, 20)))
        for _ in range(200):
            await settle(pilot)
            if app.size == (100, 30):
                break
        assert app.size == (100, 30)
        assert app.screen.size == (100, 30)


SMALL = [(1, 1), (20, 5), (2, 200), (200, 3), (59, 14), (60, 15), (5, 60), (120, 40)]
"""Widths and heights; what comes last has room for everything."""
KEYS: dict[type[Screen[None]], tuple[str, ...]] = {
    Workbench: (),
    ConnectionsScreen: ("S",),
    NumbersScreen: ("percent_sign",),
    PreviewScreen: ("4", "enter"),
}


def app_of(folder: Path, *, is_recorded: bool) -> LisApp:
    """Give an app whose run reached hosts, used what it has, and made a table."""
    (folder / "long.csv").write_bytes(b"\0\1\2\3" * 21_000)
    records = connected.after(connected.connected(), connected.FULL, connected.ASKED)
    app = workbench_app(FakeSource(records, worktree=folder, is_recorded=is_recorded), now=records[-1].at + 3)
    app.previews = FakePreviews({"long.csv": previewed.rows})
    return app


async def arrive(app: LisApp, pilot: Pilot[int], wanted: type[Screen[None]]) -> None:
    """Open a screen as a person does."""
    await look_at(app, pilot, "long.csv")
    for key in KEYS[wanted]:
        await pilot.press(key)
        await settle(pilot)
    for _ in range(200):
        if isinstance(app.screen, wanted):
            return
        await settle(pilot)
    raise AssertionError(text_of(app))


@pytest.mark.parametrize("is_recorded", [False, True])
@pytest.mark.parametrize("wanted", KEYS)
async def test_no_size_ends_a_screen_and_what_was_there_comes_back(
    tmp_path: Path, wanted: type[Screen[None]], *, is_recorded: bool
) -> None:
    app = app_of(tmp_path, is_recorded=is_recorded)
    async with app.run_test(size=SMALL[-1]) as pilot:
        await arrive(app, pilot, wanted)
        before = text_of(app)
        for size in SMALL:
            await pilot.resize_terminal(*size)
            assert app.size == size
            assert isinstance(app.screen, wanted)
        await rest(pilot)
        assert text_of(app) == before


async def test_who_leaves_while_a_dialog_opens_leaves_both() -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    async with app.run_test() as pilot:
        await settle(pilot)
        # Textual handles the key for leaving before keys that were pressed earlier and still wait.
        bench(app).action_do("quit")
        bench(app).action_do("help")
        await settle(pilot)
    assert app.return_value == 0
    assert app.farewell.startswith("The area of the Mandelbrot set")


async def test_who_leaves_a_run_while_a_dialog_opens_is_back_where_the_run_was_opened() -> None:
    app = start_app([])
    async with app.run_test() as pilot:
        await settle(pilot)
        first = app.screen
        source = FakeSource(story.ended(), is_recorded=True)
        app.push_screen(workbench_app(source)._first(app))
        await settle(pilot)
        bench(app).action_do("quit")
        bench(app).action_do("help")
        await settle(pilot)
        assert app.screen_stack == [first]
        assert source.has_left
        assert app.is_running
