"""Files made to break what reads them: they unpack to very much, their sizes lie, they are nested deeply."""

import io
import json
import struct
import tarfile
import wave
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

MEDIA = Path(__file__).parent / "media"
HUGE = (1 << 31) - 1
ZEROS_MB = 512
"""What bombs unpack to, in MB."""


class Packed(NamedTuple):
    """A content: so many of a piece, between a beginning and an end."""

    piece: bytes
    times: int = 1
    before: bytes = b""
    after: bytes = b""

    @property
    def size(self) -> int:
        """How long it is."""
        return len(self.before) + len(self.piece) * self.times + len(self.after)

    @property
    def checksum(self) -> int:
        """Its CRC."""
        found = zlib.crc32(self.before)
        for _ in range(self.times):
            found = zlib.crc32(self.piece, found)
        return zlib.crc32(self.after, found)

    @property
    def stream(self) -> bytes:
        """All of it as a raw deflate stream, made without holding it."""
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        found = packer.compress(self.before) + packer.flush(zlib.Z_FULL_FLUSH)
        block = packer.compress(self.piece) + packer.flush(zlib.Z_FULL_FLUSH)
        return found + block * self.times + packer.compress(self.after) + packer.flush()


# ---- pictures


def png(width: int, height: int, packed: bytes, *, depth: int = 8, color: int = 6) -> bytes:
    """Make a PNG of a head and already packed points."""
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_bomb(side: int = 16_000) -> bytes:
    """Make a PNG of 16,000 x 16,000 points with four channels: 1 GB, in 1 MB."""
    row = bytes(side * 4 + 1)
    raw = Packed(row * 64, side // 64)
    return png(side, side, b"\x78\x01" + raw.stream + struct.pack(">I", (raw.size % 65521) << 16 | 1))


def png_text_bomb() -> bytes:
    """Make a small picture whose packed comment unpacks to 512 MB."""
    comment = Packed(bytes(1 << 20), ZEROS_MB)
    sum_of_zeros = (comment.size % 65521) << 16 | 1
    text = b"Comment\0\0\x78\x01" + comment.stream + struct.pack(">I", sum_of_zeros)
    plain = png(1, 1, zlib.compress(bytes(5)))
    return plain[:33] + _chunk(b"zTXt", text) + plain[33:]


def gif(width: int = 0xFFFF, height: int = 0xFFFF) -> bytes:
    """Make a GIF that says it is very large; one point of it is there."""
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\x80\0\0" + bytes(6) + b"," + bytes(4) + size + b"\0\x02\x02\x44\x01\0;"


def bmp(width: int = HUGE, height: int = HUGE) -> bytes:
    """Make the same as a BMP."""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 32, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head


def tiff(width: int = HUGE, height: int = HUGE) -> bytes:
    """Make the same as a TIFF."""
    tags = (
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (279, 4, 4),
    )
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + body + bytes(4)


def webp() -> bytes:
    """Make the same as a WebP, as large as one can be."""
    body = b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + b"\xff\xff\xff" * 2
    body += b"VP8L" + struct.pack("<I", 6) + b"\x2f\xff\xff\xff\x0f\0"
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def jpeg() -> bytes:
    """Make the same as a JPEG."""
    frame = struct.pack(">BHHB", 8, 0xFFFF, 0xFFFF, 3) + b"\1\x11\0\2\x11\0\3\x11\0"
    return (
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame
    )


# ---- drawings

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(inner: str, before: str = "", size: str = 'width="64" height="64"') -> bytes:
    """Make a drawing of what is inside it."""
    return f'<?xml version="1.0"?>{before}<svg {SVG} {size}>{inner}</svg>'.encode()


def svg_entities() -> bytes:
    """Make a drawing whose text is a thousand million laughs."""
    lines = ['<!ENTITY a0 "laugh">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return svg("<text>&a9;</text>", f"<!DOCTYPE svg [{''.join(lines)}]>")


def svg_nested(groups: int = 100_000) -> bytes:
    """Make one group in another, very deeply."""
    return svg("<g>" * groups + "</g>" * groups)


def svg_uses(levels: int = 40) -> bytes:
    """Make a thing of two of the thing before, again and again: 2^40 of them."""
    inner = '<defs><g id="u0"><rect width="1" height="1"/></g>'
    for n in range(1, levels):
        inner += f'<g id="u{n}"><use xlink:href="#u{n - 1}"/><use xlink:href="#u{n - 1}"/></g>'
    return svg(f'{inner}</defs><use xlink:href="#u{levels - 1}"/>')


def svg_filter() -> bytes:
    """Make a blur as wide as can be, over very much."""
    blur = '<feGaussianBlur stdDeviation="1e6"/>'
    area = f'<filter id="f" x="-1e9" y="-1e9" width="2e9" height="2e9">{blur}</filter>'
    return svg(f'{area}<rect width="64" height="64" filter="url(#f)"/>')


# ---- packed things


def gzip_bomb() -> bytes:
    """Make a gzip file that unpacks to 512 MB."""
    return gzip_of(Packed(bytes(1 << 20), ZEROS_MB))


def gzip_of(content: Packed) -> bytes:
    """Make a gzip file."""
    end = struct.pack("<II", content.checksum, content.size & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + content.stream + end


def tar_gz_bomb() -> bytes:
    """Make a packed tar archive with one member of 512 MB before another."""
    member = tarfile.TarInfo("zeros")
    member.size = ZEROS_MB << 20
    last = tarfile.TarInfo("last")
    return gzip_of(Packed(bytes(1 << 20), ZEROS_MB, member.tobuf(), last.tobuf() + bytes(1024)))


def packed(members: dict[str, Packed]) -> bytes:
    """Make a zip archive."""
    body, index = b"", b""
    for name, member in members.items():
        data = member.stream
        fields = struct.pack("<HHHHIII", 0, 8, 0, 33, member.checksum, len(data), member.size)
        names = struct.pack("<HH", len(name), 0)
        index += b"PK\1\2\x14\0\x14\0" + fields + names
        index += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\3\4\x14\0" + fields + names + name.encode() + data
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(index), len(body), 0)
    return body + index + b"PK\5\6" + end


def zip_bomb() -> bytes:
    """Make a zip archive of a member that unpacks to 512 MB."""
    return packed({"zeros.bin": Packed(bytes(1 << 20), ZEROS_MB)})


def zip_overlapping(members: int = 60_000) -> bytes:
    """Make an index of very many members that all are the same one."""
    data = Packed(bytes(1 << 20), 64).stream
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, 0, len(data), HUGE)
    body = b"PK\3\4" + fields + struct.pack("<HH", 1, 0) + b"a" + data
    entry = b"PK\1\2\x14\0" + fields + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0)
    index = b"".join(entry + f"{n:05}".encode() for n in range(members))
    return (
        body + index + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, members, members, len(index), len(body), 0)
    )


_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx_bomb() -> bytes:
    """Make a workbook whose only sheet unpacks to 512 MB of rows."""
    rows = (b'<row><c t="inlineStr"><is><t>' + b"x" * 32 + b"</t></is></c></row>") * 8192
    before = f'<?xml version="1.0"?><worksheet xmlns="{_SHEET}"><sheetData>'.encode()
    return _workbook(Packed(rows, (ZEROS_MB << 20) // len(rows), before, b"</sheetData></worksheet>"))


def _workbook(sheet: Packed) -> bytes:
    with zipfile.ZipFile(MEDIA / "workbook.xlsx") as book:
        members = {name: Packed(book.read(name)) for name in book.namelist()}
    first = next(name for name in members if name.startswith("xl/worksheets/sheet"))
    return packed(members | {first: sheet})


def xlsx_entities() -> bytes:
    """Make a workbook whose sheet is a thousand million laughs."""
    laughs = '<!ENTITY a0 "laugh">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    sheet = (
        f'<?xml version="1.0"?><!DOCTYPE worksheet [{laughs}]><worksheet xmlns="{_SHEET}"><sheetData>'
        '<row r="1">'
        '<c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData></worksheet>'
    )
    return _workbook(Packed(sheet.encode()))


# ---- texts and data


def json_nested(depth: int = 1_000_000) -> bytes:
    """Make lists in lists, very deeply."""
    return b"[" * depth + b"]" * depth


def json_long_number() -> bytes:
    """Make a number of very many digits."""
    return b'{"a": ' + b"9" * 5_000_000 + b"}"


def csv_wide() -> bytes:
    """Make a table with a million columns, and another of one cell that never ends."""
    return b"a,b\n" + b"," * 1_000_000 + b"\n" + b'"' + b"x" * 20_000_000


def notebook_nested() -> bytes:
    """Make a notebook whose picture is nonsense of 30 MB."""
    data = {"image/png": "A" * 30_000_000}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    cell = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [output], "execution_count": 1}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


def wav_endless() -> bytes:
    """Make a recording that says it has 2^32 bytes, at a rate of 2^32."""
    held = io.BytesIO()
    with wave.open(held, "wb") as made:
        made.setparams((2, 2, 8000, 0, "NONE", ""))
        made.writeframes(bytes(8000))
    data = bytearray(held.getvalue())
    data[24:28] = data[40:44] = data[4:8] = b"\xff" * 4
    return bytes(data)


def pdf(box: str = f"0 0 {HUGE} {HUGE}", count: int = HUGE) -> bytes:
    """Make a document with one page of a size that is a lie."""
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[3 0 R]/Count {count}>>".encode(),
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]>>".encode(),
    )
    body = b"%PDF-1.4\n"
    for number, part in enumerate(parts, 1):
        body += f"{number} 0 obj".encode() + part + b"endobj\n"
    return body + b"trailer<</Root 1 0 R/Size 4>>\n%%EOF"


def sqlite_lies() -> bytes:
    """Make a database that says it has very many pages of another size."""
    data = bytearray((MEDIA / "shop.sqlite").read_bytes())
    data[28:32] = data[36:40] = b"\x7f\xff\xff\xff"
    return bytes(data)


def parquet_lies() -> bytes:
    """Make a table whose end says that its description has 2^31 bytes."""
    data = (MEDIA / "rows.parquet").read_bytes()
    return data[:-8] + struct.pack("<I", HUGE) + b"PAR1"


def midi_lies() -> bytes:
    """Make music of a track that says it has 2^32 bytes, and waits for years."""
    return b"MThd\0\0\0\6\0\1\xff\xff\0\1MTrk\xff\xff\xff\xff" + b"\xff\xff\xff\x7f\x90\x40\x40" * 50_000


BOMBS = {
    "png": png_bomb,
    "png comment": png_text_bomb,
    "png of 2^31": lambda: png(HUGE, HUGE, zlib.compress(b"\0" * 9)),
    "gif": gif,
    "bmp of 2^31": bmp,
    "tiff of 2^31": tiff,
    "webp": webp,
    "jpeg": jpeg,
    "svg of 2^31": lambda: svg("", size=f'width="{HUGE}" height="{HUGE}" viewBox="0 0 {HUGE} {HUGE}"'),
    "svg entities": svg_entities,
    "svg nested": svg_nested,
    "svg uses": svg_uses,
    "svg filter": svg_filter,
    "gzip": gzip_bomb,
    "tar.gz": tar_gz_bomb,
    "zip": zip_bomb,
    "zip overlapping": zip_overlapping,
    "xlsx": xlsx_bomb,
    "xlsx entities": xlsx_entities,
    "json nested": json_nested,
    "json number": json_long_number,
    "csv": csv_wide,
    "notebook": notebook_nested,
    "wav": wav_endless,
    "pdf": pdf,
    "pdf of nothing": lambda: pdf("0 0 0 0"),
    "sqlite": sqlite_lies,
    "parquet": parquet_lies,
    "midi": midi_lies,
}
"""All of them by name; each is made when it is asked for."""
FAMILIES = {
    "pictures": [name for name in BOMBS if name.split()[0] in ("png", "gif", "bmp", "tiff", "webp", "jpeg")],
    "drawings": [name for name in BOMBS if name.startswith("svg")],
    "packed": [name for name in BOMBS if name.split()[0] in ("gzip", "tar.gz", "zip", "xlsx")],
    "data": [name for name in BOMBS if name.split()[0] in ("json", "csv", "notebook", "wav", "pdf")],
    "lies": ["sqlite", "parquet", "midi"],
}
"""Those of a family are asked for one after the other."""
