"""One open stream of litellm's, read as plain JSON events and closed at once when it is left."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from lis_tui.core.errors import ModelRefused, ReplyUnreadable

Json = dict[str, object]


class Stream:
    """Reads OpenAI's own stream where litellm wraps one: that tells what was really sent."""

    def __init__(self, wrapper: Any) -> None:  # noqa: ANN401  (litellm's CustomStreamWrapper)
        self._wrapper = wrapper
        self._inner: Any = getattr(wrapper, "completion_stream", None)

    @property
    def is_finished(self) -> bool:
        """Whether a provider of another protocol marked the end (litellm itself invents `stop`)."""
        return getattr(self._wrapper, "received_finish_reason", None) is not None

    def events(self) -> AsyncIterator[Json]:
        """Give the events as JSON objects."""
        from openai import AsyncStream

        return self._raw() if isinstance(self._inner, AsyncStream) else self._wrapped()

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        response = _response_under(self._inner)
        closers = [
            getattr(response, "aclose", None),
            getattr(self._inner, "close", None),
            self._wrapper.aclose,
        ]
        for closer in closers:
            result: Any = closer() if closer is not None else None
            if hasattr(result, "__await__"):
                await result

    async def _raw(self) -> AsyncIterator[Json]:
        kind = self._inner.response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            raise ReplyUnreadable(
                "The server answered with a web page instead of a reply; is the address right?"
            )
        if kind == "application/json":
            yield _as_event(await self._inner.response.aread())
            return
        async for chunk in self._inner:
            yield chunk.model_dump()

    async def _wrapped(self) -> AsyncIterator[Json]:
        async for chunk in self._wrapper:
            event = chunk.model_dump()
            if not self.is_finished:
                for choice in event.get("choices") or []:
                    choice["finish_reason"] = None
            yield event


def _response_under(inner: object) -> object:
    """Find the HTTP response of a stream of lines; some of litellm's iterators keep no other hold on it."""
    frame = getattr(getattr(inner, "streaming_response", None), "ag_frame", None)
    return frame.f_locals.get("self") if frame is not None else None


def _as_event(body: bytes) -> Json:
    """Read a reply that came whole, from a server that does not stream."""
    try:
        whole = msgspec.json.decode(body, type=Json)
        choices = msgspec.convert(whole.get("choices") or [], list[Json])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ReplyUnreadable("The server's reply is not of the protocol.") from error
    if "error" in whole:
        raise ModelRefused(f"The server answered with an error: {str(whole['error'])[:300]}")
    return {
        "choices": [{**choice, "delta": choice.get("message")} for choice in choices],
        "usage": whole.get("usage"),
    }
