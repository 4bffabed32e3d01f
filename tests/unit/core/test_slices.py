"""A tree told in pieces is the tree, and no piece is large."""

import pytest

from lis_tui.core.events import FileEntry, FilesChanged, Record
from lis_tui.core.slices import MOST_CHARS, MOST_ENTRIES, sliced
from lis_tui.core.view import RunView

MANY = tuple(FileEntry(f"folder/{number:05}") for number in range(7 * MOST_ENTRIES + 3))


def folded(*events: FilesChanged) -> RunView:
    return RunView().apply_all(Record(0, 1.0, event) for event in events)


def test_a_whole_tree_in_pieces_marks_nothing() -> None:
    pieces = list(sliced(FilesChanged(MANY, is_whole=True)))
    assert [piece.is_whole for piece in pieces] == [True, *[False] * 7]
    view = folded(FilesChanged((FileEntry("old"),), is_whole=True), *pieces)
    assert list(view.files) == [entry.path for entry in MANY]
    assert not view.marks
    assert not view.start_marks


def test_changes_in_pieces_mark_all() -> None:
    gone = tuple(f"gone/{number}" for number in range(2 * MOST_ENTRIES))
    before = FilesChanged(tuple(FileEntry(path) for path in gone), is_whole=True)
    pieces = list(sliced(FilesChanged(MANY, gone)))
    assert max(len(piece.changed) + len(piece.gone) for piece in pieces) == MOST_ENTRIES
    view, once = folded(before, *pieces), folded(before, FilesChanged(MANY, gone))
    assert view.marks == once.marks
    assert len(view.marks) == len(MANY) + len(gone)
    assert view.files == once.files


def test_long_names_make_small_pieces() -> None:
    long = tuple(FileEntry(f"{'d' * 9000}/{number}") for number in range(100))
    pieces = list(sliced(FilesChanged(long, is_whole=True)))
    assert all(sum(len(entry.path) for entry in piece.changed) <= MOST_CHARS for piece in pieces)
    assert [entry for piece in pieces for entry in piece.changed] == list(long)


@pytest.mark.parametrize(
    "event", [FilesChanged(()), FilesChanged((), is_whole=True), FilesChanged(MANY[:5], ("x",))]
)
def test_what_is_small_stays_as_it_is(event: FilesChanged) -> None:
    assert list(sliced(event)) == [event]
