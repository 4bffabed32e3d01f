"""Asks again where that may help: what is tried again, how long one waits, and nothing behind one's back."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol, cast

from lis_tui.core.errors import ModelFailed, ModelStalled, ModelUnreachable, ReplyUnreadable
from lis_tui.core.messages import Piece, Request, RetryPiece
from lis_tui.core.ports import Model

FIRST_WAIT_S = 1.0
MOST_WAIT_S = 60.0
MOST_TOLD_WAIT_S = 600.0
"""A server that wants a longer wait than this is not waited for."""
_CUT_OFF_TRIES = 2


class RetryingModel:
    """A model that is asked again after what may pass; each further try is announced by a RetryPiece first.

    What was streamed before a RetryPiece is void. A refusal (400, 401, 403, 404) is never tried again, a
    reply that cannot be read or was cut off once.
    """

    def __init__(
        self,
        inner: Model,
        *,
        jitter: Callable[[], float] = random.random,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] | None = None,
    ) -> None:
        self._inner = inner
        self._jitter = jitter
        self._wait = wait or _wait
        self._now = asyncio.Event()

    async def ask(self, request: Request) -> AsyncIterator[Piece]:
        """Stream the reply of the first try that works."""
        attempt, unreadable = 1, 0
        while True:
            try:
                async with aclosing(_closable(self._inner.ask(request))) as pieces:
                    async for piece in pieces:
                        yield piece
            except (ModelUnreachable, ModelStalled, ReplyUnreadable) as error:
                unreadable += isinstance(error, ReplyUnreadable)
                if attempt >= request.model.max_attempts or unreadable >= _CUT_OFF_TRIES:
                    raise
                failure: ModelFailed = error
            else:
                return
            attempt += 1
            wait_s = self._seconds(attempt, failure)
            if wait_s > MOST_TOLD_WAIT_S:
                raise failure
            self._now.clear()
            yield RetryPiece(
                attempt=attempt,
                max_attempts=request.model.max_attempts,
                wait_s=wait_s,
                reason=failure.sentence,
                status=failure.status,
            )
            await self._wait(self._now, wait_s)

    def retry_now(self) -> None:
        """Do not wait any longer before the next try."""
        self._now.set()

    def count_tokens(self, request: Request) -> int:
        """Estimate the request's tokens."""
        return self._inner.count_tokens(request)

    def context_tokens(self, request: Request) -> int:
        """How many tokens request and reply may have together."""
        return self._inner.context_tokens(request)

    def cannot_continue(self, request: Request) -> str:
        """Say why it cannot go on from the beginning of a reply."""
        return self._inner.cannot_continue(request)

    async def close(self) -> None:
        """Let go of connections."""
        await self._inner.close()

    def _seconds(self, attempt: int, failure: ModelFailed) -> float:
        """How long to wait: what the server said, or twice as long each time, spread by up to a quarter."""
        if failure.retry_after_s is not None:
            return failure.retry_after_s
        if isinstance(failure, ReplyUnreadable):
            return 0.0
        longest = min(FIRST_WAIT_S * 2.0 ** (attempt - 2), MOST_WAIT_S)
        return round(longest * (0.75 + 0.25 * self._jitter()), 2)


class _Closable(Protocol):
    def __aiter__(self) -> AsyncIterator[Piece]: ...

    async def aclose(self) -> None: ...


def _closable(pieces: AsyncIterator[Piece]) -> _Closable:
    return cast(_Closable, pieces)


async def _wait(now: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await now.wait()
    except TimeoutError:
        return
