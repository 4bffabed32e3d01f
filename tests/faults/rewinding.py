"""`python -m tests.faults.rewinding NAME SECONDS MODEL`: starts a run, has it go back, kills its host."""

import asyncio
import contextlib
import os
import sys

from lis_tui.client import Client
from lis_tui.config.load import load, run_spec
from lis_tui.config.places import find_places
from lis_tui.core import events
from lis_tui.core.decisions import Approve
from lis_tui.core.errors import LisError
from lis_tui.core.events import CheckpointTaken, Event, GateOpened, Record, StepAddress
from tests.faults.lab import hosts_of, kill


async def main(name: str, seconds: float, model: str) -> None:
    """Print all that is told of the run, one record a line."""
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
    asked = asyncio.ensure_future(client.fork(run, StepAddress(1, 1), kind="rewind"))
    await asyncio.sleep(seconds)
    kill(*hosts_of(name))
    with contextlib.suppress(LisError):
        await asked
    await client.close()


async def has_come_far(client: Client, run: str, event: Event) -> bool:
    """Approve what waits; tell when the second step was kept."""
    if isinstance(event, GateOpened) and event.address.turn < 3:
        await client.decide(run, Approve(), event.address)
    return isinstance(event, CheckpointTaken) and event.address >= StepAddress(2, 1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3]))
