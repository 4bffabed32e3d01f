"""How files differ: two work folders by their checkpoints, two texts line by line."""

import difflib
import stat
from collections.abc import Set as AbstractSet

from msgspec import Struct
from msgspec.structs import replace

from lis_tui.core.manifest import Difference, Manifest, Node, differences

MOST_BYTES = 512 * 1024
"""Larger files are not compared line by line."""
MOST_LINES = 20_000
_LOOKED_AT = 8192


class FileDifference(Struct, frozen=True):
    """A path of the work folder that is not the same in both; None: it is not there."""

    path: str
    kind: Difference
    """As seen from the left: `new` is only on the right, `gone` only on the left."""
    left: Node | None
    right: Node | None

    @property
    def about(self) -> str:
        """Say what besides the content differs; empty where nothing does."""
        one, other = self.left, self.right
        if one is None or other is None:
            return ""
        found = [(one.kind, other.kind), (_mode(one), _mode(other)), (one.owner, other.owner)]
        found.append((one.target, other.target))
        return ", ".join(f"{old} → {new}" for old, new in found if old != new)


class TextDiff(Struct, frozen=True):
    """A unified diff; `note` says why there are no lines, or what they do not show."""

    lines: tuple[str, ...] = ()
    note: str = ""


def differing_files(left: Manifest, right: Manifest) -> tuple[FileDifference, ...]:
    """Tell what differs between the work folders of two checkpoints, by relative path."""
    same = {path for path, node in left.nodes.items() if right.nodes.get(path) is node}
    if left.workdir != right.workdir:
        same = set()
    one, other = _inside(left, same), _inside(right, same)
    return tuple(
        FileDifference(path, kind, one.nodes.get(path), other.nodes.get(path))
        for path, kind in differences(one, other).items()
    )


def diff_texts(left: str, right: str, names: tuple[str, str]) -> TextDiff:
    """Compare two texts line by line."""
    if left == right:
        return TextDiff(note="They are the same.")
    old, new = (text.split("\n") if text else [] for text in (left, right))
    if max(len(old), len(new)) > MOST_LINES:
        return TextDiff(note=f"Too long to be compared line by line: more than {MOST_LINES:,} lines.")
    return TextDiff(tuple(difflib.unified_diff(old, new, *names, lineterm="")))


def diff_contents(left: bytes | None, right: bytes | None, names: tuple[str, str]) -> TextDiff:
    """Compare two files' contents; None: the file is not there."""
    old, new = left or b"", right or b""
    sizes = f"{len(old):,} → {len(new):,} bytes"
    if max(len(old), len(new)) > MOST_BYTES:
        return TextDiff(note=f"Too large to be compared line by line: more than {MOST_BYTES:,} bytes.")
    if old == new:
        return TextDiff(note="The contents are the same." if old else "Both are empty.")
    if _is_binary(old) or _is_binary(new):
        return TextDiff(note=f"Binary: {sizes}.")
    found = diff_texts(old.decode("utf-8", "replace"), new.decode("utf-8", "replace"), names)
    return found if found.lines or found.note else TextDiff(note=f"They differ: {sizes}.")


def _inside(manifest: Manifest, same: AbstractSet[str]) -> Manifest:
    """Give the work folder alone, by relative paths: two runs may have it in different places."""
    top = manifest.workdir.rstrip("/") + "/"
    others = manifest.nodes.keys() - same
    nodes = {path.removeprefix(top): manifest.nodes[path] for path in others if path.startswith(top)}
    return replace(manifest, workdir="/", nodes=nodes, gone=frozenset())


def _is_binary(data: bytes) -> bool:
    if b"\0" in data[:_LOOKED_AT]:
        return True
    try:
        data[:_LOOKED_AT].decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut may halve the last character.
        return error.start < min(len(data), _LOOKED_AT) - 4
    return False


def _mode(node: Node) -> str:
    return stat.filemode(node.mode)[1:]
