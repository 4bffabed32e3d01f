"""A small OpenAI-compatible server with written replies and every fault a model server is known for.

In a test: `with FakeServer([Answer(text="hi")]) as server:` and ask `server.url`. As a program:
`python -m tests.server --port 0 --script replies.json [--then submit|repeat|error] [--url-file FILE]`.
A script is a JSON list of answers, such as
`[{"calls": [{"name": "execute_bash", "arguments": {"command": "ls"}}]}, {"text": "done"}]`.
"""

import argparse
import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

Fault = Literal[
    "",
    "disconnect",
    "stall",
    "stall_before",
    "early_end",
    "html",
    "empty_choices",
    "plain_json",
    "error_event",
]
Then = Literal["submit", "repeat", "error"]
_USAGE: dict[str, object] = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


class Call(Struct, frozen=True, kw_only=True):
    """A tool call; `arguments` may be text that is no JSON. Without `index` and `id` it gets its own."""

    name: str
    arguments: dict[str, object] | str = {}
    id: str | None = None
    index: int | None = None
    pieces: int = 2
    """In how many chunks the arguments come."""


class Answer(Struct, frozen=True, kw_only=True):
    """One reply and how it goes wrong. `fault` strikes after `fault_after` chunks (None: after all)."""

    text: str = ""
    reasoning: str = ""
    reasoning_field: str = "reasoning_content"
    calls: tuple[Call, ...] = ()
    deltas: tuple[dict[str, object], ...] = ()
    """Sent as they are, before everything else."""
    events: tuple[dict[str, object], ...] = ()
    """Another protocol's whole stream, sent instead of all else, each under its `type`."""
    finish: str | None = ""
    """Empty: what fits; None: never sent."""
    usage: dict[str, object] | None = field(default_factory=lambda: dict(_USAGE))
    usage_refused: bool = False
    """Answer 400 to a request with stream_options."""
    piece: int = 8
    """Characters a chunk."""
    delay_s: float = 0.0
    """Before each chunk."""
    first_delay_s: float = 0.0
    status: int = 200
    retry_after: str = ""
    message: str = ""
    content_type: str = "application/json"
    fault: Fault = ""
    fault_after: int | None = None
    goes_on: bool = False
    """Say only what of `text` comes after the beginning that the request ends with, as vLLM does."""


SUBMIT = Answer(calls=(Call(name="submit", arguments={}),))
_SCRIPT: msgspec.json.Decoder[list[Answer]] = msgspec.json.Decoder(list[Answer])


class Seen(Struct, kw_only=True):
    """What the server saw of one request. `gone_at`: when the client hung up before the end (monotonic)."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes = b""
    at: float = 0.0
    first_sent_at: float | None = None
    gone_at: float | None = None

    @property
    def body(self) -> dict[str, object]:
        """The request's JSON."""
        return msgspec.json.decode(self.raw, type=dict[str, object])

    @property
    def messages(self) -> list[dict[str, object]]:
        """The conversation that was sent."""
        return msgspec.convert(self.body["messages"], list[dict[str, object]])


class FakeServer:
    """Serves the answers in order, one a request, on its own thread; `then` says what follows the last."""

    def __init__(
        self,
        answers: Sequence[Answer] = (),
        *,
        then: Then = "submit",
        models: Sequence[str] = ("fake-model",),
        port: int = 0,
        by_turn: bool = False,
    ) -> None:
        self.seen: list[Seen] = []
        self.url = ""
        self._answers = list(answers)
        self._then = then
        self._models = models
        self._port = port
        self._by_turn = by_turn
        """Answer by how many replies the conversation has already: any number of runs can be served."""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._stop: asyncio.Event | None = None
        self._served = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._left: set[asyncio.StreamWriter] = set()
        self._news = threading.Condition()

    def __enter__(self) -> "FakeServer":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    @property
    def requests(self) -> list[Seen]:
        """The chat requests."""
        return [seen for seen in self.seen if seen.path.endswith(("/chat/completions", "/messages"))]

    def add(self, *answers: Answer) -> None:
        """Serve these too."""
        self._answers.extend(answers)

    def wait_gone(self, number: int = -1, timeout_s: float = 5.0) -> float:
        """Wait until the client has hung up on that chat request; gives the moment (monotonic)."""
        with self._news:
            self._news.wait_for(lambda: self._gone_at(number) is not None, timeout_s)
        moment = self._gone_at(number)
        assert moment is not None, "the client never hung up"
        return moment

    @property
    def connections(self) -> int:
        """How many clients have a connection open."""
        return len(self._writers) - len(self._left)

    def wait_alone(self, timeout_s: float = 5.0) -> bool:
        """Wait until nobody is connected; tells whether that came true."""
        with self._news:
            return self._news.wait_for(lambda: not self.connections, timeout_s)

    def _gone_at(self, number: int) -> float | None:
        requests = self.requests
        return requests[number].gone_at if requests else None

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # A transport closes its socket in a later turn of the loop, and there is none after this.
        for writer in self._writers:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while (seen := await _read_request(reader)) is not None:
                self.seen.append(seen)
                if not await self._respond(seen, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._left.add(writer)
            with self._news:
                self._news.notify_all()

    async def _respond(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if seen.path.endswith("/models"):
            listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in self._models]}
            return await _send_whole(writer, 200, json.dumps(listed))
        answer = self._next(seen)
        if answer.usage_refused and "stream_options" in seen.body:
            refusal = {"error": {"message": "unknown field stream_options", "type": "invalid_request_error"}}
            self._served -= 1
            return await _send_whole(writer, 400, json.dumps(refusal))
        if answer.status != HTTPStatus.OK:
            return await _send_error(writer, answer)
        if answer.fault == "html":
            page = "<!DOCTYPE html><html><body>Sign in</body></html>"
            return await _send_whole(writer, 200, page, "text/html; charset=utf-8")
        if answer.fault == "plain_json":
            return await _send_whole(writer, 200, json.dumps(_whole(answer)))
        if answer.goes_on and seen.body.get("continue_final_message") is True:
            begun = str(seen.messages[-1].get("content") or "")
            answer = msgspec.structs.replace(answer, text=answer.text.removeprefix(begun))
        stream = _Stream(seen, reader, writer)
        try:
            return await stream.play(answer)
        except ConnectionError:
            seen.gone_at = seen.gone_at or time.monotonic()
            return False
        finally:
            with self._news:
                self._news.notify_all()

    def _next(self, seen: Seen) -> Answer:
        place = self._served
        self._served += 1
        if self._by_turn:
            place = sum(message["role"] == "assistant" for message in seen.messages)
        if place < len(self._answers):
            return self._answers[place]
        if self._then == "repeat" and self._answers:
            return self._answers[-1]
        if self._then == "submit":
            return SUBMIT
        return Answer(status=500, message="the script is over")


class _Stream:
    """Sends one answer as server-sent events and notices when the client hangs up."""

    def __init__(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._seen = seen
        self._reader = reader
        self._writer = writer

    async def play(self, answer: Answer) -> bool:
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        if answer.fault == "stall_before":
            return await self._stall()
        await self._pause(answer.first_delay_s)
        self._writer.write(head.encode())
        if answer.events:
            return await self._play_events(answer)
        for number, delta in enumerate(_deltas(answer)):
            if answer.fault and number == answer.fault_after:
                return await self._strike(answer.fault)
            await self._pause(answer.delay_s)
            if self._is_gone():
                return False
            await self._event(_chunk(delta))
        if answer.fault:
            return await self._strike(answer.fault)
        await self._finish(answer)
        return True

    async def _play_events(self, answer: Answer) -> bool:
        for event in answer.events:
            await self._send(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        if answer.fault:
            return await self._strike(answer.fault)
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()
        return True

    async def _finish(self, answer: Answer) -> None:
        if answer.finish is not None:
            finish = answer.finish or ("tool_calls" if answer.calls else "stop")
            await self._event(_chunk({}, finish))
        if answer.usage is not None and "stream_options" in self._seen.body:
            await self._event({**_chunk({}), "choices": [], "usage": answer.usage})
        await self._send(b"data: [DONE]\n\n")
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    async def _strike(self, fault: Fault) -> bool:
        match fault:
            case "stall":
                return await self._stall()
            case "early_end":
                self._writer.write(b"0\r\n\r\n")
                await self._writer.drain()
            case "empty_choices":
                await self._event({**_chunk({}), "choices": []})
                await self._send(b"data: [DONE]\n\n")
                self._writer.write(b"0\r\n\r\n")
                await self._writer.drain()
            case "error_event":
                await self._event({"error": {"message": "overloaded", "type": "server_error"}})
                self._writer.write(b"0\r\n\r\n")
                await self._writer.drain()
            case _:
                self._writer.transport.abort()
                return False
        return True

    async def _stall(self) -> bool:
        await self._writer.drain()
        while not self._is_gone():
            await asyncio.sleep(0.002)
        return False

    async def _pause(self, delay_s: float) -> None:
        if delay_s:
            until = time.monotonic() + delay_s
            while time.monotonic() < until and not self._is_gone():
                await asyncio.sleep(min(0.005, delay_s))

    def _is_gone(self) -> bool:
        if self._reader.at_eof() or self._writer.transport.is_closing():
            if self._seen.gone_at is None:
                self._seen.gone_at = time.monotonic()
            return True
        return False

    async def _event(self, event: dict[str, object]) -> None:
        await self._send(b"data: " + json.dumps(event).encode() + b"\n\n")

    async def _send(self, data: bytes) -> None:
        if self._seen.first_sent_at is None:
            self._seen.first_sent_at = time.monotonic()
        self._writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self._writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> Seen | None:
    line = await reader.readline()
    if not line.strip():
        return None
    method, path, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method=method, path=path, headers=headers, raw=raw, at=time.monotonic())


async def _send_whole(
    writer: asyncio.StreamWriter, status: int, body: str, kind: str = "application/json", more: str = ""
) -> bool:
    data = body.encode()
    phrase = "OK" if status == HTTPStatus.OK else "Not OK"
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {kind}\r\n{more}"
    writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
    await writer.drain()
    return True


async def _send_error(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    more = f"Retry-After: {answer.retry_after}\r\n" if answer.retry_after else ""
    if answer.fault == "html":
        return await _send_whole(writer, answer.status, "<html>Bad gateway</html>", "text/html", more)
    message = answer.message or f"fault {answer.status}"
    body = json.dumps({"error": {"message": message, "type": "fake", "code": answer.status}})
    return await _send_whole(writer, answer.status, body, answer.content_type, more)


def _chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake-model"}
    return {**head, "choices": [choice]}


def _deltas(answer: Answer) -> Iterator[dict[str, object]]:
    yield {"role": "assistant", "content": None}
    yield from answer.deltas
    for piece in _cut(answer.reasoning, answer.piece):
        yield {answer.reasoning_field: piece}
    for piece in _cut(answer.text, answer.piece):
        yield {"content": piece}
    for number, call in enumerate(answer.calls):
        yield from _call_deltas(number, call)


def _call_deltas(number: int, call: Call) -> Iterator[dict[str, object]]:
    index = number if call.index is None else call.index
    name_of = f"call_{number}" if call.id is None else call.id
    head = {
        "index": index,
        "id": name_of,
        "type": "function",
        "function": {"name": call.name, "arguments": ""},
    }
    yield {"tool_calls": [head]}
    text = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
    for piece in _cut(text, max(1, -(-len(text) // call.pieces))):
        yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _whole(answer: Answer) -> dict[str, object]:
    calls = []
    for number, call in enumerate(answer.calls):
        text = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
        function = {"name": call.name, "arguments": text}
        calls.append({"id": call.id or f"call_{number}", "type": "function", "function": function})
    message: dict[str, object] = {"role": "assistant", "content": answer.text or None}
    if calls:
        message["tool_calls"] = calls
    finish = answer.finish or ("tool_calls" if calls else "stop")
    choice = {"index": 0, "message": message, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake-model"}
    return {**head, "choices": [choice], "usage": answer.usage}


def main() -> None:
    """Serve a script until the process is ended."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, help="JSON list of answers")
    parser.add_argument("--then", choices=["submit", "repeat", "error"], default="submit")
    parser.add_argument("--url-file", type=Path, help="write the address here once it serves")
    parser.add_argument("--log", type=Path, help="append one JSON line a request: time, path, body")
    given = parser.parse_args()
    answers = _SCRIPT.decode(given.script.read_bytes()) if given.script else []
    with FakeServer(answers, then=given.then, port=given.port) as server:
        if given.url_file:
            given.url_file.write_text(server.url)
        print(server.url, flush=True)  # noqa: T201  (the address is what this program prints)
        _log_until_ended(server, given.log)


def _log_until_ended(server: FakeServer, log: Path | None) -> None:
    logged = 0
    while True:
        time.sleep(0.05)
        if log is not None and len(server.seen) > logged:
            with log.open("a") as file:
                for seen in server.seen[logged:]:
                    body = json.loads(seen.raw) if seen.raw else None
                    file.write(json.dumps({"at": seen.at, "path": seen.path, "body": body}) + "\n")
            logged = len(server.seen)


if __name__ == "__main__":
    main()
