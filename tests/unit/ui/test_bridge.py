import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lis_tui.core.decisions import Approve
from lis_tui.core.errors import DecisionRefused, HostUnreachable
from lis_tui.core.events import NoticeGiven, OutputArrived, Record, StepAddress
from lis_tui.ui import bridge
from lis_tui.ui.bridge import MOST_AT_ONCE, Feed, Pace
from lis_tui.ui.sources import RecordedSource
from tests import story
from tests.screens import FakeSource


class Ending(FakeSource):
    """Tells its records and ends."""

    async def records(self) -> AsyncIterator[Record]:
        while not self._more.empty():
            yield self._more.get_nowait()


async def test_records_are_handed_on_in_order_and_in_bunches() -> None:
    records = list(story.long(100))
    bunches: list[list[Record]] = []

    async def take(bunch: list[Record]) -> None:
        bunches.append(bunch)
        await asyncio.sleep(0)

    await Feed(Ending(records), take, interval_s=0.0).run()
    assert [record for bunch in bunches for record in bunch] == records
    assert len(bunches) <= len(records) / MOST_AT_ONCE + 2


async def test_a_bunch_is_not_handed_on_before_the_last_was_drawn() -> None:
    source = FakeSource(story.thinking())
    under_way = 0
    most = 0

    async def take(bunch: list[Record]) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        source.add(*bunch[:3])
        await asyncio.sleep(0)
        under_way -= 1
        if most and len(bunch) < 4:
            raise HostUnreachable("enough")

    with pytest.raises(HostUnreachable):
        await Feed(source, take, interval_s=0.0).run()
    assert most == 1


@pytest.mark.parametrize("is_busy", [False, True])
async def test_mere_output_gathers_until_something_else_happens(
    monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    monkeypatch.setattr(bridge, "WITH_KEYS" if is_busy else "AT_REST", Pace(1, 3600.0))
    piece = Record(0, 1.0, OutputArrived(StepAddress(1, 1), b"x", skipped=0))
    fact = Record(1, 1.0, NoticeGiven("done"))
    source = FakeSource([piece])
    bunches: list[list[Record]] = []

    async def take(bunch: list[Record]) -> None:
        bunches.append(bunch)
        if len(bunches) == 1:
            asyncio.get_running_loop().call_soon(source.add, piece)
            asyncio.get_running_loop().call_later(0.01, source.add, fact)
        else:
            raise HostUnreachable("enough")

    with pytest.raises(HostUnreachable, match="enough"):
        await Feed(source, take, interval_s=0.0, is_busy=lambda: is_busy).run()
    assert bunches == [[piece], [piece, fact]]


async def test_a_source_that_fails_has_its_records_shown_first() -> None:
    class Failing(FakeSource):
        async def records(self) -> AsyncIterator[Record]:
            for record in story.thinking()[:5]:
                yield record
            raise HostUnreachable("gone")

    taken: list[Record] = []

    async def take(bunch: list[Record]) -> None:
        taken.extend(bunch)

    with pytest.raises(HostUnreachable, match="gone"):
        await Feed(Failing([]), take, interval_s=0.0).run()
    assert len(taken) == 5


async def test_a_recording_tells_its_records_and_takes_no_decision(tmp_path: Path) -> None:
    source = RecordedSource("r", story.ended, tmp_path)
    assert [record async for record in source.records()] == story.ended()
    with pytest.raises(DecisionRefused, match="recording"):
        await source.decide(Approve())
