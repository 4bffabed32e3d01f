"""What it takes to move through a recorded run of 10,000 steps and to search it, in milliseconds.

python -m bench.timeline
"""

import gc
import random
import time
from collections.abc import Callable

from msgspec.structs import replace

from lis_tui.core.breakpoints import SHIPPED
from lis_tui.core.cursor import Timeline
from lis_tui.core.events import CheckpointTaken, Record, StepAddress, StepFinished
from lis_tui.core.filter_parser import parse
from lis_tui.core.search import matches
from lis_tui.core.stops import find_stops
from lis_tui.core.view import RunView
from tests.story import Story, bash

STEPS = 10_000
MOVES = 500
OUTPUT = "".join(f"line {number} of some output with words in it\n" for number in range(100))
FILTERS = ("needle", "exit!=0", 'out~"line 99.*word"', "text~sudo or cmd~sudo", "file:*.py")


def main() -> None:
    gc.disable()  # the screen's process collects when nobody presses keys
    records = recorded()
    rows = [(f"fold {len(records):,} records", took(lambda: RunView().apply_all(records)))]
    timeline = Timeline()
    rows.append(("fold them as a timeline", took(lambda: timeline.extend(records))))
    rows.append(("find its places", took(lambda: timeline.places)))
    rows += moves(timeline)
    rows += [(f"search {text}", took(lambda: matches(timeline.whole, parse(text)))) for text in FILTERS]  # noqa: B023  (called at once)
    rules = [replace(rule, is_on=True) for rule in SHIPPED]
    rows.append(("stops of the shipped breakpoints", took(lambda: find_stops(timeline, rules))))
    width = max(len(name) for name, _ in rows)
    for name, took_s in rows:
        print(f"{name:<{width}}  {took_s * 1e3:9.2f} ms")


def moves(timeline: Timeline) -> list[tuple[str, float]]:
    view, last = RunView(), len(timeline.places) - 1
    jumps = random.Random(1).sample(range(last), MOVES)
    walks = {
        "back": range(last, last - MOVES, -1),
        "forth": range(last - MOVES, last),
        "anywhere": jumps,
    }
    rows = []
    for name, indexes in walks.items():
        taken = sorted(took(lambda: timeline.move(view, index)) for index in indexes)  # noqa: B023  (called at once)
        rows.append((f"move {name}, median", taken[len(taken) // 2]))
        rows.append((f"move {name}, slowest of {MOVES}", taken[-1]))
    return rows


def recorded(steps: int = STEPS) -> list[Record]:
    told = Story(has_fragments=False)
    told.begin(mode="auto")
    for turn in range(1, steps + 1):
        here = StepAddress(turn, 1)
        call = bash(f"python3 step.py --number {turn}")
        told.think(turn, f"Turn {turn}: on with it. " * 20, [call])
        told.run(here, call, OUTPUT, code=int(turn % 9 == 0))
        assert isinstance(told.records[-1].event, StepFinished)
        told.say(CheckpointTaken(address=here, entries=9, bytes_new=9, took_s=0.1))
    return told.records


def took(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
