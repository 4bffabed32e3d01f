"""A file that is looked at: a text is read and coloured here and at once, all else is for the previews."""

from msgspec import Struct

from lis_tui.core.content import Content
from lis_tui.preview.encoding import decoded, text_encoding
from lis_tui.preview.file import HeldFile, OpenedFile
from lis_tui.preview.kinds import kind_of
from lis_tui.preview.parts import Lines, Preview
from lis_tui.preview.signatures import by_signature
from lis_tui.ui import words
from lis_tui.ui.highlight import language_of

MOST_BYTES = 64 * 1024
MOST_LINES = 2000
_OURS = ("text", "markdown")


class Piece(Struct, frozen=True):
    """So much of a text as is shown at once, and where the next piece of it begins; None: at its end."""

    preview: Preview
    next_offset: int | None = None


def as_text(content: Content, name: str, *, is_source: bool = False) -> Piece | None:
    """Give the beginning of a text; None: it is none, or one that has a better look. Slow, raises OSError.

    With `is_source` any text is shown as it is written.
    """
    head = content.read(MOST_BYTES)
    if not head:
        return Piece(Preview(kind="empty", called="an empty file"))
    if text_encoding(head) is None or by_signature(head) is not None:
        return None
    if not is_source and _kind(content, name) not in _OURS:
        return None
    return _piece(content, head, 0, 0, name)


def _kind(content: Content, name: str) -> str:
    opened = content.descriptor
    return kind_of(HeldFile(content.data or b"") if opened is None else OpenedFile(opened), name)


def more_text(content: Content, offset: int, first: int, name: str) -> Piece:
    """Give the piece that begins at an offset, with line `first`. Slow, raises OSError."""
    return _piece(content, content.read(MOST_BYTES, offset), offset, first, name)


def _piece(content: Content, data: bytes, offset: int, first: int, name: str) -> Piece:
    size = content.size_bytes
    encoding = text_encoding(content.read(4096)) or text_encoding(b"")
    is_more = offset + len(data) < size
    if is_more and (encoding is None or not encoding.is_wide) and (end := data.rfind(b"\n") + 1):
        data = data[:end]
    raw = data.split(b"\n")
    if len(raw) > MOST_LINES:
        raw, is_more = raw[:MOST_LINES], True
        data = b"\n".join(raw) + b"\n"
    text = decoded(data, encoding) if encoding is not None else data.decode("utf-8", "replace")
    text = text.replace("\r\n", "\n").removesuffix("\n")
    language = language_of(name)
    note = f"the first {words.size(len(data))} of {words.size(size)}" if is_more and not offset else ""
    return Piece(
        Preview(
            kind="text",
            called="",
            parts=(Lines(tuple(text.split("\n")), language, first),),
            note=note,
            has_more=is_more,
        ),
        offset + len(data) if is_more else None,
    )
