"""Tar streams of a hostile sandbox: nothing outside the folder is read, written or made to point away."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core.errors import UsageWrong
from lis_tui.sandbox.transfer import extract, pack, pack_paths

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", data: bytes = b"") -> Member:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, target, len(data)
    return entry, data


def stream(*members: Member) -> Iterator[bytes]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, data in members:
            tar.addfile(entry, io.BytesIO(data))
    whole = packed.getvalue()
    return (whole[at : at + 700] for at in range(0, len(whole), 700))


@pytest.mark.parametrize("name", ["/etc/x", "../x", "output/../../x", "..", "output/..", "//x"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    saved = extract(stream(member(name, data=b"x"), member("fine", data=b"y")), tmp_path / "to")
    assert saved.files == ("fine",)
    assert "leads out" in saved.problems[0]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["fine", "to"]


def test_a_link_in_the_host_folder_is_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("old")
    (tmp_path / "far").mkdir()
    to = tmp_path / "to"
    to.mkdir()
    (to / "answer.txt").symlink_to(tmp_path / "precious")
    (to / "output").symlink_to(tmp_path / "far")
    saved = extract(stream(member("answer.txt", data=b"new"), member("output/f", data=b"new")), to)
    assert saved.files == ("answer.txt",)
    assert (tmp_path / "precious").read_text() == "old"
    assert (to / "answer.txt").read_text() == "new"
    assert not list((tmp_path / "far").iterdir())
    assert saved.problems[0].startswith("output/f: not copied")


def test_links_fifos_and_devices_are_named_and_not_made(tmp_path: Path) -> None:
    saved = extract(
        stream(
            member("l", tarfile.SYMTYPE, "/etc/passwd"),
            member("p", tarfile.FIFOTYPE),
            member("d", tarfile.CHRTYPE),
            member("h", tarfile.LNKTYPE, "../../etc/passwd"),
            member("f", data=b"1"),
            member("same", tarfile.LNKTYPE, "f"),
        ),
        tmp_path,
    )
    assert saved.files == ("f", "same")
    assert saved.problems == (
        "l: not copied, it is a link to /etc/passwd",
        "p: not copied, it is a FIFO",
        "d: not copied, it is a device",
        "h: not copied, it is a hard link to something outside",
    )
    assert (tmp_path / "same").read_bytes() == b"1"
    assert sorted(os.listdir(tmp_path)) == ["f", "same"]


def test_a_file_that_takes_the_place_of_a_folder_is_a_problem_and_the_rest_is_copied(tmp_path: Path) -> None:
    saved = extract(
        stream(member("a", data=b"1"), member("a/b", data=b"2"), member("c", data=b"3")), tmp_path
    )
    assert saved.files == ("a", "c")
    assert len(saved.problems) == 1


def test_too_much_is_refused_by_name(tmp_path: Path) -> None:
    saved = extract(
        stream(member("big", data=b"x" * 900), member("small", data=b"y")), tmp_path, most_bytes=500
    )
    assert saved.files == ("small",)
    assert saved.problems == ("big: not copied, 900 bytes are too many",)


def test_a_file_of_holes_is_not_read_to_its_end(tmp_path: Path) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        large = member("holes", data=b"")[0]
        large.size = 1 << 40
        yield large.tobuf(tarfile.PAX_FORMAT)
        while taken < 100 << 20:
            taken += 1 << 20
            yield bytes(1 << 20)

    saved = extract(endless(), tmp_path, most_bytes=1 << 20)
    assert taken < 5 << 20
    assert [problem.split(":")[0] for problem in saved.problems] == ["holes", "the copy broke off"]


def test_a_stream_that_breaks_off_is_said(tmp_path: Path) -> None:
    whole = b"".join(stream(member("f", data=b"x" * 5000)))
    saved = extract(iter([whole[:2000]]), tmp_path)
    assert saved.problems


def test_packed_contents_have_their_folders() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack({"/etc/lis-tui/ca.pem": b"x"}))) as tar:
        assert [(m.name, oct(m.mode), m.isdir()) for m in tar] == [
            ("etc", "0o755", True),
            ("etc/lis-tui", "0o755", True),
            ("etc/lis-tui/ca.pem", "0o644", False),
        ]


def test_an_input_that_is_not_there_is_a_mistake_of_the_person(tmp_path: Path) -> None:
    with pytest.raises(UsageWrong, match="no input"):
        pack_paths([tmp_path / "nothing"], io.BytesIO())
