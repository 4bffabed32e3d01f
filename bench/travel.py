"""Going back through the client: a rewind over 100 files, forks of 50,000, with real hosts and containers."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

import yaml

from lis_tui.client import Client
from lis_tui.config.load import load, run_spec
from lis_tui.config.places import find_places
from lis_tui.core.decisions import Approve, End
from lis_tui.core.events import (
    CheckpointTaken,
    Fact,
    GateOpened,
    Record,
    RestoreProgressed,
    RunEnded,
    RunForked,
    StepAddress,
)
from tests.command import LisTui
from tests.docker_home import docker_image

COMMANDS = (
    "for i in {1..100}; do echo one $i > f$i; done",
    "for i in {1..100}; do echo two $i > f$i; done; touch more{1..20}",
    "for i in {1..50}; do mkdir -p d$i; for j in {1..1000}; do echo $i $j > d$i/f$j; done; done",
    "true",
)


async def until(client: Client, run: str, kind: type[Fact], turn: int = 0) -> tuple[Fact, int]:
    """Watch until something happens; gives it and how often progress was told."""
    stream = client.attach(run)
    told = 0
    async for item in stream:
        if not isinstance(item, Record):
            continue
        told += isinstance(item.event, RestoreProgressed)
        is_there = not turn or getattr(item.event, "address", None) == StepAddress(turn, 1)
        if isinstance(item.event, kind) and is_there:
            await stream.aclose()
            return item.event, told
    raise RuntimeError(f"{kind.__name__} never came")


async def timed(what: str, work: Awaitable[str], client: Client) -> str:
    """Measure from the ask to the moment when the new run is ready."""
    began = time.perf_counter()
    name = await work
    forked, told = await until(client, name, RunForked)
    took = time.perf_counter() - began
    assert isinstance(forked, RunForked)
    assert (forked.has_files, forked.problems) == (True, ())
    print(f"{what:60} {took:8.3f} s, of it bringing back {forked.took_s:.3f} s; progress told {told} times")
    return name


async def main() -> None:
    """Measure in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        lis = LisTui(Path(folder), environ={"LIS_TUI_IMAGE": docker_image()[0]})
        client = await Client.connect(find_places(lis.environ))
        try:
            await measure(lis, client)
        finally:
            await client.close()
            lis.close()


async def measure(lis: LisTui, client: Client) -> None:
    """Play to the end, then go back."""
    calls = [{"calls": [{"tool": "execute_bash", "arguments": {"command": one}}]} for one in COMMANDS]
    path = lis.home / "turns.yaml"
    path.write_text(
        yaml.safe_dump({"task": "t", "pace": 0, "turns": [*calls, {"calls": [{"tool": "submit"}]}]})
    )
    settings = {"model": f"script/{path}", "mode": "confirm", "sandbox.checkpoints": "true"}
    loaded = load(settings, lis.environ, lis.home / "config")
    run = await client.start_run(run_spec(loaded, task="Go.", name="one"), {})
    for turn in range(1, len(COMMANDS)):
        await until(client, run, GateOpened, turn)
        await client.decide(run, Approve(), StepAddress(turn, 1))
    await until(client, run, CheckpointTaken, len(COMMANDS) - 1)
    many, few = StepAddress(3, 1), StepAddress(2, 1)
    fork = await timed("fork of a live run, 50,000 files", client.fork(run, many), client)
    await end(client, fork)
    fork = await timed("fork of a live run, 120 files", client.fork(run, few), client)
    await until(client, fork, GateOpened, 3)
    fork = await timed("rewind over 100 files", client.fork(fork, StepAddress(1, 1), kind="rewind"), client)
    await end(client, fork)
    run = await timed("rewind that deletes 50,000 files", client.fork(run, few, kind="rewind"), client)
    await end(client, run)


async def end(client: Client, run: str) -> None:
    """End a run and remove its sandbox."""
    await client.decide(run, End())
    await until(client, run, RunEnded)
    await client.close_run(run)


if __name__ == "__main__":
    asyncio.run(main())
