"""Folds the file tree: what is there, and how it differs from what it was."""

from typing import TYPE_CHECKING

from lis_tui.core.events import FilesChanged
from lis_tui.core.folds.changing import Folds, changed_step
from lis_tui.core.parts import FileMark, fresh_version
from lis_tui.core.paths import is_artefact

if TYPE_CHECKING:
    from lis_tui.core.view import RunView

folds = Folds()


@folds.of(FilesChanged)
def _files_changed(view: "RunView", event: FilesChanged, at: float) -> None:
    if event.is_whole:
        view.has_tree = True
        view.files = {}
        view.files_epoch = view.epoch
        view.folders = None
    elif view.files_epoch != view.epoch:
        view.files = view.files.copy()
        view.files_epoch = view.epoch
        view.folders = None
    if event.is_whole or event.is_part:
        view.files.update((entry.path, entry) for entry in event.changed)
        if view.folders is not None:
            view.folders.add(event.changed)
    else:
        _change_files(view, event)
    view.files_version = fresh_version()


def _change_files(view: "RunView", event: FilesChanged) -> None:
    if view.folders is not None:
        view.folders.change(event)
    marks: dict[str, FileMark] = {}
    for entry in event.changed:
        is_known = entry.path in view.files
        is_new = not is_known or view.marks.get(entry.path) == "new"
        marks[entry.path] = "new" if is_new else "changed"
        _note_since_start(view, entry.path, "changed" if is_known else "new")
        view.files[entry.path] = entry
        if entry.kind == "file" and (is_artefact(entry.path) or not is_artefact(view.newest_file or "")):
            view.newest_file = entry.path
    for path in event.gone:
        if path == view.newest_file:
            view.newest_file = None
        if view.files.pop(path, None) is not None:
            marks[path] = "gone"
            _note_since_start(view, path, "gone")
    view.marks.update(marks)
    step = next((one for one in reversed(view.steps) if one.started_at is not None), None)
    changed = changed_step(view, step.address) if step is not None else None
    if changed is not None:
        changed.changes.update(marks)


def _note_since_start(view: "RunView", path: str, mark: FileMark) -> None:
    """What came and went since the start leaves no trace; what went and came again is changed."""
    before = view.start_marks.get(path)
    if mark == "gone" and before == "new":
        del view.start_marks[path]
    elif before == "new":
        return
    elif before == "gone":
        view.start_marks[path] = "changed"
    else:
        view.start_marks[path] = mark
