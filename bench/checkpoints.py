"""What checkpoints cost with 50,000 files: taking one, going back, making all anew; a large install."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from lis_tui.core.events import StepAddress
from lis_tui.sandbox.docker_home import DockerSandbox
from lis_tui.sandbox.service import Service
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from tests.docker_home import docker_sandbox

T = TypeVar("T")
FILES = """for i in {1..50}; do mkdir -p d$i; for j in {1..500}; do echo $i $j >d$i/f$j; done; done
mkdir flat; for i in {1..25000}; do echo $i >flat/f$i; done"""
ROUNDS = 15
CHANGES = ("echo x >>d7/f7", "sed -i s/x/y/ d8/f8", "echo x >>flat/f7", "sed -i s/x/y/ flat/f8", "true")
NUMBERS = [2]
WALK = b"find /testbed -xdev -printf '%p %s %T@ %C@ %i\\n' >/dev/null"
WALKS: list[Service] = []


async def run(sandbox: DockerSandbox, command: str) -> None:
    await sandbox.run(command, timeout_s=300, on_output=lambda _: None)


async def timed(what: str, work: Awaitable[T]) -> T:
    began = time.perf_counter()
    result = await work
    print(f"{what:60} {time.perf_counter() - began:8.3f} s")
    return result


async def bare_walk() -> float:
    """What merely listing all files takes at this moment, over a connection of the same kind."""
    began = time.perf_counter()
    await WALKS[0].ask(WALK)
    return time.perf_counter() - began


async def take_after_small_changes(sandbox: DockerSandbox, change: str) -> None:
    times, stalls, walks = [], [], []
    WALKS[:] = [Service(sandbox)]
    await bare_walk()
    turn = NUMBERS[0]
    for number in range(turn, turn + ROUNDS):
        await run(sandbox, change)
        watch = asyncio.ensure_future(longest_stall())
        began = time.perf_counter()
        await sandbox.checkpoint(StepAddress(number, 1))
        times.append(time.perf_counter() - began)
        watch.cancel()
        stalls.append(max(STALLS, default=0))
        STALLS.clear()
        walks.append(await bare_walk())
    NUMBERS[0] += ROUNDS
    WALKS[0].close()
    ratio = statistics.median(one / walk for one, walk in zip(times, walks, strict=True))
    print(
        f"{change + ': median, best, worst':60} "
        f"{statistics.median(times):8.3f} s {min(times):8.3f} s {max(times):8.3f} s; "
        f"the loop stood still {max(stalls):.3f} s; bare find {statistics.median(walks):.3f} s, "
        f"ratio {ratio:.2f}"
    )


async def store_a_large_install_once(sandbox: DockerSandbox, blobs: Blobs) -> None:
    """500 MB that are not in the image, then steps that have nothing to do with them."""
    before = blobs.size_bytes()
    commands = (
        "head -c 500M </dev/urandom >/usr/local/big",
        "echo x >>d7/f7",
        "chmod 600 /usr/local/big",
        "true",
    )
    for extra, command in enumerate(commands, start=1):
        await run(sandbox, command)
        began = time.perf_counter()
        await sandbox.checkpoint(StepAddress(NUMBERS[0], 1, extra))
        took_s, now = time.perf_counter() - began, blobs.size_bytes()
        print(f"{command:60} {took_s:8.3f} s, contents grew by {now - before:,} bytes")
        before = now
    NUMBERS[0] += 1


async def take_many(sandbox: DockerSandbox, blobs: Blobs) -> None:
    for change in CHANGES:
        await take_after_small_changes(sandbox, change)
    await store_a_large_install_once(sandbox, blobs)


STALLS: list[float] = []


async def longest_stall() -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.002)
        STALLS.append(time.perf_counter() - began - 0.002)


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blobs = Blobs(folder)
        manifests = Manifests(folder / "run", blobs)
        sandbox = docker_sandbox(folder, run="bench-checkpoints", blobs=blobs)
        await timed("start", sandbox.start())
        try:
            await timed("first checkpoint, nothing in it", sandbox.checkpoint(StepAddress(0)))
            await timed("(making 50,000 files)", run(sandbox, FILES))
            await timed("checkpoint of 50,000 new files", sandbox.checkpoint(StepAddress(1, 1)))
            await take_many(sandbox, blobs)
            await run(sandbox, "rm d8/f1?; for i in {1..80}; do echo $i >d9/f$i; done; mv d3/f3 d4/new")
            await sandbox.checkpoint(StepAddress(90, 1))
            await timed("(reading a manifest)", asyncio.to_thread(manifests.load, StepAddress(16, 1)))
            back = await timed("back over 92 files", sandbox.restore(manifests.load(StepAddress(16, 1))))
            print("   ", back)
            size = sum(path.stat().st_size for path in (folder / "run/checkpoints").iterdir())
            print(f"manifests {size:,} bytes, contents {blobs.size_bytes():,} bytes")
            manifest = manifests.load(StepAddress(90, 1))
        finally:
            await sandbox.stop()
        fork = docker_sandbox(folder / "fork", run="bench-fork", blobs=blobs)
        await timed("start of a fork", fork.start())
        try:
            back = await timed("50,000 files in a fork", fork.restore(manifest))
            print("   ", back)
        finally:
            await fork.stop()


if __name__ == "__main__":
    asyncio.run(main())
