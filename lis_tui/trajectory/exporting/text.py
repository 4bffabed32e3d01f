"""The account of a run as Markdown and as JSON."""

from lis_tui.trajectory.exporting.exporter import Exportable, Exported
from lis_tui.trajectory.formats import as_json, as_markdown
from lis_tui.trajectory.telling import account_of


def to_markdown(run: Exportable) -> Exported:
    """Give it to read."""
    return Exported(as_markdown(account_of(run.records, run.forks)).encode())


def to_json(run: Exportable) -> Exported:
    """Give it for programs."""
    return Exported(as_json(account_of(run.records, run.forks)).encode())
