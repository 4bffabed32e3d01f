"""The preview: what the selected file looks like, or why that cannot be shown."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from textual import events
from textual.binding import Binding
from textual.geometry import Size

from lis_tui.core.events import FileEntry
from lis_tui.core.text import one_line
from lis_tui.ui import words
from lis_tui.ui.media.sheet import Sentences, Sheet
from lis_tui.ui.media.view import MediaView
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, cells


class Shown(Struct, frozen=True):
    """What is shown of one file."""

    entry: FileEntry
    sheets: Sequence[Sheet]
    fact: str = ""
    """What the title says of it: `800×600`."""
    is_fitted: bool = False
    """It looks otherwise in another room, or on another ground."""


class PreviewPane(MediaView):
    """Draws one preview under its title."""

    BINDINGS = [Binding("space", "fold", "fold", show=False)]

    def __init__(self, paint: Paint) -> None:
        super().__init__(paint, id="preview")
        self.shown: Shown | None = None
        self.refit: Callable[[], None] | None = None
        """Called when what is shown has to be drawn for another room or ground."""
        self._room_then = Size(0, 0)

    @property
    def entry(self) -> FileEntry | None:
        """Which file is shown."""
        return self.shown.entry if self.shown is not None else None

    def show(self, shown: Shown | None) -> None:
        """Draw this one, or none; the same file keeps its place."""
        is_same = self.entry is not None and shown is not None and self.entry.path == shown.entry.path
        self.shown = shown
        self.put(shown.sheets if shown is not None else (), keeps_place=is_same, follows=is_same)

    def say(self, entry: FileEntry, sentence: str) -> None:
        """Say something in place of a file's preview."""
        self.show(Shown(entry, (Sentences(sentence),)))

    def on_resize(self, event: events.Resize) -> None:
        """Ask for a picture of the new size; until it comes the one that is there stays."""
        if event.size != self._room_then:
            self._room_then = event.size
            self._ask()

    def repaint(self, paint: Paint) -> None:
        """Draw with another theme, pictures over its ground."""
        super().repaint(paint)
        self._ask()

    def _ask(self) -> None:
        if self.refit is not None and self.shown is not None and self.shown.is_fitted:
            self.refit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key to the workbench where there is nothing to fold."""
        return action != "fold" or self.can_fold(self.cursor)

    def action_fold(self) -> None:
        """Fold or open what is under the cursor."""
        self.toggle(self.cursor)

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the file, and say how large it is."""
        tone = "accent bold" if self.has_focus else "muted"
        entry = self.entry
        if entry is None:
            return [(" 4 ", tone), ("Preview", tone if self.has_focus else "output")], [("  ", "muted")]
        facts = [self.shown.fact] if self.shown is not None and self.shown.fact else []
        facts += [words.size(entry.size_bytes)] if entry.kind == "file" else []
        right: list[Ink] = [(f" {' · '.join(facts)} ", "muted")]
        name = one_line(entry.path, 80)
        if cells([(name, ""), *right]) + 3 > self.size.width:
            name = one_line(entry.path.rpartition("/")[2], 80)
        return [(" 4 ", tone), (name, tone if self.has_focus else "output")], right
