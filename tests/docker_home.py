"""A real engine for tests: whether one answers, which image to use, and a sandbox on it."""

import contextlib
import functools
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from lis_tui.core.errors import LisError
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.carry import Carried, find_carried
from lis_tui.sandbox.docker_home import DockerSandbox
from lis_tui.sandbox.engines import Engine, connect, engine_of
from lis_tui.sandbox.home import Carriage
from lis_tui.sandbox.image import DEFAULT_IMAGE, LOCAL
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests

HOST_ID = "lis-tui-tests"
_BARE_IMAGE = "lis-tui-base:bookworm"


@functools.cache
def docker_image() -> tuple[str, str]:
    """Give the image to test with, or an empty name and the reason why there is none."""
    wished = os.environ.get("LIS_TUI_TEST_IMAGE")
    try:
        client = connect()
    except LisError as error:
        return "", error.sentence
    try:
        tags = {tag.removeprefix(LOCAL) for image in client.images.list() for tag in image.tags}
    finally:
        client.close()
    for name in [wished] if wished else [DEFAULT_IMAGE, _BARE_IMAGE]:
        if name in tags:
            return name, ""
    return "", f"the engine has no image to test with ({wished or DEFAULT_IMAGE})"


def docker_available() -> str:
    """Give the reason why docker tests cannot run here; empty where they can."""
    return docker_image()[1]


@functools.cache
def docker_engine() -> Engine:
    """Say which engine answers."""
    with contextlib.closing(connect()) as client:
        return engine_of(client)


def docker_sandbox(
    folder: Path,
    *,
    run: str = "test",
    env: Mapping[str, str] | None = None,
    has_carried: bool = False,
    carried: Carriage | None = None,
    spec: SandboxSpec | None = None,
    blobs: Blobs | None = None,
    host_id: str = HOST_ID,
    image_id: str = "",
) -> DockerSandbox:
    """Make a sandbox, not yet started, with its work tree and outputs in a folder."""
    image, _ = docker_image()
    spec = spec or SandboxSpec()
    if spec.image == DEFAULT_IMAGE:
        spec = msgspec.structs.replace(spec, image=image)
    spec = msgspec.structs.replace(spec, checkpoints=blobs is not None)
    worktree, outputs = folder / "worktree", folder / "outputs"
    worktree.mkdir(parents=True, exist_ok=True)
    outputs.mkdir(parents=True, exist_ok=True)
    return DockerSandbox(
        spec,
        run=run,
        host_id=host_id,
        worktree=worktree,
        outputs_dir=outputs,
        env=env or {},
        carried=carried or (find_carried(os.environ, Path.home()) if has_carried else Carried()),
        contents=blobs,
        manifests=Manifests(folder / "run", blobs) if blobs is not None else None,
        image_id=image_id,
    )
