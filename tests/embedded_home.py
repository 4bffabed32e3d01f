"""An embedded sandbox for tests: whether one can be made here, and one in a folder."""

import functools
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from lis_tui.core.namespaces import why_not_here
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.carry import Carried, find_carried
from lis_tui.sandbox.embedded import EmbeddedSandbox
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests


@functools.cache
def embedded_missing() -> str:
    """Give the reason why embedded sandboxes cannot be tried here; empty where they can."""
    return why_not_here()


def embedded_sandbox(  # LIS_TUI_TEST_BASE: a root file system folder, instead of this machine's own
    folder: Path,
    *,
    env: Mapping[str, str] | None = None,
    has_carried: bool = False,
    spec: SandboxSpec | None = None,
    blobs: Blobs | None = None,
) -> EmbeddedSandbox:
    """Make a sandbox, not yet started, with its work tree, outputs and layers in a folder."""
    worktree, outputs = folder / "worktree", folder / "outputs"
    worktree.mkdir(parents=True, exist_ok=True)
    outputs.mkdir(parents=True, exist_ok=True)
    based = msgspec.structs.replace(
        spec or SandboxSpec(), checkpoints=blobs is not None, base=os.environ.get("LIS_TUI_TEST_BASE", "")
    )
    return EmbeddedSandbox(
        based,
        folder=folder / "computer",
        worktree=worktree,
        outputs_dir=outputs,
        env=env or {},
        carried=find_carried(os.environ, Path.home()) if has_carried else Carried(),
        contents=blobs,
        manifests=Manifests(folder / "run", blobs) if blobs is not None else None,
    )
