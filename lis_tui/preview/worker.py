"""The process that reads hostile files: it is sent one at a time and answers with a preview.

It starts with no more than the imports below; a decoder and its library are imported with the first file of
their kind.
"""

import gc
import os
import socket
from contextlib import suppress
from importlib import import_module
from typing import cast

from msgspec import Struct, structs

from lis_tui.preview import limits
from lis_tui.preview.file import File, HeldFile, OpenedFile
from lis_tui.preview.frames import Asked, Began, LinkLost, Ready, Refused, Shown, TooLong, reply, take_request
from lis_tui.preview.kinds import Kind, format_of
from lis_tui.preview.parts import CannotShow, Preview

_USUAL = ("lis_tui.preview.decoders", "PIL.Image", "PIL.PngImagePlugin")
"""Imported before the first file comes, so that it does not wait for them."""
_LONGEST = 300
"""Characters of what a library says."""
_SHORT = 400
"""Characters of each text of a preview that would be too long as it is."""


def main() -> None:
    """Answer until the other side is gone. Standard input is the link."""
    link = socket.socket(fileno=os.dup(0))
    _close_input()
    for name in _USUAL:
        with suppress(ImportError):
            import_module(name)
    gc.freeze()
    peak = limits.Peak()
    try:
        reply(link, Ready(limits.confine()))
        while _serve(link, peak):
            pass
    except (LinkLost, OSError):
        return


def _close_input() -> None:
    """Leave an input that has ended in the link's place."""
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    os.close(writing)


def _serve(link: socket.socket, peak: limits.Peak) -> bool:
    """Answer one request; False: it was the last."""
    asked, descriptor = take_request(link)
    try:
        limits.begin_file()
        answer = _answer(link, asked, descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    answer = structs.replace(answer, is_spent=peak.is_much)
    _send(link, answer)
    return not answer.is_spent


def _send(link: socket.socket, answer: Shown | Refused) -> None:
    try:
        try:
            reply(link, answer)
        except (UnicodeEncodeError, TooLong):
            reply(link, cast("Shown | Refused", _shortened(answer)))
    except (ValueError, MemoryError) as error:
        reply(link, Refused(_sentence("file", error), answer.is_spent))


def _shortened(value: object) -> object:
    """Cut every text of an answer short, and replace halves of characters, which cannot be written."""
    if isinstance(value, str):
        short = value if len(value) <= _SHORT else f"{value[:_SHORT]}…"
        return short.encode("utf-8", "replace").decode()
    if isinstance(value, tuple):
        return tuple(map(_shortened, value))
    if isinstance(value, Struct):
        return type(value)(**{name: _shortened(one) for name, one in structs.asdict(value).items()})
    return value


def _answer(link: socket.socket, asked: Asked, descriptor: int | None) -> Shown | Refused:
    called = "file"
    try:
        file: File = HeldFile(asked.data or b"") if descriptor is None else OpenedFile(descriptor)
        found = format_of(file, asked.wanted.name)
        called = found.called
        reply(link, Began(asked.kind or found.kind, called))
        preview = _decoded(asked, asked.kind or found.kind, file)
    except CannotShow as error:
        return Refused(str(error))
    # The process boundary: whatever a library raises about a hostile file is an answer. KeyboardInterrupt and
    # the like, and what libraries written in Rust raise where they panic, are no Exception.
    except BaseException as error:  # noqa: BLE001
        return Refused(_sentence(called, error))
    return Shown(preview)


def _decoded(asked: Asked, kind: Kind, file: File) -> Preview:
    from lis_tui.preview.decoders import decode

    return decode(kind, file, asked.wanted)


def _sentence(called: str, error: BaseException) -> str:
    what = called.removeprefix("a ").removeprefix("an ")
    if isinstance(error, MemoryError):
        return f"This {what} cannot be shown: it takes more than {limits.MOST_DATA >> 20} MB of memory."
    if isinstance(error, RecursionError):
        return f"This {what} cannot be read: it is nested too deeply."
    try:
        said = str(error)[:_LONGEST].strip()
    except Exception:  # noqa: BLE001  (a library's error may be as broken as the file)
        said = ""
    return f"This {what} cannot be read: {said or type(error).__name__}"
