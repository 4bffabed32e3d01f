"""The preview: the beginning of the selected file, or why there is none."""

from collections.abc import Hashable

from msgspec import Struct

from lis_tui.core.beneath import FilePart
from lis_tui.core.errors import LisError
from lis_tui.core.events import FileEntry
from lis_tui.core.text import one_line
from lis_tui.ui import words
from lis_tui.ui.highlight import highlight, language_of
from lis_tui.ui.listing import Read
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.widgets.blocks import BlockList

MOST_BYTES = 64 * 1024
MOST_LINES = 2000
MOST_FOLDED = 40
_PROSE = ("", "text", "markdown", "md", "restructuredtext")
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"RIFF", "sound or moving pictures"),
    (b"SQLite format 3\0", "an SQLite database"),
)


class Preview(Struct, frozen=True):
    """What is shown of one file."""

    entry: FileEntry
    lines: tuple[list[Ink], ...]
    note: str = ""
    is_prose: bool = False
    """Lines are folded, not cut."""


def read_preview(read: Read, entry: FileEntry) -> Preview:
    """Read the file and make it ready to be drawn; slow, for a thread."""
    if entry.kind != "file":
        return Preview(
            entry, (), {"folder": "a folder", "link": "a link, not followed"}.get(entry.kind, entry.kind)
        )
    try:
        head = read(entry, MOST_BYTES)
    except LisError as refused:
        return Preview(entry, (), refused.sentence)
    return _drawn(entry, head)


def _drawn(entry: FileEntry, head: FilePart) -> Preview:
    size = words.size(head.size_bytes)
    if kind := next((name for start, name in _KINDS if head.data.startswith(start)), ""):
        return Preview(entry, (), f"{kind}{_pixels(head.data)}, {size}")
    if b"\0" in head.data:
        return Preview(entry, (), f"binary data, {size}")
    text = head.data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    if not text:
        return Preview(entry, (), "an empty file")
    note = f"the first {words.size(len(head.data))} of {size}" if len(head.data) < head.size_bytes else ""
    language = language_of(entry.path.rpartition("/")[2])
    lines = highlight(text.removesuffix("\n"), language, "output")
    return Preview(entry, tuple(lines[:MOST_LINES]), note, language in _PROSE)


def _pixels(data: bytes) -> str:
    """Give the size of a PNG from its first block."""
    if data[12:16] != b"IHDR":
        return ""
    return f" of {int.from_bytes(data[16:20])}×{int.from_bytes(data[20:24])}"


class PreviewPane(BlockList):
    """Draws one preview; one block a line."""

    has_bar = False
    usual_height = 1

    def __init__(self, paint: Paint) -> None:
        super().__init__(paint, id="preview")
        self._preview: Preview | None = None
        self.is_following = False

    @property
    def entry(self) -> FileEntry | None:
        """Which file is shown."""
        return self._preview.entry if self._preview is not None else None

    def show_preview(self, preview: Preview | None) -> None:
        """Draw this one, or none; the same file keeps its place."""
        is_same = self.entry is not None and preview is not None and self.entry.path == preview.entry.path
        self._preview = preview
        if not is_same:
            self.cursor = 0
            self.scroll_to(y=0, animate=False)
        self.rebuild()

    def block_count(self) -> int:
        """Lines, and a note."""
        return 0 if self._preview is None else len(self._preview.lines) + 1

    def block_version(self, number: int) -> Hashable:
        """The preview is replaced whole."""
        return id(self._preview)

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give one line."""
        if self._preview is None:
            return []
        if number == len(self._preview.lines):
            note = self._preview.note
            return [Row([(note, "muted")], lead=[(" ", "")], most=4, is_prose=True)] if note else []
        most = MOST_FOLDED if self._preview.is_prose else 1
        return [Row(self._preview.lines[number], lead=[(" ", "")], most=most, is_prose=True)]

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the file."""
        tone = "accent bold" if self.has_focus else "muted"
        name = one_line(self.entry.path, 80) if self.entry is not None else "Preview"
        size = (
            words.size(self.entry.size_bytes) if self.entry is not None and self.entry.kind == "file" else ""
        )
        return [(" 4 ", tone), (name, tone if self.has_focus else "output")], [(f" {size} ", "muted")]

    def is_countable(self, number: int) -> bool:
        """Nothing is counted."""
        return False
