"""Parquet: its columns with their types, and rows out of the one row group that holds them."""

from collections.abc import Iterator

import pyarrow
from pyarrow.parquet import FileMetaData, ParquetFile

from lis_tui.preview.decoders import cells
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow, Column, Preview, Wanted

_FOOTER_BYTES = 32_000_000
"""A schema larger than this describes no table that anybody looks at."""
_READ_CELLS = 200_000
"""So many cells are read at once on the way to a row."""
_PASSED_CELLS = 20_000_000
"""So far goes the way to a row within its row group."""
_GROUP_COLUMNS = 50


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the rows that are asked for."""
    try:
        source = _opened(file)
        first, count = max(0, wanted.first), min(max(1, wanted.count), cells.MOST_ROWS)
        rows = _rows(source, first, count)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise CannotShow(f"The Parquet file cannot be read: {_said(error)}.") from error
    meta, schema = source.metadata, source.schema_arrow
    return Preview(
        kind="parquet",
        called="a Parquet table",
        facts=(
            cells.counted(meta.num_rows, "row"),
            cells.counted(len(schema), "column"),
            cells.counted(meta.num_row_groups, "row group"),
            *_packing(meta),
        ),
        parts=(cells.table(_columns(schema), rows, first=first, rows_in_all=meta.num_rows),),
        note=cells.hidden_columns(len(schema)),
        has_more=first + len(rows) < meta.num_rows,
    )


def _opened(file: File) -> ParquetFile:
    """Open it; what its last bytes claim of the schema's size is looked at first."""
    tail = file.read_at(max(0, file.size_bytes - 8), 8)
    if int.from_bytes(tail[:4], "little") > min(_FOOTER_BYTES, file.size_bytes):
        raise CannotShow("The Parquet file's description of itself is too large, or damaged.")
    if tail[4:] == b"PARE":
        raise CannotShow("The Parquet file is encrypted.")
    # One that is not buffered would take a whole column of a row group into memory at once.
    return ParquetFile(
        file.stream(),
        buffer_size=65_536,
        pre_buffer=False,
        thrift_string_size_limit=_FOOTER_BYTES,
        thrift_container_size_limit=1_000_000,
    )


def _rows(source: ParquetFile, first: int, count: int) -> list[list[str | None]]:
    """Read so many rows from there on, a few at a time."""
    rows: list[list[str | None]] = []
    groups, start = _groups(source.metadata, first, count)
    skipped = first - start
    if skipped * min(source.metadata.num_columns, cells.MOST_COLUMNS) > _PASSED_CELLS:
        raise CannotShow(
            f"Row {first:,} lies too deep in a row group: what is before it would have to be unpacked."
        )
    for batch in _batches(source, groups, skipped + count):
        if skipped < batch.num_rows:
            rows.extend(_texts(batch.slice(skipped, count - len(rows))))
        skipped = max(0, skipped - batch.num_rows)
        if len(rows) >= count:
            break
    return rows


def _groups(meta: FileMetaData, first: int, count: int) -> tuple[list[int], int]:
    """Give the row groups that hold these rows, and the first of their rows."""
    found: list[int] = []
    start = row = 0
    for place in range(meta.num_row_groups):
        end = row + meta.row_group(place).num_rows
        if row < first + count and end > first:
            start = start if found else row
            found.append(place)
        row = end
    return found, start


def _batches(source: ParquetFile, groups: list[int], rows: int) -> Iterator[pyarrow.RecordBatch]:
    names = source.schema_arrow.names[: cells.MOST_COLUMNS]
    if not groups or not names:
        return iter(())
    size = max(1, min(rows, _READ_CELLS // len(names)))
    found: Iterator[pyarrow.RecordBatch] = source.iter_batches(
        batch_size=size, row_groups=groups, columns=names, use_threads=False
    )
    return found


def _texts(batch: pyarrow.RecordBatch) -> Iterator[list[str | None]]:
    columns = [[_text(value) for value in column] for column in batch.columns]
    return (list(row) for row in zip(*columns, strict=True))


def _text(value: pyarrow.Scalar) -> str | None:
    """Give one value as a person would write it."""
    if not value.is_valid:
        return None
    try:
        plain = value.as_py()
    except (ValueError, OverflowError, ImportError, pyarrow.ArrowException):
        return _unlike_python(value)
    if isinstance(plain, bytes):
        return f"{plain[:64].hex(' ')}{' …' if len(plain) > 64 else ''}"
    return plain if isinstance(plain, str) else str(plain)


def _unlike_python(value: pyarrow.Scalar) -> str:
    """Give a moment outside of Python's years, finer than its clock, or in a zone that is not known here."""
    try:
        if not pyarrow.types.is_timestamp(value.type):
            return f"{value.value} {value.type}"
        zone = " UTC" if value.type.tz else ""
        return f"{value.cast(pyarrow.timestamp(value.type.unit)).cast(pyarrow.string()).as_py()}{zone}"
    except (AttributeError, ValueError, OverflowError, pyarrow.ArrowException):
        return f"({value.type})"


def _columns(schema: pyarrow.Schema) -> list[Column]:
    shown = [schema.field(place) for place in range(min(len(schema), cells.MOST_COLUMNS))]
    titles = cells.names(field.name for field in shown)
    return [
        Column(title, _called(field.type), is_number=_is_number(field.type))
        for title, field in zip(titles, shown, strict=True)
    ]


def _called(kind: pyarrow.DataType) -> str:
    return str(kind.value_type if pyarrow.types.is_dictionary(kind) else kind)


def _is_number(kind: pyarrow.DataType) -> bool:
    types = pyarrow.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _packing(meta: FileMetaData) -> tuple[str, ...]:
    if not meta.num_row_groups or not meta.num_columns:
        return ()
    group = meta.row_group(0)
    found = {group.column(place).compression for place in range(min(_GROUP_COLUMNS, meta.num_columns))}
    return tuple(sorted(one.lower() for one in found if one != "UNCOMPRESSED"))


def _said(error: Exception) -> str:
    return cells.cut((str(error).splitlines() or ["it is damaged"])[0].rstrip("."), 200)
