"""The untouched side of a computer's layers is read on this machine as `find` would print it inside."""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from lis_tui.core.manifest import Node
from lis_tui.sandbox.lower import Lower, find_lower
from lis_tui.sandbox.originals import Originals
from lis_tui.sandbox.records import FORM, parse
from lis_tui.sandbox.scope import Scope


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    """A folder with one thing of each kind, and a folder in it."""
    folder = tmp_path / "lower"
    (folder / "in/deep").mkdir(parents=True)
    for name in (b"plain", b"bad\xff\xfename", b"back\\slash", b"line\nbreak", b"in/file"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(name)
    (folder / "plain").chmod(0o4750)
    os.link(folder / "plain", folder / "hard")
    os.utime(folder / "hard", ns=(5, 1_000_000_007))
    (folder / "link").symlink_to("in/file")
    os.mkfifo(folder / "fifo")
    return folder


def printed(folder: Path) -> dict[str, Node]:
    words = f"LC_ALL=C find {folder} -mindepth 1 -maxdepth 1 ! -type d -printf {FORM.decode()}"
    data = subprocess.run(["sh", "-c", words], check=True, capture_output=True).stdout
    return {node.path: node for node in parse(data)}


def test_a_folder_is_read_as_it_is_printed_inside(lower: Path) -> None:
    found = list(Lower({str(lower): lower}).nodes(str(lower)))
    assert len(found) == 7
    assert {node.path: node for node in found} == printed(lower)


def test_where_there_is_one_user_inside_all_others_are_nobody(lower: Path) -> None:
    side = Lower({"/": lower}, has_owners=False)
    own = {node.path: node.owner for node in side.nodes("/in")}
    assert own == {"/in/file": "0:0"}
    if os.geteuid() == 0:
        os.chown(lower / "in/file", 7, 8)
        assert [node.owner for node in side.nodes("/in")] == ["65534:65534"]


def test_a_part_is_left_out_where_another_disk_is_mounted_in_it(lower: Path, tmp_path: Path) -> None:
    upper = tmp_path / "upper"
    (upper / "in").mkdir(parents=True)
    found = find_lower({"/usr": (lower, upper), "/all": (Path("/"), upper)})
    assert dict(found.parts) == {"/usr": lower}
    assert found.over == {"/usr", "/usr/in", "/all", "/all/in"}
    assert find_lower({"/": (lower, upper)}).over == {"/", "/in"}


async def test_what_nobody_touched_is_taken_as_it_shows_inside(lower: Path) -> None:
    scope = Scope("/testbed", "/own", {b"/": b"overlay", b"/fifo": b"tmpfs"}, ())
    originals = Originals(Lower({"/": lower}, frozenset({"/in/deep"})), scope)
    folders = [Node(path, "folder", 0o755, "0:0", 0, "1", "1", 1) for path in ("/", "/in", "/in/deep")]
    assert originals.leave_out(folders) == []
    real = {node.path: node for node in Lower({"/": lower}).nodes("/")}
    inside = {path: msgspec.structs.replace(node, inode=node.inode + 1) for path, node in real.items()}
    inside["/hard"] = msgspec.structs.replace(inside["/hard"], ctime="9")
    found = {node.path: node for node in await originals.recall(["/", "/other"], inside)}
    assert found.keys() == real.keys() - {"/fifo"}
    assert found == {path: node for path, node in {**inside, "/hard": real["/hard"]}.items() if path in found}
    assert originals.nodes == found
    assert originals.unseen == {"/in"}
    originals.lose("/")
    originals.lose("/in")
    assert [node.path for node in await originals.recall_lost({})] == ["/in/file"]
    assert await originals.recall_lost({}) == []


def test_what_its_owner_may_not_read_is_asked_inside() -> None:
    folder = Node("/in", "folder", 0o055, "0:0", 0, "1", "1", 1)
    assert Lower({}, has_owners=False).is_closed(folder)
    assert not Lower({}, has_owners=True).is_closed(folder)
    assert not Lower({}, has_owners=False).is_closed(msgspec.structs.replace(folder, owner="65534:65534"))
