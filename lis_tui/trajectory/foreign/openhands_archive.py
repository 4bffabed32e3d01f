"""Finds the events of OpenHands in a zip, where each is a file of its own, numbered in their order."""

import re

from lis_tui.core.errors import NoTrajectory
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.members import MOST_MEMBER_BYTES, Members
from lis_tui.trajectory.foreign.openhands_shapes import is_event

_FILE = re.compile(r"((?:.*/)?)(?:event[-_])?(\d{1,9})(?:[-_][^/]*)?\.json", re.DOTALL)


def archived(archive: Members) -> list[Json]:
    """Give the run of each folder that holds events."""
    if sum(info.file_size for info in archive.members.values()) > MOST_MEMBER_BYTES:
        return []
    folders: dict[str, list[tuple[int, str]]] = {}
    for name in archive.members:
        found = _FILE.fullmatch(name)
        if found:
            folders.setdefault(found[1], []).append((int(found[2]), name))
    runs = ([name for _, name in sorted(files)] for files in folders.values())
    return [
        {"events": [_json(archive, name) for name in files]}
        for files in runs
        if is_event(_json(archive, files[0]))
    ]


def _json(archive: Members, name: str) -> object:
    """A file that cannot be read is one event less."""
    try:
        return archive.json(name)
    except NoTrajectory:
        return None
