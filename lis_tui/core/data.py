"""Finds the folders that ship beside the code: inside the package in a wheel, beside it in a checkout."""

from pathlib import Path
from typing import Literal

from lis_tui.core.errors import StorageFailed

_PACKAGE = Path(__file__).resolve().parent.parent


def data_folder(name: Literal["themes", "docker"], package: Path = _PACKAGE) -> Path:
    """Give the folder of that name. Raises StorageFailed where the installation is incomplete."""
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise StorageFailed(f"The installation has no folder {name!r}: install lis-tui again.")
