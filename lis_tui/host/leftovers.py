"""What runs that died left behind, found and put right: sandboxes, files of root, what was half-made."""

import asyncio
import os
import secrets as tokens
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

from lis_tui.core import meeting
from lis_tui.core.errors import EngineMissing, ImageMissing, LisError, RunNotFound, StorageFailed
from lis_tui.core.events import SandboxStarted
from lis_tui.core.private import open_private, private_folder
from lis_tui.host.copies import copy_of
from lis_tui.host.homes import computers_of
from lis_tui.sandbox import orphans, remains
from lis_tui.sandbox.image import DEFAULT_IMAGE
from lis_tui.sandbox.sidecar import delete_meetings
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.store import RunFolder, Store
from lis_tui.trajectory.unfinished import OLD_S, tidy


def host_id(data: Path) -> str:
    """Give the name by which containers of this data folder are known, made at first."""
    path = private_folder(data) / "host-id"
    if not path.exists():
        fresh = path.with_name(f"host-id.{tokens.token_hex(4)}")
        fd = open_private(fresh, os.O_WRONLY)
        os.write(fd, tokens.token_hex(8).encode())
        os.close(fd)
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()


def remove_dead_hosts(data: Path, runtime: Path, old_s: float = OLD_S) -> None:
    """Remove the sockets of hosts that were killed, and the logs in which those said nothing."""
    meeting.remove_dead(runtime, old_s)
    for log in (data / "logs").glob("host-*.log"):
        host = log.stem.removeprefix("host-")
        with suppress(OSError):
            found = log.stat()
            is_kept = found.st_size > 0 or time.time() - found.st_mtime <= old_s
            if not is_kept and not meeting.socket_path(runtime, host).exists():
                log.unlink()


async def remove_orphans(data: Path) -> list[str]:
    """Remove what runs of this data folder left that no process holds any more. Raises LisError.

    What root wrote into the work trees of these runs is given back to the user. One that cannot be put right
    keeps no other from it.
    """
    store = Store(data)
    runs = store.root / "runs"
    problems: list[LisError] = []

    def is_live(run: str) -> bool:
        return store.folder(run).is_live()

    with _noted(problems):
        await asyncio.to_thread(_remove_embedded, data, partial(_claimed, store), store.names())
    dead: list[str] = []
    with suppress(EngineMissing), _noted(problems):  # an engine that is not there has no container of ours
        dead = await orphans.remove_orphans(is_live, host_id(data))
    for run in dead:
        with suppress(RunNotFound), _noted(problems):
            folder = store.find(str(runs / run))
            await asyncio.to_thread(delete_meetings, folder.path)
            await give_back(folder)
    with _noted(problems):
        await asyncio.to_thread(tidy, data)
    if problems:
        raise problems[0]
    return dead


async def remove_of_run(data: Path, name: str, *, has_container: bool) -> None:
    """Remove what a dead process left of this run's sandbox; we hold its lock. Raises LisError."""

    @contextmanager
    def claim(run: str) -> Iterator[bool]:
        yield run == name

    await asyncio.to_thread(_remove_embedded, data, claim, [name])
    if has_container:
        await orphans.remove_orphans(lambda run: run != name, host_id(data))


def _remove_embedded(data: Path, claim: remains.Claim, names: Collection[str]) -> None:
    """Remove the embedded sandboxes that can be claimed. Raises StorageFailed."""
    computers = computers_of(data)
    try:
        remains.put_aside(computers, claim)
    except OSError as error:
        raise StorageFailed(f"{computers} cannot be tidied up: {error.strerror}.") from error
    remains.delete_private(computers, names, claim)
    remains.delete_aside(computers)


@contextmanager
def _claimed(store: Store, run: str) -> Iterator[bool]:
    """Hold the lock of a run that nobody has, so that nobody begins with it; one that is gone is nobody's."""
    folder = store.folder(run)
    if not folder.path.is_dir():
        yield True
        return
    try:
        lock = None if folder.is_live() else folder.lock()
    except LisError:
        lock = None
    with lock or nullcontext():
        yield lock is not None


@contextmanager
def _noted(problems: list[LisError]) -> Iterator[None]:
    try:
        yield
    except EngineMissing:
        raise
    except LisError as error:
        problems.append(error)


async def give_back(folder: RunFolder) -> None:
    """Make the run's work tree the user's own again, where they are not root. Raises LisError."""
    if os.geteuid() == 0:
        return
    image = await asyncio.to_thread(_image_of, folder)
    names = folder.name, host_id(folder.path.parent.parent)
    for tree in (folder.worktree, copy_of(folder)):
        if not image or not await asyncio.to_thread(tree.exists):
            continue
        try:
            await orphans.reclaim(tree, image, *names)
        except ImageMissing:
            await orphans.reclaim(tree, DEFAULT_IMAGE, *names)


def _image_of(folder: RunFolder) -> str:
    events = (record.event for record in read(folder))
    started = next((event for event in events if isinstance(event, SandboxStarted)), None)
    return started.image_id if started is not None and started.kind == "docker" else ""
