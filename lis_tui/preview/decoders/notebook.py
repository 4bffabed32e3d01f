"""Jupyter notebooks: their cells in order, each with what came of it when it last ran."""

import binascii
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lis_tui.preview import decoders
from lis_tui.preview.decoders import cells, outline
from lis_tui.preview.encoding import decoded, encoding_of
from lis_tui.preview.file import File, HeldFile
from lis_tui.preview.kinds import Kind
from lis_tui.preview.parts import CannotShow, Lines, Part, Pixels, Preview, Wanted

_MOST_BYTES = 32_000_000
_MOST_CELLS = 100
_MOST_LINES = 2000
_LINES_A_TEXT = 200
_MOST_PICTURES = 12
_LONGEST_PICTURE = 24_000_000
_PICTURES: dict[str, Kind] = {
    "image/png": "picture",
    "image/jpeg": "picture",
    "image/gif": "picture",
    "image/webp": "picture",
    "image/svg+xml": "svg",
}
_TEXTS = {
    "text/markdown": "markdown",
    "text/latex": "latex",
    "text/plain": "",
    "application/json": "json",
    "text/html": "html",
}
"""What is shown of a result, the best first, where it has no picture."""
_UNDRAWN = (
    CannotShow,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    struct.error,
)
Json = Mapping[str, object]


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the cells that are asked for; what is no notebook after all is shown as JSON."""
    if file.size_bytes > _MOST_BYTES:
        return outline.decode(file, wanted)
    data = file.read_at(0, file.size_bytes)
    try:
        book = json.loads(decoded(data, encoding_of(data[:65_536])))
    except (ValueError, RecursionError):
        return outline.decode(file, wanted)
    if not isinstance(book, dict):
        return outline.decode(file, wanted)
    return _shown(book, wanted)


def _shown(book: Json, wanted: Wanted) -> Preview:
    found = _cells(book)
    first = max(0, wanted.first)
    page = _Page(wanted, _language(book))
    shown = 0
    for cell in found[first : first + min(max(1, wanted.count), _MOST_CELLS)]:
        if page.is_full:
            break
        page.add(cell)
        shown += 1
    has_more = first + shown < len(found)
    return Preview(
        kind="notebook",
        called="a Jupyter notebook",
        facts=tuple(
            fact for fact in (cells.counted(len(found), "cell"), _kernel(book), _failed(found)) if fact
        ),
        parts=tuple(page.parts),
        note=page.note(),
        has_more=has_more,
        next_first=first + shown if has_more else None,
    )


@dataclass
class _Page:
    """The parts of some cells, and how much room is left."""

    wanted: Wanted
    language: str
    parts: list[Part] = field(default_factory=list)
    lines: int = 0
    pictures: int = 0
    cut_lines: int = 0
    undrawn: int = 0

    @property
    def is_full(self) -> bool:
        """No further cell fits."""
        return self.lines >= _MOST_LINES or self.pictures >= _MOST_PICTURES

    def add(self, cell: Json) -> None:
        """Show a cell: what was written, and what came of it."""
        kind = _text(cell.get("cell_type"))
        source = _text(cell.get("source", cell.get("input")))
        if kind == "code":
            number = cell.get("execution_count", cell.get("prompt_number"))
            self._write(source, self.language, f"In [{number if isinstance(number, int) else ' '}]")
            for output in _mappings(cell.get("outputs")):
                self._add_output(output)
        else:
            self._write(source, "" if kind == "raw" else "markdown", cells.cut(kind, 40) or "cell")

    def note(self) -> str:
        """Say what is left out."""
        return cells.sentences(
            f"{cells.counted(self.cut_lines, 'line')} of long texts left out." if self.cut_lines else "",
            f"{cells.counted(self.undrawn, 'picture')} not drawn." if self.undrawn else "",
        )

    def _add_output(self, output: Json) -> None:
        kind = _text(output.get("output_type"))
        if kind == "stream":
            self._write(
                _text(output.get("text")), "", _text(output.get("name", output.get("stream"))) or "stdout"
            )
        elif kind in {"error", "pyerr"}:
            trace = "\n".join(_text(line) for line in _sequence(output.get("traceback")))
            self._write(trace or f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}", "", "error")
        else:
            number = output.get("execution_count")
            self._add_result(_by_type(output), f"Out [{number}]" if isinstance(number, int) else "shown")

    def _add_result(self, data: Json, title: str) -> None:
        """Show a result in the richest way there is."""
        for mime, kind in _PICTURES.items():
            if mime in data and self._draw(_text(data[mime]), kind):
                return
        for mime, language in _TEXTS.items():
            if mime in data:
                value = data[mime]
                text = _text(value) or (json.dumps(value, indent=1) if isinstance(value, dict) else "")
                self._write(text, language, title)
                return
        kinds = ", ".join(cells.cut(mime, 60) for mime in list(data)[:5])
        self._write(f"({kinds or 'nothing'})", "", title)

    def _draw(self, text: str, kind: Kind) -> bool:
        """Draw a picture; False: it cannot be, and what else there is of the result is shown."""
        if self.pictures >= _MOST_PICTURES or len(text) > _LONGEST_PICTURE:
            self.undrawn += 1
            return False
        box = Wanted(width_px=self.wanted.width_px, height_px=self.wanted.height_px)
        try:
            data = text.encode() if kind == "svg" else binascii.a2b_base64(text)
            drawn = decoders.decode(kind, HeldFile(data), box).parts
        except _UNDRAWN:
            drawn = ()
        pixels = [part for part in drawn if isinstance(part, Pixels)]
        self.parts.extend(pixels[:1])
        self.pictures += bool(pixels)
        self.undrawn += not pixels
        return bool(pixels)

    def _write(self, text: str, language: str, title: str) -> None:
        lines = text.removesuffix("\n").split("\n")
        room = max(1, min(_LINES_A_TEXT, _MOST_LINES - self.lines))
        self.cut_lines += max(0, len(lines) - room)
        self.lines += min(room, len(lines))
        shown = tuple(cells.cut(cells.sound(line)) for line in lines[:room])
        self.parts.append(Lines(shown, language, title=cells.sound(cells.cut(title, 60))))


def _cells(book: Json) -> list[Json]:
    """Give the cells; before version 4 they were in worksheets."""
    if "cells" in book:
        return list(_mappings(book["cells"]))
    return [cell for sheet in _mappings(book.get("worksheets")) for cell in _mappings(sheet.get("cells"))]


def _by_type(output: Json) -> Json:
    """Give a result's forms by their types; before version 4 they stood beside the rest, with short names."""
    data = output.get("data")
    if isinstance(data, dict):
        return data
    short = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml", "text": "text/plain"}
    return {mime: output[name] for name, mime in short.items() if name in output}


def _language(book: Json) -> str:
    """Say what pygments calls the language of the code."""
    about = _mapping(book.get("metadata"))
    name = _mapping(about.get("language_info")).get("name") or _mapping(about.get("kernelspec")).get(
        "language"
    )
    return cells.cut(_text(name), 40) or "python"


def _kernel(book: Json) -> str:
    about = _mapping(_mapping(book.get("metadata")).get("kernelspec"))
    return cells.sound(cells.cut(_text(about.get("display_name")), 40))


def _failed(found: Sequence[Json]) -> str:
    errors = sum(
        _text(output.get("output_type")) in {"error", "pyerr"}
        for cell in found
        for output in _mappings(cell.get("outputs"))
    )
    return cells.counted(errors, "error") if errors else ""


def _text(value: object) -> str:
    """Give a text, which may be written as a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _mappings(value: object) -> Iterator[Json]:
    return (one for one in _sequence(value) if isinstance(one, dict))
