"""A run with a real server: a reply is cut in mid-stream, and goes on without saying anything twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lis_tui.core.decisions import ContinueFrom, Interrupt, Pause, Resume
from lis_tui.core.events import GateOpened, ReplyCutOff, ReplyFinished, TextArrived
from lis_tui.core.spec import ModelSpec
from lis_tui.model.gateway import Gateway, let_go, rehearse
from lis_tui.model.retry import RetryingModel
from tests.playing import Game
from tests.server import Answer, Call, FakeServer

WHOLE = "First I look at the data, then I count what is in it, and at last I hand it in."
SETTINGS = '{"continue_final_message": true}'


@pytest.fixture(autouse=True)
async def _warm_and_with_connections_of_this_loop_only() -> AsyncIterator[None]:
    await asyncio.to_thread(rehearse)
    yield
    await let_go()


async def test_the_server_sees_the_connection_closed_and_then_only_the_rest_is_asked_for(
    tmp_path: Path,
) -> None:
    with FakeServer(then="error") as server:
        done = (Call(name="submit", arguments={"answer": "7"}),)
        server.add(
            Answer(text=WHOLE, fault="stall", fault_after=4), Answer(text=WHOLE, calls=done, goes_on=True)
        )
        game = Game(tmp_path)
        models = game.run._models
        models.current = RetryingModel(Gateway("key"))
        models.spec = ModelSpec(name="m", api_base=server.url, extra_body_json=SETTINGS, max_tokens=500)
        game.start()
        while sum(len(piece.text) for piece in game.fragments(TextArrived)) < 16:
            await game.next(TextArrived)
        game.decide(Pause())
        game.decide(Interrupt())
        opened = await game.next(GateOpened)
        await asyncio.to_thread(server.wait_gone)
        begun = game.all(ReplyCutOff)[0].text
        assert 16 <= len(begun) < len(WHOLE)
        assert WHOLE.startswith(begun)
        game.run.decide(ContinueFrom(begun), opened.address)
        game.decide(Resume())
        ended = await game.ended()
        assert (ended.status, ended.answer) == ("submitted", "7")
        assert game.all(ReplyFinished)[0].reply.text == WHOLE
        assert "".join(one.text for one in game.fragments(TextArrived) if one.turn == 2) == WHOLE
        assert server.requests[1].messages[-1] == {"role": "assistant", "content": begun.rstrip()}
        await game.run.close()
