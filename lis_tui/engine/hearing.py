"""What is heard of a reply: the model's stream becomes events, piece by piece."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Protocol, cast, runtime_checkable

import msgspec

from lis_tui.core.errors import ReplyUnreadable
from lis_tui.core.events import CallArrived, ModelRetried, ReasoningArrived, ReplyCutOff, TextArrived
from lis_tui.core.messages import (
    AssistantMessage,
    CallPiece,
    Piece,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    RetryPiece,
    TextPiece,
)
from lis_tui.core.text import safe_str
from lis_tui.engine.continuing import Continuation, joined
from lis_tui.engine.progress import Progress


@runtime_checkable
class Closable(Protocol):
    """An iterator that holds a connection."""

    async def aclose(self) -> None:
        """Close it now."""
        ...


class Heard:
    """What has arrived of a reply, told piece by piece."""

    def __init__(self, progress: Progress, begun: AssistantMessage | None) -> None:
        self._progress = progress
        self._begun = begun or AssistantMessage("")
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self.asked_at = progress.monotonic()
        self.first_piece_s: float | None = None
        self._begin()

    async def all_of(self, pieces: AsyncIterator[Piece]) -> Reply:
        """Take in the stream until the reply is whole. Raises ReplyUnreadable where it never is."""
        async with _closing(pieces):
            async for piece in pieces:
                if isinstance(piece, ReplyEnded):
                    return self._whole(piece.reply)
                self._take(piece)
        raise ReplyUnreadable("The model's stream ended before the reply was whole; ask again.")

    def cut_off(self, reason: str) -> None:
        """Tell that no more will come, and keep what did."""
        self._progress.bus.publish(
            ReplyCutOff(
                turn=self._progress.turn,
                text="".join(self._text),
                reasoning="".join(self._reasoning),
                reason=reason,
            )
        )

    def _begin(self) -> None:
        """What was said before the model goes on is the first of its stream, also where it tries again."""
        self._continuation = Continuation(self._begun.text)
        for text, kind in ((self._begun.reasoning, ReasoningPiece), (self._begun.text, TextPiece)):
            if text:
                self._tell(kind(text))

    def _whole(self, reply: Reply) -> Reply:
        if not (self._begun.text or self._begun.reasoning):
            return reply
        if rest := self._continuation.rest():
            self._tell(TextPiece(rest))
        reasoning, text = joined(self._begun, "".join(self._text), reply)
        return msgspec.structs.replace(reply, reasoning=reasoning, text=text)

    def _take(self, piece: ReasoningPiece | TextPiece | CallPiece | RetryPiece) -> None:
        if self.first_piece_s is None and not isinstance(piece, RetryPiece):
            self.first_piece_s = self._progress.monotonic() - self.asked_at
        if isinstance(piece, RetryPiece):
            self._retried(piece)
        elif isinstance(piece, TextPiece):
            self._tell(TextPiece(self._continuation.take(safe_str(piece.text))))
        else:
            self._tell(piece)

    def _tell(self, piece: ReasoningPiece | TextPiece | CallPiece) -> None:
        turn, bus = self._progress.turn, self._progress.bus
        match piece:
            case ReasoningPiece():
                self._reasoning.append(safe_str(piece.text))
                bus.publish(ReasoningArrived(turn, self._reasoning[-1]))
            case TextPiece(""):
                pass
            case TextPiece(text):
                self._text.append(text)
                bus.publish(TextArrived(turn, text))
            case CallPiece():
                bus.publish(CallArrived(turn, piece.index, safe_str(piece.name), safe_str(piece.arguments)))

    def _retried(self, piece: RetryPiece) -> None:
        self._text.clear()
        self._reasoning.clear()
        self.first_piece_s = None
        self._progress.bus.publish(
            ModelRetried(
                turn=self._progress.turn,
                attempt=piece.attempt,
                max_attempts=piece.max_attempts,
                wait_s=piece.wait_s,
                reason=safe_str(piece.reason),
                status=piece.status,
            )
        )
        self._begin()


def _closing(pieces: AsyncIterator[Piece]) -> AbstractAsyncContextManager[object]:
    if isinstance(pieces, Closable):
        return aclosing(cast("Closable", pieces))
    return nullcontext()
