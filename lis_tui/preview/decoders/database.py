"""A database of somebody else, opened in memory by SQLite itself, with everything but reading forbidden."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lis_tui.preview.decoders.cells import size
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow

BROKEN = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged database raises: even the words of an error may be damaged."""
MOST_S = 2.0
"""A view or a count that takes longer is broken off."""
_MOST_BYTES = 64_000_000
"""So much of a database is taken into memory, for a moment twice."""
_STEPS = 10_000
_LOG = b"\x02\x02"
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})
_LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, 50_000_000),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1_000_000),
    (sqlite3.SQLITE_LIMIT_COLUMN, 2000),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (sqlite3.SQLITE_LIMIT_VDBE_OP, 250_000),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
)


def opened(file: File) -> sqlite3.Connection:
    """Open it. Raises CannotShow, and what sqlite3 raises.

    Of a large one the beginning is opened: what leads to a page behind it fails as what is damaged does,
    so that nothing is ever shown that is not so.
    """
    head = file.read_at(0, 100)
    if not head.startswith(b"SQLite format 3\0"):
        raise CannotShow("It is no SQLite database.")
    database = sqlite3.connect(":memory:")
    try:
        database.deserialize(_beginning(file, head))
        _harden(database)
    except BaseException:
        database.close()
        raise
    return database


def _beginning(file: File, head: bytes) -> bytearray:
    page_bytes = int.from_bytes(head[16:18], "big")
    page_bytes = 65_536 if page_bytes <= 1 else page_bytes
    data = bytearray(file.read_at(0, min(file.size_bytes, _MOST_BYTES // page_bytes * page_bytes)))
    if len(data) < file.size_bytes:
        data[28:32] = (len(data) // page_bytes).to_bytes(4, "big")
    if head[18:20] == _LOG:
        data[18:20] = b"\x01\x01"  # in memory there is no write-ahead log
    return data


def beginning_note(file: File) -> str:
    """Say that only the beginning is opened; empty: it is opened whole."""
    if file.size_bytes <= _MOST_BYTES:
        return ""
    return f"Only the first {size(_MOST_BYTES)} are read; rows that lie further on are missing."


def log_note(file: File) -> str:
    """Say what a write-ahead log may hold; empty: there is none."""
    if file.read_at(18, 2) != _LOG:
        return ""
    return "It is written with a write-ahead log: what only the -wal file beside it holds is not shown."


def _harden(database: sqlite3.Connection) -> None:
    """Leave nothing but reading: what a schema or a view says is as hostile as any other text."""
    for category, limit in _LIMITS:
        database.setlimit(category, limit)
    for pragma in ("trusted_schema = off", "query_only = on", "cell_size_check = on", "temp_store = memory"):
        database.execute(f"PRAGMA {pragma}")
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    database.set_authorizer(_authorised)


def _authorised(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        is_fine = (second or "").lower() not in _FORBIDDEN_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        is_fine = (first or "").lower() == "table_xinfo"
    else:
        is_fine = action in _ALLOWED
    return sqlite3.SQLITE_OK if is_fine else sqlite3.SQLITE_DENY


@contextmanager
def limited(database: sqlite3.Connection) -> Iterator[None]:
    """Break off what takes too long."""
    until = time.monotonic() + MOST_S
    database.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
    try:
        yield
    finally:
        database.set_progress_handler(None, 0)
