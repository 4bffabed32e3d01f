"""The files pane under a person's hands: filter, order, hidden ones, marks, and a cursor that stays."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from lis_tui.core.events import FileEntry, FilesChanged, Record, TreeFollowed
from lis_tui.ui.app import LisApp
from tests import story
from tests.screens import FakeSource, bench, pressing, settle, text_of, workbench_app

Compare = Callable[..., bool]
"""The plugin's: draws the app and compares it with the stored picture."""
SIZES = [(80, 24), (120, 40)]
TREE = (
    FileEntry("documents", "folder", mtime_s=10.0),
    *(FileEntry(f"documents/paper-{number:02}.pdf", size_bytes=number * 90_000) for number in range(1, 4)),
    FileEntry("output", "folder", mtime_s=20.0),
    FileEntry("output/poster.svg", size_bytes=48_200, mtime_s=50.0),
    FileEntry("output/poster.png", size_bytes=1_480_000, mtime_s=60.0),
    FileEntry("parts", "folder", mtime_s=30.0),
    *(FileEntry(f"parts/part-{number:03}.csv", size_bytes=5000 + number) for number in range(300)),
    FileEntry("poster.py", size_bytes=3100, mtime_s=40.0),
    FileEntry("latest", "link", target="output/poster.png"),
    FileEntry("queue", "fifo"),
    FileEntry(".git", "folder"),
    *(FileEntry(f".git/{number}", size_bytes=9) for number in range(213)),
)


def source_of(*more: FilesChanged | TreeFollowed) -> FakeSource:
    records = story.running()
    at = records[-1].at
    told = (FilesChanged(TREE, is_whole=True), *more)
    return FakeSource([*records, *(Record(0, at, event) for event in told)])


CHANGES = FilesChanged((FileEntry("poster.py", size_bytes=3200, mtime_s=70.0),), ("documents/paper-03.pdf",))


def rows(app: LisApp) -> list[str]:
    files = bench(app).files
    lines = (files.render_line(y).text for y in range(1, files.size.height))
    return [" ".join(line.split()) for line in lines if line.strip()]


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def test_what_is_typed_filters_at_once_and_esc_shows_all_again() -> None:
    app = workbench_app(source_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "slash", *"poster")
        assert rows(app)[:3] == ["▾ output", "poster.png 1.5 MB", "poster.svg 48 kB"]
        assert "3 of 525" in text_of(app)
        await press(pilot, "backspace", "backspace", *"xx")
        assert "No file has these words" in " ".join(rows(app))
        await press(pilot, "ctrl+u", *"q")
        assert rows(app) == ["queue pipe"]
        await press(pilot, "enter", "j")  # no longer typed
        assert bench(app).files.look.wanted == "q"
        await press(pilot, "escape")
        assert rows(app)[0] == "▾ documents"
        assert bench(app).view.is_held is False


async def test_letters_that_are_typed_do_nothing_else() -> None:
    source = source_of()
    app = workbench_app(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "slash", *"qpaxnz19")
        assert app.is_running
        assert bench(app).files.field.text == "qpaxnz19"
        assert bench(app).focused is bench(app).files
    assert source.decisions == []


async def test_hidden_files_are_counted_and_shown_with_a_key() -> None:
    app = workbench_app(source_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        assert rows(app)[-1] == "214 hidden: h shows them"
        await press(pilot, "h")
        assert rows(app)[0] == "▸ .git 213 1.9 kB"
        assert not any("hidden" in row for row in rows(app))


async def test_what_is_ignored_is_left_out_as_long_as_it_is(tmp_path: Path) -> None:
    paths = (".gitignore", "a.log", "b.txt", "deep/.gitignore", "deep/a.log", "deep/keep.log", "out/x")
    for path in paths:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(
            {".gitignore": "*.log\n/out\n", "deep/.gitignore": "!keep.log\n"}.get(path, "")
        )
    tree = [FileEntry("deep", "folder"), FileEntry("out", "folder"), *map(FileEntry, paths)]
    records = story.running()
    told = Record(0, records[-1].at, FilesChanged(tuple(tree), is_whole=True))
    source = FakeSource([*records, told], worktree=tmp_path)
    app = workbench_app(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        while "6 hidden: h shows them" not in rows(app):
            await pilot.pause()
        assert [row.split()[-3] for row in rows(app)[:-1] if "B" in row] == ["b.txt", "keep.log"]
        (tmp_path / ".gitignore").write_text("")
        changed = FilesChanged((FileEntry(".gitignore", mtime_s=9.0),))
        source.add(Record(0, records[-1].at, changed))
        while "2 hidden, 1 of them" not in rows(app):
            await pilot.pause()
        assert rows(app).count("a.log 0 B") == 2
        await press(pilot, "3", "h")
        assert not any("hidden" in row for row in rows(app))


async def test_the_order_is_changed_with_a_key_and_the_cursor_stays_on_its_file() -> None:
    app = workbench_app(source_of(CHANGES))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        files = bench(app).files
        await press(pilot, "3")
        files.select("poster.py")
        tops = []
        for _ in range(4):
            await press(pilot, "dollar_sign")
            tops.append([row.split()[1] for row in rows(app) if row[0] in "▸▾"])
            chosen = files.selected()
            assert chosen is not None
            assert chosen.path == "poster.py"
        by_name = ["documents", "output", "parts"]
        assert tops == [["parts", "output", "documents"], ["parts", "output", "documents"], by_name, by_name]


async def test_the_cursor_stays_on_its_file_when_others_come_before_it() -> None:
    source = source_of()
    app = workbench_app(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        files = bench(app).files
        await press(pilot, "3")
        files.select("poster.py")
        files.has_chosen = True
        before = files.cursor
        early = tuple(FileEntry(f"aaa-{number}") for number in range(20))
        source.add(Record(0, 1.0, FilesChanged(early)))
        await settle(pilot)
        assert files.cursor == before + 20
        chosen = files.selected()
        assert chosen is not None
        assert chosen.path == "poster.py"


async def test_marks_are_since_the_step_or_since_the_start() -> None:
    source = source_of(CHANGES)
    app = workbench_app(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "D")
        assert dict(bench(app).files.marks) == {"poster.py": "changed", "documents/paper-03.pdf": "gone"}
        again = FilesChanged((FileEntry("documents/paper-03.pdf", size_bytes=1), FileEntry("x")))
        source.add(Record(0, 1.0, again), Record(0, 1.0, FilesChanged((), ("x",))))
        await settle(pilot)
        assert dict(bench(app).files.marks) == {"poster.py": "changed", "documents/paper-03.pdf": "changed"}
        assert "since the start" in text_of(app)
        await press(pilot, "D")
        assert bench(app).files.marks["x"] == "gone"


async def test_a_folder_is_unfolded_with_all_below() -> None:
    app = workbench_app(source_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        files = bench(app).files
        await press(pilot, "3")
        files.select("parts")
        count = files.block_count()
        await press(pilot, "Z")
        assert files.block_count() == count + 300
        await press(pilot, "Z")
        assert files.block_count() == count


async def test_elsewhere_the_keys_of_the_files_say_where_they_act() -> None:
    app = workbench_app(source_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "h")
        assert "this is for the files; 3 goes there" in text_of(app)
        await press(pilot, "slash")
        assert app.screen is not bench(app)  # there it searches the run


async def test_what_is_listed_and_how_it_is_followed_is_said() -> None:
    followed = TreeFollowed(every_s=2.0, why="the system has no watches left", total=1_000_000)
    app = workbench_app(source_of(followed))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        told = " ".join(rows(app))
        assert "The first 525 of 1,000,000 entries are listed." in told
        assert "Looked through every 2 s: the system has no watches left." in told
        assert "every 2 s" in bench(app).files.render_line(0).text


async def test_a_pasted_text_is_a_filter_only_while_one_is_typed() -> None:
    app = workbench_app(source_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "slash")
        bench(app).files.post_message(Paste("poster\x1b[31m.svg\nmore"))
        await settle(pilot)
        assert "\x1b" not in bench(app).files.field.text
        assert bench(app).files.field.text.startswith("poster")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    "keys",
    [("3", "slash", *"post"), ("3", "dollar_sign"), ("3", "h", "D")],
    ids=["filtered", "sorted", "hidden"],
)
def test_the_tree_looks_as_it_did(
    snap_compare: Compare, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    app = workbench_app(source_of(CHANGES), now=story.running()[-1].at + 3)
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))
