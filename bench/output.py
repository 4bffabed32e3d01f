"""What a flood costs the screen: 100 MB into an OutputView, and how long the loop stands still meanwhile."""

import asyncio
import os
import resource
import time

from textual.app import ComposeResult

from lis_tui.ui.net import SafeApp
from lis_tui.ui.widgets.output import OutputView

CHUNK = 64 << 10
TOTAL = 100 << 20
KINDS = {
    "plain": b"The quick brown fox jumps over the lazy dog, and does it once more. 01234567890\n",
    "colours": b"\x1b[32mPASS\x1b[0m tests/unit/test_a.py::test_one \x1b[1;33m[ 12%]\x1b[0m some words\n",
    "one line": b"x" * 4000,
    "random": os.urandom(1 << 16),
}


class Screen(SafeApp[None]):
    """Nothing but the view."""

    def compose(self) -> ComposeResult:
        """Give the view."""
        yield OutputView()


async def measure(unit: bytes, pause_s: float) -> tuple[float, float, float, OutputView]:
    app = Screen()
    chunk = (unit * (CHUNK // len(unit) + 1))[:CHUNK]
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(OutputView)
        await pilot.pause()
        worst_feed = worst_loop = 0.0
        start = last = time.perf_counter()
        for _ in range(TOTAL // CHUNK):
            began = time.perf_counter()
            view.feed(chunk)
            worst_feed = max(worst_feed, time.perf_counter() - began)
            await asyncio.sleep(pause_s)
            now = time.perf_counter()
            worst_loop, last = max(worst_loop, now - last - pause_s), now
        while view.is_busy:  # noqa: ASYNC110 - the view tells nobody when it has read all
            await asyncio.sleep(0.005)
        return time.perf_counter() - start, worst_feed, worst_loop, view


def main() -> None:
    for name, unit in KINDS.items():
        for pause_s in (0, 0.001):
            took, feed, loop, view = asyncio.run(measure(unit, pause_s))
            print(
                f"{name:10} every {pause_s * 1000:.0f} ms: {took:6.2f} s, worst feed {feed * 1000:5.1f} ms,"
                f" worst wait of the loop {loop * 1000:5.1f} ms,"
                f" {view.tail.skipped_bytes >> 20:4} MB skipped, {view.tail.total_lines:,} lines counted"
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")


if __name__ == "__main__":
    main()
