"""How long it takes from nothing to a first command's end, in each home, with checkpoints and without.

Beside each stands what merely listing the machine's own files takes at that moment: what else the machine has
to do shows there too.
"""

import asyncio
import itertools
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from lis_tui.core.events import StepAddress
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.computer import Computer
from lis_tui.trajectory.blobs import Blobs
from tests.docker_home import docker_available, docker_sandbox
from tests.embedded_home import embedded_missing, embedded_sandbox

ROUNDS = 5
HOMES: dict[str, tuple[Callable[[], str], Callable[..., Computer]]] = {
    "docker": (docker_available, docker_sandbox),
    "embedded": (embedded_missing, embedded_sandbox),
}


class Times(Struct, frozen=True):
    """What one sandbox took, in seconds."""

    start: float
    first: float
    first_checkpoint: float
    second_checkpoint: float
    bare_find: float


def bare_find() -> float:
    began = time.perf_counter()
    words = ["find", "/usr", "/etc", "-xdev", "-printf", "%p %s %T@ %C@ %i\\n"]
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


async def once(make: Callable[..., Computer], *, has_checkpoints: bool) -> Times:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sandbox = make(folder, spec=SandboxSpec(), blobs=Blobs(folder) if has_checkpoints else None)
        marks = [time.perf_counter()]
        try:
            await sandbox.start()
            marks.append(time.perf_counter())
            for turn in (1, 2):
                await sandbox.run("echo x >>file", timeout_s=60, on_output=lambda _: None)
                marks.append(time.perf_counter())
                if has_checkpoints:
                    await sandbox.checkpoint(StepAddress(turn, 1))
                marks.append(time.perf_counter())
        finally:
            await sandbox.stop()
    start, first, kept, _, again = (after - before for before, after in itertools.pairwise(marks))
    return Times(start, first, kept, again, bare_find())


async def measure(what: str, make: Callable[..., Computer], *, has_checkpoints: bool) -> None:
    rounds = [await once(make, has_checkpoints=has_checkpoints) for _ in range(ROUNDS)]
    wholes = [one.start + one.first for one in rounds]
    columns = [
        statistics.median(wholes),
        max(wholes),
        *(statistics.median(getattr(one, name) for one in rounds) for name in Times.__struct_fields__),
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{what:26}" + "".join(f"{value:7.2f} s" for value in columns) + f"{peak:6} MB", flush=True)


async def main() -> None:
    heads = ("median", "worst", "start", "command", "kept", "kept 2", "find", "memory")
    print(f"{'start to first end':26}" + "".join(f"{head:>9}" for head in heads))
    for has_checkpoints in (False, True):
        for kind, (missing, make) in HOMES.items():
            if why := missing():
                print(f"{kind}: {why}")
                continue
            what = f"{kind}, {'with' if has_checkpoints else 'without'} checkpoints"
            await measure(what, make, has_checkpoints=has_checkpoints)


if __name__ == "__main__":
    asyncio.run(main())
