"""Zip files opened with care: how long the list of members is, is looked at before it is read."""

import io
import lzma
import struct
import zipfile
import zlib

from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
    NotImplementedError,
    struct.error,
)
"""What reading a damaged or encrypted archive raises."""
_LONGEST_LIST = 12_000_000
"""Bytes; about 150,000 members with short names."""
_TAIL = 65_557
"""The end record with the longest comment there can be."""
_WIDE_LOCATOR = 20


def opened_zip(file: File) -> zipfile.ZipFile:
    """Open it for reading. Raises CannotShow."""
    length = _list_bytes(file)
    if length > _LONGEST_LIST:
        megabytes = length // 1_000_000
        raise CannotShow(f"The zip archive's list of members is {megabytes:,} MB long: it is not read.")
    try:
        return zipfile.ZipFile(file.stream())
    except BROKEN as error:
        raise CannotShow(f"The zip archive cannot be read: {str(error)[:200] or 'it is damaged'}.") from error


def member(archive: zipfile.ZipFile, name: str) -> io.BufferedIOBase | None:
    """Open a member as a stream; None where there is none of that name. Raises CannotShow."""
    try:
        return archive.open(name)  # type: ignore[return-value]  # typed as IO[bytes]; it is a BufferedIOBase
    except KeyError:
        return None
    except BROKEN as error:
        raise CannotShow(f"A member of the zip archive cannot be read: {str(error)[:200]}.") from error


def _list_bytes(file: File) -> int:
    """Give the length of the list of members as the end of the file tells it."""
    start = max(0, file.size_bytes - _TAIL - _WIDE_LOCATOR)
    tail = file.read_at(start, _TAIL + _WIDE_LOCATOR)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < 22:
        raise CannotShow("The zip archive has no list of its members: its end is missing.")
    length = int.from_bytes(tail[place + 12 : place + 16], "little")
    locator = tail[max(0, place - _WIDE_LOCATOR) : place]
    if not locator.startswith(b"PK\x06\x07"):
        return length
    wide = file.read_at(int.from_bytes(locator[8:16], "little"), 56)
    return int.from_bytes(wide[40:48], "little") if wide.startswith(b"PK\x06\x06") else length
