"""What a bomb meets: the limits that the sandbox has, or says that it has not."""

import subprocess
from pathlib import Path

import pytest

from lis_tui.core.spec import SandboxSpec
from tests.conformance.conftest import Home, Terminal


async def test_bombs_end_at_the_limits_and_the_shell_goes_on(home: Home, tmp_path: Path) -> None:
    sandbox = home.make(tmp_path, spec=SandboxSpec(pids=64, memory_mb=128))
    others = [subprocess.Popen(["sleep", "60"]) for _ in range(70)]  # they are nobody's in there
    try:
        notes = (await sandbox.start()).notes
        unlimited = " ".join(note for note in notes if note.startswith("not limited: "))
        run = Terminal(sandbox)
        if "processes" not in unlimited:
            await run("for i in {1..100}; do sleep 2 & done; echo reached", timeout_s=60)
            assert b"Resource temporarily unavailable" in run.output
        await run("for i in {1..20}; do sleep 0.1 & done; wait; echo few")
        assert b"few" in run.output
        if "memory" not in unlimited:
            await run("head -c 400000000 /dev/zero | tail | wc -c", timeout_s=60)
            assert b"400000000" not in run.output
        await run("head -c 40000000 /dev/zero | tail | wc -c", timeout_s=60)
        assert run.output == b"40000000\n"
        if "processes" in unlimited and "memory" in unlimited:
            pytest.skip(unlimited)
    finally:
        await sandbox.stop()
        for one in others:
            one.kill()
            one.wait()
