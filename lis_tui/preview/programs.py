"""Which files are never handed to a desktop, as some program would run them: told by content and name."""

import re

from lis_tui.preview.file import File
from lis_tui.preview.kinds import Format

_HEAD = 65536
_PIECE = 1 << 20
MOST_SEARCHED = 256 << 20
"""A larger container is not looked through, and so not opened."""
_RUN_BY_NAME = re.compile(
    r"action|app|appimage|applescript|appref-ms|bash|bat|bin|chm|class|cmd|com|command|cpl|crx|csh|"
    r"deb|desktop|dmg|docm|dotm|dll|elf|exe|fileloc|fish|flatpak|flatpakref|gadget|hta|inetloc|inf|"
    r"ins|iqy|iso|jar|job|jnlp|jse|ksh|lnk|mobileconfig|msc|msi|msix|msp|mst|osax|out|pif|pkg|potm|"
    r"ppam|ppsm|pptm|prg|ps1|psm1|pyc|pyw|pyz|reg|rpm|run|scf|scpt|scr|sct|settingcontent-ms|sh|"
    r"shb|shs|slk|snap|so|sys|terminal|tool|url|vb|vbe|vbs|vbscript|webloc|wine|workflow|ws|wsc|"
    r"wsf|wsh|xbap|xlam|xlm|xlsb|xlsm|xltm|xpi|zsh"
)
"""Endings. A script of a web page, or of Python, is a text like others: its copy is called `.txt`."""
_BEGINNINGS = (
    (b"#!", "a script"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xfe\xed\xfa", "a program"),
    (b"\xce\xfa\xed\xfe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\0asm", "a program"),
    (b"L\0\0\0\x01\x14\x02\0", "a shortcut"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office file of before 2007, which may hold macros"),
    (b"!<arch>\n", "a package or library"),
    (b"\xed\xab\xee\xdb", "a package"),
    (b"{\\rtf", "a rich text, which may hold programs"),
)
_WORDS = (
    (b"[desktop entry]", "a starter of the desktop"),
    (b"[internetshortcut]", "a shortcut"),
    (b"[flatpak ref]", "a package"),
    (b"<key>url</key>", "a shortcut"),
    (b"mso-application", "an office file, which may hold macros"),
    (b"office:macro", "an office file, which may hold macros"),
)
"""What stands somewhere in the first bytes of a text."""
_MEMBERS = (
    (b"vbaproject", "it holds macros"),
    (b"macrosheets/", "it holds macros"),
    (b"activex/", "it holds programs"),
    (b"oleobject", "it holds programs"),
    (b"xl/workbook.bin", "it may hold macros"),
    (b"basic/script", "it holds macros"),
    (b"scripts/python/", "it holds macros"),
    (b"scripts/javascript/", "it holds macros"),
    (b"scripts/beanshell/", "it holds macros"),
    (b"meta-inf/manifest.mf", "it is a Java program"),
    (b"androidmanifest.xml", "it is an app"),
    (b"classes.dex", "it is an app"),
)
"""Names of members; a zip archive tells them as they are, wherever its directory may be."""
_OVERLAP = max(len(name) for name, _ in _MEMBERS) - 1
_MARKED = ("picture", "audio", "video", "pdf", "midi", "font", "sqlite", "parquet")
"""Kinds whose beginning leaves no doubt."""


def why_only_saved(file: File, name: str, format_: Format) -> str:
    """Say in a sentence why a file is not opened; empty where it may be. Reads a container whole."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if _RUN_BY_NAME.fullmatch(ending):
        return f"A desktop may run what ends in .{ending}, so it is not opened; it can be saved."
    what = _what_runs(file, format_)
    return f"This is not opened: {what}. It can be saved." if what else ""


def _what_runs(file: File, format_: Format) -> str:
    head = file.read_at(0, _HEAD)
    if head[:2] == b"PK" or format_.kind in ("archive", "xlsx"):
        old = next((what for start, what in _BEGINNINGS if head.startswith(start)), "")
        return f"it is {old}" if old else _in_container(file)
    if format_.kind in _MARKED:
        return ""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    found = next((what for beginning, what in _BEGINNINGS if start.startswith(beginning)), "")
    lowered = head.lower().replace(b"\0", b"")  # of UTF-16 too
    found = found or next((what for word, what in _WORDS if word in lowered), "")
    return f"it is {found}" if found else ""


def _in_container(file: File) -> str:
    if file.size_bytes > MOST_SEARCHED:
        return "it is too large to be searched for macros"
    kept = b""
    for place in range(0, file.size_bytes, _PIECE):
        piece = kept + file.read_at(place, _PIECE).lower()
        for name, what in _MEMBERS:
            if name in piece:
                return what
        kept = piece[-_OVERLAP:]
    return ""
