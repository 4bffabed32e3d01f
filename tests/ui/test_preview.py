"""The preview's pane."""

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lis_tui.preview.parts import CannotShow, Column, Item, Outline, Preview, Table, Wanted
from lis_tui.ui import previewing
from lis_tui.ui.app import LisApp
from lis_tui.ui.listing import opened_below
from lis_tui.ui.media.graphics import Cell
from lis_tui.ui.media.terminal import Terminal
from lis_tui.ui.previewing import Wish
from lis_tui.ui.screens.workbench import Workbench
from tests import previewed
from tests.hostile import danger
from tests.previewed import FakePreviews, app_with, entry
from tests.screens import bench, settle, text_of
from tests.terminal_graphics import Kitty, read_sixels

SIZE = (120, 40)
SMALL = previewed.picture(Wanted(width_px=28, height_px=21))


async def rest(pilot: Pilot[int]) -> None:
    """Let files be read and drawn."""
    await settle(pilot)
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() == "preview"]:
        await asyncio.gather(*tasks)
        await settle(pilot)


def wish(app: LisApp, name: str, size_bytes: int = 84_000) -> Workbench:
    """Have a file previewed, as selecting it in the tree does."""
    screen = bench(app)
    opened = opened_below(screen.source.worktree)
    screen.filing.previewing.wish(Wish(entry(name, size_bytes), None, opened))
    return screen


async def look_at(app: LisApp, pilot: Pilot[int], name: str, size_bytes: int = 84_000) -> Workbench:
    """Have a file previewed, and wait for that."""
    await rest(pilot)
    screen = wish(app, name, size_bytes)
    await rest(pilot)
    return screen


def pane_text(screen: Workbench) -> str:
    """Give what the pane shows as text."""
    lines = screen.preview.render_lines(screen.preview.outer_size.region)
    return "\n".join(strip.text.rstrip() for strip in lines)


async def test_a_picture_is_shown_under_its_name_size_and_length(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"set.png": previewed.picture}))
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "set.png")
        title, facts, *rows = pane_text(screen).split("\n")[1:]
        assert "4 set.png" in title
        assert "800×600 · 84 kB" in title
        assert facts.strip(" │") == "PNG picture · palette"
        assert sum("▀" in row for row in rows) >= 8


async def test_a_picture_is_asked_for_as_large_as_the_pane_and_again_for_another_size(
    tmp_path: Path,
) -> None:
    previews = FakePreviews({"set.png": previewed.picture})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "set.png")
        before = previews.wanted[-1]
        assert before.width_px == screen.preview.scrollable_content_region.width - 1
        await pilot.press("4", "z")
        await rest(pilot)
        assert previews.wanted[-1].width_px > before.width_px + 60


async def test_of_several_wishes_the_newest_wins_and_the_preview_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "PATIENCE_S", 1000.0)
    previews = FakePreviews(
        {"first.png": SMALL, "second.json": previewed.OUTLINE, "third.csv": previewed.rows}
    )
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "first.png")
        previews.is_open.clear()
        wish(app, "second.json")
        wish(app, "third.csv")
        await settle_without_waiting(pilot)
        assert screen.preview.entry == entry("first.png")
        assert "▀" in pane_text(screen)
        previews.is_open.set()
        await rest(pilot)
        assert screen.preview.entry == entry("third.csv")
        assert "Spring concert" not in pane_text(screen)


async def test_what_takes_long_is_said_to_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "PATIENCE_S", 0.0)
    previews = FakePreviews({"first.png": SMALL, "slow.csv": previewed.rows})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "first.png")
        previews.is_open.clear()
        wish(app, "slow.csv")
        while "reading…" not in pane_text(screen):
            await pilot.pause()
        assert "slow.csv" in pane_text(screen)
        previews.is_open.set()
        await rest(pilot)
        assert "Tokyo" in pane_text(screen)


async def settle_without_waiting(pilot: Pilot[int]) -> None:
    """Let everything happen that does not wait for a preview."""
    for _ in range(20):
        await pilot.pause()


async def test_a_file_that_grew_is_read_again_and_keeps_its_place(tmp_path: Path) -> None:
    previews = FakePreviews({"long.csv": lambda wanted: previewed.rows(wanted, 150)})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "long.csv")
        screen.preview.focus()
        screen.preview.move_to(60)
        await rest(pilot)
        place = screen.preview.scroll_y
        assert place > 0
        previews.made["long.csv"] = lambda wanted: previewed.rows(wanted, 200)
        await look_at(app, pilot, "long.csv", 99_000)
        assert (screen.preview.scroll_y, screen.preview.cursor) == (place, 60)
        assert "99 kB" in pane_text(screen)
        assert len(previews.wanted) == 2


async def test_why_there_is_no_preview_is_said_in_its_place(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"a.parquet": previewed.REFUSED}))
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "a.parquet")
        said = " ".join(pane_text(screen).replace("│", " ").split())
        assert "To show it takes pyarrow, which is not installed: `pip install 'lis-tui[tables]'`." in said


async def test_texts_are_shown_without_the_previews(tmp_path: Path) -> None:
    previews = FakePreviews({})
    app = app_with(tmp_path, previews)
    (tmp_path / "plot.py").write_text("import numpy\n")
    (tmp_path / "notes.md").write_text("# Title\n\n- [x] **done** with `care`\n")
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "plot.py")
        assert "import numpy" in pane_text(screen)
        screen = await look_at(app, pilot, "notes.md")
        assert "☑ done with care" in pane_text(screen)
        assert previews.wanted == []


async def test_what_is_no_plain_file_is_named_and_not_opened(tmp_path: Path) -> None:
    previews = FakePreviews({})
    app = app_with(tmp_path, previews)
    (tmp_path / "link").symlink_to("/etc/hostname")
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "link")
        assert "This is a link, no plain file." in " ".join(pane_text(screen).split())
        assert previews.wanted == []


async def test_an_outline_folds_with_enter_and_space(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"event.json": previewed.OUTLINE}))
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "event.json")
        await pilot.press("4", "j", "j", "j", "enter")
        assert "▸ rooms" in pane_text(screen)
        assert "Hall A" not in pane_text(screen)
        await pilot.press("space")
        assert "▾ rooms" in pane_text(screen)
        assert "Hall A" in pane_text(screen)


async def test_nothing_of_a_hostile_file_reaches_the_terminal_as_it_is(tmp_path: Path) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07[@click=app.quit]x[/]\u202e\x9b31m"
    table = Table((Column(evil, evil), Column("n")), ((evil, evil), (None, evil)), 0, 2, evil)
    outline = Outline((Item(0, evil, evil), Item(1, evil, evil, "text")), evil)
    made = Preview(kind="csv", called=evil, facts=(evil, evil), parts=(table, outline), note=evil)
    app = app_with(tmp_path, FakePreviews({"evil.csv": made, "no.csv": CannotShow(evil)}))
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "evil.csv")
        assert "␛]52" in pane_text(screen)
        assert danger(pane_text(screen), allowed="\n") == ""
        await pilot.press("4", "enter")
        await rest(pilot)
        assert danger(text_of(app), allowed="\n") == ""
        await pilot.press("escape")
        screen = await look_at(app, pilot, "no.csv")
        assert "␛]52" in pane_text(screen)
        assert danger(pane_text(screen), allowed="\n") == ""


# ---- the terminal's own graphics


async def test_kitty_gets_each_picture_once_and_forgets_it_when_it_is_shown_no_more(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"a.png": SMALL, "b.json": previewed.OUTLINE}))
    sent: list[str] = []
    app.terminal = Terminal("kitty", sent.append, environ={}, cell=lambda: Cell(10, 20))
    kitty = Kitty()
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "a.png")
        kitty.feed("".join(sent))
        ((number, cells),) = kitty.cells.items()
        strips = screen.preview.render_lines(screen.preview.outer_size.region)
        marked = [segment for strip in strips for segment in strip if segment.text.startswith("\U0010eeee")]
        assert len(marked) == cells[0] * cells[1]
        colours = {segment.style.color.triplet for segment in marked if segment.style and segment.style.color}
        assert colours == {(number >> 16, number >> 8 & 255, number & 255)}
        sent.clear()
        await pilot.press("4", "question_mark", "escape", "1")
        await rest(pilot)
        assert sent == []
        await look_at(app, pilot, "b.json")
        kitty.feed("".join(sent))
        assert kitty.pictures == {}
        assert kitty.answers == 0


async def test_sixels_are_painted_again_after_what_was_drawn_over_them_and_never_over_others(
    tmp_path: Path,
) -> None:
    app = app_with(tmp_path, FakePreviews({"a.png": SMALL}))
    sent: list[str] = []
    app.terminal = Terminal("sixel", sent.append, environ={}, cell=lambda: Cell(10, 20))
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "a.png")
        assert sent.count("\x1b8") >= 1
        place, picture, back = sent[-3:]
        left, top = screen.preview.region.x + 1, screen.preview.region.y + 3
        assert place == f"\x1b7\x1b[{top + 1};{left + 1}H"
        assert read_sixels(picture).width % 10 == 0
        assert back == "\x1b8"
        sent.clear()
        await pilot.press("question_mark")
        await rest(pilot)
        assert sent == []
        await pilot.press("escape")
        await rest(pilot)
        assert "\x1b8" in sent


async def test_without_graphics_the_facts_alone_are_shown(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"a.png": SMALL}))
    sent: list[str] = []
    app.terminal = Terminal("none", sent.append, environ={}, cell=lambda: None)
    async with app.run_test(size=SIZE) as pilot:
        screen = await look_at(app, pilot, "a.png")
        assert "▀" not in pane_text(screen)
        assert sent == []
        assert "PNG picture · palette" in pane_text(screen)
        assert "Pictures are switched off" in " ".join(pane_text(screen).replace("│", " ").split())


async def test_the_previews_end_with_the_app(tmp_path: Path) -> None:
    previews = FakePreviews({"a.png": SMALL})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        await look_at(app, pilot, "a.png")
    assert previews.is_closed
