"""What an embedded sandbox opens to all from inside stays shut to other users of the machine."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.layers import Places
from tests.conformance.conftest import Terminal
from tests.embedded_home import embedded_missing, embedded_sandbox

VALUE = "canary-of-a-variable"


def as_another(*words: str | Path) -> bytes:
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return subprocess.run([*become, *words], capture_output=True, check=False).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
async def test_values_of_variables_are_read_by_no_other_user_whatever_is_done_inside() -> None:
    if reason := embedded_missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="lis-") as name:
        Path(name).chmod(0o755)
        sandbox = embedded_sandbox(Path(name), env={"V": VALUE}, spec=SandboxSpec(network="none"))
        await sandbox.start()
        try:
            await Terminal(sandbox)("chmod -R a+rwX /run/lis 2>/dev/null; echo")
            folder = Path(name, "computer")
            private = Places(folder, folder, folder).private
            look = ("grep", "-rh", VALUE, private)
            assert as_another(*look) == b""
            private.parent.chmod(0o755)
            assert VALUE.encode() in as_another(*look), "the control: what it opened is open"
            private.parent.chmod(0o700)
        finally:
            await sandbox.stop()
