"""A run made ready to be given away, and written down in one of the formats: masked, with what it made."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from lis_tui.core.events import Record, RunStarted
from lis_tui.core.text import Secrets, plural
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.exporting.attachments import attachments_of
from lis_tui.trajectory.exporting.exporter import Attachment, Exportable, ExportFormat, exporter
from lis_tui.trajectory.exporting.masking import masked
from lis_tui.trajectory.store import RunFolder


class Written(Struct, frozen=True):
    """The file's content, what the format has no place for, and how many texts were masked where."""

    data: bytes
    lost: tuple[str, ...]
    hidden: dict[str, int]

    def remarks(self) -> list[str]:
        """Say what was lost and masked, a sentence each."""
        told = [f"not in it: {what}." for what in self.lost]
        if self.hidden:
            where = ", ".join(f"{place} ({plural(count, 'text')})" for place, count in self.hidden.items())
            told.append(f"masked as keys or passwords, in: {where}.")
        return told


def written(
    name: str,
    records: Sequence[Record],
    to: ExportFormat,
    environ: Mapping[str, str],
    *,
    folder: RunFolder | None = None,
    forks: Sequence[str] = (),
) -> Written:
    """Write a run down; `folder` is that of a run of ours. Raises LisError."""
    secrets = Secrets(_known_values(records, environ))
    safe, hidden = masked(records, secrets)
    attachments: tuple[Attachment, ...] = ()
    if folder is not None and to == "html":
        attachments = attachments_of(folder, Blobs(folder.path.parent.parent), secrets)
    run = Exportable(name=name, records=safe, forks=tuple(forks), attachments=attachments)
    exported = exporter(to)(run)
    return Written(exported.data, exported.lost, hidden)


def _known_values(records: Sequence[Record], environ: Mapping[str, str]) -> list[str]:
    """Give the values of the variables that were passed into the sandbox, as far as they are set here."""
    names = [
        name
        for record in records
        if isinstance(record.event, RunStarted)
        for name in record.event.spec.sandbox.env_names
    ]
    return [environ[name] for name in names if name in environ]
