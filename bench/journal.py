"""What keeping a run costs: microseconds an event, and the list of a thousand runs.

python bench/journal.py
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lis_tui.core.events import (
    ModelAsked,
    NoticeGiven,
    Record,
    ReplyFinished,
    RunEnded,
    RunStarted,
    StepAddress,
    StepFinished,
    TextArrived,
)
from lis_tui.core.messages import Observation, Reply, Usage
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.trajectory.journal import Journal, read
from lis_tui.trajectory.store import RunFolder, Store

RUNS = 1000
TURNS = 20
EVENTS = 5000


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        store = Store(Path(place))
        rows = [*one_journal(store.create("events")), *many_runs(store)]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


def one_journal(store_folder: RunFolder) -> list[tuple[str, str]]:
    journal = Journal.create(store_folder)
    journal.append(Record(1, 0.0, started()))
    small = NoticeGiven("a word or two")
    large = StepFinished(
        address=StepAddress(1, 1),
        call_id="c",
        tool="execute_bash",
        observation=Observation(text="x" * 20_000),
    )
    piece = Record(0, 1.0, TextArrived(1, "token "))
    rows = [
        ("append, small event", spread(lambda: journal.append(Record(journal.next_n, 1.0, small)))),
        ("append, 20 kB observation", spread(lambda: journal.append(Record(journal.next_n, 1.0, large)))),
        ("fragment of a stream", spread(lambda: journal.fragment(piece))),
    ]
    start = time.perf_counter()
    asyncio.run(journal.sync())
    rows.append(("sync of all that", f"{(time.perf_counter() - start) * 1e3:.1f} ms"))
    journal.close()
    size = store_folder.journal_path.stat().st_size
    start = time.perf_counter()
    count = sum(1 for _ in read(store_folder.journal_path))
    took = time.perf_counter() - start
    rows.append((f"read {count:,} events, {size / 1e6:.0f} MB", f"{took * 1e3:.0f} ms"))
    return rows


def many_runs(store: Store) -> list[tuple[str, str]]:
    for number in range(RUNS):
        write_run(store.create(f"task {number % 7}"))
    times = [timed(store.list) for _ in range(5)]
    return [
        (f"list {RUNS:,} runs of {TURNS} turns", f"{statistics.median(times) * 1e3:.0f} ms (median of 5)")
    ]


def write_run(folder: RunFolder) -> None:
    journal = Journal.create(folder)
    journal.append(Record(1, 0.0, started()))
    for turn in range(1, TURNS + 1):
        asked = ModelAsked(turn=turn, model="m", message_count=turn, prompt_tokens_estimate=1000)
        reply = Reply(text="t" * 500, reasoning="r" * 2000, usage=Usage(cost_usd=0.01))
        seen = StepFinished(
            address=StepAddress(turn, 1), call_id="c", tool="b", observation=Observation(text="x" * 2000)
        )
        for event in (asked, ReplyFinished(turn=turn, reply=reply), seen):
            journal.append(Record(journal.next_n, float(turn), event))
    journal.append(Record(journal.next_n, 99.0, RunEnded(status="submitted", answer="42")))
    journal.close()


def started() -> RunStarted:
    spec = RunSpec(task="do it", model=ModelSpec(name="script/bench"))
    return RunStarted(run="r", spec=spec, system_prompt="s" * 3000, task_prompt="do it", tools=())


def spread(work: Callable[[], None]) -> str:
    """Give median and 99th percentile of one call, in microseconds."""
    times = sorted(timed(work) for _ in range(EVENTS))
    return f"{times[EVENTS // 2] * 1e6:.1f} µs, p99 {times[EVENTS * 99 // 100] * 1e6:.1f} µs"


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
