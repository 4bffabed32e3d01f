"""An SVG drawing written anew, with nothing in it that reaches outside or grows without end."""

import base64
import io
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

from lis_tui.preview.decoders.references import References
from lis_tui.preview.decoders.typefaces import in_style, stood_in
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow

_MOST_BYTES = 32 << 20
_MOST_WRITTEN = 64 << 20
_MOST_ENTITIES = 200
_LONGEST_ENTITY = 1000
_MOST_POINTS = 32_000_000
"""Of all pictures that are in it."""
_BLOCK = 1 << 18
_LEFT_OUT = {"script", "foreignObject", "iframe", "audio", "video", "handler", "listener"}
_REFERRING = {"image", "feImage", "use"}
_OUTSIDE = re.compile(r"url\(\s*(['\"]?)\s*(?!\s*['\"]?#)([^)'\"]{0,2000})\1?\s*\)?", re.IGNORECASE)
_IMPORT = re.compile(r"@import\s+(?:url\()?\s*['\"]?([^'\");]{0,2000})[^;]*;?", re.IGNORECASE)
_STYLES = {"font-family": stood_in, "style": in_style}
_FRAGMENT = re.compile(r"url\(\s*['\"]?#([^)'\"]{1,500})['\"]?\s*\)")
_HELD = re.compile(r"data:image/(png|jpe?g|gif|webp)(;base64)?,", re.IGNORECASE)
_FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP"}


class Drawing(NamedTuple):
    """What may be drawn, and what was met on the way."""

    text: str
    root: dict[str, str]
    """The attributes of its first element."""
    letters: frozenset[str]
    """What it writes; empty where there is no text."""
    outside: tuple[str, ...]
    """What it refers to outside itself; nothing of it is in the text."""
    left_out: tuple[str, ...]
    """The elements that are not in the text."""
    trouble: str
    """Where it stops being XML; empty where it is whole."""
    title: str


def written_anew(file: File) -> Drawing:
    """Read a drawing and write what is harmless. Raises CannotShow."""
    if file.size_bytes > _MOST_BYTES:
        raise CannotShow(
            f"The drawing has {file.size_bytes >> 20} MB; more than {_MOST_BYTES >> 20} are not read."
        )
    writer = _Writer()
    trouble = ""
    try:
        for block in _blocks(file):
            writer.parser.Parse(block, False)
        writer.parser.Parse(b"", True)
    except expat.ExpatError as error:
        trouble = f"line {error.lineno}: {expat.ErrorString(error.code)}"
    if not writer.root_name:
        raise CannotShow(f"This SVG drawing cannot be read, {trouble}.")
    return writer.drawing(trouble)


def _blocks(file: File) -> Iterator[bytes]:
    for place in range(0, file.size_bytes, _BLOCK):
        yield file.read_at(place, _BLOCK)


class _Writer:
    """Writes each element as it is parsed."""

    def __init__(self) -> None:
        self.root_name = ""
        self._root: dict[str, str] = {}
        self._written: list[str] = []
        self._written_count = 0
        self._open: list[str] = []
        self._skipped = 0
        self._references = References()
        self._letters: set[str] = set()
        self._outside: dict[str, None] = {}
        self._left_out: dict[str, None] = {}
        self._entities = 0
        self._points = 0
        self._title = ""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity

    def drawing(self, trouble: str) -> Drawing:
        """Close what is open and give the whole."""
        for name in reversed(self._open):
            self._write(f"</{name}>")
            self._references.end()
        self._open.clear()
        self._references.must_be_drawable()
        return Drawing(
            "".join(self._written),
            self._root,
            frozenset(self._letters),
            tuple(self._outside),
            tuple(self._left_out),
            trouble,
            self._title.strip(),
        )

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        kind = _local(name)
        if self._skipped or kind in _LEFT_OUT:
            if not self._skipped:
                self._left_out.setdefault(kind)
            self._skipped += 1
            return
        self._open.append(name)
        self._references.begin(attributes.get("id", ""))
        kept = dict(self._kept(kind, attributes))
        if not self.root_name:
            self.root_name, self._root = name, kept
        self._write(f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in kept.items())}>")

    def _end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        self._open.pop()
        self._references.end()
        self._write(f"</{name}>")

    def _text(self, text: str) -> None:
        if self._skipped or not self._open:
            return
        kind = _local(self._open[-1])
        if kind == "style":
            text = in_style(self._without_outside(text))
        elif kind == "title" and len(self._open) == 2:
            self._title += text[:200]
        elif kind in ("text", "tspan", "textPath", "a") and len(self._letters) < 2000:
            self._letters.update(text)
        self._write(escape(text))

    def _entity(self, *said: str | int | None) -> None:
        """Judge a declaration: a name, whether it is for declarations, a value, and where else it is."""
        value, system = said[2], said[4]
        text = str(value or "")
        self._entities += 1
        is_tame = len(text) <= _LONGEST_ENTITY and "&" not in text and "%" not in text
        if self._entities > _MOST_ENTITIES or not is_tame:
            raise CannotShow("The drawing declares entities that grow when they are read; it is not shown.")
        if system:
            self._outside.setdefault(str(system))

    def _kept(self, kind: str, attributes: dict[str, str]) -> Iterator[tuple[str, str]]:
        for key, value in attributes.items():
            if _local(key) == "href":
                if self._may_refer(kind, value.strip()):
                    yield "href", value.strip()
            elif not key.lower().startswith("on") and key.partition(":")[0] in (_local(key), "xml", "xmlns"):
                value = self._inside(value) if "url(" in value.lower() else value
                yield key, _STYLES[key](value) if key in _STYLES else value

    def _inside(self, value: str) -> str:
        for target in _FRAGMENT.findall(value):
            self._references.refer(target)
        return self._without_outside(value)

    def _may_refer(self, kind: str, value: str) -> bool:
        if value.startswith("#"):
            self._references.refer(value[1:])
            return True
        if kind not in _REFERRING:
            return False
        if kind in ("image", "feImage") and self._is_held(value):
            return True
        if value[:5].lower() == "data:":
            self._left_out.setdefault(f"{kind} ({re.split('[;,]', value[:60])[0]})")
        else:
            self._outside.setdefault(value)
        return False

    def _is_held(self, value: str) -> bool:
        """Whether a picture is in the drawing itself, is what it says, and is not too large."""
        found = _HELD.match(value)
        if not found:
            return False
        try:
            data = unquote_to_bytes(value[found.end() :])
            if found[2]:
                data = base64.b64decode(data)
            with Image.open(io.BytesIO(data), formats=[_FORMATS[found[1].lower()]]) as image:
                self._points += image.width * image.height
        except (
            OSError,
            ValueError,
            SyntaxError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ):
            return False
        return self._points <= _MOST_POINTS

    def _without_outside(self, style: str) -> str:
        def leave(found: re.Match[str]) -> str:
            self._outside.setdefault(found[found.lastindex or 0].strip())
            return ""

        def none(found: re.Match[str]) -> str:
            if not found[2].strip().lower().startswith("data:"):
                self._outside.setdefault(found[2].strip())
            return "none"

        return _OUTSIDE.sub(none, _IMPORT.sub(leave, style))

    def _write(self, text: str) -> None:
        self._written_count += len(text)
        if self._written_count > _MOST_WRITTEN:
            raise CannotShow("The drawing grows when it is read; it is not shown.")
        self._written.append(text)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
