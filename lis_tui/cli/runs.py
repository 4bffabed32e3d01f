"""The runs on disk: listed, found, removed."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from lis_tui.config.places import Places, find_places
from lis_tui.core.errors import LisError, RunIsLive, RunNotFound, StorageFailed, UsageWrong
from lis_tui.core.run_filter import parse_run_filter
from lis_tui.core.text import clean, one_line
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.notes import Notes, note_of, tags_of, verdict_of, write_notes
from lis_tui.trajectory.pruning import Space, prune, spaces
from lis_tui.trajectory.store import RunFolder, Store
from lis_tui.trajectory.summary import RunSummary

SAMPLE = Path(__file__).parent.parent / "recordings" / "sample"
"""The run that is shipped with the package."""


def show_all(places: Places, wanted: str | None = None) -> int:
    """Print all runs, newest first, or those that a filter means. Raises FilterInvalid."""
    is_wanted = parse_run_filter(wanted) if wanted is not None else None
    runs = Store(places.data).list()
    if not runs:
        print("There are no runs yet. `lis-tui demo` makes one without a key.")
        return 0
    if is_wanted is not None:
        runs = [run for run in runs if is_wanted(run.facts())]
        if not runs:
            print("No run is like this.")
            return 0
    store = Store(places.data)
    kept = spaces(store, store.list())
    head = ("RUN", "STATE", "TURNS", "AGE", "SIZE", "CHECKPOINTS", "MODEL", "VERDICT", "ANSWER OR TASK")
    rows = [head, *(_row(run, time.time(), kept.get(run.name)) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if total := Blobs(places.data).size_bytes():
        print(f"\nCheckpoints take {size(total)} in all; `lis-tui runs prune` frees what no run needs.")
    return 0


def remove(names: Sequence[str]) -> int:
    """Remove runs; what cannot be removed is said, and the others are removed all the same."""
    store = Store(find_places(os.environ).data)
    code = 0
    for name in names:
        try:
            folder = store.find(name)
            if folder.name != name and os.sep not in name:
                raise RunNotFound(f"There is no run {name!r}; did you mean {folder.name}?")
            _remove(store, folder)
        except LisError as error:
            print(f"lis-tui: {clean(error.sentence)}", file=sys.stderr)
            code = error.exit_code
        else:
            print(f"{folder.name} is removed.")
    return code or _free(store)


def _free(store: Store) -> int:
    """Free what only the removed runs needed."""
    try:
        freed = prune(store)
    except LisError as error:
        print(f"lis-tui: {clean(error.sentence)}", file=sys.stderr)
        return error.exit_code
    if freed.bytes_freed:
        print(f"{size(freed.bytes_freed)} of checkpoints that no run needs are freed.")
    if freed.waiting_bytes:
        print(f"{size(freed.waiting_bytes)} more will be freed by `lis-tui runs prune` later.")
    return 0


def _remove(store: Store, folder: RunFolder) -> None:
    try:
        store.remove(folder.name)
    except RunIsLive as error:
        raise RunIsLive(
            f"The run {folder.name} is live and stays: end it first, in `lis-tui attach {folder.name}`."
        ) from error
    except StorageFailed as refusal:
        # Root's files in the work tree are in the way; the engine can give them back.
        from lis_tui.host.leftovers import give_back

        try:
            asyncio.run(give_back(folder))
        except LisError as error:
            raise refusal from error
        store.remove(folder.name)
    _remove_computer(store, folder.name)


def _remove_computer(store: Store, name: str) -> None:
    """Remove what a killed process left of the run's embedded sandbox."""
    if any((store.root / "computers" / one).exists() for one in (name, f"{name}.copy")):
        from lis_tui.host.leftovers import remove_of_run

        asyncio.run(remove_of_run(store.root, name, has_container=False))


def judge(places: Places, what: str, name: str, words: Sequence[str]) -> int:
    """Change a run's verdict, tags or note, or print it. Raises RunNotFound, UsageWrong, StorageFailed."""
    run = Store(places.data).summary(name)
    change, shown = _JUDGING[what]
    notes = change(run.notes, words) if words else run.notes
    if notes != run.notes:
        write_notes(run.path, notes)
    print(f"{one_line(run.name, 60)}: {clean(shown(notes)) or 'none'}")
    return 0


def _tagged(notes: Notes, words: Sequence[str]) -> Notes:
    off = set(tags_of(word[1:] for word in words if word.startswith("-")))
    on = tags_of([*notes.tags, *(word for word in words if not word.startswith("-"))])
    return msgspec.structs.replace(notes, tags=tuple(tag for tag in on if tag not in off))


def _noted(notes: Notes, words: Sequence[str]) -> Notes:
    return msgspec.structs.replace(notes, note=note_of(" ".join(words)))


def _judged(notes: Notes, words: Sequence[str]) -> Notes:
    return msgspec.structs.replace(notes, verdict=verdict_of(words[0]))


_JUDGING: dict[str, tuple[Callable[[Notes, Sequence[str]], Notes], Callable[[Notes], str]]] = {
    "tag": (_tagged, lambda notes: " ".join(f"#{tag}" for tag in notes.tags)),
    "note": (_noted, lambda notes: notes.note),
    "verdict": (_judged, lambda notes: notes.verdict),
}


def must_be_live(places: Places, name: str) -> str:
    """Give the whole name of a live run. Raises RunNotFound, UsageWrong."""
    folder = Store(places.data).find(name)
    if not folder.is_live():
        raise UsageWrong(f"The run {folder.name} is not live; look at it with `lis-tui open {folder.name}`.")
    return folder.name


def size(count: int) -> str:
    """Give a size in the unit that suits it."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def age(seconds: float) -> str:
    """Give an age in the unit that suits it."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _space(space: Space | None) -> str:
    """Say what only this run's checkpoints need, and what they share with other runs."""
    if space is None:
        return "?"
    own = size(space.own_bytes) if space.own_bytes else ""
    shared = f"+{size(space.shared_bytes)} shared" if space.shared_bytes else ""
    return " ".join(filter(None, (own, shared))) or "–"


def _row(run: RunSummary, now: float, space: Space | None) -> tuple[str, ...]:
    text = run.problem or run.answer_head or run.task
    return (
        one_line(run.name, 60),
        run.status.replace("_", " "),
        str(run.turns),
        age(now - run.started_at) if run.started_at else "",
        size(run.size_bytes()),
        _space(space),
        one_line(run.model, 30),
        one_line(" ".join([run.notes.verdict or "–", *(f"#{tag}" for tag in run.notes.tags)]), 60),
        one_line(text, 60),
    )
