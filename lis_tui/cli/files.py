"""`lis-tui files` and `lis-tui save`: what a run made, listed and saved without a screen."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from lis_tui.cli.recorded import Recorded, recorded
from lis_tui.cli.runs import size
from lis_tui.cli.travel import address_of
from lis_tui.config.places import Places
from lis_tui.core.beneath import list_beneath, open_beneath
from lis_tui.core.content import Content
from lis_tui.core.errors import UsageWrong
from lis_tui.core.events import FileEntry, RunForked, StepAddress
from lis_tui.core.paths import escape_path, unescape_path
from lis_tui.core.text import clean, one_line
from lis_tui.preview.extracting import extract_content, said_of
from lis_tui.preview.saving import made, safe_name, save_all
from lis_tui.trajectory.inferred_files import InferredFiles
from lis_tui.trajectory.past_files import Past, past_files

MOST_LISTED = 100_000
_SIGNS = {"folder": "/", "link": "@", "fifo": "|", "socket": "=", "device": "#"}


class _Tree(NamedTuple):
    entries: Sequence[FileEntry]
    open: Callable[[str], Content]
    when: str


def show(places: Places, wanted: str, *, at: str | None, is_all: bool) -> int:
    """Print the files that a run made, or all that there are, with their sizes. Raises LisError."""
    tree = _tree(recorded(places, wanted), address_of(at) if at is not None else None)
    entries = sorted(tree.entries, key=lambda one: one.path) if is_all else made(tree.entries)
    for entry in entries:
        told = size(entry.size_bytes) if entry.kind == "file" and entry.size_bytes >= 0 else ""
        target = f" -> {one_line(entry.target, 200)}" if entry.target else ""
        print(f"{told:>8}  {one_line(entry.path, 1000)}{_SIGNS.get(entry.kind, '')}{target}")
    if not entries:
        words = "There are no files" if is_all else "It made no file in the output folder, and no answer"
        print(f"lis-tui: {words} ({tree.when}).", file=sys.stderr)
    return 0


def keep(places: Places, wanted: str, paths: Sequence[str], *, to: Path, at: str | None) -> int:
    """Save files of a run below a folder, those that it made where none are named. Raises LisError."""
    tree = _tree(recorded(places, wanted), address_of(at) if at is not None else None)
    chosen = _named(tree, paths) if paths else [entry.path for entry in made(tree.entries)]
    saved, problems = save_all(chosen, tree.open, to.expanduser().absolute())
    print(f"{saved} of {len(chosen)} saved below {to} ({tree.when}).")
    for problem in problems:
        print(f"lis-tui: not saved: {clean(problem)}", file=sys.stderr)
    return 7 if problems else 0


def extract(places: Places, wanted: str, paths: Sequence[str], *, to: Path, at: str | None) -> int:
    """Extract archives of a run, each into a new folder below `to`. Raises LisError."""
    tree = _tree(recorded(places, wanted), address_of(at) if at is not None else None)
    if not paths:
        raise UsageWrong("Say which archives: `lis-tui save RUN PATH… --extract --to DIR`.")
    to = to.expanduser().absolute()
    to.mkdir(parents=True, exist_ok=True)
    has_problems = False
    for path in _named(tree, paths):
        into = to / (safe_name(path).partition(".")[0] or "archive")
        with tree.open(path) as content:
            sentence, problems = said_of(extract_content(content, into, name=path.rpartition("/")[2]), into)
        print(f"{one_line(path, 200)}: {sentence} ({tree.when}).")
        for problem in problems:
            print(f"lis-tui: not extracted: {clean(problem)}", file=sys.stderr)
        has_problems |= bool(problems)
    return 7 if has_problems else 0


def _named(tree: _Tree, paths: Sequence[str]) -> list[str]:
    """Give the files that are named, and those in folders that are. Raises UsageWrong."""
    files = [entry.path for entry in tree.entries if entry.kind == "file"]
    found: list[str] = []
    for path in paths:
        name = escape_path(path.encode(errors="surrogateescape")).strip("/")
        inside = [one for one in files if one == name or one.startswith(f"{name}/")]
        if not inside:
            raise UsageWrong(f"No plain file is at {path} ({tree.when}); `lis-tui files` lists them.")
        found += inside
    return list(dict.fromkeys(found))


def _tree(run: Recorded, at: StepAddress | None) -> _Tree:
    """Give the files as they are now, where they are here; else as they were after a step."""
    worktree = run.folder.worktree if run.folder is not None else None
    if at is None and worktree is not None and worktree.is_dir():
        here = worktree

        def opened(path: str) -> Content:
            return Content(descriptor=open_beneath(here, unescape_path(path)))

        return _Tree(list_beneath(here, MOST_LISTED), opened, "as they are now")
    past = _past(run)
    known = past.addresses()
    then = past.then(at if at is not None else known[-1] if known else StepAddress(0))
    when = "as far as recorded edits tell" if past.is_inferred else f"as they were after {then.shown}"
    return _Tree(then.entries, lambda path: past.open(then.shown, path), when)


def _past(run: Recorded) -> Past:
    records = run.records()
    if run.folder is not None:
        forks = (record.event for record in reversed(records) if isinstance(record.event, RunForked))
        kept = past_files(run.folder.path, run.name, next(forks, None))
        if kept.addresses():
            return kept
    return InferredFiles(records)
