"""What runs that died left with the engine and in their work trees, found and put right."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import ImageNotFound
from docker.models.containers import Container

from lis_tui.core.errors import ImageMissing
from lis_tui.sandbox.engine import HOST_LABEL, RUN_LABEL, name_of, no_image, remove_container, told_as
from lis_tui.sandbox.engines import connect, engine_of
from lis_tui.sandbox.marks import quote


async def remove_orphans(is_live: Callable[[str], bool], host_id: str) -> list[str]:
    """Remove this host's containers whose run is dead; gives the names of their runs."""
    return await asyncio.to_thread(_remove_orphans, is_live, host_id)


def _remove_orphans(is_live: Callable[[str], bool], host_id: str) -> list[str]:
    with told_as("Old containers could not be removed"):
        client = connect()
        try:
            mine = client.containers.list(
                all=True, filters={"label": f"{HOST_LABEL}={host_id}"}, ignore_removed=True
            )
            owners = [(container, _owner(container, host_id)) for container in mine]
            dead = [(container, run) for container, run in owners if run and not is_live(run)]
            for container, _ in dead:
                remove_container(container)
        finally:
            client.close()
    return list(dict.fromkeys(run for _, run in dead))


def _owner(container: Container, host_id: str) -> str:
    """Name the run that has this container: labels never change, so a handed over one has a name."""
    prefix = name_of("", host_id)
    name = str(container.name or "")
    return name.removeprefix(prefix) if name.startswith(prefix) else container.labels.get(RUN_LABEL, "")


async def reclaim(worktree: Path, image: str, run: str = "", host_id: str = "") -> None:
    """Give all of a work tree to this user, by a short helper container. Raises SandboxFailed.

    With the names of a run and a host, the next start finds the helper too.
    """
    labels = {RUN_LABEL: run, HOST_LABEL: host_id} if run else {}
    await asyncio.to_thread(_reclaim, worktree, image, labels)


def _reclaim(worktree: Path, image: str, labels: dict[str, str]) -> None:
    with told_as(f"{worktree} could not be given back to you"):
        client = connect()
        try:
            owner = "0:0" if engine_of(client).is_rootless else f"{os.geteuid()}:{os.getegid()}"
            client.images.get(image)  # a missing one would be pulled by `run`
            client.containers.run(
                image,
                entrypoint=["bash"],
                command=["-c", chown_script("/tree", owner).decode()],
                user="0:0",
                network_mode="none",
                labels=labels,
                cap_drop=["ALL"],
                cap_add=["CHOWN", "DAC_OVERRIDE", "FOWNER"],
                security_opt=["no-new-privileges"],
                mounts=[docker.types.Mount("/tree", str(worktree), type="bind")],
                remove=True,
            )
        except ImageNotFound as error:
            raise ImageMissing(no_image(image)) from error
        finally:
            client.close()


def chown_script(folder: str, owner: str) -> bytes:
    """Give the script that makes all below a folder this user's, and folders passable for them."""
    name, user = quote(folder), owner.split(":")[0].encode()
    return b"find %s -xdev ! -uid %s -exec chown -h %s {} +; " % (name, user, owner.encode()) + (
        b"find %s -xdev -type d ! -perm -700 -exec chmod u+rwx {} +; :" % name
    )
