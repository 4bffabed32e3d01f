"""What the files pane shows: entries, how they are marked, what is in each folder, and how one is read."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from lis_tui.core.beneath import FilePart, open_beneath, read_beneath
from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused
from lis_tui.core.events import FileEntry, StepAddress
from lis_tui.core.folders import Folders
from lis_tui.core.parts import FileMark
from lis_tui.core.paths import is_artefact, unescape_path

if TYPE_CHECKING:
    from lis_tui.trajectory.past_files import Past

Read = Callable[[FileEntry, int], FilePart]
"""Gives the beginning of a file, so many bytes of it; slow, raises LisError."""

Open = Callable[[FileEntry], Content]
"""Opens a file; the caller closes it. Slow, raises LisError."""


NOT_KEPT_YET = (
    "The engine is on another machine: a file can be seen once the step that wrote it is over, and kept."
)


def _not_here(entry: FileEntry) -> Content:
    raise FileRefused("The files of this run are not on this machine.")


class Listing(Struct, frozen=True):
    """A tree of files. Made in a thread: nothing that depends on its size is left for the screen."""

    files: Mapping[str, FileEntry]
    marks: Mapping[str, FileMark]
    folders: Folders
    read: Read
    shown: StepAddress | None = None
    """The step after which the files were like this; None: it is the tree as it is now."""
    note: str = ""
    """What the pane's title says of it."""
    is_doubtful: bool = False
    """The note says that these are not exactly the files of the place one is at."""
    why_empty: str = ""
    newest: str | None = None
    """The file that was written last: of those that are marked, else of all."""
    open: Open = _not_here
    start_marks: Mapping[str, FileMark] = {}
    """How they differ from the first that are known."""


def listing(
    entries: Iterable[FileEntry],
    marks: Mapping[str, FileMark],
    read: Read,
    *,
    shown: StepAddress | None = None,
    note: str = "",
    is_doubtful: bool = False,
    why_empty: str = "",
    open: Open = _not_here,  # noqa: A002  (what it does; nothing here opens by path)
    start_marks: Mapping[str, FileMark] | None = None,
) -> Listing:
    """Make one of the entries of a tree."""
    files = {entry.path: entry for entry in entries}
    marked = [files[path] for path, mark in marks.items() if mark != "gone" and path in files]
    return Listing(
        files,
        marks,
        Folders(files.values()),
        read,
        shown,
        note,
        is_doubtful,
        why_empty if not files else "",
        _newest(marked) or _newest(files.values()),
        open,
        start_marks or {},
    )


def _newest(entries: Iterable[FileEntry]) -> str | None:
    """Give the file that was written last: of the artefacts, else of all, a hidden one only as the last."""
    found = [entry for entry in entries if entry.kind == "file"]
    shown = [entry for entry in found if not f"/{entry.path}".count("/.")]
    made = [entry for entry in shown if is_artefact(entry.path)]
    return max(made or shown or found, key=lambda entry: entry.mtime_s).path if found else None


def below(folder: Path | None) -> Read:
    """Read files as they are now, below a folder of this machine."""

    def read(entry: FileEntry, most_bytes: int) -> FilePart:
        if folder is None:
            raise FileRefused("The files of this run are not on this machine.")
        return read_beneath(folder, unescape_path(entry.path), most_bytes)

    return read


def opened_kept(find: "Callable[[], Past | None]", shown: StepAddress | None) -> Open:
    """Open files as the newest checkpoint has them: the work folder itself is on another machine."""

    def opened(entry: FileEntry) -> Content:
        past = find() if shown is not None else None
        if past is None or shown is None:
            raise FileRefused(NOT_KEPT_YET)
        try:
            content = past.open(shown, entry.path)
        except FileRefused as error:
            raise FileRefused(NOT_KEPT_YET) from error
        if content.size_bytes != entry.size_bytes:
            content.close()
            raise FileRefused(NOT_KEPT_YET)
        return content

    return opened


def opened_below(folder: Path | None) -> Open:
    """Open files as they are now, below a folder of this machine."""

    def opened(entry: FileEntry) -> Content:
        if folder is None:
            return _not_here(entry)
        return Content(descriptor=open_beneath(folder, unescape_path(entry.path)))

    return opened
