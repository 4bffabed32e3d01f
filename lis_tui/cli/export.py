"""`lis-tui export`: a run's account, for people or for programs; what was masked is said beside it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lis_tui.cli.recorded import recorded
from lis_tui.config.places import Places
from lis_tui.core.errors import UsageWrong
from lis_tui.core.events import Record, RunStarted
from lis_tui.core.text import Secrets, clean
from lis_tui.trajectory.formats import Format, as_json, as_markdown, without_secrets
from lis_tui.trajectory.store import Store
from lis_tui.trajectory.telling import account_of


def export(places: Places, name: str, *, to: Format, path: Path | None) -> int:
    """Write the account of a run, or of a trajectory in a file, to a file or to standard output.

    Raises LisError.
    """
    found = recorded(places, name)
    records = found.records()
    forks: list[str] = []
    if found.folder is not None:
        forks = [run.name for run in Store(places.data).list() if run.parent == found.name]
    known = _known_values(records, os.environ)
    account, masked = without_secrets(account_of(records, forks), Secrets(known))
    text = as_json(account) if to == "json" else as_markdown(account)
    if path is None:
        sys.stdout.write(text)
    else:
        _write(path.expanduser(), text)
    if masked:
        places_ = ", ".join(f"{place} ({count})" for place, count in masked.items())
        print(f"lis-tui: masked as keys or passwords, in: {clean(places_)}.", file=sys.stderr)
    return 0


def _known_values(records: list[Record], environ: Mapping[str, str]) -> list[str]:
    """Give the values of the variables that were passed into the sandbox, as far as they are set here."""
    names = [
        name
        for record in records
        if isinstance(record.event, RunStarted)
        for name in record.event.spec.sandbox.env_names
    ]
    return [environ[name] for name in names if name in environ]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageWrong(f"{path} cannot be written: {error.strerror}.") from error
