"""What a command did while this process was stopped is read before it is said to have taken too long."""

import asyncio

from lis_tui.sandbox.bash import Step
from lis_tui.sandbox.marks import fresh_mark


def a_step() -> Step:
    return Step(1, fresh_mark(), lambda _: None)


async def test_a_command_that_ended_meanwhile_is_over_in_its_time() -> None:
    step = a_step()
    asyncio.get_running_loop().call_soon(step._over.set)
    assert await step.has_ended_by(asyncio.get_running_loop().time() - 60)


async def test_who_wakes_in_time_listens_no_longer() -> None:
    step = a_step()
    asyncio.get_running_loop().call_soon(step._over.set)
    assert not await step.has_ended_by(asyncio.get_running_loop().time())
