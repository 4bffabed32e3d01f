"""What killed processes left is removed at the next start; what somebody has, or may just begin, is not."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lis_tui.core.errors import StorageFailed
from lis_tui.core.meeting import socket_path
from lis_tui.core.private import private_folder
from lis_tui.host.leftovers import remove_dead_hosts, remove_of_run, remove_orphans
from lis_tui.sandbox import layers, remains
from lis_tui.sandbox.layers import Places
from lis_tui.trajectory.blobs import MOST_IN_MEMORY, Blobs
from lis_tui.trajectory.store import RunFolder, Store
from lis_tui.trajectory.unfinished import OLD_S, put_right

Make = Callable[..., RunFolder]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    return tmp_path / "data"


@pytest.fixture
def make(data: Path) -> Iterator[Make]:
    """Makes a run as it is on disk, which somebody has or nobody."""
    with ExitStack() as locks:

        def made(
            name: str, *, is_live: bool = False, has_begun: bool = True, is_old: bool = True
        ) -> RunFolder:
            folder = Store(data).create("task", name)
            if has_begun:
                folder.journal_path.write_text("{}\n")
            if is_live:
                locks.enter_context(folder.lock())
            if is_old:
                age(folder.path)
            return folder

        yield made


def age(path: Path) -> None:
    then = path.stat().st_mtime - OLD_S - 1
    os.utime(path, (then, then))


def computer(data: Path, name: str) -> Places:
    """Make what an embedded sandbox has on disk and in memory."""
    folder = data / "computers" / name
    places = Places(folder, folder, folder)
    (places.layers / "deep").mkdir(parents=True)
    private_folder(places.private)
    (places.private / "values").write_text("secret")
    return places


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_sandboxes_of_dead_runs_go_from_disk_and_memory_and_those_of_live_ones_stay(
    data: Path, make: Make, tmp_path: Path
) -> None:
    make("dead")
    make("live", is_live=True)
    dead = [computer(data, name) for name in ("dead", "dead.copy", "of-no-run")]
    kept = [computer(data, name) for name in ("live", "live.copy")] + [computer(tmp_path / "else", "dead")]
    try:
        await remove_orphans(data)
        assert names(data / "computers") == ["live", "live.copy"]
        assert not any(places.private.exists() for places in dead)
        assert all((places.private / "values").exists() and places.layers.exists() for places in kept)
    finally:
        for places in kept:
            layers.delete(places)


async def test_what_a_dead_run_has_in_memory_goes_also_where_no_folder_tells_of_it(
    data: Path, make: Make
) -> None:
    make("dead")
    make("live", is_live=True)
    places, other = computer(data, "dead"), computer(data, "live")
    places.folder.rename(data / "computers" / "heir")  # killed while it was handed over
    try:
        await remove_orphans(data)
        assert not places.private.exists()
        assert other.private.exists()
        assert names(data / "computers") == ["live"]
    finally:
        layers.delete(other)


async def test_a_run_can_be_taken_up_while_what_it_left_is_deleted(
    data: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make("dead")
    computer(data, "dead")
    seen: list[str] = []

    def deleting(places: Places) -> None:
        with run.lock():
            fresh = computer(data, "dead")
            seen.append(places.folder.name)
            real(fresh)
        real(places)

    real = layers.delete
    monkeypatch.setattr(layers, "delete", deleting)
    await remove_orphans(data)
    assert len(seen) == 1
    assert seen != ["dead"]
    assert names(data / "computers") == []


async def test_what_cannot_be_removed_of_one_run_keeps_nothing_else_from_it(
    data: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("unbegun", has_begun=False)

    def refuse(*_: object) -> None:
        raise StorageFailed("it cannot be deleted")

    monkeypatch.setattr(remains, "delete_aside", refuse)
    with pytest.raises(StorageFailed, match="cannot be deleted"):
        await remove_orphans(data)
    assert Store(data).names() == set()


async def test_only_what_the_run_itself_left_is_removed_when_it_is_taken_up(data: Path, make: Make) -> None:
    run = make("mine")
    mine, other = computer(data, "mine"), computer(data, "other")
    try:
        with run.lock():
            await remove_of_run(data, "mine", has_container=False)
        assert not mine.private.exists()
        assert names(data / "computers") == ["other"]
        assert other.private.exists()
    finally:
        layers.delete(other)


async def test_runs_that_never_began_are_removed_once_nobody_can_be_beginning_with_them(
    data: Path, make: Make
) -> None:
    make("old", has_begun=False)
    make("young", has_begun=False, is_old=False)
    make("held", has_begun=False, is_live=True)
    make("begun")
    await remove_orphans(data)
    assert Store(data).names() == {"young", "held", "begun"}
    assert names(data / "worktrees") == ["begun", "held", "young"]


async def test_a_copy_of_a_past_step_goes_with_who_looked_at_it(data: Path, make: Make) -> None:
    dead, live = make("dead"), make("live", is_live=True)
    for run in (dead, live):
        (run.copy_dir / "worktree").mkdir(parents=True)
    await remove_orphans(data)
    assert not dead.copy_dir.exists()
    assert live.copy_dir.exists()


@pytest.mark.parametrize(
    ("left", "whole"),
    [
        (("outputs", "outputs.kept"), "outputs"),
        (("outputs.kept",), "outputs.kept"),
        (("outputs", "outputs.seen"), "outputs"),
        (("outputs.seen", "outputs.old"), "outputs.seen"),
        (("outputs", "outputs.old"), "outputs"),
    ],
)
def test_outputs_are_whole_again_wherever_a_rewind_was_killed(
    data: Path, make: Make, left: tuple[str, ...], whole: str
) -> None:
    run = make("one")
    run.outputs_dir.rmdir()
    for name in left:
        (run.path / name).mkdir()
        (run.path / name / "1.1.txt").write_text(name)
    with run.lock():
        put_right(run)
    assert (run.outputs_dir / "1.1.txt").read_text() == whole
    assert [name for name in names(run.path) if name.startswith("outputs")] == ["outputs"]
    assert not run.is_halfway


async def test_contents_that_were_being_taken_in_go_and_those_that_are_stay(data: Path) -> None:
    blobs = Blobs(data)
    blobs.put(b"whole")
    half = blobs.begin()
    half.write(b"x" * (MOST_IN_MEMORY + 1))
    (left,) = (data / "blobs").glob("??/.new-*")
    killed = left.with_name(".new-killed")
    young = left.with_name(".new-young")
    for path in (killed, young):
        path.write_bytes(b"half")
    for path in (left, killed):
        age(path)
    await remove_orphans(data)
    assert sorted(path.name for path in (data / "blobs").glob("??/.new-*")) == sorted([left.name, young.name])
    digest, _ = half.finish()
    assert blobs.has(digest)
    assert blobs.has(blobs.put(b"whole")[0])


def test_sockets_and_empty_logs_of_killed_hosts_go_and_those_of_live_ones_stay(tmp_path: Path) -> None:
    runtime, logs = private_folder(tmp_path / "run"), private_folder(tmp_path / "logs")
    listening = socket.socket(socket.AF_UNIX)
    bound = {
        name: socket.socket(socket.AF_UNIX) for name in ("h-dead.sock", "h-old.sock.new", "h-new.sock.new")
    }
    try:
        listening.bind(str(socket_path(runtime, "live")))
        listening.listen()
        for name, each in bound.items():
            each.bind(str(runtime / name))
        for host in ("live", "dead", "talked", "new"):
            (logs / f"host-{host}.log").write_text("it said something" if host == "talked" else "")
        for path in (
            runtime / "h-old.sock.new",
            *(logs / f"host-{host}.log" for host in ("live", "dead", "talked")),
        ):
            age(path)
        remove_dead_hosts(tmp_path, runtime)
        assert names(runtime) == ["h-live.sock", "h-new.sock.new"]
        assert names(logs) == ["host-live.log", "host-new.log", "host-talked.log"]
    finally:
        for each in (listening, *bound.values()):
            each.close()
