"""A file that is looked at: a text is read here and at once, all else is for the previews."""

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


def as_text(content: Content, name: str) -> Preview | None:
    """Give the beginning of a text; None: it is none, or one that has a better look. Slow, raises OSError."""
    head = content.read(MOST_BYTES)
    if not head:
        return Preview(kind="empty", called="an empty file")
    encoding = text_encoding(head)
    if encoding is None or by_signature(head) is not None or _kind(content, name) not in _OURS:
        return None
    size = content.size_bytes
    lines = decoded(head, encoding).replace("\r\n", "\n").removesuffix("\n").split("\n")
    is_cut = len(head) < size
    if is_cut and len(lines) > 1:
        lines.pop()  # it may end within a letter
    is_cut |= len(lines) > MOST_LINES
    lines = lines[:MOST_LINES]
    shown = len("\n".join(lines).encode(encoding.codec, "replace"))
    note = f"the first {words.size(shown)} of {words.size(size)}" if is_cut else ""
    part = Lines(tuple(lines), language_of(name))
    return Preview(kind="text", called="a text", parts=(part,), note=note, has_more=is_cut)


def _kind(content: Content, name: str) -> str:
    opened = content.descriptor
    return kind_of(HeldFile(content.data or b"") if opened is None else OpenedFile(opened), name)
