"""Tables as text: comma, tab, semicolon and pipe separated, of any size, from any row on."""

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice

from lis_tui.preview.decoders import cells
from lis_tui.preview.decoders.dialect import dialect_of
from lis_tui.preview.decoders.inferred import columns_of, has_header
from lis_tui.preview.encoding import decoded, encoding_of
from lis_tui.preview.file import File
from lis_tui.preview.parts import MOST_TEXT, Preview, Wanted

_HEAD_BYTES = 65_536
_BLOCK_BYTES = 1 << 20
_COUNTED_BYTES = 2_000_000
"""Files up to this size are counted to the end."""
_SKIPPED_BYTES = 1 << 29
"""So far goes the search for a row by line ends alone."""
_PARSED_BYTES = 64_000_000
"""So far goes what has to be parsed: rows whose quotes may hold line ends."""
_LONGEST_LINE = 1_000_000
_SAMPLE_ROWS = 500
_FEW_ROWS = 2000
"""So many are sooner parsed than passed over."""


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the rows that are asked for."""
    text = _Delimited(file)
    first, count = max(0, wanted.first), min(max(1, wanted.count), cells.MOST_ROWS)
    rows, has_more = text.rows(first, count)
    in_all = text.counted(first, len(rows), has_more)
    columns = columns_of(text.sample, text.header)
    width = max(len(columns), max((len(row) for row in rows), default=0))
    if width > len(columns):
        columns = columns_of([*text.sample, *rows], text.header)
    return Preview(
        kind="csv",
        called=text.dialect.called,
        facts=tuple(fact for fact in text.facts(in_all, text.width or width) if fact),
        parts=(cells.table(columns, rows, first=first, rows_in_all=in_all),),
        note=cells.sentences(text.trouble, cells.hidden_columns(text.width or width)),
        has_more=has_more,
    )


class _Delimited:
    """One file, what its head tells about it, and what was met on the way through it."""

    def __init__(self, file: File) -> None:
        self._file = file
        head = file.read_at(0, _HEAD_BYTES)
        self._encoding = encoding_of(head)
        text = decoded(
            _whole_lines(head[self._encoding.bom_bytes :], file.size_bytes > len(head)), self._encoding
        )
        self._head_lines = text.count("\n") or 1
        self._head_bytes = max(1, len(head))
        self.dialect = dialect_of(text)
        self.trouble = ""
        rows = list(islice(self._sampled(text), _SAMPLE_ROWS))
        self._head_rows = max(1, len(rows))
        self._sampled_lines = sum(1 + sum(cell.count("\n") for cell in row) for row in rows) or 1
        self.width = max((len(row) for row in rows), default=0)
        rows = [row[: cells.MOST_COLUMNS] for row in rows]
        self.header = rows[0] if has_header(rows) else None
        self.sample = rows[1:] if self.header is not None else rows

    def rows(self, first: int, count: int) -> tuple[list[list[str]], bool]:
        """Give so many rows from there on, and whether more come."""
        place, to_skip = self._passed(first + (self.header is not None) + self.dialect.hint_lines)
        found: list[list[str]] = []
        try:
            for row in islice(self.dialect.rows(self._lines(place)), to_skip, to_skip + count + 1):
                self.width = max(self.width, len(row))
                found.append([cell[: MOST_TEXT + 1] for cell in row[: cells.MOST_COLUMNS]])
        except csv.Error:
            self.trouble = (
                "A cell is longer than 4 MB: a quote is not closed. What is behind it is not shown."
            )
        if not found and first and not self.trouble and self._file.size_bytes > _COUNTED_BYTES:
            self.trouble = f"Row {first + 1:,} is behind the end."
        return found[:count], len(found) > count

    def counted(self, first: int, shown: int, has_more: bool) -> int | None:
        """Give the number of rows where it is known: at the end of the file, or if it is small."""
        if self.trouble:
            return None
        if not has_more and (shown or not first):
            return first + shown
        if self._file.size_bytes > _COUNTED_BYTES:
            return None
        try:
            rows = sum(1 for _ in self.dialect.rows(self._lines(self._encoding.bom_bytes)))
        except csv.Error:
            return None
        return rows - (self.header is not None) - self.dialect.hint_lines

    def facts(self, in_all: int | None, width: int) -> tuple[str, ...]:
        """Say how large it is, and what is out of the ordinary."""
        return (
            f"about {cells.about(self._estimated())} rows"
            if in_all is None
            else cells.counted(in_all, "row"),
            cells.counted(width, "column"),
            "" if self.header is not None or not self.sample else "no header",
            self._encoding.called,
        )

    def _estimated(self) -> float:
        """Guess the number of rows by the lines at the beginning, in the middle and before the end."""
        size = self._file.size_bytes
        read = [
            self._file.read_at(place, _HEAD_BYTES) for place in (0, size // 2, max(0, size - _HEAD_BYTES))
        ]
        end = self._line_end()
        lines = sum(part.count(end) for part in read) / max(1, sum(len(part) for part in read))
        return max(1.0, lines * size * self._head_rows / max(self._head_rows, self._sampled_lines))

    def _line_end(self) -> bytes:
        head = decoded(self._file.read_at(0, _HEAD_BYTES), self._encoding)
        return ("\n" if "\n" in head or "\r" not in head else "\r").encode(self._encoding.codec)

    def _sampled(self, text: str) -> Iterator[list[str]]:
        rows = self.dialect.rows(io.StringIO(text, newline=""))
        try:
            yield from islice(rows, self.dialect.hint_lines, None)
        except csv.Error:
            return

    def _passed(self, rows: int) -> tuple[int, int]:
        """Go over as many rows as line ends alone can tell; give the place, and how many are left to skip."""
        place = self._encoding.bom_bytes
        if self._encoding.is_wide or rows < _FEW_ROWS:
            return place, rows
        while rows and place < min(self._file.size_bytes, _SKIPPED_BYTES):
            block = self._file.read_at(place, _BLOCK_BYTES)
            end = block.rfind(b"\n") + 1
            if not end or self._must_be_parsed(block):
                break
            lines = block.count(b"\n")
            if lines > rows:
                break
            place, rows = place + end, rows - lines
        return place, rows

    def _must_be_parsed(self, block: bytes) -> bool:
        """Whether a line end may be in a cell, or an empty line be no row."""
        if self.dialect.is_quoted and b'"' in block:
            return True
        if block[:1] in b"\r\n" or b"\n\n" in block:
            return True
        return b"\r" in block and (b"\n\r" in block or block.count(b"\r") != block.count(b"\r\n"))

    def _lines(self, place: int) -> Iterator[str]:
        """Give the lines from there on, with their ends; none is longer than a bound."""
        decoder = codecs.getincrementaldecoder(self._encoding.codec)("replace")
        rest, until = "", place + _PARSED_BYTES
        step = _HEAD_BYTES  # most often this is enough
        while place < until and (block := self._file.read_at(place, step)):
            place, step = place + len(block), _BLOCK_BYTES
            lines = list(io.StringIO(rest + decoder.decode(block), newline=""))
            rest = lines.pop() if lines else ""
            yield from lines
            if len(rest) > _LONGEST_LINE:
                self.trouble = "A line is longer than 1 MB: it is shown in pieces."
                yield rest[:_LONGEST_LINE] + "\n"
                rest = rest[_LONGEST_LINE:]
        rest += decoder.decode(b"", final=True) if place < until else ""
        if place >= until and place < self._file.size_bytes:
            self.trouble = "It is not looked through any further: rows behind this place are not reached."
        elif rest:
            yield rest


def _whole_lines(head: bytes, is_cut: bool) -> bytes:
    """Leave out the last line of a head that was cut somewhere."""
    end = head.rfind(b"\n") + 1
    return head[:end] if is_cut and end else head
