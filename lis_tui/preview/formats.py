"""The kinds of files that a preview tells apart, and a format: a kind with the words for it."""

from typing import Literal, NamedTuple

Kind = Literal[
    "empty",
    "text",
    "markdown",
    "html",
    "json",
    "jsonl",
    "notebook",
    "csv",
    "parquet",
    "xlsx",
    "sqlite",
    "picture",
    "svg",
    "pdf",
    "video",
    "audio",
    "midi",
    "archive",
    "font",
    "binary",
]


class Format(NamedTuple):
    """What a file is."""

    kind: Kind
    called: str
    """In words: `a PNG picture`."""
