"""Formats that are told by what a container holds: zip members, packed tars, old office files, parquet.

Only a few bytes are read and unpacked, so that neither a large file nor a bomb makes it slow.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator

from lis_tui.preview.file import File
from lis_tui.preview.formats import Format

_PLENTY = 65536
_MOST_MEMORY = 16 << 20
_TAR_HEADER = 512


def by_container(file: File, head: bytes) -> Format | None:
    """Tell a format by looking into it."""
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        return _zip(file, head)
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _old_office(file, head)
    if head[:4] == b"PAR1" and file.read_at(max(file.size_bytes - 4, 0), 4) == b"PAR1":
        return Format("parquet", "a Parquet table")
    if _is_tar(head):
        return Format("archive", "a tar archive")
    for beginning, name, unpack in _PACKERS:
        if head.startswith(beginning):
            return Format(
                "archive",
                f"a {'tar archive' if _is_tar(_unpacked(unpack, head)) else 'file'} packed with {name}",
            )
    return None


def _is_tar(header: bytes) -> bool:
    """Whether the sum that every tar keeps of its first header is right; the word `ustar` is not in all."""
    if len(header) < _TAR_HEADER or not header[0]:
        return False
    digits = header[148:156].strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        return False
    return int(digits, 8) == sum(header[:148]) + 8 * 32 + sum(header[156:_TAR_HEADER])


def _unpacked(unpack: Callable[[bytes], bytes], head: bytes) -> bytes:
    try:
        return unpack(head)
    except (zlib.error, OSError, ValueError, EOFError, lzma.LZMAError):
        return b""


def _gunzip(head: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(head, _TAR_HEADER)


def _bunzip(head: bytes) -> bytes:
    return bz2.BZ2Decompressor().decompress(head, _TAR_HEADER)


def _unxz(head: bytes) -> bytes:
    return lzma.LZMADecompressor(memlimit=_MOST_MEMORY * 8).decompress(head, _TAR_HEADER)


def _unzstd(head: bytes) -> bytes:
    import zstandard

    try:
        reader = zstandard.ZstdDecompressor(max_window_size=_MOST_MEMORY).stream_reader(head)
        return reader.read(_TAR_HEADER)
    except zstandard.ZstdError:
        return b""


_PACKERS: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b\x08", "gzip", _gunzip),
    (b"BZh", "bzip2", _bunzip),
    (b"\xfd7zXZ\0", "xz", _unxz),
    (b"\x28\xb5\x2f\xfd", "zstd", _unzstd),
)
_DOCUMENTS = {
    "application/epub+zip": Format("archive", "an EPUB book (a zip archive)"),
    "application/vnd.oasis.opendocument.spreadsheet": Format("xlsx", "an OpenDocument spreadsheet"),
    "application/vnd.oasis.opendocument.text": Format("archive", "an OpenDocument text (a zip archive)"),
    "application/vnd.oasis.opendocument.presentation": Format(
        "archive", "OpenDocument slides (a zip archive)"
    ),
}
_TELLING = {
    "xl/workbook.xml": Format("xlsx", "an Excel workbook"),
    "xl/workbook.bin": Format("xlsx", "an Excel workbook (binary)"),
    "word/document.xml": Format("archive", "a Word document (a zip archive)"),
    "ppt/presentation.xml": Format("archive", "PowerPoint slides (a zip archive)"),
    "AndroidManifest.xml": Format("archive", "an Android app (a zip archive)"),
    "META-INF/MANIFEST.MF": Format("archive", "a Java archive (zip)"),
    "doc.kml": Format("archive", "a KMZ map (a zip archive)"),
}
_ENDINGS = (
    (".dist-info/WHEEL", Format("archive", "a Python wheel (a zip archive)")),
    (".npy", Format("archive", "NumPy arrays (a zip archive)")),
)


def _zip(file: File, head: bytes) -> Format:
    said = _DOCUMENTS.get(_mimetype(head))
    if said:
        return said
    names = tuple(_members(file))
    found = next((_TELLING[name] for name in names if name in _TELLING), None)
    if found:
        return found
    by_ending = (format_ for name in names for ending, format_ in _ENDINGS if name.endswith(ending))
    return next(by_ending, Format("archive", "a zip archive"))


def _mimetype(head: bytes) -> str:
    """What the first member says, where it is the one that is there for this."""
    name_length, extra_length = struct.unpack_from("<HH", head.ljust(30, b"\0"), 26)
    length = int.from_bytes(head[18:22], "little")
    start = 30 + name_length + extra_length
    is_said = head[30 : 30 + name_length] == b"mimetype" and length < 100  # such a name is short
    return head[start : start + length].decode("ascii", "replace").strip() if is_said else ""


def _members(file: File) -> Iterator[str]:
    """Name what the first part of the central directory names; the last bytes of a zip say where it is."""
    tail_start = max(file.size_bytes - _PLENTY - 22, 0)
    tail = file.read_at(tail_start, _PLENTY + 22)
    end = tail.rfind(b"PK\5\6")
    if end < 0 or end + 22 > len(tail):
        return
    directory = file.read_at(int.from_bytes(tail[end + 16 : end + 20], "little"), _PLENTY)
    place = 0
    while directory[place : place + 4] == b"PK\1\2" and place + 46 <= len(directory):
        name, extra, comment = struct.unpack_from("<HHH", directory, place + 28)
        yield directory[place + 46 : place + 46 + name].decode("utf-8", "replace")
        place += 46 + name + extra + comment


def _old_office(file: File, head: bytes) -> Format:
    """Tell an office file of before 2007 by the names in the first sector of its directory."""
    sector = int.from_bytes(head[48:52], "little")
    size = 1 << min(int.from_bytes(head[30:32], "little"), 16)
    directory = file.read_at((sector + 1) * size, 4096)
    for name, called in (("Workbook", "an Excel workbook (97-2003)"), ("Book", "an Excel workbook (95)")):
        if f"\0{name}\0".encode("utf-16-le") in b"\0\0" + directory:
            return Format("xlsx", called)
    if "WordDocument".encode("utf-16-le") in directory:
        return Format("binary", "a Word document (97-2003)")
    return Format("binary", "an office file of before 2007")
