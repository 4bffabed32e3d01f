"""Marks lie beside a trajectory, which stays as it is."""

import stat
from pathlib import Path

import msgspec
import pytest

import lis_tui
from lis_tui.core.errors import StorageFailed, UsageWrong
from lis_tui.core.events import StepAddress
from lis_tui.core.marks import MOST_COMMENT, Mark, comment_of, mark_at
from lis_tui.trajectory.marks import Marks

SAMPLE = Path(lis_tui.__file__).parent / "recordings" / "sample"
HERE, THERE = StepAddress(2, 1), StepAddress(1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "their.traj"
    path.write_text("{}")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_marks_are_kept_beside_a_file_and_come_back_in_order(file: Path, data: Path) -> None:
    marks = Marks.of_file(file, data)
    assert marks.read() == ()
    first = Mark(address=HERE, comment="Here it broke: ✗", at=12.5)
    assert marks.put(first) == (first,)
    second = Mark(address=THERE)
    assert marks.put(second) == (second, first)
    assert Marks.of_file(file, data).read() == (second, first)
    assert mark_at(marks.read(), HERE) == first
    assert file.read_text() == "{}"
    assert marks.path == file.with_name("their.traj.marks.json")
    assert stat.S_IMODE(marks.path.stat().st_mode) == 0o600
    assert sorted(path.name for path in file.parent.iterdir()) == ["their.traj", "their.traj.marks.json"]


def test_a_mark_takes_the_place_of_the_one_before_and_can_be_taken_away(file: Path, data: Path) -> None:
    marks = Marks.of_file(file, data)
    marks.put(Mark(address=HERE, comment="a"))
    again = Mark(address=HERE, comment="b", at=2.0)
    assert marks.put(again) == (again,)
    assert marks.drop(THERE) == (again,)
    assert marks.drop(HERE) == marks.read() == ()


def test_each_trajectory_of_a_file_has_marks_of_its_own(file: Path, data: Path) -> None:
    one, other = Marks.of_file(file, data, "one"), Marks.of_file(file, data, "other")
    one.put(Mark(address=HERE))
    other.put(Mark(address=THERE))
    assert one.read() == (Mark(address=HERE),)
    assert other.read() == (Mark(address=THERE),)


def test_half_a_character_in_a_name_or_a_comment_is_no_hindrance(file: Path, data: Path) -> None:
    marks = Marks.of_file(file, data, "odd \udc80")
    assert marks.put(Mark(address=HERE, comment="\udc80")) == (Mark(address=HERE, comment="\ufffd"),)
    assert marks.read() == (Mark(address=HERE, comment="\ufffd"),)


def test_a_run_has_its_marks_in_its_folder(tmp_path: Path, data: Path) -> None:
    run = tmp_path / "run-1"
    run.mkdir()
    marks = Marks.of_run(run, data)
    marks.put(Mark(address=HERE))
    assert (run / "marks.json").exists()
    assert marks.is_beside


def test_beside_what_cannot_be_written_they_are_in_the_users_data(
    file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lis_tui.trajectory.marks.os.access", lambda path, mode: path != file.parent)
    marks = Marks.of_file(file, data)
    assert not marks.is_beside
    marks.put(Mark(address=HERE))
    assert marks.path.parent == data / "marks"
    assert Marks.of_file(file, data).read() == (Mark(address=HERE),)
    assert not file.with_name("their.traj.marks.json").exists()
    monkeypatch.undo()
    assert Marks.of_file(file, data).read() == (Mark(address=HERE),)


def test_into_what_came_with_the_package_nothing_is_written(data: Path) -> None:
    before = sorted(path.name for path in SAMPLE.iterdir())
    for marks in (Marks.of_run(SAMPLE, data), Marks.of_file(SAMPLE / "journal.jsonl", data)):
        assert marks.put(Mark(address=HERE)) == (Mark(address=HERE),)
        assert marks.path.parent == data / "marks"
        assert marks.is_beside
    assert Marks.of_run(SAMPLE, data).read() == (Mark(address=HERE),)
    assert sorted(path.name for path in SAMPLE.iterdir()) == before
    assert not {"marks.json", "journal.jsonl.marks.json"} & {*before}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"[]",
        b'{"marks": 1}',
        b'{"marks_version": 2, "entries": {}}',
        b'{"marks_version": 1, "entries": {"": [{"address": "1.1"}]}}',
        b'{"marks_version": 1, "entries": {"": 7}}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_holds_no_marks_is_refused_and_left_as_it_is(
    file: Path, data: Path, content: bytes
) -> None:
    marks = Marks.of_file(file, data)
    marks.path.write_bytes(content)
    with pytest.raises(StorageFailed):
        marks.read()
    with pytest.raises(StorageFailed):
        marks.put(Mark(address=HERE))
    assert marks.path.read_bytes() == content


def test_a_link_beside_a_file_is_not_followed(file: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    marks = Marks.of_file(file, data)
    marks.path.symlink_to(other)
    with pytest.raises(StorageFailed):
        marks.put(Mark(address=HERE))
    assert other.read_text() == "mine"


def test_what_cannot_be_written_is_said_and_leaves_no_half_file(tmp_path: Path, data: Path) -> None:
    marks = Marks.of_file(tmp_path / ("n" * 250), data)
    with pytest.raises(StorageFailed):
        marks.put(Mark(address=HERE))
    assert list(tmp_path.iterdir()) == []


def test_marks_are_plain_json(file: Path, data: Path) -> None:
    marks = Marks.of_file(file, data)
    marks.put(Mark(address=HERE, comment="why", at=1.0))
    assert msgspec.json.decode(marks.path.read_bytes()) == {
        "marks_version": 1,
        "of": str(file),
        "entries": {"": [{"address": [2, 1, 0], "comment": "why", "at": 1.0}]},
    }


def test_a_comment_can_always_be_written_and_one_too_long_is_refused() -> None:
    assert comment_of("  so \udc80 \n") == "so \ufffd"
    with pytest.raises(UsageWrong):
        comment_of("x" * (MOST_COMMENT + 1))
