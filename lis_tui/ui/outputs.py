"""Outputs of commands as they are kept on disk: read without following links, for a thread."""

from pathlib import Path

from lis_tui.core.beneath import read_beneath
from lis_tui.core.errors import FileRefused
from lis_tui.core.parts import MOST_TAIL, StepView


def read_output(folder: Path, step: StepView) -> bytes:
    """Give a small output whole; empty where it is not there, not small, or not whole."""
    name = step.observation.output_name if step.observation is not None else ""
    if not name:
        return b""
    try:
        found = read_beneath(folder, name.encode(), MOST_TAIL)
    except FileRefused:
        return b""
    return found.data if len(found.data) == found.size_bytes else b""
