"""Files without a byte."""

from lis_tui.preview.file import File
from lis_tui.preview.parts import Preview, Wanted


def decode(file: File, wanted: Wanted) -> Preview:  # noqa: ARG001  # what every decoder is given
    """Say that there is nothing."""
    return Preview(kind="empty", called="an empty file", facts=("0 bytes",))
