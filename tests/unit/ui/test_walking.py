"""What moving through a run is made of: hits, visited places, heights of blocks, what a breakpoint means."""

import asyncio

import pytest

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.events import StepAddress
from lis_tui.core.facts import facts_of
from lis_tui.core.filter_parser import parse
from lis_tui.core.view import RunView
from lis_tui.ui.searching import Hits, meant_by
from lis_tui.ui.trail import Trail
from lis_tui.ui.walk import address_of
from lis_tui.ui.widgets.heights import Heights
from tests import story
from tests.screens import Ticking


async def found(text: str) -> Hits:
    hits = Hits(text, parse(text), RunView().apply_all(story.ended()), lambda: None)
    while not hits.is_over:
        await asyncio.sleep(0)
    return hits


async def test_hits_are_walked_round_and_from_between_them() -> None:
    hits = await found("plot.py")
    first, last = StepAddress(3, 1), StepAddress(5, 1)
    assert hits.found == [first, StepAddress(3, 2), StepAddress(4, 1), last]
    assert hits.beside(last, 1) == first
    assert hits.beside(first, -1) == last
    assert hits.beside(StepAddress(4), 1) == StepAddress(4, 1)
    assert hits.beside(None, 1) == first
    assert hits.beside(last, 1, is_round=False) is None
    assert hits.told(StepAddress(4, 1)) == "hit 3/4"
    assert hits.told(StepAddress(6, 1)) == "4 hits"


async def test_who_waits_for_a_hit_gets_it_or_none() -> None:
    hits = await found("exit!=0")
    assert await hits.first_beside(StepAddress(0), 1) == StepAddress(3, 2)
    assert await hits.first_beside(StepAddress(3, 2), 1) is None
    assert await hits.first_beside(StepAddress(7, 1), -1) == StepAddress(3, 2)


async def test_a_search_lets_others_act_between_its_slices() -> None:
    view = RunView().apply_all(story.long(300))
    told: list[bool] = []
    hits = Hits("echo", parse("echo"), view, lambda: told.append(True), monotonic=Ticking())
    turns = 0
    while not hits.is_over:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 300
    assert len(told) > 10


def test_breakpoints_that_are_on_mean_together_what_each_means() -> None:
    view = RunView().apply_all(story.ended())
    rules = (
        Breakpoint(name="failed", filter="exit!=0"),
        Breakpoint(name="off", filter="tool:bash", is_on=False),
        Breakpoint(name="submits", filter="turn>=1", gates=("before_submit",)),
    )
    given = meant_by(rules)
    assert given is not None
    meant = [step.address for step in view.steps if given.matches(facts_of(view, step))]
    assert meant == [StepAddress(3, 2), StepAddress(7, 1)]
    assert meant_by(rules[1:2]) is None


def test_a_trail_leads_back_forth_and_off_again() -> None:
    trail: Trail[int] = Trail()
    assert not trail.has_earlier
    trail.leave(1)
    trail.leave(1)
    trail.leave(5)
    assert trail.back(9) == 5
    assert trail.back(5) == 1
    assert not trail.has_earlier
    assert trail.forth(1) == 5
    trail.leave(5)
    assert not trail.has_later


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("12", StepAddress(12)),
        (" 12.1 ", StepAddress(12, 1)),
        ("0.0+1", StepAddress(0, 0, 1)),
        ("12.", None),
        ("-1", None),
        ("9" * 40, None),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, address: StepAddress | None) -> None:
    assert address_of(text) == address


def test_heights_are_guessed_until_somebody_looks() -> None:
    asked: list[int] = []

    def measure(number: int) -> tuple[int, int]:
        asked.append(number)
        return number, 5

    heights = Heights(measure, 3)
    heights.resize(1000)
    assert (heights.total, asked) == (3000, [])
    assert heights.look_around(500, 10)
    assert 4 <= len(asked) <= 9
    assert heights.end(500) - heights.top(500) == 5
    assert heights.at(heights.top(500) + 4) == 500
    assert not heights.look_between(heights.top(500), heights.top(500) + 3)
    heights.resize(400)
    assert (len(heights), heights.total) == (400, 1200)
    heights.resize(1000)
    assert heights.total == 3000


def test_only_blocks_that_were_measured_are_looked_at_for_changes() -> None:
    versions = dict.fromkeys(range(100), 0)
    heights = Heights(lambda number: (versions[number], 2), 3)
    heights.resize(100)
    heights.look(10, 12)
    versions[11] = versions[50] = 1
    changed = heights.changed(0, 100, versions.__getitem__)
    assert changed == [11]
    heights.resize(100, changed)
    assert heights.changed(0, 100, versions.__getitem__) == []
