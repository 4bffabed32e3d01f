"""The keys that hand files to the person, in a live run, in a recording and at its end."""

import asyncio
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lis_tui.core.events import FileEntry, FilesChanged, Record
from lis_tui.core.paths import pasteable
from lis_tui.ui.app import LisApp
from tests import story
from tests.desktops import FakeDesktop
from tests.screens import FakeSource, bench, pressing, settle, text_of, workbench_app

SIZE = (120, 40)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
FILES = {
    "output/map.html": b"<!doctype html><title>map</title>",
    "output/set.png": PNG,
    "output/run.sh": b"#!/bin/sh\nid\n",
    "answer.txt": b"42\n",
}


def app_with(folder: Path, files: dict[str, bytes], *, chosen: str = "") -> tuple[LisApp, FakeSource]:
    """Give a live run that made these files; the one that is chosen is the newest."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    entries = [
        FileEntry(path, size_bytes=len(data), mtime_s=2.0 if path == chosen else 1.0)
        for path, data in files.items()
    ]
    records = story.thinking()
    more = Record(0, records[-1].at, FilesChanged((FileEntry("output", "folder"), *entries), is_whole=True))
    source = FakeSource([*records, more], worktree=folder)
    return workbench_app(source), source


async def until(pilot: Pilot[int], words: str) -> str:
    """Let the app go on until this is on the screen."""
    async with asyncio.timeout(20):
        while words not in (text := text_of(pilot.app)):  # type: ignore[arg-type]  # a LisApp
            await pilot.pause(0.01)
    return text


async def to_file(pilot: Pilot[int], path: str) -> None:
    """Put the cursor of the files on a path."""
    await settle(pilot)
    await pilot.press("3")
    bench(pilot.app).files.select(path)  # type: ignore[arg-type]  # a LisApp
    await settle(pilot)


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDesktop:
    return FakeDesktop(tmp_path, monkeypatch)


@pytest.fixture
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.5 22")
    monkeypatch.setenv("LOGNAME", "me")


async def test_o_hands_a_copy_of_the_file_to_the_desktop(tmp_path: Path, desktop: FakeDesktop) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/set.png")
        await pilot.press("o")
        await until(pilot, "set.png is opened: a copy of it, a PNG picture")
        (given,) = await desktop.given()
        assert Path(given).name == "set.png"
        assert not Path(given).is_relative_to(tmp_path / "work")
        assert Path(given).read_bytes() == PNG
    assert not Path(given).exists()


async def test_o_opens_a_page_by_an_address_that_ends_with_the_screen(
    tmp_path: Path, desktop: FakeDesktop
) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/map.html")
        await pilot.press("o")
        await until(pilot, "map.html is in your browser, without network; H allows it")
        (given,) = await desktop.given()
        port = int(given.split(":")[2].split("/")[0])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await writer.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_o_refuses_what_would_be_run_and_says_so(tmp_path: Path, desktop: FakeDesktop) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/run.sh")
        await pilot.press("o")
        await until(pilot, "A desktop may run what ends in .sh")
        assert await desktop.given(0) == []


async def test_over_ssh_the_address_is_shown_with_the_way_to_it_and_copied(
    tmp_path: Path, no_desktop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_file(pilot, "output/map.html")
        await pilot.press("o")
        text = await until(pilot, "is served to a browser")
        assert "you are here over SSH" in text
        await pilot.press("y")
        await pilot.press("t")
        await settle(pilot)
        address, line = copied
        assert address in text
        port = address.split(":")[2].split("/")[0]
        assert line == f"ssh -N -L {port}:127.0.0.1:{port} me@10.0.0.5"
        assert line in text


async def test_the_network_is_allowed_only_after_it_was_asked_and_then_not_again(
    tmp_path: Path, no_desktop: None
) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/map.html")
        await pilot.press("H")
        text = await until(pilot, "Let this page use the network?")
        assert "output/map.html" in text
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("o")
        await until(pilot, "cannot use the network")
        await pilot.press("H")
        await until(pilot, "Let this page use the network?")
        await pilot.press("enter")
        await until(pilot, "may use the network")
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("H")
        await until(pilot, "may use the network")


async def test_a_picture_asks_for_no_network(tmp_path: Path, no_desktop: None) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/set.png")
        await pilot.press("H")
        await until(pilot, "only a page uses the network")


async def test_a_folder_and_a_link_say_why_they_are_not_opened(tmp_path: Path, desktop: FakeDesktop) -> None:
    app, source = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output")
        await pilot.press("o")
        await until(pilot, "this is a folder; enter opens it")
        source.add(Record(0, 0.0, FilesChanged((FileEntry("away", "link", target="/etc/passwd"),))))
        await to_file(pilot, "away")
        await pilot.press("o")
        await until(pilot, "this is a link, which is not followed")


async def test_y_copies_the_path_inside_and_then_the_one_here(
    tmp_path: Path, desktop: FakeDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/set.png")
        await pilot.press("Y")
        await pilot.press("Y")
        await settle(pilot)
    assert copied == ["/testbed/output/set.png", str(tmp_path / "work" / "output" / "set.png")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"/testbed/a.png", "/testbed/a.png"),
        (b"/testbed/two words", "'/testbed/two words'"),
        (b"/testbed/x;rm -rf ~", "'/testbed/x;rm -rf ~'"),
        (b"/t/a\nid\n", r"$'/t/a\x0aid\x0a'"),
        (b"/t/\xff'", r"$'/t/\xff\x27'"),
        ("/t/ä".encode(), "/t/ä"),
    ],
)
async def test_a_path_is_one_word_for_a_shell_whatever_is_in_it(path: bytes, text: str) -> None:
    shown = pasteable(path)
    assert shown.strip("'") == text.strip("'")
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", f"printf %s {shown}", stdout=asyncio.subprocess.PIPE
    )
    assert (await shell.communicate())[0] == path


async def test_a_file_is_saved_where_one_says_and_replaces_nothing_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "set.png").write_text("mine")
    monkeypatch.chdir(mine)
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/set.png")
        await pilot.press("W")
        await settle(pilot)
        assert app.screen.query_one(Input).value == str(mine / "set.png")
        await pilot.press("enter")
        await until(pilot, "set.png is there already; enter again replaces it")
        assert (mine / "set.png").read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, "saved: ")
        assert (mine / "set.png").read_bytes() == PNG
        await pilot.press("W")
        await settle(pilot)
        app.screen.query_one(Input).value = str(mine / "other.png")
        await pilot.press("enter")
        async with asyncio.timeout(20):
            while not (mine / "other.png").exists():
                await pilot.pause(0.01)


async def test_all_that_a_run_made_is_listed_with_sizes_and_saved_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = app_with(tmp_path / "work", {**FILES, "plot.py": b"x", "documents/in.csv": b"y"})
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("P")
        text = await until(pilot, "What the run made: 4 files, 157 B")
        assert "108 B  output/set.png" in text
        await pilot.press("s")
        await settle(pilot)
        assert app.screen.query_one(Input).value == str(tmp_path / "mine" / "mandelbrot-3")
        await pilot.press("enter")
        await until(pilot, "saved: 4 files below")
    for path, data in FILES.items():
        assert (tmp_path / "mine" / "mandelbrot-3" / path).read_bytes() == data


async def test_all_that_a_run_made_is_opened_as_one_page(tmp_path: Path, desktop: FakeDesktop) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("P")
        await until(pilot, "What the run made")
        await pilot.press("o")
        await until(pilot, "a page in your browser leads to all of them")
        (given,) = await desktop.given()
        assert given.startswith("http://127.0.0.1:")


async def test_enter_opens_the_file_under_the_cursor_of_that_list(
    tmp_path: Path, desktop: FakeDesktop
) -> None:
    app, _ = app_with(tmp_path / "work", FILES)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("P")
        await until(pilot, "What the run made")
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, "set.png is opened")
        (given,) = await desktop.given()
        assert Path(given).read_bytes() == PNG


async def test_files_of_another_machine_say_that_they_are_not_here(
    tmp_path: Path, desktop: FakeDesktop
) -> None:
    app, source = app_with(tmp_path / "work", FILES)
    source.worktree = None
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/set.png")
        await pilot.press("o")
        await until(pilot, "The files of this run are not on this machine.")


async def test_an_archive_is_extracted_into_a_new_folder(tmp_path: Path, desktop: FakeDesktop) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("pages/index.html", "hi")
        archive.writestr("../outside.txt", "no")
    app, _ = app_with(tmp_path / "work", {**FILES, "output/site.zip": packed.getvalue()})
    async with app.run_test(size=SIZE) as pilot:
        await to_file(pilot, "output/site.zip")
        bench(app).action_do("extract")
        await until(pilot, "Extract output/site.zip")
        app.screen.query_one(Input).value = str(tmp_path / "kept")
        await pilot.press("enter")
        await until(pilot, "its path leads out of the folder")
        assert "../outside.txt" in text_of(app)
    assert (tmp_path / "kept" / "pages" / "index.html").read_text() == "hi"
    assert not (tmp_path / "outside.txt").exists()


# ---- pictures


def _app(folder: Path, monkeypatch: pytest.MonkeyPatch) -> LisApp:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/home/me"))
    app, _ = app_with(folder, {**FILES, "output/poster.svg": b"<svg/>" + b" " * 84_000})
    return app


@pytest.mark.parametrize("size", [(80, 24), SIZE])
def test_the_list_of_what_was_made_looks_as_it_did(
    snap_compare: Callable[..., bool], size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert snap_compare(_app(tmp_path, monkeypatch), terminal_size=size, run_before=pressing("P", "down"))


@pytest.mark.parametrize("size", [(80, 24), SIZE])
def test_the_question_where_to_save_looks_as_it_did(
    snap_compare: Callable[..., bool], size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert snap_compare(_app(tmp_path, monkeypatch), terminal_size=size, run_before=pressing("P", "s"))
