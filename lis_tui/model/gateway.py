"""litellm's only door: a request goes in, typed pieces come out, and nothing of litellm's is seen outside."""

import asyncio
import functools
import gc
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from msgspec import structs

from lis_tui.core.errors import KeyMissing, ModelFailed, ModelStalled, ReplyUnreadable
from lis_tui.core.messages import Piece, ReplyEnded, Request, Usage
from lis_tui.core.openai import (
    estimate_tokens,
    extra_json,
    is_openai_wire,
    messages_json,
    options_json,
    routed_name,
    tool_choice_json,
    tools_json,
)
from lis_tui.core.spec import ModelSpec
from lis_tui.model.collect import Collector
from lis_tui.model.continuing import cannot_continue, mark_begun
from lis_tui.model.endpoint import is_private, server_name
from lis_tui.model.faults import failure_of, key_refused, wants_no_usage
from lis_tui.model.known import describe, resolve
from lis_tui.model.stream import Stream
from lis_tui.model.watch import Watch

ASSUMED_CONTEXT = 128_000
_NO_KEY = "none"
"""Sent where no key is known: without one, litellm would take the user's OpenAI key for any server."""

_REHEARSAL = {
    "model": "openai/rehearsal",
    "messages": [{"role": "user", "content": "."}],
    "tools": [{"type": "function", "function": {"name": "none", "parameters": {"type": "object"}}}],
    "stream": True,
    "max_retries": 0,
    "_skip_mcp_handler": True,
}

Json = dict[str, object]


LATE_S = 5.0
"""A process that wakes so much later than it should stood still: it was stopped, or the machine slept."""


class Gateway:
    """Asks any model that litellm knows, until it is closed. It never tries again: `RetryingModel` does."""

    def __init__(self, api_key: str | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = api_key
        self._clock = clock
        self._asks_usage = True

    async def ask(self, request: Request) -> AsyncIterator[Piece]:
        """Stream the reply; leaving the iterator closes the connection. Raises ModelFailed."""
        _asking.add(self)
        litellm = _load() if _load.cache_info().currsize else await asyncio.to_thread(_litellm)
        request = structs.replace(request, model=resolve(request.model))
        watch = Watch(request.model, self._clock)
        collector = Collector(request)
        stream = await self._open(litellm, request, watch)
        try:
            events = stream.events()
            while (event := await self._next(request, events, watch)) is not None:
                for piece in collector.feed(event):
                    yield piece
                watch.heard(has_begun=collector.has_begun)
        finally:
            await stream.close()
        for piece in collector.finish():
            yield piece
        if not (collector.is_marked_whole or stream.is_finished):
            raise ReplyUnreadable(
                f"{_subject(request.model)} ended the stream without a word: possibly cut off."
            )
        yield ReplyEnded(collector.reply(_cost(litellm, request.model, collector.usage())))

    def count_tokens(self, request: Request) -> int:
        """Estimate the request's tokens, without the network."""
        return estimate_tokens(request)

    def context_tokens(self, request: Request) -> int:
        """Give the profile's window, else what is known of the model, else 128,000."""
        return resolve(request.model).context_tokens or ASSUMED_CONTEXT

    def cannot_continue(self, request: Request) -> str:
        """Say why it cannot go on from the beginning of a reply, from its description and its profile."""
        return cannot_continue(request)

    async def close(self) -> None:
        """Close litellm's connections, which all runs of the process share, with the last that asks."""
        if self in _asking:
            _asking.discard(self)
            if not _asking:
                await let_go()

    async def _open(self, litellm: Any, request: Request, watch: "Watch") -> "Stream":  # noqa: ANN401  (a module)
        while True:
            arguments = self._arguments(litellm, request)
            try:
                wrapper = await self._guard(request, watch, litellm.acompletion(**arguments))
            except ModelFailed as error:
                if not (self._asks_usage and wants_no_usage(error)):
                    raise
                self._asks_usage = False
            else:
                return Stream(wrapper)

    async def _next(self, request: Request, events: AsyncIterator[Json], watch: "Watch") -> Json | None:
        event: Json | None = await self._guard(request, watch, anext(events, None))
        return event

    async def _guard(self, request: Request, watch: "Watch", work: Any) -> Any:  # noqa: ANN401  (a vendor's awaitable)
        """Await one thing of litellm's within the limits; whatever it raises becomes ours."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await self._wait(request, watch, task)
            return task.result()
        except ModelFailed:
            raise
        except Exception as error:
            # litellm raises what it likes, and all of it is the model's failure.
            raise self._failure(error, request.model) from error
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])

    async def _wait(self, request: Request, watch: "Watch", task: asyncio.Future[Any]) -> None:
        """Wait as long as the limits allow. Raises ModelStalled.

        A process that was stopped for a while wakes when all limits are over, and what came meanwhile is
        still to be read.
        """
        seconds, too_long = watch.limit()
        due = self._clock() + seconds
        await asyncio.wait([task], timeout=max(0.0, seconds))
        if task.done():
            return
        late_s = self._clock() - due
        if late_s < LATE_S:
            raise ModelStalled(f"{_subject(request.model)} {too_long}")
        watch.forgive(late_s)

    def _failure(self, error: Exception, model: ModelSpec) -> ModelFailed:
        failure = failure_of(error, where=server_name(model), secret=self._key)
        return failure if self._key else key_refused(failure, server_name(model))

    def _arguments(self, litellm: Any, request: Request) -> Json:  # noqa: ANN401  (a module)
        model = request.model
        arguments: Json = {
            "model": routed_name(model),
            "messages": _messages(request),
            "stream": True,
            "num_retries": 0,
            "max_retries": 0,
            "_skip_mcp_handler": True,
            "timeout": model.total_s,
            "api_key": self._key_for(litellm, model),
            **options_json(request),
        }
        if model.api_base:
            arguments["api_base"] = model.api_base
        if self._asks_usage:
            arguments["stream_options"] = {"include_usage": True}
        if tools := tools_json(request):
            arguments |= {"tools": tools, "tool_choice": tool_choice_json(request)}
        extra = extra_json(request)
        return arguments | ({"extra_body": extra} if is_openai_wire(model) else extra)

    def _key_for(self, litellm: Any, model: ModelSpec) -> str | None:  # noqa: ANN401  (a module)
        if self._key:
            return self._key
        if model.api_base or is_private(model):
            return _NO_KEY
        missing = litellm.validate_environment(routed_name(model)).get("missing_keys") or []
        if missing and all(str(name).endswith("_API_KEY") for name in missing):
            raise KeyMissing(f"{model.name} needs an API key: set {missing[0]}, or see `lis-tui doctor`.")
        return None


def _messages(request: Request) -> list[Json]:
    messages = messages_json(request)
    return messages if request.begun is None else mark_begun(messages, request.model)


def _subject(model: ModelSpec) -> str:
    name = server_name(model)
    return name[:1].upper() + name[1:]


async def let_go() -> None:
    """Close the connections that litellm keeps for every run of this process."""
    litellm = sys.modules.get("litellm")
    if litellm is not None:
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()
        vars(litellm).pop("module_level_aclient", None)


_asking: WeakSet[Gateway] = WeakSet()
"""Those that asked and were not closed: connections cannot be closed on another loop than theirs."""
_loading = threading.Lock()


def _litellm() -> Any:  # noqa: ANN401  (a module)
    with _loading:
        return _load()


@contextmanager
def _without_collections() -> Iterator[None]:
    """Look for no garbage: what an import makes stays, and going through it takes a quarter of the time."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


@functools.cache
def rehearse() -> None:
    """Ask a server that exists only in memory, so that the first real request starts at once.

    litellm imports half of itself at its first call. It takes seconds: call it in a thread without a loop.
    """
    litellm = _litellm()
    import httpx
    from openai import AsyncOpenAI

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=b"data: [DONE]\n\n")

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncOpenAI(api_key=_NO_KEY, base_url="http://rehearsal.invalid/v1", http_client=http)
            stream = Stream(await litellm.acompletion(**_REHEARSAL, client=client))
            async for _ in stream.events():
                pass
            await stream.close()

    with _without_collections():
        asyncio.run(ask())


@functools.cache
def _load() -> Any:  # noqa: ANN401  (a module)
    """Import litellm quietly: no price list from the network, no `.env` of the folder, no prints."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    os.environ["LITELLM_LOG"] = "CRITICAL"
    with warnings.catch_warnings(), _without_collections():
        warnings.simplefilter("ignore")
        import litellm as imported

        litellm: Any = imported
        # Its types are completed at their first use, with warnings that nobody here can act on.
        litellm.ModelResponse()
        litellm.ModelResponseStream()
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.disable_aiohttp_transport = True
    litellm.drop_params = False
    # Its counter costs 40 MB and time at every call; usage comes from the server, or is our own guess.
    litellm.disable_token_counter = True
    litellm.modify_params = False
    litellm.turn_off_message_logging = True
    litellm.REPEATED_STREAMING_CHUNK_LIMIT = sys.maxsize
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
    return litellm


def _cost(litellm: Any, model: ModelSpec, usage: Usage) -> float | None:  # noqa: ANN401  (a module)
    """Give the price, or None where none is known."""
    if describe(model) is None:
        return None
    try:
        prompt, completion = litellm.cost_per_token(
            model=routed_name(model),
            prompt_tokens=usage.prompt_tokens or 0,
            completion_tokens=usage.completion_tokens or 0,
            cache_read_input_tokens=usage.cached_tokens or 0,
        )
    except Exception:  # noqa: BLE001  (a price that cannot be worked out is an unknown price)
        return None
    return float(prompt + completion)
