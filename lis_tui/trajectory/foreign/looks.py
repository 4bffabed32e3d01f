"""What a file is that holds no trajectory, in one line."""

import re

from lis_tui.core.text import one_line, plural
from lis_tui.trajectory.foreign.fields import mapping, word
from lis_tui.trajectory.foreign.material import Material

_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "is a PNG picture"),
    (b"\xff\xd8\xff", "is a JPEG picture"),
    (b"GIF8", "is a GIF picture"),
    (b"%PDF-", "is a PDF document"),
    (b"\x7fELF", "is a program"),
    (b"MZ", "is a program"),
    (b"SQLite format 3\x00", "is an SQLite database"),
    (b"PAR1", "is a Parquet table"),
    (b"\x80\x04\x95", "is a Python pickle"),
    (b"\x80\x05\x95", "is a Python pickle"),
    (b"PK\x05\x06", "is an empty zip archive"),
    (b"\xfd7zXZ\x00", "is packed with xz: unpack it first"),
    (b"BZh", "is packed with bzip2: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it first"),
    (b"Rar!", "is a RAR archive: unpack it first"),
    (b"<!DOCTYPE html", "is a web page"),
    (b"<html", "is a web page"),
    (b"<?xml", "is XML"),
    (b"#!", "is a script"),
    (b"version https://git-lfs", "is a Git LFS pointer: the file itself was not fetched"),
)
MOST_FIELDS = 8
_TAR = slice(257, 262)
_LIKE_JSON = re.compile(rb"\{\s*(\"|$)|\[\s*([\[{\"]|$)")


def looks(material: Material) -> str:
    """Say what the content is; it follows a file's name: `is a PNG picture`."""
    head = material.head
    if not head:
        return "is empty"
    for sign, words in _SIGNS:
        if head.startswith(sign):
            return words
    if head[_TAR] == b"ustar":
        return "is a tar archive: unpack it first"
    if material.archive is not None:
        return "is a zip archive without a trajectory that lis-tui knows"
    return _json(material) or _text(head)


def _json(material: Material) -> str:
    if _is_account(material.json):
        return "is what lis-tui exports as json, for other programs: open the run, or export it to atif"
    if material.json is not None and not material.breaks_off:
        return f"is JSON, but no trajectory that lis-tui knows: {_shape(material.json)}"
    first = None if material.breaks_off else next(iter(material.lines), None)
    if first is not None:
        return (
            "is JSON, one value a line, but no trajectory that lis-tui knows: "
            f"of line {first[0]} {_shape(first[1])}"
        )
    if material.broken_because and _LIKE_JSON.match(material.head):
        return f"begins like JSON, but cannot be read: {one_line(material.broken_because, 120)}"
    return ""


def _is_account(value: object) -> bool:
    return word(mapping(value).get("format")).startswith("lis-tui account ")


def _shape(value: object) -> str:
    if isinstance(value, dict):
        names = [one_line(str(key), 40) for key in list(value)[:MOST_FIELDS]]
        if not names:
            return "the top-level object is empty"
        more = ", …" if len(value) > MOST_FIELDS else ""
        return f"the top-level fields are {', '.join(names)}{more}"
    if isinstance(value, list):
        inner = ""
        if value and isinstance(value[0], dict):
            inner = f", and of the first one {_shape(value[0])}"
        return f"the top level is a list of {plural(len(value), 'value')}{inner}"
    return "the top level is a single value"


def _text(head: bytes) -> str:
    sample = head[:4096]
    if b"\x00" in sample:
        return "is binary, and of no kind that lis-tui knows"
    try:
        line = sample.decode().splitlines()[0]
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return "is binary, and of no kind that lis-tui knows"
        line = sample.decode(errors="replace").splitlines()[0]
    return f"is text, and no JSON; it begins: {one_line(line, 60)}"
