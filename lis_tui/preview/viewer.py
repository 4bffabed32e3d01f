"""Shows files in a browser of this machine: each at an address that nobody can guess, and nothing else."""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus

from lis_tui.core.bus import spawn
from lis_tui.core.content import Content
from lis_tui.core.errors import LisError
from lis_tui.core.text import one_line
from lis_tui.preview import wrapper
from lis_tui.preview.exhibit import GONE, Exhibit, Fetch, Shown, refusal
from lis_tui.preview.http import (
    MOST_HEADER,
    Answer,
    BadRequest,
    Request,
    read_request,
    text_answer,
    write_answer,
)
from lis_tui.preview.neighbours import is_of_this_user

HOST = "127.0.0.1"
MOST_SHOWN = 200
"""So many addresses are kept; older ones are forgotten."""
MOST_AT_ONCE = 32
_HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")
"""The names by which this machine calls itself; another name that leads here is a stranger's.

The port may be another one, which a tunnel leads here.
"""


class Viewer:
    """Serves files on this machine alone, from its first `show` to its `close`. Belongs to one event loop."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._starting = asyncio.Lock()
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._lists: OrderedDict[str, tuple[str, Sequence[tuple[str, str, str]]]] = OrderedDict()
        self._at_work: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return self._server.sockets[0].getsockname()[1] if self._server is not None else 0

    async def show(self, path: str, fetch: Fetch, *, has_network: bool = False) -> str:
        """Give the address at which the file is shown from now on. Raises OSError where none can be had."""
        return await self._address(self._keep(path, fetch, has_network=has_network))

    async def show_all(self, title: str, files: Sequence[tuple[str, str]], fetch: Fetch) -> str:
        """Give the address of a page that leads to several: a path and its size in words each."""
        entries = [
            (one_line(path, 300), size, f"/{self._keep(path, fetch)}/") for path, size in files[:MOST_SHOWN]
        ]
        token = secrets.token_urlsafe(24)
        self._lists[token] = title, entries
        while len(self._lists) > MOST_SHOWN:
            self._lists.popitem(last=False)
        return await self._address(token)

    def _keep(self, path: str, fetch: Fetch, *, has_network: bool = False) -> str:
        token = secrets.token_urlsafe(24)
        self._shown[token] = Shown(token, path, fetch, has_network)
        while len(self._shown) > MOST_SHOWN:
            self._shown.popitem(last=False)
        return token

    async def _address(self, token: str) -> str:
        async with self._starting:
            if self._server is None:
                self._server = await asyncio.start_server(self._connected, HOST, 0, limit=MOST_HEADER)
        return f"http://{HOST}:{self.port}/{token}/"

    async def close(self) -> None:
        """Serve nothing any more."""
        server, self._server = self._server, None
        self._shown.clear()
        self._lists.clear()
        if server is not None:
            server.close()
            for task in tuple(self._at_work):
                task.cancel()
            await asyncio.gather(*self._at_work, return_exceptions=True)
            await server.wait_closed()

    # ---- connections

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._at_work) >= MOST_AT_ONCE:
            writer.transport.abort()
            return
        task = spawn(self._serve(reader, writer), "viewer")
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, TimeoutError):
                await self._converse(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError, TimeoutError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, own = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        if not await asyncio.to_thread(is_of_this_user, peer[:2], own[:2]):
            return
        try:
            request = await read_request(reader)
        except BadRequest:
            await write_answer(writer, None, refusal(HTTPStatus.BAD_REQUEST, "This is no request.\n"))
            return
        await self._reply(writer, request)

    async def _reply(self, writer: asyncio.StreamWriter, request: Request) -> None:
        try:
            answer, content = await self._answer(request)
        except LisError as error:
            text = f"{one_line(error.sentence, 400)}\n"
            answer, content = refusal(HTTPStatus.NOT_FOUND, text), None
        try:
            await write_answer(writer, request, answer)
        finally:
            if content is not None:
                content.close()

    # ---- what is where

    async def _answer(self, request: Request) -> tuple[Answer, Content | None]:
        if _HOSTS.fullmatch(request.headers.get("host", "")) is None:
            return refusal(
                HTTPStatus.FORBIDDEN, "This server answers by the names of its machine alone.\n"
            ), None
        if request.method not in ("GET", "HEAD"):
            headers = {"Allow": "GET, HEAD"}
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be changed here.\n", headers), None
        target, _, query = request.target.partition("?")
        token, slash, rest = target.removeprefix("/").partition("/")
        if not slash or not target.startswith("/"):
            return refusal(HTTPStatus.NOT_FOUND, GONE), None
        if token in self._lists and not rest:
            return self._list(token), None
        shown = self._shown.get(token)
        if shown is None:
            return refusal(HTTPStatus.NOT_FOUND, GONE), None
        return await Exhibit(shown, request).answer(rest, query)

    def _list(self, token: str) -> Answer:
        title, entries = self._lists[token]
        nonce = secrets.token_urlsafe(16)
        text = wrapper.index(title, entries, nonce)
        return text_answer(HTTPStatus.OK, text, wrapper.own_headers("'none'", nonce), "text/html")
