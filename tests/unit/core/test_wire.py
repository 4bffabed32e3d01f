import asyncio

import pytest

from lis_tui.core import wire
from lis_tui.core.decisions import Approve
from lis_tui.core.errors import HostUnreachable
from lis_tui.core.events import StepAddress


async def test_a_frame_arrives_whole_however_it_is_cut() -> None:
    ask = wire.Decide(id=7, run="plot-1", decision=Approve(), address=StepAddress(2, 1))
    reader = asyncio.StreamReader()
    for byte in wire.frame(ask):
        reader.feed_data(bytes([byte]))
    body = await wire.read_frame(reader)
    assert body is not None
    assert wire.ASKS.decode(body) == ask


async def test_a_side_that_left_in_the_middle_of_a_frame_is_an_end_not_a_crash() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(wire.frame(wire.Bye())[:-1])
    reader.feed_eof()
    assert await wire.read_frame(reader) is None


async def test_a_length_out_of_reason_is_refused_before_anything_is_read() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"\xff\xff\xff\xff")
    with pytest.raises(HostUnreachable):
        await wire.read_frame(reader)
