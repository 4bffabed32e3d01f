"""What a file is: told by its first bytes, never by its name; of a text the name may tell the language."""

from typing import Literal

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
