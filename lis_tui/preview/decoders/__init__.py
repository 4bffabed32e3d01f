"""Which decoder shows which kind of file; each is imported only when a file of its kind is shown.

A decoder is a function `decode(file, wanted)` that gives a Preview. It runs in the worker alone: it may raise
whatever its library raises. What it knows to be wrong it says itself, with CannotShow.
"""

from importlib import import_module
from typing import Protocol, cast

from lis_tui.preview.file import File
from lis_tui.preview.kinds import Kind
from lis_tui.preview.parts import CannotShow, Preview, Wanted


class Decoder(Protocol):
    """Makes a preview of one kind of file."""

    def __call__(self, file: File, wanted: Wanted) -> Preview:
        """Read as much of the file as this takes."""
        ...


_MODULES: dict[Kind, str] = {
    "empty": "nothing",
    "picture": "picture",
    "svg": "svg",
    "pdf": "pdf",
    "font": "font",
    "html": "page",
    "text": "text",
    "markdown": "text",
    "binary": "hexdump",
    "csv": "delimited",
    "video": "moving",
    "audio": "sound",
    "midi": "midi",
    "parquet": "parquet",
    "sqlite": "sqlite",
    "xlsx": "spreadsheet",
    "json": "outline",
    "jsonl": "json_lines",
    "archive": "archive",
    "notebook": "notebook",
}
"""The module here that decodes a kind."""
_EXTRAS: dict[str, str] = {
    "av": "media",
    "resvg_py": "media",
    "pypdfium2": "media",
    "mido": "media",
    "soundfile": "media",
    "pyarrow": "tables",
    "fastexcel": "tables",
}
"""Which extra of lis-tui brings a package that a decoder imports."""


def decode(kind: Kind, file: File, wanted: Wanted) -> Preview:
    """Show a file of this kind. Raises CannotShow, and what the decoder's library raises."""
    if kind not in _MODULES:
        raise CannotShow(f"There is no preview of {kind} files.")
    try:
        module = import_module(f"lis_tui.preview.decoders.{_MODULES[kind]}")
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        raise lacking(package) from error
    return cast("Decoder", module.decode)(file, wanted)


def lacking(package: str) -> CannotShow:
    """Say that a package is missing, and how to get it."""
    return CannotShow(
        f"To show it takes {package}, which is not installed: `pip install 'lis-tui[{_EXTRAS[package]}]'`."
    )
