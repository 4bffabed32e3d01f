"""What is opened never lies outside, however fast somebody swaps files, folders and links meanwhile."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lis_tui.core import openat2
from lis_tui.core.beneath import open_beneath, read_beneath
from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused

TRIES = 3000
MOST_TRIES = 300_000


class Swapped:
    """A tree in which another thread swaps things as fast as it can."""

    def __init__(self, folder: Path) -> None:
        self.root, outside = folder / "root", folder / "outside"
        for place in (self.root / "real", outside):
            place.mkdir(parents=True)
        (self.root / "real" / "file").write_text("inside")
        (outside / "file").write_text("secret")
        (self.root / "file").write_text("inside")
        self.outside = outside
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._swap)

    def _swap(self) -> None:
        """Let `folder` and `file` each be the real one, then a link that leads out, then a FIFO."""
        root = os.open(self.root, os.O_RDONLY)
        try:
            while not self.is_over.is_set():
                os.rename("real", "folder", src_dir_fd=root, dst_dir_fd=root)
                os.rename("folder", "real", src_dir_fd=root, dst_dir_fd=root)
                self._put(root, "folder", lambda: os.symlink(self.outside, "new", dir_fd=root))
                os.unlink("folder", dir_fd=root)
                self._put(root, "file", lambda: os.symlink(self.outside / "file", "new", dir_fd=root))
                self._put(root, "file", lambda: os.mkfifo("new", dir_fd=root))
                self._put(root, "file", lambda: os.link("real/file", "new", src_dir_fd=root, dst_dir_fd=root))
        finally:
            os.close(root)

    @staticmethod
    def _put(root: int, name: str, make: Callable[[], None]) -> None:
        make()
        os.rename("new", name, src_dir_fd=root, dst_dir_fd=root)


@pytest.fixture
def swapped(tmp_path: Path) -> Iterator[Swapped]:
    made = Swapped(tmp_path)
    made.thread.start()
    yield made
    made.is_over.set()
    made.thread.join()


@pytest.fixture(params=["at once", "in turn"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways that a path is gone."""
    if request.param == "at once" and not openat2.is_known():
        pytest.skip("this kernel has no openat2")
    monkeypatch.setattr(openat2, "is_known", lambda: request.param == "at once")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("path", [b"folder/file", b"file"])
def test_nothing_outside_is_ever_read(swapped: Swapped, path: bytes) -> None:
    seen: set[str] = set()
    for number in range(MOST_TRIES):
        if number >= TRIES and len(seen) > 1:
            break
        try:
            with Content(descriptor=open_beneath(swapped.root, path)) as content:
                seen.add(content.read(100).decode())
        except FileRefused:
            seen.add("refused")
    assert seen == {"inside", "refused"}


@pytest.mark.parametrize("path", ["folder/file", "file"])
def test_without_the_defence_something_outside_is_read_soon(swapped: Swapped, path: str) -> None:
    for _ in range(MOST_TRIES):
        try:
            # a FIFO would hold this one, were it not for O_NONBLOCK
            file = os.open(swapped.root / path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        data = os.read(file, 100)
        os.close(file)
        if data == b"secret":
            return
    pytest.fail("the swapping is too slow to show anything")


def test_a_file_that_is_replaced_while_it_is_read_is_read_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a" * 100_000)
    with Content(descriptor=open_beneath(tmp_path, b"file")) as content:
        first = content.read(50_000)
        (tmp_path / "new").write_bytes(b"b" * 100_000)
        (tmp_path / "new").rename(tmp_path / "file")
        assert first + content.read(50_000, 50_000) == b"a" * 100_000
    (tmp_path / "file").unlink()
    with pytest.raises(FileRefused, match="gone"):
        read_beneath(tmp_path, b"file", 1)


def test_a_file_of_ten_gigabytes_is_read_no_further_than_asked(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as file:
        file.truncate(10 << 30)
    part = read_beneath(tmp_path, b"large", 100, (10 << 30) - 50)
    assert (part.data, part.size_bytes) == (bytes(50), 10 << 30)
