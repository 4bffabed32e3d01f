"""What ships with the code: folders inside the package in a wheel and beside it in a checkout, recordings."""

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


def is_shipped(path: Path) -> bool:
    """Whether it came with the package, which nothing of a user's is written into."""
    return path.resolve().is_relative_to(_PACKAGE)
