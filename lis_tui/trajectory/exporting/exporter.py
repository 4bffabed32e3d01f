"""What every exporter gets and gives, and which there are."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from msgspec import Struct

from lis_tui.core.events import Record
from lis_tui.trajectory.exporting.names import ExportFormat as ExportFormat


class Attachment(Struct, frozen=True):
    """A file that the run made; `data` None: it is too large to be put in, or cannot be read."""

    path: str
    size_bytes: int
    data: bytes | None = None


class Exportable(Struct, frozen=True, kw_only=True):
    """A run as it may be given away: its records are masked."""

    name: str
    records: Sequence[Record]
    forks: tuple[str, ...] = ()
    """Runs that began at a step of this one."""
    attachments: tuple[Attachment, ...] = ()


class Exported(Struct, frozen=True):
    """A file's content, and what the format has no place for, in words."""

    data: bytes
    lost: tuple[str, ...] = ()


Exporter = Callable[[Exportable], Exported]

_DOORS: dict[ExportFormat, tuple[str, str]] = {
    "markdown": ("text", "to_markdown"),
    "json": ("text", "to_json"),
    "html": ("page", "to_html"),
    "cast": ("cast", "to_cast"),
    "cast3": ("cast", "to_cast3"),
    "atif": ("atif", "to_atif"),
    "openai": ("chat", "to_openai"),
    "llm-in-sandbox": ("peer", "to_peer"),
    "mini": ("mini", "to_mini"),
}
"""Module and function of each; loaded only when asked for."""


def exporter(to: ExportFormat) -> Exporter:
    """Give the function that writes a format."""
    module, name = _DOORS[to]
    return cast("Exporter", getattr(import_module(f"lis_tui.trajectory.exporting.{module}"), name))
