"""One request to the model, and again where it was too long; its reply is part of the conversation."""

from collections.abc import Sequence

import msgspec

from lis_tui.core.conversation import digest_of
from lis_tui.core.errors import ModelFailed, ModelRefused
from lis_tui.core.events import (
    ModelAsked,
    ModelRetried,
    NoticeGiven,
    ReplyFinished,
    ReplyResampled,
)
from lis_tui.core.messages import (
    AssistantMessage,
    Message,
    Reply,
    Request,
    ToolCall,
    ToolSchema,
    Usage,
)
from lis_tui.core.ports import Model
from lis_tui.core.text import safe_str
from lis_tui.engine.context import is_context_overflow, room_for, trim
from lis_tui.engine.hearing import Heard
from lis_tui.engine.limits import Ending
from lis_tui.engine.models import Models
from lis_tui.engine.progress import Progress, RunCut

MOST_TRIMS = 3
"""How often the conversation is shortened before one request is given up."""
LEAST_REPLY = 256
"""Tokens that a reply may have, however full the window is."""


class ContextFull(Exception):
    """The conversation does not fit the model's window and nothing is left to shorten."""


class Thinker:
    """Asks the model with the conversation so far."""

    def __init__(self, progress: Progress, models: Models, tools: Sequence[ToolSchema]) -> None:
        self._progress = progress
        self._models = models
        self._tools = tuple(tools)
        self._begun: AssistantMessage | None = None
        """The beginning of the reply that is asked for."""

    @property
    def _model(self) -> Model:
        return self._models.current

    async def ask(self, begun: AssistantMessage | None = None) -> Reply:
        """Ask for this turn's reply, or for how it goes on. Raises ModelFailed, RunCut, ContextFull."""
        self._begun = begun
        await self._models.tidy()
        try:
            return await self._ask_once(await self._fit(self._room()))
        except ModelRefused as error:
            if not is_context_overflow(error.sentence):
                raise
            return await self._ask_once(await self._retry_shorter(error))
        finally:
            self._begun = None

    async def ask_again(self, version: int) -> Reply:
        """Ask the same once more, for another version of the newest reply. Raises ModelFailed, RunCut."""
        await self._models.tidy()
        request = self._request(self._progress.conversation.before_reply)
        return await self._stream(request, self._model.count_tokens(request), version)

    def cannot_continue(self, begun: AssistantMessage) -> str:
        """Say why the model cannot go on from this beginning; empty where it can."""
        request = msgspec.structs.replace(self._request(), begun=begun)
        return self._model.cannot_continue(request)

    # ---- the window

    def _request(self, messages: tuple[Message, ...] | None = None) -> Request:
        progress = self._progress
        return Request(
            turn=progress.turn,
            messages=progress.conversation.messages if messages is None else messages,
            tools=self._tools,
            model=self._models.spec,
            begun=self._begun,
        )

    def _count(self) -> int:
        return self._model.count_tokens(self._request())

    def _room(self) -> int:
        request = self._request()
        return room_for(self._model.context_tokens(request), request.model.max_tokens)

    async def _fit(self, most_tokens: int) -> int:
        """Shorten the conversation until it fits; gives its tokens. Raises ContextFull."""
        for _ in range(MOST_TRIMS):
            now = self._count()
            if now <= most_tokens:
                return now
            trims = trim(self._progress.conversation, self._progress.turn, most_tokens, self._count)
            if trims is None:
                raise ContextFull
            self._progress.bus.publish(trims)
            await self._progress.settled()
        now = self._count()
        if now > most_tokens:
            raise ContextFull
        return now

    async def _retry_shorter(self, error: ModelRefused) -> int:
        """The server counts more than we do: cut to half of what was refused; gives its tokens."""
        now = await self._fit(min(self._room(), self._count() // 2))
        self._progress.bus.publish(
            ModelRetried(
                turn=self._progress.turn,
                attempt=2,
                max_attempts=2,
                wait_s=0.0,
                reason=f"The request was too long; the oldest outputs were shortened. {error.sentence}",
                status=error.status,
            )
        )
        return now

    # ---- the stream

    async def _ask_once(self, tokens: int) -> Reply:
        return await self._stream(self._request(), tokens, 1)

    async def _stream(self, request: Request, tokens: int, version: int) -> Reply:
        progress = self._progress
        request = self._bounded(request, tokens)
        progress.bus.publish(
            ModelAsked(
                turn=progress.turn,
                model=request.model.name,
                message_count=len(request.messages),
                prompt_tokens_estimate=tokens,
                digest=digest_of(request.messages),
                max_tokens=request.model.max_tokens,
            )
        )
        await progress.settled()
        heard = Heard(progress, request.begun)
        try:
            async with progress.cuttable():
                progress.is_asking = True
                reply = await heard.all_of(self._model.ask(request))
        except (ModelFailed, RunCut) as error:
            heard.cut_off(str(error))
            raise
        finally:
            progress.is_asking = False
        return self._finish(request, reply, heard, version)

    def _bounded(self, request: Request, tokens: int) -> Request:
        """Ask for no longer a reply than the window has room for; some servers refuse more."""
        room = self._model.context_tokens(request) - tokens
        most = min(request.model.max_tokens, max(LEAST_REPLY, room))
        return msgspec.structs.replace(request, model=msgspec.structs.replace(request.model, max_tokens=most))

    def _finish(self, request: Request, reply: Reply, heard: Heard, version: int) -> Reply:
        usage = self._usage(request, reply)
        progress = self._progress
        reply = _tidy(reply, usage, () if not self._tools else self._own_ids(reply.calls))
        self._tell_unknown_price(usage)
        progress.spent.add(usage, is_turn=version == 1)
        took_s = progress.monotonic() - heard.asked_at
        if version > 1:
            progress.bus.publish(
                ReplyResampled(turn=progress.turn, version=version, reply=reply, duration_s=took_s)
            )
            return reply
        progress.bus.publish(
            ReplyFinished(
                turn=progress.turn, reply=reply, first_piece_s=heard.first_piece_s, duration_s=took_s
            )
        )
        progress.owe(reply)
        return reply

    def _own_ids(self, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """Give the calls with ids that no other call of the run has."""
        progress = self._progress
        named: list[ToolCall] = []
        for number, call in enumerate(calls, start=1):
            made = f"call_{progress.turn}_{number}"
            others = (made, *(f"{made}_{again}" for again in range(2, len(progress.call_ids) + 3)))
            wanted = (safe_str(call.id), *others) if call.id else others
            name = next(one for one in wanted if one not in progress.call_ids)
            progress.call_ids.add(name)
            named.append(ToolCall(name, safe_str(call.name), safe_str(call.arguments)))
        return tuple(named)

    def _tell_unknown_price(self, usage: Usage) -> None:
        """A cost limit that cannot be applied is said, once."""
        progress = self._progress
        most = progress.limits.max_cost_usd
        if usage.cost_usd is None and most is not None and not progress.spent.has_unknown_cost:
            text = (
                f"No price is known for {self._models.spec.name}: the cost limit of ${most:g} cannot count."
            )
            progress.bus.publish(NoticeGiven(text))

    def _usage(self, request: Request, reply: Reply) -> Usage:
        """Fill in by our own count what the server did not say."""
        usage = reply.usage or Usage()
        if usage.prompt_tokens is not None and usage.completion_tokens is not None:
            return usage
        said = AssistantMessage(reply.text, reply.reasoning, reply.calls)
        alone = msgspec.structs.replace(request, messages=(said,), tools=())
        return msgspec.structs.replace(
            usage,
            prompt_tokens=_first_known(usage.prompt_tokens, self._model.count_tokens(request)),
            completion_tokens=_first_known(usage.completion_tokens, self._model.count_tokens(alone)),
            is_estimated=True,
        )


def context_full(progress: Progress) -> Ending:
    """Give the ending for a conversation that no longer fits."""
    window = (progress.view.model or progress.spec.model).name
    return Ending("context_limit", f"The conversation no longer fits the window of {window}.")


def _tidy(reply: Reply, usage: Usage, calls: tuple[ToolCall, ...]) -> Reply:
    """Give the reply as it can be written down."""
    return msgspec.structs.replace(
        reply,
        text=safe_str(reply.text),
        reasoning=safe_str(reply.reasoning),
        calls=calls,
        usage=usage,
        thinking_json=safe_str(reply.thinking_json),
        raw_json=safe_str(reply.raw_json),
    )


def _first_known(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
