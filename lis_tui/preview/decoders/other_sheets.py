"""Workbooks in other formats than .xlsx: binary and old Excel files, OpenDocument spreadsheets."""

from contextlib import closing

import fastexcel
import pyarrow

from lis_tui.preview.decoders import cells
from lis_tui.preview.decoders.inferred import columns_of, has_header
from lis_tui.preview.decoders.spreadsheet import letters_of, sheet_facts
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow, Preview, Wanted
from lis_tui.preview.zipped import BROKEN, member, opened_zip

_MOST_BYTES = 16_000_000
_MOST_UNPACKED = 48_000_000
"""The library holds a whole sheet in memory, so that a small file may take a lot of it."""
_PIECE = 1 << 20
_SAMPLE_ROWS = 100


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the rows of one sheet."""
    if file.size_bytes > _MOST_BYTES:
        raise CannotShow(f"A workbook of this kind is not read beyond {cells.size(_MOST_BYTES)}.")
    if file.read_at(0, 2) == b"PK":
        _refuse_bomb(file)
    try:
        return _shown(fastexcel.read_excel(file.read_at(0, file.size_bytes)), wanted)
    except (fastexcel.FastExcelError, pyarrow.ArrowException) as error:
        raise CannotShow(f"The workbook cannot be read: {cells.cut(str(error), 200)}.") from error


def _shown(book: fastexcel.ExcelReader, wanted: Wanted) -> Preview:
    first, count = max(0, wanted.first), min(max(1, wanted.count), cells.MOST_ROWS)
    page = min(max(0, wanted.page), max(0, len(book.sheet_names) - 1))
    head = _rows(book.load_sheet(page, header_row=None, dtypes="string", n_rows=_SAMPLE_ROWS))
    is_named = has_header(head)
    start = first + is_named
    sheet = book.load_sheet(page, header_row=None, dtypes="string", skip_rows=start, n_rows=count)
    rows = _rows(sheet)
    letters = [letters_of(column.absolute_index) for column in sheet.available_columns()]
    names = head[0] if is_named else letters[: cells.MOST_COLUMNS]
    in_all = max(0, sheet.total_height - is_named)
    return Preview(
        kind="xlsx",
        called="a workbook",
        facts=sheet_facts(book.sheet_names),
        parts=(
            cells.table(
                columns_of(head[is_named:], names), rows, first=first, rows_in_all=in_all, title=sheet.name
            ),
        ),
        note=cells.hidden_columns(sheet.width),
        pages=max(1, len(book.sheet_names)),
        has_more=first + len(rows) < in_all,
    )


def _rows(sheet: fastexcel.ExcelSheet) -> list[list[str | None]]:
    batch = sheet.to_arrow()
    columns = [column.to_pylist() for column in batch.columns[: cells.MOST_COLUMNS]]
    return [list(row) for row in zip(*columns, strict=True)]


def _refuse_bomb(file: File) -> None:
    """Unpack it once and count, because what an archive says of its members' sizes need not be true."""
    left = _MOST_UNPACKED
    with closing(opened_zip(file)) as archive:
        for name in list(archive.NameToInfo):
            stream = member(archive, name)
            try:
                while stream is not None and left >= 0 and (piece := stream.read(_PIECE)):
                    left -= len(piece)
            except BROKEN as error:
                raise CannotShow(f"The workbook is damaged: {cells.cut(str(error), 200)}.") from error
            if left < 0:
                most = cells.size(_MOST_UNPACKED)
                raise CannotShow(f"The workbook unpacks to more than {most}: it is not read.")
