"""A pause in the middle of a stream, over real HTTP: the connection is closed, and nothing is said twice."""

import asyncio
from pathlib import Path

from lis_tui.core.decisions import ContinueFrom, Interrupt, Pause, Resume
from lis_tui.core.events import GateOpened, ModelAsked, ReplyCutOff, ReplyFinished, RunEnded, TextArrived
from lis_tui.core.messages import AssistantMessage
from tests.over_http import playing, rebuilt
from tests.server import SUBMIT, Answer, FakeServer

WHOLE = "one two three four five six seven eight nine ten"
STALLS = Answer(text=WHOLE, fault="stall", fault_after=3)
"""Sends the role and two pieces; no other piece comes before the client has hung up."""


async def test_a_pause_in_mid_stream_closes_the_connection_before_the_next_piece_and_keeps_what_came(
    tmp_path: Path,
) -> None:
    with FakeServer([STALLS, SUBMIT]) as server:
        async with playing(tmp_path, server) as game:
            heard = ""
            while heard != WHOLE[:16]:
                heard += (await game.until(TextArrived)).text
            game.run.decide(Pause())
            game.run.decide(Interrupt())
            await asyncio.to_thread(server.wait_gone)
            assert (await game.until(ReplyCutOff)).text == WHOLE[:16]
            assert (await game.until(GateOpened)).gate == "before_model"
            assert len(server.requests) == 1
            game.run.decide(Resume())
            assert (await game.until(RunEnded)).status == "submitted"


async def test_a_reply_that_is_gone_on_with_is_told_once_and_kept_whole(tmp_path: Path) -> None:
    with FakeServer([STALLS, Answer(text=WHOLE, goes_on=True), SUBMIT]) as server:
        async with playing(tmp_path, server) as game:
            await game.until(TextArrived)
            game.run.decide(Interrupt())
            cut = await game.until(ReplyCutOff)
            gate = await game.until(GateOpened)
            game.run.decide(ContinueFrom(cut.text), gate.address, gate=gate.gate)
            asked = await game.until(ModelAsked)
            reply = (await game.until(ReplyFinished)).reply
            assert reply.text == WHOLE
            assert str(game.view.turns[asked.turn].text) == WHOLE
            game.run.decide(Resume())
            await game.until(RunEnded)
        sent = server.requests[1].messages
        assert (sent[-1]["role"], sent[-1]["content"]) == ("assistant", cut.text.rstrip())
        told = "".join(str(one.get("content")) for one in server.requests[2].messages)
        assert told.count("one two") == 1
        assert told.count("nine ten") == 1
        assert str(rebuilt(game.keeper).turns[asked.turn].text) == WHOLE
        kept = [one for one in game.messages() if isinstance(one, AssistantMessage) and one.text]
        assert [one.text for one in kept] == [WHOLE]
