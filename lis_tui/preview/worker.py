"""The process that reads hostile files: it is sent one at a time and answers with a preview.

It starts with no more than the imports below; a decoder and its library are imported with the first file of
their kind.
"""

import gc
import os
import socket
from contextlib import suppress
from importlib import import_module

from lis_tui.preview import limits
from lis_tui.preview.file import File, HeldFile, OpenedFile
from lis_tui.preview.frames import Asked, Began, LinkLost, Ready, Refused, Shown, reply, take_request
from lis_tui.preview.parts import CannotShow, Preview

_USUAL = ("lis_tui.preview.kinds", "lis_tui.preview.decoders", "PIL.Image", "PIL.PngImagePlugin")
"""Imported before the first file comes, so that it does not wait for them."""
_LONGEST = 300
"""Characters of what a library says."""


def main() -> None:
    """Answer until the other side is gone. Standard input is the link."""
    link = socket.socket(fileno=os.dup(0))
    _close_input()
    for name in _USUAL:
        with suppress(ImportError):
            import_module(name)
    gc.freeze()
    try:
        reply(link, Ready(limits.confine()))
        while _serve(link):
            pass
    except (LinkLost, OSError):
        return


def _close_input() -> None:
    """Leave an input that has ended in the link's place."""
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    os.close(writing)


def _serve(link: socket.socket) -> bool:
    """Answer one request; False: it was the last."""
    asked, descriptor = take_request(link)
    try:
        limits.begin_file()
        answer = _answer(link, asked, descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    try:
        reply(link, answer)
    except (ValueError, MemoryError) as error:
        answer = Refused(_sentence("preview", error), answer.is_spent)
        reply(link, answer)
    return not answer.is_spent


def _answer(link: socket.socket, asked: Asked, descriptor: int | None) -> Shown | Refused:
    called = "file"
    try:
        file: File = HeldFile(asked.data or b"") if descriptor is None else OpenedFile(descriptor)
        from lis_tui.preview.kinds import format_of

        found = format_of(file, asked.wanted.name)
        called = found.called
        reply(link, Began(asked.kind or found.kind, called))
        preview = _decoded(asked, asked.kind or found.kind, file)
    except CannotShow as error:
        return Refused(str(error), limits.has_taken_much())
    # The process boundary: whatever a library raises about a hostile file is an answer. KeyboardInterrupt and
    # the like, and what libraries written in Rust raise where they panic, are no Exception.
    except BaseException as error:  # noqa: BLE001
        return Refused(_sentence(called, error), limits.has_taken_much())
    return Shown(preview, limits.has_taken_much())


def _decoded(asked: Asked, kind: str, file: File) -> Preview:
    from lis_tui.preview.decoders import decode

    return decode(kind, file, asked.wanted)  # type: ignore[arg-type]  # a Kind, which came as text


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
