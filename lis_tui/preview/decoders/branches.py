"""A JSON text as the flat list of its values, as far as it goes: it may be cut, broken, or never end.

Numbers stay as they are written, keys that come twice come twice, and nesting costs no stack.
"""

import json
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from lis_tui.preview.decoders.cells import counted, cut, sound
from lis_tui.preview.parts import MOST_TEXT, Item

MOST_DEPTH = 100
"""What is nested deeper is counted, and not shown."""
_LONGEST_VALUE = 1000
_TOKEN = re.compile(
    r"[ \t\n\r]*(?:(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)|(?P<colon>:)"
    r'|(?P<text>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>true|false|null|NaN|-?Infinity))"
)
_SPACE = re.compile(r"[ \t\n\r]*")
_OPEN_TEXT = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*\\?')
_CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?$")
_Expected = Literal["value", "first value", "key", "first key", "colon", "comma", "end"]


class Broken(NamedTuple):
    """Where a text stops being JSON, and what should be there."""

    line: int
    column: int
    trouble: str

    def said(self) -> str:
        """Say it to a person."""
        return f"It is no valid JSON from line {self.line:,}, column {self.column:,} on: {self.trouble}."


class Branches:
    """Reads a text and keeps the items of one stretch of it; the rest is only counted."""

    def __init__(self, text: str, *, is_cut: bool, first: int, count: int, label: str = "") -> None:
        self._text, self._is_cut = text, is_cut
        self._first, self._end = first, first + count
        self._label = label
        self._open: list[_Container] = []
        self._expected: _Expected = "value"
        self.items: list[Item] = []
        self.total = 0
        """How many values there are up to where it was read."""
        self.root = ""
        self.is_whole = False
        self.is_deep = False
        self.broken: Broken | None = None
        self._read()

    def _read(self) -> None:
        place = 0
        for found in self._tokens():
            place = found.end()
            if not self._take(found):
                self._stop(found.start(found.lastgroup or 0))
                return
        rest = _SPACE.match(self._text, place)
        place = rest.end() if rest else place
        if self._expected == "end" and place == len(self._text):
            self.is_whole = not self._is_cut
        else:
            self._stop(place)

    def _tokens(self) -> Iterator[re.Match[str]]:
        """Give token after token, up to the first thing that is none or may go on behind the cut."""
        match, length, place = _TOKEN.match, len(self._text), 0
        while found := match(self._text, place):
            place = found.end()
            if place == length and self._is_cut and found.lastgroup in {"number", "word"}:
                return
            yield found

    def _take(self, found: re.Match[str]) -> bool:
        """Go on by one token; False where it does not belong."""
        kind, expected = found.lastgroup, self._expected
        if kind == "comma":
            return self._take_comma()
        if kind == "colon":
            self._expected = "value"
            return expected == "colon"
        if kind == "close":
            return self._close(found[kind])
        if expected in {"key", "first key"}:
            if kind != "text":
                return False
            self._open[-1].key = _unquoted(found["text"])
            self._expected = "colon"
            return True
        return expected in {"value", "first value"} and self._take_value(kind or "", found)

    def _take_comma(self) -> bool:
        if self._expected != "comma":
            return False
        self._expected = "key" if self._open[-1].is_object else "value"
        return True

    def _take_value(self, kind: str, found: re.Match[str]) -> bool:
        if kind == "open":
            is_object = found["open"] == "{"
            self._open.append(_Container(is_object, self._emit("", "muted")))
            self._expected = "first key" if is_object else "first value"
            return True
        if kind == "text":
            self._emit(_shown_text(found["text"]), "text")
        else:
            self._emit(cut(found[kind], _LONGEST_VALUE), "number" if kind == "number" else "word")
        self._expected = "comma" if self._open else "end"
        return True

    def _close(self, bracket: str) -> bool:
        if not self._open or self._expected not in {"comma", "first key", "first value"}:
            return False
        container = self._open[-1]
        if container.is_object != (bracket == "}"):
            return False
        self._open.pop()
        self._say(container, container.said())
        self._expected = "comma" if self._open else "end"
        return True

    def _emit(self, value: str, tone: Literal["", "text", "number", "word", "muted"]) -> int | None:
        """Count a value, and keep it where it is asked for; give its place among those that are kept."""
        label, depth = self._label, len(self._open)
        if self._open:
            parent = self._open[-1]
            label = parent.key if parent.is_object else str(parent.count)
            parent.count += 1
        if depth > MOST_DEPTH:
            self.is_deep = True
            return None
        self.total += 1
        if not self._first < self.total <= self._end:
            return None
        self.items.append(Item(depth, label, value, tone))
        return len(self.items) - 1

    def _say(self, container: "_Container", said: str) -> None:
        """Say what a container holds, now that it is known."""
        if len(self._open) == 0:
            self.root = said
        if container.place is not None:
            item = self.items[container.place]
            self.items[container.place] = Item(item.depth, item.label, said, "muted")

    def _stop(self, place: int) -> None:
        """Say where it ends before its time: at the cut, or where it is broken."""
        rest = _SPACE.match(self._text, place)
        place = rest.end() if rest else place
        is_cut = self._is_cut and self._may_go_on(place)
        if is_cut and self._text.startswith('"', place) and self._expected in {"value", "first value"}:
            self._emit(_shown_text(self._text[place:] + '"')[:-1] + "…", "text")
        if not is_cut:
            line = self._text.count("\n", 0, place) + 1
            trouble = _WORDS[self._expected]
            if self._text.startswith('"', place) and self._expected not in {"comma", "colon", "end"}:
                trouble = "a text is not closed, or holds a control character"
            self.broken = Broken(line, place - self._text.rfind("\n", 0, place), trouble)
        while self._open:
            container = self._open.pop()
            self._say(container, container.said(is_open=True))

    def _may_go_on(self, place: int) -> bool:
        """Whether what stands before the cut is the beginning of something."""
        if self._text.startswith('"', place):
            found = _OPEN_TEXT.match(self._text, place)
            return found is not None and found.end() == len(self._text)
        return len(self._text) - place < len("-Infinity") or self._text[place:].strip("+-.eE0123456789") == ""


class _Container:
    """An object or array that is not closed yet."""

    def __init__(self, is_object: bool, place: int | None) -> None:
        self.is_object, self.place = is_object, place
        self.count = 0
        self.key = ""

    def said(self, *, is_open: bool = False) -> str:
        number = counted(self.count, "key" if self.is_object else "item")
        if is_open:
            number = f"{number} or more"
        elif not self.count:
            number = ""
        return f"{{{number}}}" if self.is_object else f"[{number}]"


_WORDS: dict[_Expected, str] = {
    "value": "a value is missing",
    "first value": "a value or ] is missing",
    "key": "a key in quotes is missing",
    "first key": "a key in quotes or } is missing",
    "colon": "a colon is missing",
    "comma": "a comma or a closing bracket is missing",
    "end": "there is more after its end",
}


def _shown_text(token: str) -> str:
    return f'"{cut(_unquoted(token), _LONGEST_VALUE)}"'


def _unquoted(token: str) -> str:
    """Give a text as it is meant; of a long one the beginning."""
    if len(token) > MOST_TEXT * 2:
        token = _CUT_ESCAPE.sub("", token[:MOST_TEXT]) + '…"'
    try:
        text: str = json.loads(token)
    except ValueError:
        text = token[1:-1]  # an escape that does not exist is shown as it stands
    return sound(text)
