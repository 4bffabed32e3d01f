"""A program's raw output turned, piece by piece, into safe styled lines."""

import codecs
import re

from lis_tui.core.hostile import is_plain, is_safe
from lis_tui.core.row import FARTHEST, Line, Row, Span, plain_text
from lis_tui.core.sgr import PLAIN, Colour, Style, styled

__all__ = ["PLAIN", "Colour", "Line", "Sanitiser", "Span", "Style", "plain_text"]

MOST_COLUMNS = 4096
"""A longer line is cut into pieces of this many characters."""
MOST_STRING = 4096
"""A longer OSC or DCS is no sequence but text."""

# What is not a whole sequence is text: its ESC is shown, and nothing is swallowed.
# No sequence holds a line feed.
_STRING = rf"[\]PX^_][^\x07\x18\x1a\x1b\x9c\n]{{0,{MOST_STRING}}}"
_TOKEN = re.compile(
    r"(?P<text>[^\x1b\r\x08\t]+)"
    r"|\x1b\[(?P<sgr>[0-9;:]{0,64})m"
    r"|\x1b\[(?P<csi>[0-?]{0,64}[ -/]{0,4}[@-~])"
    rf"|\x1b(?P<string>{_STRING})(?:\x07|\x1b\\|\x9c)"
    r"|\x1b(?P<short>[ -/]{1,4}[0-~]|[0-OQ-WYZ\\`-~])"
    r"|(?P<one>[\x1b\r\x08\t])"
)
_TEXT, _SGR, _CSI, _STR, _SHORT, _ONE = range(1, 7)
_PARTIAL = re.compile(rf"\x1b(?:\[[0-?]{{0,64}}[ -/]{{0,4}}|{_STRING}\x1b?|[ -/]{{0,4}})\Z")
_QUIET_CSI = frozenset("ABCDEFGHIJKLMPSTXZ@`abdefghjklmrsu")
_QUIET_SHORT = frozenset("6789=>DEHM\\")
_QUIET_OSC = frozenset({"0", "1", "2", "7", "8", "133", "633"})
_MOVES = frozenset("CDGK`a")


class Sanitiser:
    """Reads bytes in pieces of any size and gives safe lines; how they are cut changes nothing.

    Colours are kept; carriage return, backspace and moves inside a line are carried out; what only moves or
    styles otherwise is swallowed, and every other control is shown.
    """

    def __init__(self, most_columns: int = MOST_COLUMNS) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._most_columns = most_columns
        self._pending = ""
        self._row = Row()
        self._style = PLAIN
        self._done: list[Line] = []
        self._handlers = {
            _CSI: self._control,
            _STR: self._string,
            _SHORT: self._short,
            _ONE: self._single,
        }

    @property
    def current(self) -> Line:
        """The line that has not ended yet and may still be rewritten."""
        return self._row.line()

    @property
    def has_current(self) -> bool:
        """Whether a line has begun and not ended."""
        return self._row.length > 0

    def feed(self, data: bytes) -> list[Line]:
        """Take more output and give the lines that ended in it."""
        text = self._pending + self._decoder.decode(data)
        self._pending = ""
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if text.isascii() and is_plain(data):
            self._read_plain(text)
        else:
            self._read(text.split("\n"))
        return self._take()

    def finish(self) -> list[Line]:
        """End the output and give what is left of it; the sanitiser is as new then."""
        rest = self._pending + self._decoder.decode(b"", final=True)
        self._pending = ""
        self._tokens(rest, is_last=False)
        if self.has_current:
            self._end_line()
        self._row.clear()
        self._style = PLAIN
        self._decoder.reset()
        return self._take()

    def _take(self) -> list[Line]:
        done, self._done = self._done, []
        return done

    def _read_plain(self, text: str) -> None:
        """Read a text without controls but tab and line feed: whole lines need no cursor."""
        start, end = text.find("\n"), text.rfind("\n")
        if start == end or "\x1b" in text or self._style is not PLAIN:
            self._read(text.split("\n"))
            return
        self._read([text[:start], ""])
        middle = text[start + 1 : end]
        lines = (middle.expandtabs(8) if "\t" in middle else middle).split("\n")
        if self._style is PLAIN and len(max(lines, key=len)) <= self._most_columns:
            self._done.extend(map(Line, lines))
        else:
            self._read([*middle.split("\n"), ""])
        self._tokens(text[end + 1 :], is_last=True)

    def _read(self, pieces: list[str]) -> None:
        """Read lines; the last piece has no line feed after it."""
        last = pieces.pop()
        done, row, most = self._done, self._row, self._most_columns
        for piece in pieces:
            is_simple = len(piece) <= most and is_safe(piece)
            if is_simple and self._style is PLAIN and not row.column and not row.length:
                done.append(Line(piece))
            else:
                self._tokens(piece, is_last=False)
                self._end_line()
        self._tokens(last, is_last=True)

    def _tokens(self, piece: str, *, is_last: bool) -> None:
        for token in _TOKEN.finditer(piece):
            kind = token.lastindex or 0
            content = token[kind]
            if kind == _TEXT:
                self._write(content)
            elif kind == _SGR:
                self._style = styled(self._style, content) if content and content != "0" else PLAIN
            elif kind == _ONE and is_last and content == "\x1b" and _PARTIAL.match(piece, token.start()):
                self._pending = piece[token.start() :]
                return
            else:
                self._handlers[kind](content)

    def _short(self, sequence: str) -> None:
        if sequence[0] >= "0" and sequence not in _QUIET_SHORT:
            self._write(f"\x1b{sequence}")

    def _single(self, char: str) -> None:
        row = self._row
        if char == "\r":
            row.column = 0
        elif char == "\b":
            row.column = max(row.column - 1, 0)
        elif char == "\t":
            self._wrap()
            row.tab()
        else:
            self._write(char)

    def _control(self, sequence: str) -> None:
        """Carry out `CSI sequence` where it moves in the line, swallow what moves or sets elsewhere."""
        parameters, final = sequence[:-1], sequence[-1]
        if final in _MOVES and (not parameters or (parameters.isascii() and parameters.isdigit())):
            count = int(parameters or 0) if len(parameters) < 6 else FARTHEST
            if final == "K":
                self._row.erase(count)
            else:
                self._row.move(final, max(count, 1))
        elif final not in _QUIET_CSI:
            self._write(f"\x1b[{sequence[-12:]}")

    def _string(self, body: str) -> None:
        number = body[1:].partition(";")[0]
        if body[0] != "]" or number not in _QUIET_OSC:
            self._write(f"\x1b{body[0]}{number[:6].expandtabs(1)}…")

    def _write(self, text: str) -> None:
        row = self._row
        if row.column + len(text) <= self._most_columns:
            row.write(text, self._style)
            return
        start = 0
        while start < len(text):
            self._wrap()
            end = start + self._most_columns - row.column
            row.write(text[start:end], self._style)
            start = end

    def _wrap(self) -> None:
        if self._row.column >= self._most_columns:
            self._end_line(is_continued=True)

    def _end_line(self, *, is_continued: bool = False) -> None:
        self._done.append(self._row.line(is_continued=is_continued))
        self._row.clear()
