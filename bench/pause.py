"""How soon the model server sees the connection closed when a reply is cut in mid-stream.

python -m bench.pause
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from lis_tui.core.decisions import Interrupt
from lis_tui.core.events import TextArrived
from tests.over_http import playing
from tests.server import Answer, FakeServer

ROUNDS = 25
STALLS = Answer(text="some words " * 9, fault="stall", fault_after=4)


def main() -> None:
    took = sorted(asyncio.run(_all()))
    print(f"{ROUNDS} cuts: median {statistics.median(took):.1f} ms, worst {took[-1]:.1f} ms (at most 100)")


async def _all() -> list[float]:
    found = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as place, FakeServer([STALLS]) as server:
            async with playing(Path(place), server) as game:
                await game.until(TextArrived)
                asked = time.monotonic()
                game.run.decide(Interrupt())
                gone = await asyncio.to_thread(server.wait_gone)
                found.append((gone - asked) * 1000)
    return found


if __name__ == "__main__":
    main()
