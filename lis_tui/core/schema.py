"""The journal's format as a JSON schema, made of the very types that read and write it."""

import inspect
from functools import reduce
from operator import or_
from typing import get_args

import msgspec

from lis_tui.core.events import FORMAT_VERSION, Fact, KnownEvent

FACTS: tuple[type[Fact], ...] = tuple(kind for kind in get_args(KnownEvent) if issubclass(kind, Fact))
"""The kinds of event that a journal keeps."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def journal_schema() -> dict[str, object]:
    """Give the schema of one line of a journal."""
    line = msgspec.defstruct("Line", [("n", int), ("at", float), ("event", reduce(or_, FACTS))])
    _, parts = msgspec.json.schema_components([line], ref_template="#/$defs/{name}")
    described = {name: _described(part) for name, part in sorted(parts.items())}
    top = described.pop("Line")
    about = (
        f"One line of a lis-tui journal (journal.jsonl), format version {FORMAT_VERSION}: a fact of the run, "
        "its number, and when it happened (unix seconds; 0: not known). Later versions add kinds of event, "
        "and fields with defaults; a reader passes over what it does not know."
    )
    return {
        "$schema": _DIALECT,
        "$id": f"urn:lis-tui:journal:{FORMAT_VERSION}",
        **top,
        "title": "A line of a journal",
        "description": about,
        "$defs": described,
    }


def _described(part: dict[str, object]) -> dict[str, object]:
    about = part.get("description")
    return {**part, "description": inspect.cleandoc(about)} if isinstance(about, str) else part
