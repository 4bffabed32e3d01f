"""A workbook's parts: names of its sheets, texts they share, and how their numbers are to be read.

Each part is unpacked piece by piece and only as far as it is needed, so that neither a huge sheet nor
one that unpacks to terabytes takes time or memory.
"""

import datetime
import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import NamedTuple
from xml.parsers import expat

from lis_tui.preview.parts import MOST_TEXT, CannotShow
from lis_tui.preview.zipped import BROKEN, member

Attributes = dict[str, str]
_MOST_BYTES = 32_000_000
"""So much of a part is unpacked at most."""
_PIECE = 65_536
_DEEPEST = 100
_LONGEST_TAG = 1_000_000
_MOST_ELEMENTS = 800_000
"""A few seconds; a cell takes two."""
_MOST_SHEETS = 1000
_MOST_STYLES = 70_000
_BUILT_IN = {
    9: "0%",
    10: "0%",
    **dict.fromkeys((14, 15, 16, 17), "d"),
    **dict.fromkeys((18, 19, 20, 21), "h"),
}
_BUILT_IN |= {22: "dh", 45: "ms", 46: "[h]", 47: "ms"}
_BUILT_IN |= dict.fromkeys((*range(27, 37), *range(50, 59)), "d")
_UNSPOKEN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


class Enough(Exception):
    """What was looked for is found: the rest of a part need not be read."""


class Sheet(NamedTuple):
    """A sheet: its name, whether it is hidden, and the member that holds it."""

    name: str
    is_hidden: bool
    part: str


class Format(NamedTuple):
    """How a number is shown: as a date, as a time, as both, or as a share."""

    has_date: bool = False
    has_time: bool = False
    is_elapsed: bool = False
    is_share: bool = False


class Workbook:
    """An opened workbook."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._parts = {"styles": "", "sharedStrings": ""}
        self._is_1904 = False
        self.sheets: list[Sheet] = []
        self._find()
        self._formats = self._styles() if self._parts["styles"] else []

    def read(
        self,
        part: str,
        begin: Callable[[str, Attributes], None],
        end: Callable[[str], None],
        text: Callable[[str], None],
    ) -> bool:
        """Parse a part until it ends, a handler has Enough, or the bound is met; True: it was read whole."""
        stream = member(self._archive, part)
        if stream is None:
            raise CannotShow(f"The workbook is damaged: it has no {part[:100]}.")
        parser = expat.ParserCreate()
        parser.buffer_text = True
        depth = elements = 0

        def started(name: str, attributes: Attributes) -> None:
            nonlocal depth, elements
            depth, elements = depth + 1, elements + 1
            if elements > _MOST_ELEMENTS:
                raise Enough
            if depth > _DEEPEST:
                raise CannotShow("The workbook is nested as no real one is: it is not read.")
            begin(_bare(name), attributes)

        def ended(name: str) -> None:
            nonlocal depth
            depth -= 1
            end(_bare(name))

        parser.StartElementHandler = started
        parser.EndElementHandler = ended
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse
        with stream:
            return _parsed(parser, stream, part)

    def texts(self, wanted: Collection[int]) -> dict[int, str]:
        """Give the shared texts with these numbers, as far as they are within reach."""
        if not wanted or not self._parts["sharedStrings"]:
            return {}
        shared = _Shared(wanted)
        self.read(self._parts["sharedStrings"], shared.begin, shared.end, shared.text)
        return shared.found

    def number(self, text: str, style: int) -> tuple[str, str]:
        """Give a number as it is meant, and what it is: `number`, `date`, `time`."""
        try:
            value = float(text)
        except ValueError:
            return text, "text"
        form = self._formats[style] if 0 <= style < len(self._formats) else Format()
        if form.has_date or form.has_time:
            with suppress(ValueError, OverflowError):
                return _moment(value, form, is_1904=self._is_1904), "date" if form.has_date else "time"
        if form.is_share:
            return f"{value * 100:.15g}%", "number"
        return f"{value:.15g}", "number"

    def _find(self) -> None:
        """Follow the relations from the package to the workbook, and from there to its parts."""
        targets = self._relations("_rels/.rels", "")
        book = next((path for kind, path in targets.values() if kind == "officeDocument"), "xl/workbook.xml")
        folder, name = posixpath.split(book)
        targets = self._relations(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels", folder)
        for kind, path in targets.values():
            if kind in self._parts:
                self._parts[kind] = path

        def begin(name: str, attributes: Attributes) -> None:
            if name == "workbookPr":
                self._is_1904 = attributes.get("date1904") in {"1", "true"}
            elif name == "sheet" and len(self.sheets) < _MOST_SHEETS:
                relation = next((value for key, value in attributes.items() if _bare(key) == "id"), "")
                kind, path = targets.get(relation, ("", ""))
                is_hidden = attributes.get("state", "visible") != "visible"
                called = attributes.get("name", "")
                self.sheets.append(Sheet(called, is_hidden, path if kind == "worksheet" else ""))

        self.read(book, begin, _ignore, _ignore)

    def _relations(self, part: str, folder: str) -> dict[str, tuple[str, str]]:
        """Give the kind and the member that each relation of a part leads to; none leads out of the file."""
        found: dict[str, tuple[str, str]] = {}

        def begin(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External" and len(found) < 10_000:
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = (kind, posixpath.normpath(path))

        with suppress(CannotShow):
            self.read(part, begin, _ignore, _ignore)
        return found

    def _styles(self) -> list[Format]:
        codes = dict(_BUILT_IN)
        formats: list[Format] = []
        inside: list[str] = []

        def begin(name: str, attributes: Attributes) -> None:
            inside.append(name)
            if name == "numFmt" and len(codes) < _MOST_STYLES:
                codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")[:500]
            elif name == "xf" and inside[-2:-1] == ["cellXfs"] and len(formats) < _MOST_STYLES:
                formats.append(_format(codes.get(_number(attributes.get("numFmtId")), "")))

        def end(_name: str) -> None:
            inside.pop()

        with suppress(CannotShow):
            self.read(self._parts["styles"], begin, end, _ignore)
        return formats


class _Shared:
    """The texts that cells share, by their number; readings aids for Chinese and Japanese are left out."""

    def __init__(self, wanted: Collection[int]) -> None:
        self._wanted, self._last = wanted, max(wanted)
        self._place = -1
        self._is_text = self._is_aid = False
        self._size = 0
        self.found: dict[int, str] = {}

    def begin(self, name: str, _attributes: Attributes) -> None:
        if name == "si":
            self._place += 1
            self._size = 0
            if self._place > self._last:
                raise Enough
            if self._place in self._wanted:
                self.found[self._place] = ""
        self._is_text = name == "t"
        self._is_aid = self._is_aid or name == "rPh"

    def end(self, name: str) -> None:
        self._is_text = False
        if name == "rPh":
            self._is_aid = False

    def text(self, data: str) -> None:
        if self._is_text and not self._is_aid and self._size <= MOST_TEXT and self._place in self.found:
            self._size += len(data)
            self.found[self._place] += data


def _parsed(parser: expat.XMLParserType, stream: io.BufferedIOBase, part: str) -> bool:
    read = 0
    try:
        while piece := stream.read(_PIECE):
            read += len(piece)
            parser.Parse(piece, False)
            # What is not complete yet is looked at again with each piece.
            if read - parser.CurrentByteIndex > _LONGEST_TAG:
                raise CannotShow("The workbook has a tag that never ends: it is not read.")
            if read > _MOST_BYTES:
                return False
        parser.Parse(b"", True)
    except Enough:
        return False
    except (expat.ExpatError, LookupError, *BROKEN) as error:
        raise CannotShow(f"The workbook is damaged at {part[:100]}: {str(error)[:200]}.") from error
    return True


def _format(code: str) -> Format:
    """Tell dates and times by the letters of a format, beside those that it only repeats."""
    code = _UNSPOKEN.sub("", code.partition(";")[0]).lower()
    if "general" in code:
        return Format()
    has_time = any(letter in code for letter in "hs")
    # An m beside hours or seconds is a minute, alone it is a month.
    has_date = any(letter in code for letter in "dy") or ("m" in code and not has_time)
    return Format(has_date, has_time, "[" in code, "%" in code)


def _moment(value: float, form: Format, *, is_1904: bool) -> str:
    """Give the days since an epoch as a date; the first one counts a day that never was, 29 February 1900."""
    if form.is_elapsed or (not form.has_date and value >= 0):
        seconds = round(value * 86_400)
        if not form.is_elapsed:
            seconds %= 86_400
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    epoch = datetime.datetime(1904, 1, 1) if is_1904 else datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - no zone
    if not is_1904 and 0 <= value < 60:
        epoch += datetime.timedelta(days=1)
    moment = epoch + datetime.timedelta(seconds=round(value * 86_400))
    return moment.isoformat(" ") if form.has_time else moment.date().isoformat()


def _bare(name: str) -> str:
    """Leave out the namespace's prefix."""
    return name.rpartition(":")[2] if ":" in name else name


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() and len(text) < 10 else -1


def _ignore(*_: object) -> None:
    """Take no notice."""


def _refuse(*_: object) -> None:
    raise CannotShow("The workbook declares entities of its own, as no real one does: it is not read.")
