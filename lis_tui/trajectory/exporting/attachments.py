"""The files that a run made, for an export: its answer and its output folder, as they were at the end."""

from collections.abc import Iterator
from pathlib import Path

from lis_tui.core.beneath import list_beneath, read_beneath
from lis_tui.core.errors import LisError
from lis_tui.core.paths import unescape_path
from lis_tui.core.text import Secrets
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.exporting.exporter import Attachment
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder

MOST_BYTES = 5_000_000
MOST_ALL_BYTES = 40_000_000
MOST_FILES = 500


def attachments_of(folder: RunFolder, blobs: Blobs, secrets: Secrets) -> tuple[Attachment, ...]:
    """Give them from the last checkpoint, else from the run's results. Text is masked."""
    found = list(_from_checkpoint(folder, blobs)) or list(_from_results(folder.results_dir))
    room = MOST_ALL_BYTES
    given: list[Attachment] = []
    for one in found[:MOST_FILES]:
        data = one.data if one.data is not None and len(one.data) <= room else None
        room -= len(data or b"")
        given.append(Attachment(one.path, one.size_bytes, None if data is None else _masked(data, secrets)))
    return tuple(given)


def _from_checkpoint(folder: RunFolder, blobs: Blobs) -> Iterator[Attachment]:
    manifests = Manifests(folder.path, blobs)
    addresses = manifests.addresses()
    if not addresses:
        return
    try:
        manifest = manifests.load(addresses[-1])
    except LisError:
        return
    top = manifest.workdir.rstrip("/")
    for path in sorted(manifest.nodes):
        node = manifest.nodes[path]
        is_made = path == f"{top}/answer.txt" or path.startswith(f"{top}/output/")
        if not is_made or node.kind != "file":
            continue
        data = None
        if node.size_bytes <= MOST_BYTES:
            try:
                data = manifests.read(manifest, path)
            except LisError:
                data = None
        yield Attachment(path.removeprefix(f"{top}/"), node.size_bytes, data)


def _from_results(folder: Path) -> Iterator[Attachment]:
    if not folder.is_dir():
        return
    for entry in list_beneath(folder, MOST_FILES):
        if entry.kind != "file":
            continue
        data = None
        if entry.size_bytes <= MOST_BYTES:
            try:
                data = read_beneath(folder, unescape_path(entry.path), MOST_BYTES).data
            except LisError:
                data = None
        yield Attachment(entry.path, entry.size_bytes, data)


def _masked(data: bytes, secrets: Secrets) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    return secrets.hide(text).encode()
