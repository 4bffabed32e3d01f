"""What runs beside the steps while checkpoints are taken: named in them, and ended where one goes back."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from lis_tui.core.bus import spawn
from lis_tui.core.command import Reins
from lis_tui.core.events import StepAddress
from lis_tui.sandbox import processes
from lis_tui.sandbox.processes import Tree
from lis_tui.sandbox.service import Service
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from tests.conformance.conftest import Home, Terminal

LOOP = "V=lost; echo up; sleep 600 & while :; do read -t 1 x <>/dev/zero; done"


async def test_a_command_in_the_background_is_named_and_ends_when_one_goes_back(
    home: Home, tmp_path: Path
) -> None:
    blobs = Blobs(tmp_path)
    sandbox = home.make(tmp_path, blobs=blobs)
    manifests = Manifests(tmp_path / "run", blobs)
    await sandbox.start()
    try:
        run, reins, begun = Terminal(sandbox), Reins(), [asyncio.Event(), asyncio.Event()]
        await run("V=kept; sleep 601 & echo")
        await sandbox.checkpoint(StepAddress(1, 1))
        command = sandbox.run(LOOP, timeout_s=60, on_output=lambda _: begun[0].set(), reins=reins)
        own = sandbox.own_run("echo up; sleep 602", timeout_s=60, on_output=lambda _: begun[1].set())
        running = [spawn(command, "command"), spawn(own, "own command")]
        await asyncio.gather(*(one.wait() for one in begun))
        reins.let_go()
        await asyncio.wait(running[:1])
        await sandbox.checkpoint(StepAddress(2, 1))
        jobs = {LOOP, "sleep 601", "sleep 602"}
        assert set(manifests.load(StepAddress(2, 1)).jobs) == jobs
        restored = await sandbox.restore(manifests.load(StepAddress(1, 1)))
        assert set(restored.lost) == jobs
        await asyncio.wait(running)
        assert await run("echo $V; grep -lxza '60[012]' /proc/[0-9]*/cmdline") == b"kept\n"
        await sandbox.checkpoint(StepAddress(3, 1))
        assert manifests.load(StepAddress(3, 1)).jobs == ()
    finally:
        await sandbox.stop()


async def test_what_ended_while_it_was_looked_at_has_no_name(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = processes.list_tree

    async def before(service: Service, root: int) -> Tree:
        """As it was a moment ago, when the dead lived."""
        tree = await listed(service, root)
        alive = (structs.replace(one, state="S") for one in tree.processes)
        return structs.replace(tree, processes=tuple(alive))

    sandbox = home.make(tmp_path)
    await sandbox.start()
    try:
        await Terminal(sandbox)("bash -c 'sleep 0.1 & exec sleep 604' & sleep 0.5")
        monkeypatch.setattr(processes, "list_tree", before)
        assert await sandbox._rest.running() == ("sleep 604",)
    finally:
        await sandbox.stop()


@pytest.fixture
def heedless() -> Iterator[None]:
    """As whoever is started by `nohup`, or in the background of a script."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_what_this_process_ignores_is_heeded_inside(home: Home, tmp_path: Path, heedless: None) -> None:
    sandbox = home.make(tmp_path)
    await sandbox.start()
    try:
        told = await Terminal(sandbox)("grep SigIgn /proc/self/status")
        assert int(told.split()[1], 16) & 0b111 == 0  # HUP, INT, QUIT
    finally:
        await sandbox.stop()
