"""A throw-away copy of a sandbox as it was after a step: looked at, changed, and gone without a trace."""

from pathlib import Path

import pytest

from lis_tui.core.events import StepAddress
from lis_tui.core.ports import Sandbox
from lis_tui.core.spec import SandboxSpec
from lis_tui.host.copies import Copies
from lis_tui.sandbox.carry import Carried
from lis_tui.sandbox.docker_home import DockerSandbox
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import Store
from tests.docker_home import HOST_ID, docker_available, docker_image

pytestmark = pytest.mark.docker


async def said(sandbox: Sandbox, command: str) -> bytes:
    pieces: list[bytes] = []
    await sandbox.run(command, timeout_s=30, on_output=pieces.append)
    return b"".join(pieces)


async def test_a_copy_is_as_it_was_then_and_touches_nothing(tmp_path: Path) -> None:
    if reason := docker_available():
        pytest.skip(reason)
    folder, blobs = Store(tmp_path).create("A task.", None), Blobs(tmp_path)
    made: list[DockerSandbox] = []

    def make(worktree: Path, manifests: Manifests, image_id: str) -> DockerSandbox:
        sandbox = DockerSandbox(
            SandboxSpec(image=docker_image()[0], checkpoints=True),
            run=folder.name,
            host_id=HOST_ID,
            worktree=worktree,
            outputs_dir=folder.outputs_dir,
            env={},
            carried=Carried(),
            contents=blobs,
            manifests=manifests,
            image_id=image_id,
        )
        made.append(sandbox)
        return sandbox

    sandbox = make(folder.worktree, Manifests(folder.path, blobs), "")
    copies = Copies(folder, blobs, make)
    first, second = StepAddress(1, 1), StepAddress(2, 1)
    progress: list[int] = []
    await sandbox.start()
    try:
        await said(sandbox, "mkdir d; cd d; echo one >f; V=1; echo x >/opt/outside")
        await sandbox.checkpoint(first)
        await said(sandbox, "echo two >f; V=2; rm /opt/outside")
        await sandbox.checkpoint(second)
        copy = await copies.at(first, lambda done, _: progress.append(done))
        assert await said(copy, "pwd; cat f /opt/outside; echo $V; rm -r /testbed/d") == (
            b"/testbed/d\none\nx\n1\n"
        )
        assert await copies.at(first, lambda *_: None) is copy
        assert await said(copy, "ls /testbed") == b""
        assert await said(sandbox, "cat f; echo $V") == b"two\n2\n"
        other = await copies.at(second, lambda *_: None)
        assert await said(other, "cat /testbed/d/f; echo $V; ls /opt/outside 2>/dev/null") == b"two\n2\n"
        assert len(made) == 3
    finally:
        await copies.close()
        await sandbox.stop()
    assert not (folder.path / "copy").exists()
    assert Manifests(folder.path, blobs).addresses() == [first, second]
