"""What a `.gitignore` leaves out, as gitignore(5) says.

Patterns come from a sandbox: each part is matched in linear time (`fnmatch` makes expressions that do not go
back), so that none can hold the screen up, and what is too much of them is not read.
"""

import fnmatch
import re
from collections.abc import Sequence

from msgspec import Struct

NAME = ".gitignore"
MOST_BYTES = 64 * 1024
MOST_RULES = 500
_MOST_PARTS = 20
_ANY_FOLDERS = "**"


class _Rule(Struct, frozen=True):
    """One line: `parts` are expressions for names; None stands for any folders, also none."""

    parts: tuple[re.Pattern[str] | None, ...]
    is_negated: bool
    is_of_folders: bool

    def fits(self, names: Sequence[str]) -> bool:
        """Tell whether the whole path is meant."""
        # reached[n]: the parts so far can be the first n names
        reached = [True, *(False for _ in names)]
        for part in self.parts:
            if part is None:
                first = reached.index(True) if True in reached else len(reached)
                reached = [place >= first for place in range(len(reached))]
            else:
                fitting = (part.fullmatch(name) is not None for name in names)
                reached = [False, *(was and fits for was, fits in zip(reached, fitting, strict=False))]
        return reached[-1]


class Ignore:
    """The rules of one file; the last that fits counts."""

    def __init__(self, data: bytes) -> None:
        lines = data[:MOST_BYTES].decode(errors="replace").splitlines()
        found = (_rule(line) for line in lines[:MOST_RULES])
        self._rules = [rule for rule in found if rule is not None]

    def leaves_out(self, path: str, *, is_folder: bool) -> bool | None:
        """Tell of a path relative to the file's folder; None: nothing is said of it."""
        names = path.split("/")
        for rule in reversed(self._rules):
            if (is_folder or not rule.is_of_folders) and rule.fits(names):
                return not rule.is_negated
        return None


def _rule(line: str) -> _Rule | None:
    line = line.rstrip("\n\r")
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    if not line or line.startswith("#"):
        return None
    is_negated = line.startswith("!")
    line = line[is_negated:]
    is_of_folders = line.endswith("/")
    is_anchored = "/" in line.rstrip("/")
    names = [name for name in line.split("/") if name]
    if not names or len(names) > _MOST_PARTS:
        return None
    if not is_anchored:
        names.insert(0, _ANY_FOLDERS)
    parts = [None if name == _ANY_FOLDERS else _expression(name) for name in names]
    if names[-1] == _ANY_FOLDERS:  # what is in it, not itself
        parts.append(_expression("*"))
    return _Rule(tuple(parts), is_negated, is_of_folders)


def _expression(name: str) -> re.Pattern[str]:
    """Make an expression for a name; a backslash takes the sense from what follows it."""
    plain = re.sub(r"\\(.)", lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], name)
    return re.compile(fnmatch.translate(plain))
