"""A program that is run for one purpose: what is left of it, and of its pipes."""

import asyncio
import gc
import os
import signal
from asyncio.subprocess import PIPE

import pytest

from lis_tui.core.child import begin

FOR_EVER = "sleep 1000"
WITH_A_STRAY = f"setsid {FOR_EVER} & echo $!; exec {FOR_EVER}"
"""One that leaves its session, and keeps the pipe."""


async def test_what_has_not_ended_is_killed_though_a_stray_keeps_its_pipe() -> None:
    async with await begin("sh", "-c", WITH_A_STRAY, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        stray = int(await process.stdout.readline())
    assert process.returncode == -signal.SIGKILL
    os.kill(stray, signal.SIGKILL)  # it lives, and was not waited for


async def test_what_nobody_reads_is_not_waited_for() -> None:
    async with await begin("sh", "-c", WITH_A_STRAY, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stray = int(await process.stdout.readline())
        process.stdin.write(bytes(1 << 20))
    assert process.returncode == -signal.SIGKILL
    os.kill(stray, signal.SIGKILL)


async def test_what_has_ended_keeps_its_exit_code() -> None:
    async with await begin("sh", "-c", "cat; exit 7", stdin=PIPE, stdout=PIPE) as process:
        output, _ = await process.communicate(b"said")
    assert (output, process.returncode) == (b"said", 7)


async def test_the_exit_code_of_what_is_killed_is_not_taken_away(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(30):
        child = await begin("sleep", "1000", stdout=PIPE)
        await child.end()
        assert child.process.returncode == -signal.SIGKILL
    assert caplog.records == []


async def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        await begin("/nowhere/at/all")


@pytest.mark.parametrize("looks", range(6))
def test_who_is_cancelled_again_and_again_leaves_no_pipe_open(looks: int) -> None:
    """As at the end of a loop, which cancels whoever is still tidying up."""
    ended: list[int | None] = []

    async def run_it() -> None:
        async with await begin("sh", "-c", f"echo; {FOR_EVER}", stdin=PIPE, stdout=PIPE) as process:
            assert process.stdout is not None
            await process.stdout.readline()
            begun.set()
            try:
                await process.communicate()
            finally:
                ended.append(process.returncode)
        raise AssertionError("it was cancelled")

    async def main() -> None:
        task = asyncio.ensure_future(run_it())
        await begun.wait()
        task.cancel()
        for _ in range(looks):
            await asyncio.sleep(0)
        task.cancel()

    begun = asyncio.Event()
    asyncio.run(main())
    assert ended == [None]
    gc.collect()  # a pipe that is still open complains now, which is an error here
