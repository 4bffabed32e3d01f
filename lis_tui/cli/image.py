"""`lis-tui image`: the sandbox image, built and described."""

import os
from pathlib import Path

from lis_tui.sandbox import base, image
from lis_tui.sandbox.carry import find_carried


def build(image_base: str | None) -> int:
    """Build the image and show how it goes."""
    carried = find_carried(os.environ, Path.home())
    print("Building the sandbox image. The first time takes a few minutes.", flush=True)
    status = image.build(lambda line: print(line, flush=True), base=image_base, carried=carried)
    print(status.sentence)
    return 0


def make_folder(folder: Path) -> int:
    """Make a root file system folder for embedded sandboxes."""
    folder = folder.expanduser().absolute()
    made = base.make(folder, image.DEFAULT_IMAGE, lambda line: print(line, flush=True))
    print(f"{folder} has the files of {made.source}: use it with `--base {folder}` or sandbox.base.")
    return 0


def show() -> int:
    """Say whether the image is there and current; 6 where it is missing."""
    status = image.status()
    print(status.sentence)
    return 0 if status.is_present else 6
