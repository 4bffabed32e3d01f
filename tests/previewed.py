"""Previews for screen tests: a fake that gives them without a process, and some that are worth a picture."""

import asyncio
from collections.abc import Callable, Hashable
from math import cos, hypot, sin
from pathlib import Path

from lis_tui.core.content import Content
from lis_tui.core.events import FileEntry
from lis_tui.preview.kinds import Kind
from lis_tui.preview.parts import (
    CannotShow,
    Column,
    Hex,
    Item,
    Lines,
    Outline,
    Pixels,
    Preview,
    Table,
    Wanted,
)
from lis_tui.ui.app import LisApp
from tests import story
from tests.screens import FakeSource, workbench_app

Make = Callable[[Wanted], Preview]


class FakePreviews:
    """Gives what was prepared by a file's name; remembers what was wanted, and can be made to wait."""

    def __init__(self, made: dict[str, Make | Preview | CannotShow]) -> None:
        self.made = made
        self.wanted: list[Wanted] = []
        self.kinds: list[Kind | None] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.is_closed = False

    async def preview(
        self, content: Content | bytes, wanted: Wanted, kind: Kind | None = None, *, asker: Hashable = None
    ) -> Preview:
        self.wanted.append(wanted)
        self.kinds.append(kind)
        await self.is_open.wait()
        found = next(made for name, made in self.made.items() if name.rpartition("/")[2] == wanted.name)
        if isinstance(found, CannotShow):
            raise found
        return found if isinstance(found, Preview) else found(wanted)

    async def close(self) -> None:
        self.is_closed = True


def app_with(folder: Path, previews: FakePreviews, theme: str = "dark") -> LisApp:
    """Give an app that shows a folder; each prepared file is there, with bytes that are no text."""
    for name in previews.made:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\0\1\2\3" * 21_000)
    source = FakeSource(story.ended(), worktree=folder)
    app = workbench_app(source, theme, now=story.ended()[-1].at + 3)
    app.previews = previews
    return app


def mandelbrot(width: int, height: int, shift: float = 0.0) -> Pixels:
    """Give a picture with many colours, and a ring that is not there at all."""
    data = bytearray()
    for y in range(height):
        for x in range(width):
            point = complex(-2.2 + 3.0 * x / width, -1.2 + 2.4 * y / height)
            value, count = 0j, 0
            while abs(value) < 2 and count < 24:
                value, count = value * value + point, count + 1
            is_ring = 0.95 < hypot((x / width - 0.5) * 2, (y / height - 0.5) * 2) < 1.0
            data += bytes((*_colour(count / 24 + shift), 0 if is_ring else 255))
    return Pixels(width, height, bytes(data), 800, 600)


def _colour(level: float) -> tuple[int, int, int]:
    if level >= 1:
        return 12, 14, 34
    return int(40 + 200 * level), int(127 + 110 * sin(5 * level)), int(150 + 100 * cos(3 * level))


def picture(wanted: Wanted) -> Preview:
    """Give the Mandelbrot set as large as it is wanted."""
    width = min(wanted.width_px, wanted.height_px * 4 // 3, 800)
    pixels = mandelbrot(width, width * 3 // 4)
    return Preview(kind="picture", called="a PNG picture", facts=("800×600", "palette"), parts=(pixels,))


def page(wanted: Wanted) -> Preview:
    """Give one of twelve pages of white paper with grey lines."""
    height = min(wanted.height_px, wanted.width_px * 141 // 100)
    width = max(height * 100 // 141, 1)
    paper, ink = bytes((250, 250, 248, 255)), bytes((90, 90, 96, 255))
    data = bytearray()
    for y in range(height):
        for x in range(width):
            line, place = y * 40 // height, x * 20 // width
            is_ink = 4 < line < 36 and line % 2 == wanted.page % 2 and 2 <= place < 18 - line % 5
            data += ink if is_ink else paper
    pixels = Pixels(width, height, bytes(data), 595, 842)
    return Preview(kind="pdf", called="a PDF document", facts=("12 pages", "A4"), parts=(pixels,), pages=12)


def rows(wanted: Wanted, count: int = 100_000) -> Preview:
    """Give rows of a long table."""
    columns = (
        Column("id", "integer", True),
        Column("city", "text"),
        Column("price", "number", True),
        Column("seen at", "time"),
        Column("remark", "text"),
    )
    cities = ("Tokyo", "Kyōto", "大阪", "Berlin", "São Paulo")
    found = tuple(
        (
            str(number),
            cities[number % 5],
            f"{number * 7.25 % 900:.2f}",
            f"2026-0{number % 9 + 1}-1{number % 9} 08:{number % 60:02}",
            None if number % 4 == 0 else "seen again on the way home, but closed " * (number % 3) + "ok",
        )
        for number in range(wanted.first, min(wanted.first + wanted.count, count))
    )
    table = Table(columns, found, wanted.first, count)
    has_more = wanted.first + len(found) < count
    facts = (f"{count:,} rows", "5 columns")
    return Preview(kind="csv", called="a CSV table", facts=facts, parts=(table,), has_more=has_more)


OUTLINE = Preview(
    kind="json",
    called="JSON",
    facts=("an object of 4",),
    parts=(
        Outline(
            (
                Item(0, "event", "Spring concert", "text"),
                Item(0, "tickets", "412", "number"),
                Item(0, "rooms", "3 items", "muted"),
                Item(1, "0", "{}", "muted"),
                Item(2, "name", "Hall A", "text"),
                Item(2, "seats", "300", "number"),
                Item(1, "1", "{}", "muted"),
                Item(2, "name", "Studio", "text"),
                Item(2, "seats", "112", "number"),
                Item(0, "is_outdoors", "false", "word"),
                Item(0, "sponsor", "null", "word"),
            )
        ),
    ),
)
HEX = Preview(
    kind="binary",
    called="a binary file",
    facts=("84,000 bytes",),
    parts=(Hex(bytes(range(256)) + b"lis-tui" + bytes(57), 0),),
    has_more=True,
)
REFUSED = CannotShow("To show it takes pyarrow, which is not installed: `pip install 'lis-tui[tables]'`.")
SOURCE = Preview(
    kind="text", called="an SVG drawing", parts=(Lines(("<svg>", "  <circle r='3'/>", "</svg>"), "xml"),)
)


def entry(name: str, size_bytes: int = 84_000) -> FileEntry:
    """Give a file of the tree."""
    return FileEntry(name, "file", size_bytes)
