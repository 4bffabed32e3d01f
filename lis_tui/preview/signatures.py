"""Formats that are told by what stands at known places of their first bytes."""

import re
from collections.abc import Callable

from lis_tui.preview.formats import Format

_BEGINNINGS: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", Format("picture", "a PNG picture")),
    (b"\xff\xd8\xff", Format("picture", "a JPEG picture")),
    (b"GIF87a", Format("picture", "a GIF picture")),
    (b"GIF89a", Format("picture", "a GIF picture")),
    (b"II*\0", Format("picture", "a TIFF picture")),
    (b"MM\0*", Format("picture", "a TIFF picture")),
    (b"8BPS\0\1", Format("picture", "a Photoshop picture")),
    (b"qoif", Format("picture", "a QOI picture")),
    (b"DDS |\0\0\0", Format("picture", "a DDS picture")),
    (b"icns\0", Format("picture", "a Macintosh icon")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Format("picture", "a JPEG 2000 picture")),
    (b"\xff\x4f\xff\x51", Format("picture", "a JPEG 2000 picture")),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format("picture", "a JPEG XL picture")),
    (b"%PDF-", Format("pdf", "a PDF document")),
    (b"MThd\0\0\0\6", Format("midi", "a MIDI file")),
    (b"fLaC", Format("audio", "a FLAC recording")),
    (b".snd\0", Format("audio", "an AU recording")),
    (b"#!AMR", Format("audio", "an AMR recording")),
    (b"caff\0\1", Format("audio", "a CAF recording")),
    (b"wvpk", Format("audio", "a WavPack recording")),
    (b"FLV\1", Format("video", "a Flash video")),
    (b"\0\0\1\xba", Format("video", "an MPEG video")),
    (b"\0\0\1\xb3", Format("video", "an MPEG video")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Format("video", "a Windows Media file")),
    (b"SQLite format 3\0", Format("sqlite", "an SQLite database")),
    (b"OTTO\0", Format("font", "an OpenType font")),
    (b"ttcf\0", Format("font", "a collection of TrueType fonts")),
    (b"wOFF", Format("font", "a WOFF font")),
    (b"wOF2", Format("font", "a WOFF2 font")),
    (b"7z\xbc\xaf\x27\x1c", Format("archive", "a 7-Zip archive")),
    (b"Rar!\x1a\7", Format("archive", "a RAR archive")),
    (b"!<arch>\ndebian-binary", Format("binary", "a Debian package")),
    (b"!<arch>\n", Format("binary", "a static library")),
    (b"\x7fELF", Format("binary", "a program or library (ELF)")),
    (b"\xfe\xed\xfa\xce", Format("binary", "a program or library (Mach-O)")),
    (b"\xfe\xed\xfa\xcf", Format("binary", "a program or library (Mach-O)")),
    (b"\xce\xfa\xed\xfe", Format("binary", "a program or library (Mach-O)")),
    (b"\xcf\xfa\xed\xfe", Format("binary", "a program or library (Mach-O)")),
    (b"\xca\xfe\xba\xbe", Format("binary", "a Java class or a Mach-O program")),
    (b"\0asm", Format("binary", "a WebAssembly module")),
    (b"\x93NUMPY", Format("binary", "a NumPy array")),
    (b"\x89HDF\r\n\x1a\n", Format("binary", "an HDF5 file")),
    (b"ARROW1\0\0", Format("binary", "an Arrow table")),
)
_BOXES: dict[bytes, Format] = {
    b"avif": Format("picture", "an AVIF picture"),
    b"avis": Format("picture", "a moving AVIF picture"),
    b"qt  ": Format("video", "a QuickTime video"),
    b"M4A ": Format("audio", "an M4A recording"),
    b"M4B ": Format("audio", "an M4A audio book"),
    b"3gp4": Format("video", "a 3GP video"),
    b"3gp5": Format("video", "a 3GP video"),
    b"3gp6": Format("video", "a 3GP video"),
} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
    Format("picture", "a HEIC picture"),
)
_RIFFS: dict[bytes, Format] = {
    b"WAVE": Format("audio", "a WAV recording"),
    b"AVI ": Format("video", "an AVI video"),
    b"WEBP": Format("picture", "a WebP picture"),
}
_BITMAP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
_PORTABLE = re.compile(rb"P[1-6]\s(?:\s|#[^\n]{0,200}\n)*[0-9]{1,10}\s")
_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOWER_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44100, 48000, 32000)


def by_signature(head: bytes) -> Format | None:
    """Tell a format whose beginning leaves no doubt."""
    for beginning, format_ in _BEGINNINGS:
        if head.startswith(beginning):
            return format_
    return next((found for look in _LOOKS if (found := look(head))), None)


def _boxed(head: bytes) -> Format | None:
    """MP4 and its relatives: boxes with a length and a word."""
    word, brand = head[4:8], head[8:12]
    if word == b"ftyp" and len(head) >= 16:  # the shortest such box
        return _BOXES.get(brand) or _by_other_brands(head) or Format("video", "an MP4 video")
    is_old = word in (b"moov", b"mdat", b"wide") and head[:2] == b"\0\0"
    return Format("video", "a QuickTime video") if is_old else None


def _by_other_brands(head: bytes) -> Format | None:
    """A picture may call itself `mif1` only among the brands that it is said to fit."""
    length = min(int.from_bytes(head[:4], "big"), 256)
    brands = {head[place : place + 4] for place in range(16, length, 4)}
    return next((_BOXES[brand] for brand in (b"avif", b"heic") if brand in brands), None)


def _riff(head: bytes) -> Format | None:
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        return _RIFFS.get(head[8:12]) or Format("binary", "a RIFF file")
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Format("audio", "an AIFF recording")
    return None


def _matroska(head: bytes) -> Format | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    is_web = b"\x42\x82" in head[:64] and b"webm" in head[:64]
    has_video = any(
        codec in head for codec in (b"V_VP", b"V_AV1", b"V_MPEG", b"V_THEORA", b"V_FFV1", b"V_MS", b"V_Q")
    )
    if not has_video and b"\x86" in head and b"A_" in head:
        return Format("audio", "a WebM recording" if is_web else "a Matroska recording")
    return Format("video", "a WebM video" if is_web else "a Matroska video")


def _ogg(head: bytes) -> Format | None:
    if head[:5] != b"OggS\0":
        return None
    first = head[:512]
    if b"\x80theora" in first:
        return Format("video", "an Ogg video")
    names = ((b"OpusHead", "an Opus recording"), (b"\x01vorbis", "an Ogg Vorbis recording"))
    return Format("audio", next((name for sign, name in names if sign in first), "an Ogg recording"))


def _tagged_sound(head: bytes) -> Format | None:
    """ID3 tags stand before MP3, and sometimes before others."""
    if head[:3] != b"ID3" or len(head) < 10 or any(part & 0x80 for part in head[6:10]):
        return None
    length = 10 + sum((part & 0x7F) << shift for part, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return Format("audio", "a FLAC recording" if head[length : length + 4] == b"fLaC" else "an MP3 recording")


def _framed_sound(head: bytes) -> Format | None:
    """Eleven bits are a weak sign: two frames must follow one another as the first one's header says."""
    first = _frame_length(head[:4])
    if first and _frame_length(head[first : first + 4]):
        return Format("audio", "an MP3 recording")
    first = _aac_length(head[:7])
    if first and _aac_length(head[first : first + 7]):
        return Format("audio", "an AAC recording")
    return None


def _frame_length(header: bytes) -> int:
    """How long a frame of MPEG sound, layer 3, is; 0 for what is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:  # its eleven bits, and layer 3
        return 0
    version, rate = header[1] >> 3 & 3, header[2] >> 2 & 3
    bitrate = header[2] >> 4
    if version == 1 or rate == 3 or bitrate in (0, 15):  # values that are reserved
        return 0
    is_first = version == 3  # MPEG 1; 2 and 0 are MPEG 2 and 2.5
    kbits = (_BITRATES if is_first else _LOWER_BITRATES)[bitrate]
    hertz = _RATES[rate] // (1 if is_first else 2 if version else 4)
    return (144 if is_first else 72) * kbits * 1000 // hertz + (header[2] >> 1 & 1)


def _aac_length(header: bytes) -> int:
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:  # twelve bits, layer 0
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0  # its own header


def _transport(head: bytes) -> Format | None:
    is_one = len(head) > 188 * 4 and all(head[place] == 0x47 for place in range(0, 188 * 4, 188))
    return Format("video", "an MPEG transport stream") if is_one else None


def _bitmap(head: bytes) -> Format | None:
    is_one = (
        head[:2] == b"BM"
        and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS
        and head[6:10] == bytes(4)
    )
    return Format("picture", "a BMP picture") if is_one else None


def _icon(head: bytes) -> Format | None:
    count = int.from_bytes(head[4:6], "little")
    is_one = (
        head[:4] in (b"\0\0\1\0", b"\0\0\2\0") and 0 < count < 256 and head[9:10] == b"\0" and len(head) > 22
    )
    return Format("picture", "an icon") if is_one else None


def _portable(head: bytes) -> Format | None:
    return Format("picture", "a portable bitmap (PNM)") if _PORTABLE.match(head[:2048]) else None


def _true_type(head: bytes) -> Format | None:
    tables = int.from_bytes(head[4:6], "big")
    is_one = (
        head[:4] in (b"\0\1\0\0", b"true")
        and 0 < tables < 256
        and re.match(rb"[A-Za-z0-9/ ]{4}", head[12:16])
    )
    return Format("font", "a TrueType font") if is_one else None


def _windows_program(head: bytes) -> Format | None:
    place = int.from_bytes(head[60:64], "little")
    is_one = head[:2] == b"MZ" and (head[place : place + 2] in (b"PE", b"NE", b"LE") or b"\0" in head[:64])
    return Format("binary", "a program or library (Windows)") if is_one else None


_LOOKS: tuple[Callable[[bytes], Format | None], ...] = (
    _boxed,
    _riff,
    _matroska,
    _ogg,
    _tagged_sound,
    _framed_sound,
    _transport,
    _bitmap,
    _icon,
    _portable,
    _true_type,
    _windows_program,
)
