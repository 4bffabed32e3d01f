"""As much of HTTP as the viewer speaks: one request a connection, GET and HEAD, a body that may be a part."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from msgspec import Struct

MOST_HEADER = 16384
PATIENCE_S = 10.0
_LINE = re.compile(rb"([A-Z]{1,20}) ([!-~]{1,8000}) HTTP/1\.[01]")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Request(NamedTuple):
    """What a browser asks for. Names of headers are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]


class Answer(Struct, frozen=True):
    """What it gets; `body` gives so many bytes from there on, and is asked in order."""

    status: HTTPStatus
    headers: dict[str, str] = {}
    size_bytes: int = 0
    body: Callable[[int, int], AsyncIterator[bytes]] | None = None
    start: int = 0


class BadRequest(Exception):
    """What came is no request that is answered."""


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read one. Raises BadRequest, TimeoutError, ConnectionError."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            data = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.LimitOverrunError, asyncio.IncompleteReadError) as error:
            raise BadRequest from error
    first, *lines = data[:-4].split(b"\r\n")
    found = _LINE.fullmatch(first)
    if found is None:
        raise BadRequest
    return Request(found[1].decode(), found[2].decode(), _headers(lines))


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip() or name.lower() in headers:
            raise BadRequest  # a header that is there twice could be read in two ways
        headers[name.lower()] = value.strip()
    return headers


async def write_answer(writer: asyncio.StreamWriter, request: Request | None, answer: Answer) -> None:
    """Write it, and the body where one is asked for. Raises ConnectionError, TimeoutError."""
    headers = {"Content-Length": str(answer.size_bytes), "Connection": "close", **answer.headers}
    head = f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(head.encode("latin-1") + b"\r\n")
    await writer.drain()
    if answer.body is None or request is None or request.method == "HEAD":
        return
    async for piece in answer.body(answer.start, answer.size_bytes):
        writer.write(piece)
        async with asyncio.timeout(PATIENCE_S * 6):  # a paused video reads nothing; it asks again
            await writer.drain()


def text_answer(
    status: HTTPStatus, text: str, headers: Mapping[str, str], mime: str = "text/plain"
) -> Answer:
    """Give a short text as an answer."""
    data = text.encode()

    async def body(_start: int, _count: int) -> AsyncIterator[bytes]:
        yield data

    return Answer(status, {"Content-Type": f"{mime}; charset=utf-8", **headers}, len(data), body)


def asked_range(headers: Mapping[str, str], size_bytes: int) -> tuple[int, int] | None:
    """Give the first byte and the one after the last that is asked for; None: all of it.

    Raises BadRequest where there is no such part. Of several parts none is given: all of it is right too.
    """
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        first, end = max(size_bytes - int(found[2]), 0), size_bytes
    else:
        first, end = int(found[1]), min(int(found[2]) + 1 if found[2] else size_bytes, size_bytes)
    if first >= end:
        raise BadRequest
    return first, end
