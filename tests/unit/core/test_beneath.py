import os
import socket
from pathlib import Path

import pytest

from lis_tui.core import openat2
from lis_tui.core.beneath import describe_beneath, list_beneath, open_beneath, read_beneath
from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused


@pytest.fixture(autouse=True, params=["at once", "in turn"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each promise holds with the kernel's call for the whole way, and without it."""
    if request.param == "at once" and not openat2.is_known():
        pytest.skip("this kernel has no openat2")
    monkeypatch.setattr(openat2, "is_known", lambda: request.param == "at once")


def test_a_file_is_read_from_where_one_asks_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"0123456789")
    part = read_beneath(tmp_path, b"a/b", 4, 3)
    assert (part.data, part.size_bytes) == (b"3456", 10)


def test_a_path_is_not_cut_at_a_nul_byte(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"not this one")
    with pytest.raises(FileRefused):
        open_beneath(tmp_path, b"a\0.png")


@pytest.mark.parametrize("path", [b"../secret", b"a/../../secret", b"..", b"", b"/"])
def test_no_path_leads_out(tmp_path: Path, path: bytes) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(FileRefused):
        read_beneath(root, path, 100)


def test_no_link_is_followed_at_the_end_or_on_the_way(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").write_text("secret")
    (root / "end").symlink_to(tmp_path / "out" / "secret")
    (root / "way").symlink_to(tmp_path / "out")
    with pytest.raises(FileRefused, match="a link"):
        read_beneath(root, b"end", 100)
    with pytest.raises(FileRefused, match="link stands in the way"):
        read_beneath(root, b"way/secret", 100)
    assert (root / "end").read_text() == "secret", "without the defence the link would lead there"


def test_what_blocks_or_hangs_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileRefused, match="a pipe"):
        read_beneath(tmp_path, b"fifo", 100)
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileRefused, match="a folder"):
        read_beneath(tmp_path, b"folder", 100)


def test_a_missing_file_is_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="gone"):
        read_beneath(tmp_path, b"x", 100)


def test_a_file_stays_the_one_that_was_opened_when_its_name_goes_to_another(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first")
    with Content(descriptor=open_beneath(tmp_path, b"./a")) as content:
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").symlink_to("/etc/passwd")
        assert content.read(100) == b"first"
        (tmp_path / "b").write_bytes(b"cut")
        assert (content.read(100, 1), content.size_bytes) == (b"ut", 3)
        with content.again() as again:
            assert again.read(100) == b"cut"
    with pytest.raises(ValueError, match="closed"):
        content.read(1)


def test_nothing_stays_open_of_what_was_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "fifo")
    (tmp_path / "link").symlink_to("folder")
    before = len(os.listdir("/dev/fd"))
    for path in (b"folder/fifo", b"folder", b"link", b"link/fifo", b"folder/none", b"none/none"):
        with pytest.raises(FileRefused):
            open_beneath(tmp_path, path)
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_never_opened(tmp_path: Path) -> None:
    os.mknod(tmp_path / "zero", 0o20666, os.makedev(1, 5))
    with pytest.raises(FileRefused, match="a device"):
        read_beneath(tmp_path, b"zero", 100)


def test_the_tree_is_listed_with_odd_names_and_kinds_and_no_link_is_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").write_text("x")
    (root / "way").symlink_to(tmp_path / "out")
    (root / "sub" / "file").write_bytes(b"abc")
    with open(os.fsencode(root) + b"/\xff\n", "wb"):
        pass
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(root)  # a socket's path must be short
        listening.bind("s")
    kinds = {entry.path: entry.kind for entry in list_beneath(root, 100)}
    assert kinds == {
        "sub": "folder",
        "sub/file": "file",
        "way": "link",
        "\\xff\n": "file",
        "fifo": "fifo",
        "s": "socket",
    }
    assert len(list_beneath(root, 2)) == 2


def test_entries_are_described_without_following_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "in").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (root / "in/file").write_text("12345")
    (root / "link").symlink_to(outside)
    os.mkfifo(root / "pipe")
    paths = ["in", "in/file", "link", "pipe", "link/secret", "../outside/secret", "gone", "in/file/x"]
    found, shut = describe_beneath(root, paths)
    assert [(one.path, one.kind) for one in found] == [
        ("in", "folder"), ("in/file", "file"), ("link", "link"), ("pipe", "fifo"),
    ]  # fmt: skip
    assert [one.size_bytes for one in found] == [0, 5, 0, 0]
    assert shut == []


def test_a_time_is_the_number_that_find_prints(tmp_path: Path) -> None:
    for number in range(200):
        nanoseconds = 1_763_758_800_000_000_000 + number * 7_777_777_777 + number
        os.utime(tmp_path, ns=(nanoseconds, nanoseconds))
        (found,), _ = describe_beneath(tmp_path.parent, [tmp_path.name])
        printed = f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09}0"
        assert found.mtime_s == float(printed)
