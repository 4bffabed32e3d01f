"""The files: the tree of the work folder, of any size, and how it differs from what it was."""

from collections.abc import Callable, Hashable, Mapping

from msgspec import structs
from textual import events

from lis_tui.core.events import FileEntry
from lis_tui.core.folders import Folders
from lis_tui.core.parts import FileMark
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui.listing import Listing
from lis_tui.ui.paint import Paint
from lis_tui.ui.panes.file_lines import FileLine, row_of, sentences
from lis_tui.ui.rows import Ink, Row, cells
from lis_tui.ui.tree import ORDER_WORDS, Files, Look, Shown, Tree
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.even import Even
from lis_tui.ui.widgets.field import Field

MOST_QUICK = 5000
REST_S = 1.0
"""What takes long for a larger tree than this is done again after a rest only."""
FIELD_CELLS = 24
"""So much of the title is for what is typed."""


class FilesPane(BlockList):
    """One line an entry; folders fold. The last lines say what is not shown, and why."""

    has_bar = False
    usual_height = 1

    def __init__(self, paint: Paint, view: RunView) -> None:
        super().__init__(paint, id="files")
        self._heights = Even(self.block_version)
        self._view = view
        self._tree = Tree()
        self._shown = Shown([])
        self._notes: list[str] = []
        self.seen_version = -1
        self._is_resting = False
        self._listing: Listing | None = None
        """What is shown in place of the run's own tree."""
        self.field = Field()
        self.on_rules: Callable[[list[FileEntry]], None] = lambda _: None
        """Has files read that say what is ignored; `take_rules` gets their contents."""
        self.is_flashing = False
        self.is_following = False
        self.has_chosen = False

    # ---- blocks

    def block_count(self) -> int:
        """Entries that are not inside a folded folder, and the sentences after them."""
        return len(self._shown.rows) + len(self._notes)

    def block_version(self, number: int) -> Hashable:
        """Differs with the entry, its mark and its fold."""
        line = self._line_of(number)
        if line is None:
            return self._notes[number - len(self._shown.rows)]
        total = (line.total.count, line.total.size_bytes) if line.total is not None else None
        return line.entry, line.mark, line.is_open, total, line.is_flashing and line.mark is not None

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give an entry's line."""
        line = self._line_of(number)
        if line is not None:
            return [row_of(line)]
        return [Row([(self._notes[number - len(self._shown.rows)], "muted")], lead=[(" ", "")])]

    def _line_of(self, number: int) -> FileLine | None:
        if number >= len(self._shown.rows):
            return None
        path, tree = self._shown.rows[number], self._tree
        entry, mark = tree.entry(path), tree.mark(path)
        if entry.kind != "folder":
            return FileLine(entry, mark, is_flashing=self.is_flashing)
        is_open = tree.is_open(path)
        total = None if is_open else self._folders.total(path)
        return FileLine(entry, mark, is_open, total, self.is_flashing)

    def is_countable(self, number: int) -> bool:
        """Entries come and go in place; nothing is counted."""
        return False

    # ---- the title

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the pane and the folder."""
        tone = "accent bold" if self.has_focus else "muted"
        started = self._view.started
        right = self.note()
        folder = one_line(started.spec.sandbox.workdir, 40) if started is not None else ""
        if 2 * cells(right) > self.size.width:
            folder = ""  # the room is needed
        return [(" 3 Files ", tone), (folder, "muted")], right

    def note(self) -> list[Ink]:
        """Say at the right of the title what is typed, how the tree is shown, and of which moment."""
        if self.field.is_open or self.look.wanted:
            found = f" {self._shown.found:,} of {self._shown.total:,} " if self.look.wanted else " "
            return [*self.field.inks(FIELD_CELLS), (found, "muted")]
        listing, every_s = self._listing, self._view.followed.every_s
        ways = [ORDER_WORDS[self.look.order]] if self.look.order != "name" else []
        ways += ["since the start"] if self.look.is_since_start else []
        ways += [listing.note] if listing is not None and listing.note else []
        ways += [f"every {every_s:g} s"] if listing is None and every_s else []
        is_doubtful = listing is not None and listing.is_doubtful
        return [(f" {' · '.join(ways)} ", "warning" if is_doubtful else "muted")] if ways else []

    # ---- following the run

    @property
    def files(self) -> Mapping[str, FileEntry]:
        """The entries that are shown, folded ones too."""
        return self._view.files if self._listing is None else self._listing.files

    @property
    def marks(self) -> Mapping[str, FileMark]:
        """How they are marked."""
        source = self._view if self._listing is None else self._listing
        return source.start_marks if self.look.is_since_start else source.marks

    @property
    def _folders(self) -> Folders:
        return self._view.tree if self._listing is None else self._listing.folders

    def show(self, listing: Listing) -> None:
        """Show these in place of the run's own tree."""
        self._listing = listing
        self._renew()

    def update_files(self) -> None:
        """Look for a changed tree."""
        if self._listing is not None or self.seen_version == self._view.files_version or self._is_resting:
            return
        self.seen_version = self._view.files_version
        self._renew()
        look = self.look
        is_slow = len(self.marks) > MOST_QUICK or bool(look.wanted) or look.order != "name"
        if is_slow and len(self.files) > MOST_QUICK:
            self._is_resting = True
            self.set_timer(REST_S, self._rested)

    def _rested(self) -> None:
        self._is_resting = False
        self.update_files()

    def end_flash(self) -> None:
        """Changed files keep their sign and lose the flash."""
        self.is_flashing = False
        self.refresh()

    # ---- what a person looks at

    @property
    def look(self) -> Look:
        """How the person wants it."""
        return self._tree.look

    def look_so(self, **wishes: object) -> None:
        """Have it otherwise: another order, filter, hidden ones, marks."""
        self._tree.look = structs.replace(self.look, **wishes)
        self._renew()
        self.refresh_title()

    def take_rules(self, read: Mapping[FileEntry, bytes]) -> None:
        """Leave out what these files say is ignored."""
        for entry, data in read.items():
            self._tree.ignoring.take(entry, data)
        self._renew()

    def selected(self) -> FileEntry | None:
        """The entry under the cursor."""
        rows = self._shown.rows
        return self._tree.entry(rows[self.cursor]) if self.cursor < len(rows) else None

    def toggle(self, number: int) -> None:
        """Open or fold a folder."""
        if number < len(self._shown.rows):
            self._tree.toggle(self._shown.rows[number])
            self._renew()

    def toggle_below(self) -> int:
        """Open or fold a folder and all below it, or that an entry is in; gives how many folders that are."""
        entry = self.selected()
        if entry is None:
            return 0
        path = entry.path if entry.kind == "folder" else entry.path.rpartition("/")[0]
        count = self._tree.toggle_below(path) if path else 0
        self._renew()
        return count

    def select(self, path: str) -> None:
        """Put the cursor on a path, if it is in sight."""
        number = self._number_of(path)
        if number is not None:
            self.cursor = number
            self.reveal(number)
            self.refresh()

    def _number_of(self, path: str) -> int | None:
        try:
            return self._shown.rows.index(path)
        except ValueError:
            return None

    def _renew(self) -> None:
        """Lay the lines out anew; the cursor stays on its file, and the first line in sight where it is."""
        old, top = self._shown.rows, round(self.scroll_y)
        chosen = old[self.cursor] if self.cursor < len(old) else ""
        first = old[top] if top < len(old) else ""
        version = self._view.files_version if self._listing is None else id(self._listing)
        self._shown = self._tree.show(Files(self.files, self._folders, self.marks), version)
        if unread := self._tree.ignoring.unread():
            self.on_rules(unread)
        self._notes = sentences(self._shown, self.look, self._listing or self._view, self._width)
        cursor = self._nearest(chosen) if chosen else None
        self.cursor = min(self.cursor if cursor is None else cursor, max(self.block_count() - 1, 0))
        found = self._nearest(first) if first else None
        self._heights.resize(self.block_count())
        self.is_following = False
        self._settle((top if found is None else found, 0))
        self.refresh()

    def _nearest(self, path: str) -> int | None:
        """Find the line of an entry, or of the folder that it is folded into."""
        while path:
            if (number := self._number_of(path)) is not None:
                return number
            path = path.rpartition("/")[0]
        return None

    def on_resize(self, event: events.Resize) -> None:
        """Fold the sentences to the new width."""
        super().on_resize(event)
        self._renew()

    # ---- typing

    def ask(self) -> None:
        """Have the words of a filter typed."""
        self.field.is_open = True
        self.refresh_title()

    async def _on_key(self, event: events.Key) -> None:
        if not self._took(event):
            return
        event.stop()
        event.prevent_default()

    def _took(self, event: events.Key) -> bool:
        if self.field.take(event):
            self.look_so(wanted=self.field.text)
        elif event.key == "escape" and (self.field.is_open or self.look.wanted):
            self.field.text, self.field.is_open = "", False
            self.look_so(wanted="")
        elif event.key == "enter" and self.field.is_open:
            self.field.is_open = False
            self.refresh_title()
        else:
            return False
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        if self.field.is_open:
            event.stop()
            self.field.add(event.text)
            self.look_so(wanted=self.field.text)

    def _on_blur(self, event: events.Blur) -> None:
        super()._on_blur(event)
        self.field.is_open = False
