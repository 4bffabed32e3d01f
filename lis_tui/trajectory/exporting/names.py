"""The formats that runs are exported to; nothing is imported, because the command line lists them."""

from typing import Literal, get_args

ExportFormat = Literal[
    "markdown", "json", "html", "cast", "cast3", "atif", "openai", "llm-in-sandbox", "mini"
]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
