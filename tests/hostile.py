"""Payloads that must never reach a terminal raw, and the test of what is safe."""

import unicodedata

PAYLOADS: dict[str, str] = {
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "settings request": "\x1bP$qm\x1b\\",
    "device attributes": "\x1b[c",
    "position report": "\x1b[6n",
    "reset": "\x1bc",
    "unterminated": "\x1b]0;never ends",
    "cut csi": "\x1b[31",
    "c1 csi": "\x9b31mred",
    "c1 osc": "\x9d0;owned\x9c",
    "charset": "\x0e\x0f",
    "nul and delete": "a\x00b\x7fc",
    "bell": "\x07",
    "bidi": "file\u202egnp.exe",
    "isolate": "\u2066x\u2069",
    "zero width": "a\u200bb\ufeffc",
    "tags": "ok\U000e0041\U000e0042",
    "selector supplement": "x\U000e0100",
    "line separator": "a\u2028b",
    "joiner": "👩\u200d💻 ❤\ufe0f",
    "surrogate": "a\udc9bb\ud800",
    "markup": "[@click=app.quit]x[/] [/] \x1b[0m",
    "piled marks": "z" + "\u0301" * 50,
}
_HIDDEN = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)}
_VISIBLE_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}


def danger(text: str, *, allowed: str = "") -> str:
    """Give the first character that may not reach a terminal, or nothing."""
    for char in text:
        code = ord(char)
        if char in allowed or code in _VISIBLE_FORMATS:
            continue
        is_format = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        if is_format or code in _HIDDEN or 0xE0000 <= code <= 0xE0FFF:
            return char
    return ""
