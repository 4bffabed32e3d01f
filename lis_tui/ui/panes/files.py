"""The files: the tree of the work folder, what the newest step changed in it, sizes."""

from collections.abc import Hashable, Mapping, Sequence

from msgspec import Struct

from lis_tui.core.events import FileEntry, FileKind
from lis_tui.core.parts import FileMark
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.listing import Listing, grouped
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.widgets.blocks import BlockList

_MARKS = {"new": ("+", "file-new"), "changed": ("~", "file-changed"), "gone": ("−", "file-gone")}
_KINDS = {"link": "@", "fifo": "|", "socket": "=", "device": "#"}
_QUIET = frozenset({".git", "node_modules", "__pycache__", ".venv", "venv", "site-packages", ".cache"})
MOST_QUICK = 5000
REST_S = 1.0
"""A larger tree than this is drawn again after a rest only."""
MOST_UNASKED = 200
"""A folder with more entries than this stays folded until a person opens it."""


class _Node(Struct):
    path: str
    name: str
    depth: int
    entry: FileEntry
    children: int = 0


class FilesPane(BlockList):
    """One line an entry; folders fold."""

    has_bar = False
    usual_height = 1

    def __init__(self, paint: Paint, view: RunView) -> None:
        super().__init__(paint, id="files")
        self._view = view
        self._lines_shown: list[_Node] = []
        self._wished: dict[str, bool] = {}
        self.seen_version = -1
        self._is_resting = False
        self._children: Mapping[str, Sequence[str]] = {}
        self._listing: Listing | None = None
        """What is shown in place of the run's own tree."""
        self.is_flashing = False
        self.is_following = False
        self.has_chosen = False

    # ---- blocks

    def block_count(self) -> int:
        """Entries that are not inside a folded folder; a sentence where there are none."""
        return len(self._lines_shown) or bool(self._why_empty)

    def block_version(self, number: int) -> Hashable:
        """Differs with the entry, its mark and its fold."""
        if not self._lines_shown:
            return self._why_empty
        node = self._lines_shown[number]
        mark = self.marks.get(node.path)
        is_lit = mark is not None and self.is_flashing
        return node.path, node.entry, mark, is_lit, self._is_open(node.path), node.children

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give an entry's line."""
        if not self._lines_shown:
            return [Row([(self._why_empty, "muted")], lead=[(" ", "")], most=6, is_prose=True)]
        node = self._lines_shown[number]
        indent = "  " * node.depth
        mark = self.marks.get(node.path)
        sign, tone = _MARKS[mark] if mark is not None else ("", "output")
        flash = " reverse" if mark is not None and self.is_flashing else ""
        if node.entry.kind == "folder":
            fold = "▾" if self._is_open(node.path) else "▸"
            count = f"{node.children:,}" if not self._is_open(node.path) and node.children else ""
            inks: list[Ink] = [
                (f"{indent}{fold} ", "muted"),
                (node.name, (tone if mark else "output") + flash),
            ]
            return [
                Row(
                    inks,
                    lead=[(" ", "")],
                    right=[(f"{sign} {count}".strip() + " ", tone if mark else "muted")],
                )
            ]
        name = node.name + self._suffix(node.entry)
        attributes = " strike" if mark == "gone" else ""
        size = words.size(node.entry.size_bytes) if node.entry.kind == "file" and mark != "gone" else ""
        right: list[Ink] = [(f"{sign} " if sign else "", tone), (f"{size:>6} ", "muted")]
        return [Row([(f"{indent}  ", ""), (name, tone + attributes + flash)], lead=[(" ", "")], right=right)]

    def is_countable(self, number: int) -> bool:
        """Entries come and go in place; nothing is counted."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the pane and the folder."""
        tone = "accent bold" if self.has_focus else "muted"
        started = self._view.started
        folder = one_line(started.spec.sandbox.workdir, 40) if started is not None else ""
        note = f" {self._listing.note} " if self._listing is not None and self._listing.note else ""
        is_doubtful = self._listing is not None and self._listing.is_doubtful
        if is_doubtful:
            folder = ""  # the room is needed
        return [(" 3 Files ", tone), (folder, "muted")], [(note, "warning" if is_doubtful else "muted")]

    # ---- following the run

    @property
    def files(self) -> Mapping[str, FileEntry]:
        """The entries that are shown, folded ones too."""
        return self._view.files if self._listing is None else self._listing.files

    @property
    def marks(self) -> Mapping[str, FileMark]:
        """How they are marked."""
        return self._view.marks if self._listing is None else self._listing.marks

    @property
    def _why_empty(self) -> str:
        return "" if self._listing is None else self._listing.why_empty

    def show(self, listing: Listing) -> None:
        """Show these in place of the run's own tree."""
        self._listing = listing
        self._rebuild()

    def update_files(self) -> None:
        """Look for a changed tree."""
        if self._listing is not None or self.seen_version == self._view.files_version or self._is_resting:
            return
        self.seen_version = self._view.files_version
        self._rebuild()
        if len(self._view.files) > MOST_QUICK:
            self._is_resting = True
            self.set_timer(REST_S, self._rested)

    def _rested(self) -> None:
        self._is_resting = False
        self.update_files()

    def end_flash(self) -> None:
        """Changed files keep their sign and lose the flash."""
        self.is_flashing = False
        self.update_blocks(is_whole=True)

    def selected(self) -> FileEntry | None:
        """The entry under the cursor."""
        if not self._lines_shown:
            return None
        return self._lines_shown[min(self.cursor, len(self._lines_shown) - 1)].entry

    def toggle(self, number: int) -> None:
        """Open or fold a folder."""
        node = self._lines_shown[number]
        self._wished[node.path] = not self._is_open(node.path)
        self._rebuild()

    def select(self, path: str) -> None:
        """Put the cursor on a path, if it is in sight."""
        for number, node in enumerate(self._lines_shown):
            if node.path == path:
                self.cursor = number
                self.reveal(number)
                self.refresh()
                return

    def _rebuild(self) -> None:
        chosen = self._lines_shown[self.cursor].path if self.cursor < len(self._lines_shown) else ""
        self._lines_shown = self._listed()
        for number, node in enumerate(self._lines_shown):
            if node.path == chosen:
                self.cursor = number
        self.rebuild()

    def _listed(self) -> list[_Node]:
        """Give the entries whose folders are open; what is folded is neither sorted nor built."""
        if self._listing is not None:
            self._children = self._listing.children
        else:
            self._children = grouped([*self.files, *self.marks])
        nodes: list[_Node] = []
        waiting = sorted(self._children.get("", ()), reverse=True)
        while waiting:
            path = waiting.pop()
            inside = self._children.get(path, ())
            folder, _, last = path.rpartition("/")
            is_outside = path.startswith("/")
            name = one_line(f"/{last}" if is_outside and not folder else last, 120) or "⎵"
            depth = path.count("/") - is_outside
            nodes.append(_Node(path, name, depth, self._entry(path), len(inside)))
            if inside and self._is_open(path):
                waiting += sorted(inside, reverse=True)
        return nodes

    def _entry(self, path: str) -> FileEntry:
        """Give the entry; a folder that was never announced is one, because something is in it."""
        kind: FileKind = "folder" if path in self._children else "file"
        return self.files.get(path) or FileEntry(path, kind)

    def _is_open(self, path: str) -> bool:
        if path in self._wished:
            return self._wished[path]
        name = path.rpartition("/")[2]
        return name not in _QUIET and len(self._children.get(path, ())) <= MOST_UNASKED

    def _suffix(self, entry: FileEntry) -> str:
        if entry.kind == "link":
            return f" → {one_line(entry.target, 60)}"
        return f" {_KINDS[entry.kind]}" if entry.kind in _KINDS else ""
