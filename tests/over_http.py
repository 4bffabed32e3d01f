"""A run whose model is asked over HTTP, on a sandbox in memory."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from lis_tui.core.bus import Bus
from lis_tui.core.conversation import Conversation
from lis_tui.core.events import Event, Record
from lis_tui.core.messages import Message
from lis_tui.core.spec import Limits, ModelSpec, RunSpec
from lis_tui.core.view import RunView
from lis_tui.engine.run import Run
from lis_tui.model.gateway import Gateway
from lis_tui.model.retry import RetryingModel
from lis_tui.tools.registry import default_tools
from tests.fakes import ListKeeper, MemorySandbox
from tests.server import FakeServer

E = TypeVar("E", bound=Event)
PATIENCE_S = 20.0
CAN_CONTINUE = '{"continue_final_message": true}'


class HttpGame:
    """The run, what it told, and what a screen would make of that."""

    def __init__(self, folder: Path, server: FakeServer) -> None:
        self.keeper = ListKeeper()
        self.bus = Bus(self.keeper, time.time)
        self.view = RunView()
        self._listener = self.bus.listen()
        self.model = RetryingModel(Gateway(None))
        spec = ModelSpec(name="openai/m", api_base=server.url, extra_body_json=CAN_CONTINUE)
        self.run = Run(
            name="game-1",
            spec=RunSpec(task="Speak.", model=spec, limits=Limits(max_cost_usd=None)),
            model=self.model,
            sandbox=MemorySandbox(),
            tools=default_tools(),
            bus=self.bus,
            outputs_dir=folder,
            results_dir=folder / "results",
            clock=time.time,
            sync=self._sync,
        )

    async def until(self, kind: type[E]) -> E:
        """Hear the run up to the next event of a kind."""
        async with asyncio.timeout(PATIENCE_S):
            async for record in self._listener:
                self.view.apply(record)
                if isinstance(record.event, kind):
                    return record.event
        raise AssertionError(f"{kind.__name__} never came")

    def facts(self, kind: type[E]) -> list[E]:
        """Give the facts of a kind."""
        return [event for event in self.keeper.events if isinstance(event, kind)]

    def messages(self) -> tuple[Message, ...]:
        """Give the conversation as the journal has it."""
        conversation = Conversation()
        for event in self.keeper.events:
            conversation.apply(event)
        return conversation.messages

    async def _sync(self) -> None:
        return


@asynccontextmanager
async def playing(folder: Path, server: FakeServer) -> AsyncIterator[HttpGame]:
    """Play a run beside the block; it is closed after it."""
    game = HttpGame(folder, server)
    task = asyncio.ensure_future(game.run.play())
    try:
        yield game
    finally:
        await game.run.close()
        await asyncio.wait([task])
        await game.model.close()


def rebuilt(keeper: ListKeeper) -> RunView:
    """Fold the facts alone, as who opens the recording does."""
    view = RunView()
    for record in keeper.records:
        view.apply(Record(record.n, record.at, record.event))
    return view
