"""What is in each folder: after any changes the same as if it were found anew."""

import random

from lis_tui.core.events import FileEntry, FilesChanged
from lis_tui.core.folders import Folders

NAMES = ["a", "b", "a/x", "a/y", "a/y/z", "a/y/z/1", "b/q/r", "/etc/passwd", "c/d"]


def told(folders: Folders, paths: list[str]) -> dict[str, object]:
    """Everything that an index says of these and of what lies in them."""
    tops = {"", *paths, *(path[:end] for path in paths for end, sign in enumerate(path) if sign == "/")}
    return {
        path: (
            dict(folders.at(path).entries),
            sorted(folders.at(path).folders),
            folders.at(path).names(),
            folders.is_folder(path),
            folders.total(path).count,
            folders.total(path).size_bytes,
            folders.total(path).unknown,
        )
        for path in tops
    }


def test_an_index_that_followed_any_changes_says_what_a_fresh_one_says() -> None:
    chance = random.Random(6)
    for _ in range(200):
        files: dict[str, FileEntry] = {}
        followed = Folders()
        for _ in range(12):
            gone = tuple(chance.sample(NAMES, 2))
            changed = tuple(
                FileEntry(path, chance.choice(["file", "folder"]), chance.randrange(-1, 9))
                for path in chance.sample(NAMES, 2)
                if path not in gone
            )
            followed.change(FilesChanged(changed, gone))
            for path in gone:
                files.pop(path, None)
            files.update((entry.path, entry) for entry in changed)
            if chance.random() < 0.5:
                followed.total(chance.choice(["", *NAMES]))
        assert told(followed, NAMES) == told(Folders(files.values()), NAMES), files


def test_a_folder_that_was_never_told_of_is_one_because_something_is_in_it() -> None:
    folders = Folders([FileEntry("deep/down/file", size_bytes=7)])
    assert folders.at("").folders == {"deep"}
    assert folders.is_folder("deep/down")
    assert (folders.total("deep").count, folders.total("").size_bytes) == (1, 7)
    folders.drop(["deep/down/file"])
    assert not folders.is_folder("deep")
    assert not folders.at("").folders


def test_five_thousand_levels_are_counted() -> None:
    folders = Folders(FileEntry("/".join(["d"] * depth), "folder") for depth in range(1, 5001))
    assert folders.total("d").count == 4999
    folders.drop(["/".join(["d"] * 5000)])
    assert folders.total("").count == 4999
