"""What a request for a shown file is answered with: the page around it, the file, or what lies beside it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused
from lis_tui.core.paths import escape_path, unescape_path
from lis_tui.core.text import one_line
from lis_tui.preview import wrapper
from lis_tui.preview.file import File, HeldFile, OpenedFile
from lis_tui.preview.http import Answer, BadRequest, Request, asked_range, text_answer
from lis_tui.preview.medium import BYTES, Medium, beside_type, medium_of
from lis_tui.preview.programs import why_only_saved

Fetch = Callable[[str], Content]
"""Opens a file by its path in the work folder, as `core.paths` writes it; slow. Raises LisError."""
PIECE = 256 * 1024
_BEGINNING = 4096
_PARTS = ("image", "style", "script", "font", "audio", "video", "track", "worker")
"""What a file beside a page may be wanted as (Sec-Fetch-Dest)."""
GONE = "There is nothing at this address. It may have been shown by a screen that is closed.\n"
_TOO_OLD = "This browser does not say what it wants a page for; a newer one is needed to show it safely.\n"


class Shown(Struct, frozen=True):
    """A file at an address of its own."""

    token: str
    path: str
    """In the work folder, as `core.paths` writes it."""
    fetch: Fetch
    has_network: bool = False

    @property
    def folder(self) -> str:
        """What it lies in, with a slash at its end; empty: the work folder."""
        folder, slash, _ = self.path.rpartition("/")
        return folder + slash

    @property
    def name(self) -> str:
        """Its name without its folders."""
        return self.path.rpartition("/")[2]


class Exhibit:
    """One request for what belongs to one address."""

    def __init__(self, shown: Shown, request: Request) -> None:
        self._shown = shown
        self._request = request
        self._own = f"http://{request.headers['host']}/{shown.token}/f/"
        """Below this lie the file and those beside it."""

    async def answer(self, rest: str, query: str) -> tuple[Answer, Content | None]:
        """Give the answer and what is to be closed after it. Raises LisError."""
        place, slash, inside = rest.partition("/")
        if rest == "" and self._wanted_as in ("document", ""):
            return await self._page(), None
        if place != "f" or not slash:
            return refusal(HTTPStatus.NOT_FOUND, GONE), None
        path = escape_path(unquote_to_bytes(inside))
        if path == self._shown.path:
            return await self._content(is_saved=query == "save")
        return await self._beside(path)

    @property
    def _wanted_as(self) -> str:
        return self._request.headers.get("sec-fetch-dest", "")

    async def _opened(self, path: str) -> Content:
        return await asyncio.to_thread(self._shown.fetch, path)

    async def _page(self) -> Answer:
        shown = self._shown
        with await self._opened(shown.path) as content:
            medium = await asyncio.to_thread(medium_of, file_of(content), shown.name)
        nonce = secrets.token_urlsafe(16)
        address = self._own + quote(unescape_path(shown.path), safe="/")
        title = one_line(shown.path, 300)
        text = wrapper.wrapper(title, medium, address, nonce, has_network=shown.has_network)
        return text_answer(HTTPStatus.OK, text, wrapper.own_headers(self._own, nonce), "text/html")

    async def _content(self, *, is_saved: bool) -> tuple[Answer, Content | None]:
        shown, content = self._shown, await self._opened(self._shown.path)
        try:
            medium = await asyncio.to_thread(medium_of, file_of(content), shown.name)
            if is_saved:
                return await self._saved(content, medium), content
            if medium.way == "nothing":
                raise FileRefused("No browser shows this file.")
            if self._wanted_as == "document":  # outside its frame it could go where it likes
                content.close()
                return Answer(HTTPStatus.SEE_OTHER, {**wrapper.ALWAYS, "Location": f"/{shown.token}/"}), None
            return await self._shown_as(content, medium), content
        except BaseException:
            content.close()
            raise

    async def _shown_as(self, content: Content, medium: Medium) -> Answer:
        headers = wrapper.content_headers(medium, self._own, has_network=self._shown.has_network)
        if medium.way != "page":
            return await self._plain(content, medium.mime, headers)
        if self._wanted_as not in ("iframe", "frame"):
            return refusal(HTTPStatus.FORBIDDEN, _TOO_OLD)
        old = await asyncio.to_thread(content.read, _BEGINNING)
        start = wrapper.start_of_page(old, has_network=self._shown.has_network)
        headers["Content-Type"] = _page_type(old)
        return _whole(content, headers, start, len(old))

    async def _saved(self, content: Content, medium: Medium) -> Answer:
        why = await asyncio.to_thread(why_only_saved, file_of(content), self._shown.name, medium.format)
        if why:
            raise FileRefused(why)
        name = quote(unescape_path(self._shown.name), safe="")
        headers = {
            **wrapper.content_headers(medium, self._own, has_network=False),
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        }
        return await self._plain(content, BYTES, headers)

    async def _beside(self, path: str) -> tuple[Answer, Content | None]:
        """Only what a page takes in, and only from its own folder down."""
        shown = self._shown
        if self._wanted_as not in _PARTS or not _is_below(path, shown.folder):
            raise FileRefused("There is no such file beside the one that is shown.")
        with await self._opened(shown.path) as page:
            medium = await asyncio.to_thread(medium_of, file_of(page), shown.name)
        if medium.way != "page":
            raise FileRefused("Only a page has files beside it.")
        content = await self._opened(path)
        try:
            headers = wrapper.beside_headers(self._wanted_as)
            return await self._plain(content, beside_type(path), headers), content
        except BaseException:
            content.close()
            raise

    async def _plain(self, content: Content, mime: str, headers: dict[str, str]) -> Answer:
        """Give the file, or the part of it that is asked for."""
        size_bytes = await asyncio.to_thread(lambda: content.size_bytes)
        headers = {**headers, "Content-Type": mime, "Accept-Ranges": "bytes"}
        try:
            part = asked_range(self._request.headers, size_bytes)
        except BadRequest:
            headers = {**wrapper.ALWAYS, "Content-Range": f"bytes */{size_bytes}"}
            return Answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
        if part is None:
            return _whole(content, headers, b"", 0)
        headers["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{size_bytes}"
        count = part[1] - part[0]
        return Answer(
            HTTPStatus.PARTIAL_CONTENT, headers, count, lambda at, most: _pieces(content, at, most), part[0]
        )


def file_of(content: Content) -> File:
    """Give an opened content as what formats are told from."""
    if content.descriptor is not None:
        return OpenedFile(content.descriptor)
    return HeldFile(content.data or b"")


def _whole(content: Content, headers: dict[str, str], start: bytes, replaced: int) -> Answer:
    """Give all of it, with other first bytes in the place of so many."""
    rest = max(content.size_bytes - replaced, 0)

    async def body(_at: int, _count: int) -> AsyncIterator[bytes]:
        if start:
            yield start
        async for piece in _pieces(content, replaced, rest):
            yield piece

    return Answer(HTTPStatus.OK, headers, len(start) + rest, body)


async def _pieces(content: Content, at: int, count: int) -> AsyncIterator[bytes]:
    """Give so many bytes; a file that has become shorter ends the connection short."""
    while count > 0:
        piece = await asyncio.to_thread(content.read, min(PIECE, count), at)
        if not piece:
            return
        yield piece
        at, count = at + len(piece), count - len(piece)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder) and not {"", ".", ".."} & set(path.split("/")) and "\0" not in path


def _page_type(beginning: bytes) -> str:
    """A page may say its characters itself; one that does not is read as nearly all are written."""
    says = b"charset" in beginning.lower() or beginning[:2] in (b"\xff\xfe", b"\xfe\xff")
    return "text/html" if says else "text/html; charset=utf-8"


def refusal(status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> Answer:
    """Say why not; the page that says it can do nothing."""
    policy = {"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'"}
    return text_answer(status, text, {**wrapper.ALWAYS, **policy, **(headers or {})})
