"""iTerm2's graphics: a PNG in a sequence, drawn over so many cells where the cursor is."""

import base64
import struct
import zlib


def inline(data: bytes, width: int, height: int, columns: int, rows: int) -> str:
    """Give the sequence that draws RGB pixels over so many cells; the cursor stays."""
    picture = png(data, width, height)
    keys = (
        f"inline=1;size={len(picture)};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1"
    )
    return f"\x1b]1337;File={keys}:{base64.standard_b64encode(picture).decode('ascii')}\x07"


def png(data: bytes, width: int, height: int) -> bytes:
    """Give RGB pixels as a PNG; a few lines, so that no library is loaded for them."""
    row_bytes = width * 3
    rows = b"".join(b"\0" + data[at : at + row_bytes] for at in range(0, row_bytes * height, row_bytes))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    blocks = (_block(b"IHDR", head), _block(b"IDAT", zlib.compress(rows, 6)), _block(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(blocks)


def _block(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
