"""Which lines of a tree are shown: order, filter, hidden ones, folds; of any number of entries."""

import pytest
from msgspec import structs

from lis_tui.core.events import FileEntry
from lis_tui.core.folders import Folders
from lis_tui.core.parts import FileMark
from lis_tui.ui.tree import MOST_FOUND, Files, Look, Order, Shown, Tree, is_hidden

ENTRIES = [
    FileEntry("src", "folder", mtime_s=5.0),
    FileEntry("src/main.py", size_bytes=300, mtime_s=9.0),
    FileEntry("src/util.py", size_bytes=20, mtime_s=1.0),
    FileEntry("README.md", size_bytes=100, mtime_s=2.0),
    FileEntry("big.bin", size_bytes=5000, mtime_s=3.0),
    FileEntry(".git", "folder", mtime_s=8.0),
    FileEntry(".git/HEAD", size_bytes=9),
    FileEntry("web/node_modules/x/index.js", size_bytes=1),
]


def tree_of(
    entries: list[FileEntry] = ENTRIES, marks: dict[str, FileMark] | None = None, **look: object
) -> tuple[Tree, Shown]:
    tree = Tree()
    tree.look = structs.replace(Look(), **look)
    return tree, shown(tree, entries, marks)


def shown(tree: Tree, entries: list[FileEntry], marks: dict[str, FileMark] | None = None) -> Shown:
    files = {entry.path: entry for entry in entries}
    return tree.show(Files(files, Folders(entries), marks or {}), object())


def test_what_is_hidden_is_left_out_and_counted() -> None:
    _, found = tree_of(marks={".git/HEAD": "changed", "big.bin": "new"})
    assert found.rows == ["README.md", "big.bin", "src", "src/main.py", "src/util.py", "web"]
    assert (found.hidden, found.hidden_changes) == (4, 1)
    _, found = tree_of(has_hidden=True)
    assert found.rows[:2] == [".git", "README.md"]  # tools' folders stay folded
    assert (found.hidden, found.hidden_changes) == (0, 0)


@pytest.mark.parametrize(
    ("path", "is_meant"),
    [
        (".env", True),
        ("a/.b/c", True),
        ("a/node_modules", True),
        ("a/node_modules/b", True),
        ("a/node_modules.txt", False),
        ("a.b/c.d", False),
        ("venv/bin", True),
    ],
)
def test_hidden_is_what_begins_with_a_dot_and_what_tools_keep(path: str, is_meant: bool) -> None:
    assert is_hidden(path) == is_meant


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("name", ["README.md", "big.bin", "src", "src/main.py", "src/util.py"]),
        ("size", ["big.bin", "src", "src/main.py", "src/util.py", "README.md"]),
        ("time", ["src", "src/main.py", "src/util.py", "big.bin", "README.md"]),
        ("change", ["src", "src/util.py", "src/main.py", "README.md", "big.bin"]),
    ],
)
def test_each_folder_is_in_the_order_that_is_wanted(order: Order, rows: list[str]) -> None:
    _, found = tree_of(ENTRIES[:5], {"src/util.py": "changed"}, order=order)
    assert found.rows == rows


def test_what_is_gone_is_shown_in_its_place_also_in_folders_that_went_with_it() -> None:
    tree, found = tree_of(ENTRIES[:5], {"src/old.py": "gone", "lost": "gone", "lost/f": "gone"})
    assert found.rows == [
        "README.md",
        "big.bin",
        "lost",
        "lost/f",
        "src",
        "src/main.py",
        "src/old.py",
        "src/util.py",
    ]
    assert tree.entry("lost").kind == "folder"
    assert tree.mark("src/old.py") == "gone"


def test_what_is_marked_outside_the_work_folder_is_shown() -> None:
    _, found = tree_of(ENTRIES[3:4], {"/etc/hosts": "changed"})
    assert found.rows == ["/etc", "/etc/hosts", "README.md"]


def test_a_folded_folder_tells_that_something_below_it_is_marked() -> None:
    tree, _ = tree_of(marks={"src/util.py": "changed"})
    assert tree.mark("src") is None
    tree.toggle("src")
    assert tree.mark("src") == "changed"


def test_large_folders_and_deep_ones_stay_folded_until_a_person_opens_them() -> None:
    many = [FileEntry(f"many/{number}") for number in range(300)]
    deep = [FileEntry("/".join("d" * depth), "folder") for depth in range(1, 5001)]
    tree, found = tree_of([*many, *deep])
    assert len(found.rows) < 40
    tree.toggle("many")
    assert len(shown(tree, [*many, *deep]).rows) > 300
    assert tree.toggle_below("d") == 5000
    assert tree.toggle_below("d") == 5000
    assert shown(tree, deep).rows[-1].count("/") == 4999


def test_a_filter_shows_what_has_its_words_with_the_folders_and_counts() -> None:
    tree, found = tree_of(wanted="SRC py")
    assert found.rows == ["src", "src/main.py", "src/util.py"]
    assert (found.found, found.total) == (2, len(ENTRIES))
    assert tree.entry("src").mtime_s == 5.0
    assert tree_of(wanted="*.md")[1].rows == ["README.md"]
    assert tree_of(wanted="ma?n.*")[1].rows == ["src", "src/main.py"]
    assert tree_of(wanted="index")[1].rows == []
    assert tree_of(wanted="index", has_hidden=True)[1].found == 1
    assert tree_of(wanted="nothing")[1].rows == []
    assert tree_of(wanted="  ")[1].rows[0] == "README.md"


def test_typing_on_finds_the_same_as_a_fresh_filter() -> None:
    entries = [
        FileEntry(f"{first}{second}/{third}") for first in "abA" for second in "ab." for third in "abc"
    ]
    files, tree = Files({entry.path: entry for entry in entries}, Folders(entries)), Tree()
    for wanted in ("a", "ab", "ab/", "ab/ ", "ab/ c", "ab/", "b", "b*", "b* c", ""):
        tree.look = Look(wanted=wanted)
        fresh = Tree()
        fresh.look = tree.look
        assert tree.show(files, 1).rows == fresh.show(files, 1).rows, wanted


def test_of_very_many_matches_the_first_are_shown_and_all_counted() -> None:
    _, found = tree_of([FileEntry(f"f{number:05}") for number in range(MOST_FOUND + 500)], wanted="f")
    assert (len(found.rows), found.found) == (MOST_FOUND, MOST_FOUND + 500)


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert tree_of([FileEntry("a" * 5000)], wanted="*a" * 30 + "b")[1].rows == []
