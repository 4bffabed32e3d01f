"""Saving for the person: whole, over nothing unasked, through no link."""

import errno
import os
import stat
from pathlib import Path

import pytest

from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused, UsageWrong
from lis_tui.core.events import FileEntry
from lis_tui.preview.saving import AlreadyThere, made, safe_name, save, save_all


def test_a_file_is_saved_whole_and_can_never_be_run(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    save(Content(data), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == data
    assert not stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) & 0o111
    assert os.listdir(tmp_path) == ["a.bin"]


def test_what_is_there_stays_until_the_person_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(AlreadyThere):
        save(Content(b"new"), tmp_path / "a")
    assert (tmp_path / "a").read_text() == "mine"
    save(Content(b"new"), tmp_path / "a", is_replacing=True)
    assert (tmp_path / "a").read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("is_replacing", [False, True])
def test_a_link_is_never_written_through(tmp_path: Path, is_replacing: bool) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    if is_replacing:
        save(Content(b"new"), tmp_path / "link", is_replacing=True)
        assert not (tmp_path / "link").is_symlink()
    else:
        with pytest.raises(AlreadyThere):
            save(Content(b"new"), tmp_path / "link")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_dangling_link_counts_as_something(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(AlreadyThere):
        save(Content(b"new"), tmp_path / "link")
    assert not (tmp_path / "nothing").exists()


def test_where_the_disk_is_full_nothing_is_left_behind(tmp_path: Path) -> None:
    class Failing(Content):
        def read(self, most_bytes: int, offset: int = 0) -> bytes:
            if offset:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().read(10, offset)

    with pytest.raises(UsageWrong, match="No space"):
        save(Failing(bytes(100)), tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageWrong, match="No such file"):
        save(Content(b"x"), tmp_path / "none" / "a")


def test_many_are_saved_with_their_folders_and_what_could_not_be_is_told(tmp_path: Path) -> None:
    def fetch(path: str) -> Content:
        if path == "output/gone":
            raise FileRefused("The file is gone.")
        return Content(path.encode())

    (tmp_path / "outside").mkdir()
    target = tmp_path / "saved"
    target.mkdir()
    (target / "linked").symlink_to(tmp_path / "outside")
    (target / "answer.txt").write_text("mine")
    paths = ["output/a.png", "output/deep/b.png", "output/gone", "linked/c", "answer.txt", "../../escape"]
    saved, problems = save_all(paths, fetch, target)
    assert saved == 3
    assert (target / "output" / "deep" / "b.png").read_text() == "output/deep/b.png"
    assert [problem.partition(": ")[0] for problem in problems] == ["output/gone", "linked/c", "answer.txt"]
    assert os.listdir(tmp_path / "outside") == []
    assert sorted(os.listdir(tmp_path)) == ["outside", "saved"]
    assert (target / "answer.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("output/map.html", "map.html"),
        ("a/.bashrc", "bashrc"),
        ("-rf", "rf"),
        ("x\n\x1b[31m.png", "x__[31m.png"),
        ("\\xff.png", "\ufffd.png"),
        ("a/..", "file"),
        ("\u202egnp.txt", "_gnp.txt"),
    ],
)
def test_the_name_that_is_offered_can_do_no_harm(path: str, name: str) -> None:
    assert safe_name(path) == name


def test_what_a_run_made_is_the_output_folder_and_the_answer() -> None:
    entries = [
        FileEntry("output", "folder"),
        FileEntry("output/z"),
        FileEntry("output/a"),
        FileEntry("output/link", "link"),
        FileEntry("outputs.txt"),
        FileEntry("answer.txt"),
        FileEntry("documents/in"),
    ]
    assert [entry.path for entry in made(entries)] == ["answer.txt", "output/a", "output/z"]
