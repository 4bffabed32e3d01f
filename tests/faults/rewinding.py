"""`python -m tests.faults.rewinding NAME SECONDS MODEL late|now`: has a run go back, kills its host then."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from lis_tui.client import Client
from lis_tui.config.load import load, run_spec
from lis_tui.config.places import find_places
from lis_tui.core import events
from lis_tui.core.decisions import Approve
from lis_tui.core.errors import LisError
from lis_tui.core.events import CheckpointTaken, Event, GateOpened, Record, StepAddress
from tests.faults.lab import MARK, hosts_of, kill


async def main(name: str, seconds: float, model: str, *, is_late: bool) -> None:
    """Print all that is told of the run, one record a line; `is_late`: count from when its heir is begun."""
    places = find_places(os.environ)
    client = await Client.connect(places)
    loaded = load({"model": model, "mode": "confirm"}, os.environ, places.config)
    run = await client.start_run(run_spec(loaded, task="Go.", name=name), {})
    async with contextlib.aclosing(client.attach(run)) as items:
        async for item in items:
            if isinstance(item, Record):
                sys.stdout.buffer.write(events.encode(item) + b"\n")
                if await has_come_far(client, run, item.event):
                    break
    sys.stdout.buffer.flush()
    before = runs_of(places.data)
    asked = asyncio.ensure_future(client.fork(run, StepAddress(1, 1), kind="rewind"))
    while is_late and not asked.done() and runs_of(places.data) == before:
        await asyncio.sleep(0.005)  # until the heir's folder is made
    await asyncio.sleep(seconds)
    kill(*hosts_of(os.environ[MARK]))
    with contextlib.suppress(LisError):
        await asked
    await client.close()


def runs_of(data: Path) -> set[str]:
    """Name the runs that are there."""
    return {path.name for path in (data / "runs").iterdir()}


async def has_come_far(client: Client, run: str, event: Event) -> bool:
    """Approve what waits; tell when the second step was kept."""
    if isinstance(event, GateOpened) and event.address.turn < 3:
        await client.decide(run, Approve(), event.address)
    return isinstance(event, CheckpointTaken) and event.address >= StepAddress(2, 1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3], is_late=sys.argv[4] == "late"))
