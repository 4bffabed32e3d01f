"""Space of checkpoints is freed where no run needs it, and never where one does."""

import os
import time
from pathlib import Path

import pytest

from lis_tui.cli.prune import told
from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest, Node
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.keeping_apart import linking, pruning
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.pruning import Space, prune, spaces
from lis_tui.trajectory.store import RunFolder, Store

DAY_S = 86_400


class Disk:
    """Runs with checkpoints, which are as old as the test says."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)
        self.blobs = Blobs(root)

    def run(self, name: str, *contents: bytes, age_days: float = 0) -> RunFolder:
        """Make a run with one checkpoint a content."""
        folder = self.store.create(name, name)
        manifests = Manifests(folder.path, self.blobs)
        nodes: dict[str, Node] = {}
        for number, data in enumerate(contents):
            digest, _ = self.blobs.put(data)
            path = f"/testbed/{number}"
            nodes[path] = Node(path, "file", 0o644, "0:0", len(data), "1.5", "2.5", number, digest=digest)
            address = StepAddress(number, 1)
            manifests.save(Manifest(address=address, at=1.0, workdir="/testbed", nodes=dict(nodes)))
        folder.lock().release()
        then = time.time() - age_days * DAY_S
        os.utime(folder.path, (then, then))
        return folder

    def age(self) -> None:
        """Have all contents unused for long."""
        for path in self.blobs._root.rglob("*"):
            os.utime(path, (1, 1))

    def kept(self) -> int:
        return self.blobs.size_bytes()


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_what_no_run_needs_is_freed_and_nothing_else(disk: Disk) -> None:
    disk.run("one", b"both" * 10, b"one" * 10)
    two = disk.run("two", b"both" * 10, b"two" * 10)
    disk.blobs.put(b"nobody" * 10)
    disk.age()
    dry = prune(disk.store, is_dry=True)
    assert (dry.contents, dry.bytes_freed, disk.kept()) == (1, 60, 160)
    assert prune(disk.store).bytes_freed == 60
    assert spaces(disk.store, disk.store.list()) == {"one": Space(30, 40), "two": Space(30, 40)}
    disk.store.remove("one")
    assert prune(disk.store).bytes_freed == 30
    manifests = Manifests(two.path, disk.blobs)
    assert disk.blobs.missing(manifests.digests()) == set()
    assert prune(disk.store) == prune(disk.store, keep=1)


def test_old_runs_lose_their_checkpoints_and_a_live_one_never_does(disk: Disk) -> None:
    disk.run("new", b"n" * 10, age_days=1)
    disk.run("middle", b"m" * 20, age_days=5)
    disk.run("old", b"o" * 30, b"n" * 10, age_days=9)
    live = disk.run("live", b"l" * 40, age_days=20)
    disk.age()
    with live.lock():
        dry = prune(disk.store, keep=1, older_than_days=7, is_dry=True)
        assert (dry.runs, dry.bytes_freed) == (("old",), 30)
        freed = prune(disk.store, keep=1, older_than_days=7)
        assert (freed.runs, freed.bytes_freed) == (("old",), 30)
        assert [sentence.startswith("The run live is live") for sentence in freed.spared] == [True]
        assert prune(disk.store, older_than_days=3).runs == ("middle",)
    assert disk.kept() == 50
    assert disk.blobs.missing(Manifests(live.path, disk.blobs).digests()) == set()
    assert Manifests(disk.store.find("old").path, disk.blobs).addresses() == []
    assert prune(disk.store, older_than_days=7).runs == ("live",)


def test_what_was_used_just_now_stays_for_a_checkpoint_that_is_being_taken(disk: Disk) -> None:
    disk.blobs.put(b"coming")
    freed = prune(disk.store)
    assert (freed.bytes_freed, freed.waiting_bytes) == (0, 6)
    assert told(freed) == [
        "0 B freed (0 contents that no run needs).",
        "6 B more were used just now; a later prune frees them.",
    ]


def test_nothing_is_freed_where_it_cannot_be_told_what_is_needed(disk: Disk) -> None:
    broken = disk.run("broken", b"content")
    disk.blobs.put(b"nobody")
    disk.age()
    (broken.checkpoints_dir / "0.1.json").write_text("{")
    with pytest.raises(StorageFailed, match="Nothing is freed while the run broken is there"):
        prune(disk.store)
    assert disk.kept() == 13
    assert "broken" not in spaces(disk.store, disk.store.list())
    assert prune(disk.store, keep=0).runs == ("broken",)
    assert disk.kept() == 0


def test_it_says_what_it_did(disk: Disk) -> None:
    disk.run("gone", b"x" * 2000)
    disk.age()
    freed = prune(disk.store, keep=0, is_dry=True)
    assert told(freed, is_dry=True) == [
        "1 run would lose their checkpoints: gone.",
        "2 kB would be freed (1 content that no run needs).",
    ]


def test_nothing_is_pruned_while_a_run_is_given_checkpoints(disk: Disk) -> None:
    root = disk.store.root
    with linking(root), linking(root), pytest.raises(StorageFailed, match="fork"), pruning(root, tries=1):
        pytest.fail("both at once")
    with pruning(root), pytest.raises(StorageFailed, match="pruned"), linking(root, tries=1):
        pytest.fail("both at once")
