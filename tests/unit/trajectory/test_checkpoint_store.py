"""Contents kept once, manifests kept as differences, and pruning that never takes what is needed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest, Node, ShellState, differences
from lis_tui.trajectory.blobs import MOST_IN_MEMORY, Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.past_files import PastFiles


def node(path: str, digest: str = "", size: int = 1) -> Node:
    return Node(path, "file", 0o644, "0:0", size, "1.5", "2.5", 7, digest=digest)


def manifest(turn: int, *nodes: Node) -> Manifest:
    return Manifest(
        address=StepAddress(turn, 1),
        at=1.0,
        workdir="/testbed",
        nodes={one.path: one for one in nodes},
        gone=frozenset({"/etc/issue"}),
        shell=ShellState("/tmp", {"vars": "v" * 64}),
    )


@pytest.mark.parametrize("size", [0, 1, MOST_IN_MEMORY, 3 * MOST_IN_MEMORY + 1])
def test_a_content_is_kept_once_and_privately(tmp_path: Path, size: int) -> None:
    blobs = Blobs(tmp_path)
    data = b"x" * size
    digest, growth = blobs.put_stream([data[:1000], data[1000:]])
    assert (growth, blobs.put(data)) == (size, (digest, 0))
    assert blobs.read(digest) == data
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600]
    assert blobs.missing([digest, "0" * 64]) == {"0" * 64}
    assert blobs.size_bytes() == blobs.size_bytes([digest]) == size
    with pytest.raises(StorageFailed):
        blobs.read("0" * 64)


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 3 * MOST_IN_MEMORY
        raise StorageFailed("broken")

    with pytest.raises(StorageFailed, match="broken"):
        Blobs(tmp_path).put_stream(broken())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_pruning_spares_what_is_needed_and_what_is_young(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    needed, _ = blobs.put(b"needed")
    other, _ = blobs.put(b"other")
    assert blobs.prune({needed}).removed == 0
    pruned = blobs.prune({needed}, young_s=0)
    assert (pruned.removed, pruned.bytes_freed) == (1, 5)
    assert blobs.missing([needed, other]) == {other}


def test_a_manifest_is_read_as_it_was_written_and_costs_what_changed(tmp_path: Path) -> None:
    store = Manifests(tmp_path, Blobs(tmp_path))
    many = [node(f"/testbed/{number}", "a" * 64) for number in range(1000)]
    taken = [manifest(1, *many)]
    for turn in range(2, 70):
        changed = node(f"/testbed/{turn}", f"{turn:064}")
        taken.append(
            manifest(turn, *many[:turn], changed, *many[turn + 1 :], node(f"/testbed/new\\xff{turn}"))
        )
    for one in taken:
        store.save(one)
    fresh = Manifests(tmp_path, Blobs(tmp_path))
    assert fresh.addresses() == [one.address for one in taken]
    for one in taken:
        assert fresh.load(one.address) == one
    sizes = [(tmp_path / f"checkpoints/{turn}.1.json").stat().st_size for turn in (1, 2)]
    assert sizes[1] < sizes[0] / 50
    assert "a" * 64 in fresh.digests()
    assert "v" * 64 in fresh.digests()
    with pytest.raises(StorageFailed, match="already"):
        fresh.save(taken[5])
    with pytest.raises(StorageFailed):
        fresh.load(StepAddress(99, 1))


def test_what_is_said_to_be_touched_is_all_that_is_compared(tmp_path: Path) -> None:
    store = Manifests(tmp_path, Blobs(tmp_path))
    many = [node(f"/testbed/{number}", "a" * 64) for number in range(500)]
    store.save(manifest(1, *many))
    changed, new = node("/testbed/7", "b" * 64), node("/testbed/new")
    second = manifest(2, *many[:7], changed, *many[8:400], *many[401:], new)
    store.save(second, {"/testbed/7", "/testbed/9", "/testbed/400", "/testbed/new", "/testbed/came-and-went"})
    assert Manifests(tmp_path, Blobs(tmp_path)).load(second.address) == second
    assert (tmp_path / "checkpoints/2.1.json").stat().st_size < 1000


def test_a_difference_is_one_that_a_person_would_see() -> None:
    old = manifest(1, node("/testbed/a", "1"), node("/testbed/b", "1"), node("/testbed/c", "1"))
    touched = Node("/testbed/a", "file", 0o644, "0:0", 1, "9.9", "9.9", 8, digest="1")
    new = manifest(2, touched, node("/testbed/b", "2"), node("/testbed/d", "1"))
    assert differences(old, new) == {"/testbed/b": "changed", "/testbed/c": "gone", "/testbed/d": "new"}


def test_the_checkpoint_after_a_persons_command_has_its_own_place(tmp_path: Path) -> None:
    store = Manifests(tmp_path, Blobs(tmp_path))
    addresses = [
        StepAddress(0),
        StepAddress(9, 2),
        StepAddress(10, 0, 1),
        StepAddress(10, 1),
        StepAddress(10, 1, 2),
    ]
    for number, address in enumerate(addresses):
        store.save(structs.replace(manifest(1, node(f"/testbed/{number}")), address=address))
    assert Manifests(tmp_path, Blobs(tmp_path)).addresses() == addresses
    assert list(store.load(addresses[2]).nodes) == ["/testbed/2"]


def test_checkpoints_read_one_after_the_other_share_what_did_not_change(tmp_path: Path) -> None:
    many = [node(f"/testbed/{number}", f"{number:064}") for number in range(500)]
    manifests = Manifests(tmp_path, Blobs(tmp_path))
    contents = [many, [*many, node("/testbed/new")], many[1:]]
    for turn, nodes in enumerate(contents):
        manifests.save(manifest(turn, *nodes))
    past = PastFiles("run")
    past.keep(Manifests(tmp_path, Blobs(tmp_path)))
    last, first, middle = (past.files_at(StepAddress(turn, 1)) for turn in (2, 0, 1))
    assert [len(one.nodes) for one in (first, middle, last)] == [500, 501, 499]
    assert all(node is first.nodes[path] for path, node in last.nodes.items())
    assert past.changes(first.address, last.address) == {"0": "gone"}
    assert past.changes(middle.address, last.address) == {"0": "gone", "new": "gone"}
    assert past.then(StepAddress(1, 1)).marks == {"new": "new"}


def test_a_checkpoint_that_a_power_cut_tore_is_passed_over(tmp_path: Path) -> None:
    manifests = Manifests(tmp_path, Blobs(tmp_path))
    assert manifests.newest() is None
    for turn in (1, 2, 3):
        manifests.save(manifest(turn))
    for turn in (2, 3):
        path = manifests.path(StepAddress(turn, 1))
        path.write_bytes(path.read_bytes()[:20])
    newest = Manifests(tmp_path, Blobs(tmp_path)).newest()
    assert newest is not None
    assert newest.address == StepAddress(1, 1)
