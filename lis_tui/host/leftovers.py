"""What runs that died left behind, found and put right: containers, embedded sandboxes, files of root."""

import asyncio
import os
import secrets as tokens
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lis_tui.core.errors import EngineMissing, ImageMissing, RunNotFound
from lis_tui.core.events import SandboxStarted
from lis_tui.core.private import open_private, private_folder
from lis_tui.host.copies import copy_of
from lis_tui.host.homes import computers_of
from lis_tui.sandbox import orphans
from lis_tui.sandbox.image import DEFAULT_IMAGE
from lis_tui.sandbox.layers import delete_left
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.store import RunFolder, Store, is_locked


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


async def remove_orphans(data: Path) -> list[str]:
    """Remove the sandboxes of runs of this data folder that no process holds any more. Raises LisError.

    What root wrote into the work trees of these runs is given back to the user.
    """
    store = Store(data)
    runs = store.root / "runs"

    def is_live(run: str) -> bool:
        return is_locked(runs / run / "lock")

    await remove_embedded(data, is_live)
    try:
        dead = await orphans.remove_orphans(is_live, host_id(data))
    except EngineMissing:  # it has no container of ours, then
        return []
    for run in dead:
        with suppress(RunNotFound):
            await give_back(store.find(str(runs / run)))
    return dead


async def remove_of_run(data: Path, name: str, *, has_container: bool) -> None:
    """Remove what a dead process left of this run's sandbox; we hold its lock. Raises LisError."""
    await remove_embedded(data, lambda run: run != name)
    if has_container:
        await orphans.remove_orphans(lambda run: run != name, host_id(data))


async def remove_embedded(data: Path, is_live: Callable[[str], bool]) -> None:
    """Remove the embedded sandboxes of this data folder whose run is dead. Raises SandboxFailed."""
    await asyncio.to_thread(delete_left, computers_of(data), is_live)


async def give_back(folder: RunFolder) -> None:
    """Make the run's work tree the user's own again, where they are not root. Raises LisError."""
    if os.geteuid() == 0:
        return
    image = await asyncio.to_thread(_image_of, folder)
    for tree in (folder.worktree, copy_of(folder)):
        if not image or not await asyncio.to_thread(tree.exists):
            continue
        try:
            await orphans.reclaim(tree, image)
        except ImageMissing:
            await orphans.reclaim(tree, DEFAULT_IMAGE)


def _image_of(folder: RunFolder) -> str:
    events = (record.event for record in read(folder))
    started = next((event for event in events if isinstance(event, SandboxStarted)), None)
    return started.image_id if started is not None and started.kind == "docker" else ""
