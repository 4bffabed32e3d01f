"""`lis-tui export`: a run's account, for people or for programs; what was masked is said beside it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lis_tui.cli.recorded import recorded
from lis_tui.config.places import Places
from lis_tui.core.errors import UsageWrong
from lis_tui.core.events import Record, RunStarted
from lis_tui.core.text import Secrets, clean, plural
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.exporting.attachments import attachments_of
from lis_tui.trajectory.exporting.exporter import Attachment, Exportable, ExportFormat, exporter
from lis_tui.trajectory.exporting.masking import masked
from lis_tui.trajectory.store import Store


def export(places: Places, name: str, *, to: ExportFormat, path: Path | None) -> int:
    """Write down a run, or a trajectory in a file, to a file or to standard output.

    Raises LisError.
    """
    found = recorded(places, name)
    records = found.records()
    secrets = Secrets(_known_values(records, os.environ))
    safe, hidden = masked(records, secrets)
    forks: list[str] = []
    attachments: tuple[Attachment, ...] = ()
    if found.folder is not None:
        forks = [run.name for run in Store(places.data).list() if run.parent == found.name]
        if to == "html":
            attachments = attachments_of(found.folder, Blobs(places.data), secrets)
    run = Exportable(name=found.name, records=safe, forks=tuple(forks), attachments=attachments)
    exported = exporter(to)(run)
    if path is None:
        sys.stdout.buffer.write(exported.data)
        sys.stdout.buffer.flush()
    else:
        _write(path.expanduser(), exported.data)
    _report(hidden, exported.lost)
    return 0


def _report(hidden: Mapping[str, int], lost: tuple[str, ...]) -> None:
    """Say what was masked, and what the format has no place for."""
    for what in lost:
        print(f"lis-tui: not in it: {clean(what)}.", file=sys.stderr)
    if hidden:
        where = ", ".join(f"{place} ({plural(count, 'text')})" for place, count in hidden.items())
        print(f"lis-tui: masked as keys or passwords, in: {clean(where)}.", file=sys.stderr)


def _known_values(records: list[Record], environ: Mapping[str, str]) -> list[str]:
    """Give the values of the variables that were passed into the sandbox, as far as they are set here."""
    names = [
        name
        for record in records
        if isinstance(record.event, RunStarted)
        for name in record.event.spec.sandbox.env_names
    ]
    return [environ[name] for name in names if name in environ]


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageWrong(f"{path} cannot be written: {error.strerror}.") from error
