"""Somebody who watches a run: remembers what is told, and has it go on whenever it holds by itself."""

import asyncio
import contextlib
from collections.abc import Mapping

from lis_tui.client import Client
from lis_tui.config.places import find_places
from lis_tui.core.decisions import Resume
from lis_tui.core.errors import LisError
from lis_tui.core.events import PauseAsked, Record, RunEnded

PATIENCE_S = 1.0
"""How long somebody looks at why it holds before they have it go on."""


def watch(environ: Mapping[str, str], run: str, longest_s: float) -> tuple[list[Record], str]:
    """Give what was told of a run up to its end, and what was wrong with that; empty where nothing was."""
    shown: list[Record] = []
    try:
        asyncio.run(asyncio.wait_for(_watch(environ, run, shown), longest_s))
    except TimeoutError:
        return shown, f"it does not end; last: {[type(one.event).__name__ for one in shown[-3:]]}"
    except LisError as error:
        return shown, error.sentence
    return shown, ""


async def _watch(environ: Mapping[str, str], run: str, shown: list[Record]) -> None:
    client = await Client.connect(find_places(environ), may_start=False)
    try:
        async with contextlib.aclosing(client.attach(run)) as items:
            async for item in items:
                if isinstance(item, Record):
                    shown.append(item)
                    if isinstance(item.event, RunEnded):
                        return
                    await _go_on(client, run, item)
    finally:
        await client.close()


async def _go_on(client: Client, run: str, record: Record) -> None:
    if isinstance(record.event, PauseAsked) and record.event.by == "rule":
        await asyncio.sleep(PATIENCE_S)
        with contextlib.suppress(LisError):  # it ended meanwhile
            await client.decide(run, Resume())
