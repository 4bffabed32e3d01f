"""What checkpoints cost with 50,000 files: taking one, going back, making all of them anew."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from lis_tui.core.events import StepAddress
from lis_tui.sandbox.container import DockerSandbox
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from tests.docker_home import docker_sandbox

T = TypeVar("T")
FILES = "for i in {1..100}; do mkdir -p d$i; for j in {1..500}; do echo $i $j >d$i/f$j; done; done"
ROUNDS = 15


async def run(sandbox: DockerSandbox, command: str) -> None:
    await sandbox.run(command, timeout_s=300, on_output=lambda _: None)


async def timed(what: str, work: Awaitable[T]) -> T:
    began = time.perf_counter()
    result = await work
    print(f"{what:60} {time.perf_counter() - began:8.3f} s")
    return result


async def take_after_small_changes(sandbox: DockerSandbox) -> None:
    times, stalls = [], []
    for number in range(2, 2 + ROUNDS):
        await run(sandbox, f"echo {number} >>d7/f7")
        watch = asyncio.ensure_future(longest_stall())
        began = time.perf_counter()
        await sandbox.checkpoint(StepAddress(number, 1))
        times.append(time.perf_counter() - began)
        watch.cancel()
        stalls.append(max(STALLS, default=0))
        STALLS.clear()
    print(
        f"{'one file changed: median, worst (of ' + str(ROUNDS) + ')':60} "
        f"{statistics.median(times):8.3f} s {max(times):8.3f} s; the loop stood still {max(stalls):.3f} s"
    )


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
            await take_after_small_changes(sandbox)
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
