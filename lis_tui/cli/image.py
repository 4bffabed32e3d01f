"""`lis-tui image`: the sandbox image, built and described."""

import os
from pathlib import Path

from lis_tui.sandbox import image
from lis_tui.sandbox.carry import find_carried


def build(base: str | None) -> int:
    """Build the image and show how it goes."""
    carried = find_carried(os.environ, Path.home())
    print("Building the sandbox image. The first time takes a few minutes.", flush=True)
    status = image.build(lambda line: print(line, flush=True), base=base, carried=carried)
    print(status.sentence)
    return 0


def show() -> int:
    """Say whether the image is there and current; 6 where it is missing."""
    status = image.status()
    print(status.sentence)
    return 0 if status.is_present else 6
