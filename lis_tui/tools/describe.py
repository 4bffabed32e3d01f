"""What a file is that is no text: its kind by its first bytes, and its size."""

import struct

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (also docx, xlsx, jar, whl)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x7fELF", "an ELF program or library"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"OggS", "Ogg audio or video"),
    (b"ID3", "MP3 audio"),
    (b"fLaC", "FLAC audio"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
)


def describe(data: bytes, size_bytes: int) -> str:
    """Say in a few words what these bytes are."""
    return f"{_kind(data)}, {size_bytes:,} bytes"


def is_media(data: bytes) -> bool:
    """Tell images and documents, which may hold no NUL, from text."""
    return data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-"))


def _kind(data: bytes) -> str:
    if data.startswith(b"RIFF") and len(data) >= 12:
        return {b"WAVE": "WAV audio", b"WEBP": "a WebP image", b"AVI ": "AVI video"}.get(
            data[8:12], "a RIFF file"
        )
    if data[4:8] == b"ftyp":
        return "MP4 video"
    kind = next((kind for start, kind in _KINDS if data.startswith(start)), "a binary file")
    size = _pixels(data)
    return f"{kind} of {size[0]} × {size[1]} pixels" if size else kind


def _pixels(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith(b"GIF8") and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    return None
