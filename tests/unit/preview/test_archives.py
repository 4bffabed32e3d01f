"""Archives: what they hold, what is wrong with it, and what comes out when one is extracted."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from lis_tui.preview.extracting import CannotExtract, Extracted, extract, members_safe
from lis_tui.preview.file import HeldFile
from lis_tui.preview.members import of_tar
from lis_tui.preview.parts import CannotShow, Preview
from tests.tables import entry, hostile_tar, lines_of, sample, shown, table_of, tar_of

PACKINGS: list[Callable[[bytes], bytes]] = [
    bytes,
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstandard.compress,
]


def kinds_of(preview: Preview) -> dict[str | None, str | None]:
    return {row[0]: row[2] for row in table_of(preview).rows}


def zip_of(*members: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def link_in_zip(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = 0o120777 << 16
    return made


def tree_of(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder; nothing but files and folders may be there."""
    assert all(path.is_dir() or path.is_file() for path in folder.rglob("*"))
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def extracted(data: bytes, into: Path, *, most_bytes: int = 1_000_000, name: str = "") -> Extracted:
    return extract(HeldFile(data), into, name=name, most_bytes=most_bytes)


def test_a_zip_file_lists_its_members() -> None:
    preview = shown(sample("files.zip"))
    with zipfile.ZipFile(io.BytesIO(sample("files.zip"))) as archive:
        assert [row[0] for row in table_of(preview).rows] == archive.namelist()
    assert table_of(preview).rows[0] == ("docs/readme.txt", "180 B", "file", "14 B", "2024-02-29 12:30")
    assert preview.facts == ("3 files", "2.23 kB unpacked")


@pytest.mark.parametrize("name", ["files.tar.gz", "files.tar.xz"])
def test_a_packed_tar_file_lists_its_members(name: str) -> None:
    preview = shown(sample(name))
    assert table_of(preview).rows == (
        ("docs/readme.txt", "180 B", "file", "2024-02-29 12:30"),
        ("docs/data.bin", "2.05 kB", "file", "2024-02-29 12:30"),
        ("empty", "0 B", "file", "2024-02-29 12:30"),
        ("latest", None, "link to docs/readme.txt", "2024-02-29 12:30"),
    )
    assert preview.note == ""


@pytest.mark.parametrize("pack", PACKINGS)
def test_names_and_links_that_lead_outside_are_marked(pack: Callable[[bytes], bytes]) -> None:
    preview = shown(pack(hostile_tar()))
    assert kinds_of(preview) == {
        "docs": "folder",
        "docs/fine.txt": "file",
        "/etc/cron.d/evil": "file: its path is absolute",
        "docs/../../up": "file: its path leads out of the folder (..)",
        "C:\\windows": "file: its path is absolute",
        "out": "link to /etc: it links to a place outside",
        "out/passwd": "file",
        "near": "link to docs/fine.txt",
        "hard": "hard link to ../secret: it links to a place outside",
        "disk": "device",
        "pipe": "FIFO",
    }
    assert preview.note == "5 members would leave the folder it is extracted to."


def test_links_and_encryption_in_a_zip_file_are_told() -> None:
    data = bytearray(zip_of((link_in_zip("way"), b"/etc/passwd"), ("secret", b"x"), ("sub/", b"")))
    place = data.find(b"PK\1\2", data.find(b"PK\1\2") + 1)
    data[place + 8] |= 1
    preview = shown(bytes(data))
    assert kinds_of(preview) == {
        "way": "link to /etc/passwd: it links to a place outside",
        "secret": "encrypted file",
        "sub/": "folder",
    }
    assert "encrypted" in preview.facts


def test_a_member_without_a_name_is_listed_and_left_out(tmp_path: Path) -> None:
    # A name that begins with a zero is none.
    data = zip_of(("a", b"x"), ("b", b"y")).replace(b"a", b"\0")
    assert set(kinds_of(shown(data))) == {"", "b"}
    found = extracted(data, tmp_path / "new")
    assert [(one.name, one.why) for one in found.left_out] == [("", "it has no name")]


def test_members_can_be_asked_for_from_any_on() -> None:
    data = tar_of(*(entry(f"file {n}") for n in range(500)))
    preview = shown(gzip.compress(data), first=450, count=10)
    assert [row[0] for row in table_of(preview).rows] == [f"file {n}" for n in range(450, 460)]
    assert (table_of(preview).rows_in_all, preview.has_more) == (500, True)


def test_a_bomb_is_unpacked_no_further_than_its_bound() -> None:
    header = entry("huge", size=2 << 30).tobuf()
    preview = shown(gzip.compress(header + bytes(70_000_000), 1))
    assert kinds_of(preview) == {"huge": "file"}
    assert "it may be a bomb" in preview.note
    assert "unpacked no further than 64 MB" in preview.note


def test_a_header_that_claims_gigabytes_is_not_believed() -> None:
    header = entry("x", tarfile.XHDTYPE, size=3 << 30).tobuf()
    assert "unpacked no further" in shown(header + bytes(5000), "archive").note


def test_a_zip_file_that_claims_a_huge_list_is_not_opened() -> None:
    data = bytearray(sample("files.zip"))
    place = data.rfind(b"PK\5\6")
    data[place + 12 : place + 16] = b"\xff\xff\xff\x7f"
    with pytest.raises(CannotShow, match="2,147 MB long"):
        shown(bytes(data), "archive")


@pytest.mark.parametrize("keep", [-400, 1200, 600])
def test_an_archive_that_is_cut_off_lists_what_there_is(keep: int) -> None:
    preview = shown(sample_tar()[:keep], "archive")
    assert table_of(preview).rows[0][0] == "docs/readme.txt"
    assert "damaged behind these members" in preview.note


def sample_tar() -> bytes:
    whole = gzip.decompress(sample("files.tar.gz"))
    return whole.rstrip(b"\0")


def test_a_cut_off_packed_archive_lists_what_there_is() -> None:
    preview = shown(sample("files.tar.gz")[:-60])
    assert table_of(preview).rows[0][0] == "docs/readme.txt"
    assert "damaged behind these members" in preview.note


def test_a_single_packed_text_shows_its_beginning() -> None:
    preview = shown(sample("readme.txt.gz"))
    (lines,) = lines_of(preview)
    assert lines.lines == ("Read me.",) * 20
    assert preview.facts == ("180 B unpacked",)
    long = shown(bz2.compress(b"line\n" * 100_000))
    assert long.note == "The first 200 lines of what is packed."


def test_archives_of_other_kinds_are_named() -> None:
    preview = shown(b"7z\xbc\xaf\x27\x1c" + bytes(50))
    assert preview.called == "a 7-Zip archive"
    assert "not listed" in preview.note


@pytest.mark.parametrize("pack", PACKINGS)
def test_only_plain_files_below_the_folder_come_out(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    into = tmp_path / "new"
    found = extracted(pack(hostile_tar()), into)
    assert tree_of(into) == {"docs/fine.txt": b"x" * 500, "out/passwd": b"xxx"}
    assert os.listdir(tmp_path) == ["new"]
    assert {one.name: one.why for one in found.left_out} == {
        "/etc/cron.d/evil": "its path is absolute",
        "docs/../../up": "its path leads out of the folder (..)",
        "C:\\windows": "its path is absolute",
        "out": "it is no file but a link",
        "near": "it is no file but a link",
        "hard": "it is no file but a hard link",
        "disk": "it is no file but a device",
        "pipe": "it is no file but a FIFO",
        "docs/fine.txt": "File exists",
    }
    assert (found.files, found.size_bytes, found.stopped) == (2, 503, "")


def test_a_zip_file_comes_out_the_same_way(tmp_path: Path) -> None:
    data = zip_of(
        ("a/b.txt", b"b"), ("../evil", b"x"), (link_in_zip("a/way"), b"/etc"), ("a/way/in", b"y"), ("a", b"z")
    )
    found = extracted(data, tmp_path / "new")
    assert tree_of(tmp_path / "new") == {"a/b.txt": b"b", "a/way/in": b"y"}
    assert [one.name for one in found.left_out] == ["../evil", "a/way", "a"]
    assert os.listdir(tmp_path) == ["new"]


def test_the_sample_comes_out_as_the_standard_library_reads_it(tmp_path: Path) -> None:
    extracted(sample("files.zip"), tmp_path / "new")
    with zipfile.ZipFile(io.BytesIO(sample("files.zip"))) as archive:
        assert tree_of(tmp_path / "new") == {name: archive.read(name) for name in archive.namelist()}


def test_nothing_that_comes_out_is_a_program(tmp_path: Path) -> None:
    program = entry("run.sh", size=3)
    program.mode = 0o6777
    extracted(tar_of(program), tmp_path / "new")
    assert (tmp_path / "new" / "run.sh").stat().st_mode & 0o7111 == 0


def test_nothing_is_extracted_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "way").symlink_to(tmp_path / "there")
    for name in ("there", "way"):
        with pytest.raises(CannotExtract, match="no place"):
            extracted(sample("files.zip"), tmp_path / name)
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("pack", PACKINGS)
def test_more_than_is_allowed_does_not_come_out(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    data = pack(tar_of(entry("small", size=100), entry("large", size=9_000_000)))
    found = extracted(data, tmp_path / "new", most_bytes=5000)
    assert tree_of(tmp_path / "new") == {"small": b"x" * 100}
    assert found.stopped == "It unpacks to more than is allowed."


def test_a_zip_bomb_does_not_come_out(tmp_path: Path) -> None:
    found = extracted(zip_of(("small", b"x"), ("bomb", bytes(50_000_000))), tmp_path / "new", most_bytes=5000)
    assert tree_of(tmp_path / "new") == {"small": b"x"}
    assert found.stopped == "It unpacks to more than is allowed."


def test_a_single_packed_file_comes_out_under_its_name(tmp_path: Path) -> None:
    extracted(sample("readme.txt.gz"), tmp_path / "new", name="readme.txt.gz")
    assert tree_of(tmp_path / "new") == {"readme.txt": b"Read me.\n" * 20}
    found = extracted(gzip.compress(bytes(9000)), tmp_path / "bomb", name="b.gz", most_bytes=5000)
    assert tree_of(tmp_path / "bomb") == {}
    assert found.stopped == "It unpacks to more than is allowed."


def test_what_is_cut_off_comes_out_up_to_there_and_it_is_said(tmp_path: Path) -> None:
    found = extracted(sample_tar()[:1200], tmp_path / "new")
    assert tree_of(tmp_path / "new") == {"docs/readme.txt": b"Read me.\n" * 20}
    assert found.stopped.startswith("The archive is damaged")


def test_what_is_no_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(CannotExtract, match="cannot be extracted"):
        extracted(b"just a text", tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_what_would_come_out_can_be_asked_before() -> None:
    with tarfile.open(fileobj=io.BytesIO(hostile_tar())) as archive:
        safe, left_out = members_safe(of_tar(one) for one in archive)
    assert [member.name for member in safe] == ["docs", "docs/fine.txt", "out/passwd", "docs/fine.txt"]
    assert len(left_out) == 8
