"""A file on a screen of its own."""

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lis_tui.core.events import FileEntry
from lis_tui.preview.parts import Lines, Pixels, Preview, Wanted
from lis_tui.ui import folio, growing
from lis_tui.ui.app import LisApp
from lis_tui.ui.projector import Frame
from lis_tui.ui.screens.preview import PreviewScreen
from tests import previewed
from tests.previewed import FakePreviews, app_with
from tests.screens import settle, text_of
from tests.ui.test_preview import look_at, rest

SIZE = (100, 30)


async def whole(app: LisApp, pilot: Pilot[int], name: str) -> PreviewScreen:
    """Open a file on a screen of its own."""
    await look_at(app, pilot, name)
    await pilot.press("4", "g", "enter")
    await rest(pilot)
    screen = app.screen
    assert isinstance(screen, PreviewScreen)
    return screen


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await rest(pilot)


def rows_of(app: LisApp) -> list[int]:
    """Give the numbers of the rows that are seen."""
    starts = [line.split()[0] for line in text_of(app).split("\n")[2:-1] if line.split()]
    return [int(start) for start in starts]


async def test_enter_shows_a_file_whole_and_escape_leads_back(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"long.csv": previewed.rows}))
    async with app.run_test(size=SIZE) as pilot:
        await whole(app, pilot, "long.csv")
        title, names, *_ = text_of(app).split("\n")
        assert "long.csv" in title
        assert "100,000 rows" in title
        assert names.split() == ["id", "city", "price", "seen", "at", "remark"]
        await press(pilot, "escape")
        assert "2 Commands" in text_of(app)


async def test_rows_come_on_demand_in_both_directions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folio, "STEP", 50)
    monkeypatch.setattr(folio, "MOST_PIECES", 3)
    monkeypatch.setattr("lis_tui.ui.media.whole.NEAR", 30)
    previews = FakePreviews({"long.csv": previewed.rows})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await whole(app, pilot, "long.csv")
        seen = rows_of(app)
        assert seen[0] == 0
        while seen[-1] < 230:
            before = seen
            await press(pilot, "pagedown")
            seen = rows_of(app)
            assert seen[0] > before[0]
            assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert screen.view.block_count() <= 150
        while seen[0] > 0:
            before = seen
            await press(pilot, "pageup")
            seen = rows_of(app)
            assert seen[0] < before[0]
            assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert {wanted.count for wanted in previews.wanted[1:]} == {50}


async def test_the_ends_of_a_long_table_are_one_key_away(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"long.csv": previewed.rows}))
    async with app.run_test(size=SIZE) as pilot:
        await whole(app, pilot, "long.csv")
        await press(pilot, "G")
        assert rows_of(app)[-1] == 99_999
        assert "row 100,000" in text_of(app)
        await press(pilot, "g")
        assert rows_of(app)[0] == 0


async def test_columns_move_sideways_and_keep_their_rows(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"long.csv": previewed.rows}))
    async with app.run_test(size=SIZE) as pilot:
        await whole(app, pilot, "long.csv")
        await press(pilot, "right", "right")
        assert text_of(app).split("\n")[1].split() == ["price", "seen", "at", "remark"]
        await press(pilot, "left")
        assert text_of(app).split("\n")[1].split()[0] == "city"


async def test_pages_are_turned_and_stop_at_the_ends(tmp_path: Path) -> None:
    previews = FakePreviews({"paper.pdf": previewed.page})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        await whole(app, pilot, "paper.pdf")
        assert "1 of 12" in text_of(app)
        await press(pilot, "right_square_bracket", "right")
        assert "3 of 12" in text_of(app)
        assert previews.wanted[-1].page == 2
        await press(pilot, "left_square_bracket", "left", "left")
        assert "1 of 12" in text_of(app)
        assert previews.wanted[-1].page == 0


async def test_outlines_fold_on_a_screen_of_their_own_too(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"event.json": previewed.OUTLINE}))
    async with app.run_test(size=SIZE) as pilot:
        await look_at(app, pilot, "event.json")
        await pilot.press("3")
        await look_at(app, pilot, "event.json")
        await press(pilot, "enter", "j", "j", "enter")
        assert "▸ rooms" in text_of(app)
        await press(pilot, "space")
        assert "▾ rooms" in text_of(app)


async def test_a_drawing_is_shown_as_it_is_written_and_as_it_looks(tmp_path: Path) -> None:
    drawing = Preview(kind="svg", called="an SVG drawing", parts=(previewed.mandelbrot(20, 15),))
    previews = FakePreviews({"a.svg": drawing})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        await whole(app, pilot, "a.svg")
        assert "▀" in text_of(app)
        previews.made["a.svg"] = previewed.SOURCE
        await press(pilot, "t")
        assert previews.kinds[-1] == "text"
        assert "<circle r='3'/>" in text_of(app)
        assert "as it is written" in text_of(app)
        previews.made["a.svg"] = drawing
        await press(pilot, "t")
        assert previews.kinds[-1] is None
        assert "▀" in text_of(app)


async def test_moving_pictures_play_to_their_end(tmp_path: Path) -> None:
    def film(wanted: Wanted) -> Preview:
        at_s = wanted.at_s or 0.0
        first = round(at_s * 10)
        frames = tuple(
            Pixels(1, 2, bytes((number, 0, 0, 255)) * 2, at_s=number / 10)
            for number in range(first, min(first + 3, 5))
        )
        parts = frames if wanted.at_s is not None else frames[:1]
        return Preview(
            kind="video",
            called="an MP4 video",
            facts=("0.5 s",),
            parts=parts,
            has_more=first + 3 < 5,
            duration_s=0.5,
        )

    previews = FakePreviews({"a.mp4": film})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await whole(app, pilot, "a.mp4")
        assert "play" in text_of(app)
        shown: list[Frame | None] = []
        take = screen.theatre.projector._show

        def show(frame: Frame | None) -> None:
            shown.append(frame)
            take(frame)

        screen.theatre.projector._show = show
        await pilot.press("space")
        while screen.theatre.projector.is_playing:
            await pilot.pause(0.05)
        assert [frame.at_s for frame in shown if frame is not None] == [0.0, 0.1, 0.2, 0.3, 0.4]
        assert shown[-1] is None
        assert [wanted.at_s for wanted in previews.wanted if wanted.at_s is not None] == [0.0, 0.3]


async def test_a_refusal_is_said_and_the_screen_can_be_left(tmp_path: Path) -> None:
    app = app_with(tmp_path, FakePreviews({"a.parquet": previewed.REFUSED}))
    async with app.run_test(size=SIZE) as pilot:
        await whole(app, pilot, "a.parquet")
        assert "To show it takes pyarrow" in text_of(app)
        await press(pilot, "j", "G", "pagedown", "space", "t", "right", "escape")
        assert "2 Commands" in text_of(app)


async def test_another_size_of_the_window_asks_for_another_picture(tmp_path: Path) -> None:
    previews = FakePreviews({"set.png": previewed.picture})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        await whole(app, pilot, "set.png")
        before = previews.wanted[-1].width_px
        await pilot.resize_terminal(70, 24)
        await rest(pilot)
        assert previews.wanted[-1].width_px == before - 30


async def test_a_page_is_shown_as_a_browser_shows_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[bytes, int, int]] = []
    is_made = asyncio.Event()

    async def photograph(html: bytes, width: int, height: int) -> bytes:
        asked.append((html, width, height))
        await is_made.wait()
        return b"a png"

    monkeypatch.setattr("lis_tui.preview.chromium.photograph", photograph)
    text = Preview(kind="html", called="an HTML page", parts=(Lines(("Words of the page.",)),))
    red = Pixels(16, 10, (b"\xff\0\0\xff" * 16 + b"\0\0\xff\xff" * 16) * 5)
    picture = Preview(kind="picture", called="a PNG picture", parts=(red,))
    app = app_with(tmp_path, FakePreviews({"a.html": text, "page.png": picture}))
    async with app.run_test(size=(80, 24)) as pilot:
        await whole(app, pilot, "a.html")
        assert "▀" not in text_of(app)
        is_made.set()
        await taken(pilot)
        shown = text_of(app)
        assert asked == [((tmp_path / "a.html").read_bytes(), 1280, 800)]
        assert 0 < shown.index("▀") < shown.index("Words of the page.")


async def test_without_a_browser_the_words_of_a_page_stay_and_the_reason_is_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lis_tui.preview.chromium.browser", lambda: None)
    text = Preview(kind="html", called="an HTML page", parts=(Lines(("Words of the page.",)),))
    app = app_with(tmp_path, FakePreviews({"a.html": text}))
    async with app.run_test(size=(100, 24)) as pilot:
        await whole(app, pilot, "a.html")
        await taken(pilot)
        shown = text_of(app)
        assert 0 < shown.index("Words of the page.") < shown.index("takes Chromium or Chrome")


async def taken(pilot: Pilot[int]) -> None:
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() == "photograph"]:
        await asyncio.gather(*tasks)
    await settle(pilot)


async def test_a_file_that_grows_is_followed_from_where_one_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folio, "STEP", 50)
    count = 120
    previews = FakePreviews({"long.csv": lambda wanted: previewed.rows(wanted, count)})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await whole(app, pilot, "long.csv")
        entry = screen.entry
        screen._growing = growing.Growing(entry, lambda: FileEntry("long.csv", size_bytes=count))
        await press(pilot, "down", "down")
        before = rows_of(app)
        count = 200
        screen._follow()
        await rest(pilot)
        assert rows_of(app) == before
        assert "200 rows" in text_of(app)
        await press(pilot, "G")
        assert rows_of(app)[-1] == 199
        count = 260
        screen._follow()
        await rest(pilot)
        assert rows_of(app)[-1] == 259, "who was at the end stays there"
        screen._follow()
        assert not screen._is_reading_on, "nothing more was written"


async def test_a_file_that_is_written_anew_is_shown_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folio, "STEP", 50)
    monkeypatch.setattr("lis_tui.ui.media.whole.NEAR", 30)
    previews = FakePreviews({"long.csv": previewed.rows})
    app = app_with(tmp_path, previews)
    async with app.run_test(size=SIZE) as pilot:
        screen = await whole(app, pilot, "long.csv")
        while len(screen.folio._pieces) < 2:
            await press(pilot, "pagedown")
        size = 7
        screen._growing = growing.Growing(screen.entry, lambda: FileEntry("long.csv", size_bytes=size))
        previews.made["long.csv"] = previewed.SOURCE
        screen._follow()
        await rest(pilot)
        assert "<circle r='3'/>" in text_of(app)
