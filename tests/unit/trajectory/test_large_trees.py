"""Checkpoints of very many files tell the same as when they are read whole, and hold only one tree."""

import random
from pathlib import Path

import pytest

from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest, Node
from lis_tui.trajectory import large_trees
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.past_files import PastFiles, past_files

ODD = ('"],["', '"],["/x', "],[", 'a"', "\\", "ä ö", "_line\n")


def node(name: str, number: int) -> Node:
    return Node(
        path=f"/testbed/{name}",
        kind="file",
        mode=0o644,
        owner="0:0",
        size_bytes=number,
        mtime=f"{1_700_000_000 + number}.5",
        ctime=f"{1_700_000_000 + number}.5",
        inode=number,
        digest=f"{number:064x}",
    )


def history(run: Path, steps: int) -> list[StepAddress]:
    """Keep a tree of oddly named files that changes a little at each step, and at one of them all."""
    chance = random.Random(7)
    manifests = Manifests(run, Blobs(run.parent.parent))
    nodes = {one.path: one for one in (node(f"{n % 7}/{ODD[n % len(ODD)]}{n}", n) for n in range(300))}
    nodes["/etc/motd"] = node("../etc/motd", 1)
    addresses = []
    for turn in range(1, steps + 1):
        for path in chance.sample(sorted(nodes), len(nodes) // 2 if turn == steps - 2 else 5):
            fresh = node(path.removeprefix("/testbed/"), chance.randrange(1000, 2000))
            if chance.random() < 0.5:
                nodes[fresh.path] = fresh
            else:
                del nodes[path]
        added = node(f"new/{turn}", turn)
        nodes[added.path] = added
        addresses.append(StepAddress(turn, 1))
        manifests.save(Manifest(address=addresses[-1], at=1.0, workdir="/testbed", nodes=dict(nodes)))
    return addresses


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(large_trees, "_PIECE", 500)
    return tmp_path / "runs" / "one"


def read_whole(run: Path, monkeypatch: pytest.MonkeyPatch) -> PastFiles:
    monkeypatch.setattr(large_trees, "LARGE_BYTES", 1 << 40)
    return past_files(run, "one")


def test_every_step_shows_the_same_wherever_one_comes_from(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = history(run, 12)
    usual = read_whole(run, monkeypatch)
    expected = {address: usual.then(address) for address in addresses}
    changes = {(a, b): usual.changes(a, b) for a in addresses[::3] for b in addresses[::2]}
    monkeypatch.setattr(large_trees, "LARGE_BYTES", 0)
    large = past_files(run, "one")
    chance = random.Random(3)
    for address in (*addresses, *reversed(addresses), *chance.choices(addresses, k=30)):
        assert large.then(address) == expected[address]
    assert {(a, b): large.changes(a, b) for a, b in changes} == changes
    assert not large._loaded, "none was held whole"


def test_a_file_is_found_and_compared_without_the_others(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_, last = history(run, 5)
    usual = read_whole(run, monkeypatch)
    differing = usual.changes(first, last)
    expected = {path: usual.diff(path, first, last) for path in differing}
    monkeypatch.setattr(large_trees, "LARGE_BYTES", 0)
    large = past_files(run, "one")
    assert {path: large.diff(path, first, last) for path in differing} == expected
    with pytest.raises(StorageFailed, match="is gone"):
        large.open(last, "new/1")  # the tree was kept here, its contents were not


def test_a_broken_one_is_refused_in_a_sentence(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (address, *_) = history(run, 1)
    monkeypatch.setattr(large_trees, "LARGE_BYTES", 0)
    path = run / "checkpoints" / "1.1.json"
    path.write_bytes(path.read_bytes().replace(b'"file"', b'"filo"', 1))
    with pytest.raises(StorageFailed, match="cannot be read"):
        past_files(run, "one").then(address)
    path.unlink()
    assert Manifests(run, Blobs(run)).addresses() == []
