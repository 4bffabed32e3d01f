"""Bytes both ways between a program inside and a host, for as long as one of them speaks."""

import asyncio
from collections.abc import Callable

from lis_tui.sandbox.line import PIECE_BYTES, Line


async def join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line, idle_s: float, early: bytes = b""
) -> None:
    """Pass on what comes from either side until both have ended, or neither spoke for so long.

    `early`: what came with the request already. A side that ends is told to the other, which may go on.
    """
    async with asyncio.timeout(idle_s) as patience:

        def alive() -> None:
            patience.reschedule(asyncio.get_running_loop().time() + idle_s)

        async with asyncio.TaskGroup() as both:
            both.create_task(_out(reader, line, early, alive))
            both.create_task(_back(line, writer, alive))


async def _out(reader: asyncio.StreamReader, line: Line, early: bytes, alive: Callable[[], None]) -> None:
    data = early or await reader.read(PIECE_BYTES)
    while data:
        await line.write(data)
        alive()
        data = await reader.read(PIECE_BYTES)
    line.end_writing()


async def _back(line: Line, writer: asyncio.StreamWriter, alive: Callable[[], None]) -> None:
    while data := await line.read():
        writer.write(data)
        await writer.drain()
        alive()
    if writer.can_write_eof() and not writer.is_closing():
        writer.write_eof()
