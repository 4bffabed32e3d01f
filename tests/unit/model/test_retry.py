"""What is asked again, how long one waits, and what is never tried twice."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import cast

import pytest

from lis_tui.core.bus import spawn
from lis_tui.core.errors import (
    KeyMissing,
    ModelFailed,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
    ReplyUnreadable,
)
from lis_tui.core.messages import Piece, ReplyEnded, Request, RetryPiece, TextPiece, UserMessage
from lis_tui.core.ports import Model
from lis_tui.core.spec import ModelSpec
from lis_tui.model.retry import RetryingModel
from tests.fakes import Block, ScriptedModel, says

REQUEST = Request(turn=1, messages=(UserMessage("x"),), tools=(), model=ModelSpec(name="m", max_attempts=4))


class Waits:
    """Notes each wait and lets it pass at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, now: asyncio.Event, seconds: float) -> None:
        self.seconds.append(seconds)


def retrying(
    inner: Model, wait: Callable[[asyncio.Event, float], Awaitable[None]] | None = None
) -> RetryingModel:
    return RetryingModel(inner, jitter=lambda: 1.0, wait=wait)


async def ask(model: RetryingModel) -> list[Piece]:
    return [piece async for piece in model.ask(REQUEST)]


async def test_what_may_pass_is_asked_again_each_time_after_twice_as_long() -> None:
    waits = Waits()
    busy = ModelUnreachable("busy", status=503)
    pieces = await ask(retrying(ScriptedModel(busy, ModelStalled("silent"), busy, says("hi")), waits))
    assert waits.seconds == [1.0, 2.0, 4.0]
    told = [(piece.attempt, piece.wait_s, piece.reason) for piece in pieces if isinstance(piece, RetryPiece)]
    assert told == [(2, 1.0, "busy"), (3, 2.0, "silent"), (4, 4.0, "busy")]
    assert isinstance(pieces[-1], ReplyEnded)


async def test_what_the_server_says_about_waiting_counts() -> None:
    waits = Waits()
    await ask(
        retrying(ScriptedModel(ModelUnreachable("b", status=429, retry_after_s=7.5), says("hi")), waits)
    )
    assert waits.seconds == [7.5]


async def test_a_server_that_wants_an_hour_is_not_waited_for() -> None:
    with pytest.raises(ModelUnreachable):
        await ask(retrying(ScriptedModel(ModelUnreachable("b", status=429, retry_after_s=3600)), Waits()))


async def test_after_the_last_attempt_the_failure_is_told() -> None:
    inner = ScriptedModel(*[ModelUnreachable(f"busy {n}") for n in range(9)])
    with pytest.raises(ModelUnreachable, match="busy 3"):
        await ask(retrying(inner, Waits()))
    assert len(inner.asked) == 4


@pytest.mark.parametrize("error", [ModelRefused("no", status=400), KeyMissing("no key")])
async def test_a_refusal_is_never_tried_again(error: ModelFailed) -> None:
    inner = ScriptedModel(error, says("hi"))
    with pytest.raises(type(error)):
        await ask(retrying(inner, Waits()))
    assert len(inner.asked) == 1


async def test_a_reply_that_was_cut_off_is_asked_for_once_more_and_no_more() -> None:
    cut = ReplyUnreadable("cut off")
    pieces = await ask(retrying(ScriptedModel(cut, says("hi")), Waits()))
    assert isinstance(pieces[-1], ReplyEnded)
    inner = ScriptedModel(cut, cut, says("hi"))
    with pytest.raises(ReplyUnreadable):
        await ask(retrying(inner, Waits()))
    assert len(inner.asked) == 2


async def test_a_failure_in_mid_stream_is_announced_before_anything_else_comes() -> None:
    broken: list[Piece | Block | Exception] = [TextPiece("voi"), ModelUnreachable("broke")]
    pieces = await ask(retrying(ScriptedModel(broken, says("hi")), Waits()))
    assert [type(piece) for piece in pieces[:2]] == [TextPiece, RetryPiece]


async def test_the_countdown_can_be_skipped() -> None:
    model = retrying(ScriptedModel(ModelUnreachable("b", retry_after_s=500.0), says("hi")))
    pieces: list[Piece] = []
    announced = asyncio.Event()

    async def read() -> None:
        async for piece in model.ask(REQUEST):
            pieces.append(piece)
            announced.set()

    reading = spawn(read(), "read")
    await announced.wait()
    await asyncio.sleep(0)
    model.retry_now()
    await reading
    assert isinstance(pieces[-1], ReplyEnded)


async def test_leaving_closes_the_inner_stream() -> None:
    inner = ScriptedModel([TextPiece("a"), Block()])
    stream = retrying(inner).ask(REQUEST)
    async with aclosing(cast("Closable", stream)):
        assert await anext(stream) == TextPiece("a")
    assert inner.closed_streams == 1


class Closable:
    async def aclose(self) -> None: ...
