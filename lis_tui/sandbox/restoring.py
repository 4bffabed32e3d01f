"""Makes a sandbox what it was at a checkpoint: only what differs is touched, and the result is checked."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.manifest import Manifest, Node
from lis_tui.core.paths import unescape_path
from lis_tui.core.ports import OnProgress, Restored
from lis_tui.sandbox.checkpoints import Checkpointer
from lis_tui.sandbox.inventory import parent_of
from lis_tui.sandbox.kept import Kept
from lis_tui.sandbox.service import Data
from lis_tui.sandbox.tarring import Archive

_UNTAR = (
    b"tar -C / --extract --preserve-permissions --same-owner --numeric-owner --delay-directory-restore"
    b" --warning=no-timestamp -f -"
)
_MOST_PROBLEMS = 20
_BETWEEN_REPORTS_S = 0.1
_MADE = ("file", "folder", "link", "fifo")


class NeedsFresh(SandboxFailed):
    """What was changed outside the work folder can only be undone by a new computer from the image."""


class Now:
    """What is there at this moment, with the digests of contents that are surely still those."""

    def __init__(self, nodes: dict[str, Node], kept: Kept, unsure: set[str], racy: set[str]) -> None:
        self.nodes = nodes
        self._kept = kept
        self._unsure = unsure
        self._racy = racy

    def is_same(self, wanted: Node) -> bool:
        """Tell whether the wanted one is there already."""
        path = wanted.path
        node = self.nodes.get(path)
        if node is None:
            return False
        kept = self._kept.get(path)
        if path not in self._unsure and (node is wanted or kept == wanted):
            return True
        if node.look != wanted.look or (node.kind == "file" and path in self._racy):
            return False
        if node.kind != "file":
            return True
        if kept is not None and kept.stamp == node.stamp and kept.digest and wanted.digest:
            return kept.digest == wanted.digest
        return node.stamp == wanted.stamp


class Plan:
    """What must be done so that what is there `now` becomes `target`.

    `part_of` gives the file system of a path, in which inodes are told apart.
    """

    def __init__(
        self, target: dict[str, Node], now: Now, part_of: Callable[[str], str] = lambda _: ""
    ) -> None:
        self.problems: list[str] = []
        self.deleted: list[Node] = []
        self.written: dict[str, Node] = {}
        self.links: dict[str, str] = {}
        self._target = target
        self._now = now.nodes
        self._plan_nodes(now)
        self._plan_links(part_of)
        self._plan_deletions()
        self._plan_folders()

    def _plan_nodes(self, now: Now) -> None:
        for path, node in self._target.items():
            if now.is_same(node):
                continue
            if node.kind in ("socket", "device"):
                self.problems.append(f"{path} is a {node.kind} and was not made again")
            else:
                self.written[path] = node

    def _plan_links(self, part_of: Callable[[str], str]) -> None:
        """Names of one file are made anew together, for they share everything."""
        groups: dict[tuple[str, int], list[Node]] = {}
        for node in self._target.values():
            if node.kind == "file" and node.links > 1:
                groups.setdefault((part_of(node.path), node.inode), []).append(node)
        for group in groups.values():
            inodes = {now.inode for node in group if (now := self._now.get(node.path)) is not None}
            is_whole = len(inodes) == 1 and all(node.path in self._now for node in group)
            if is_whole and not any(node.path in self.written for node in group):
                continue
            first, *rest = sorted(group, key=lambda node: node.path)
            self.written |= {node.path: node for node in group}
            self.links |= {node.path: first.path for node in rest}

    def _plan_deletions(self) -> None:
        for path, node in self._now.items():
            wanted = self._target.get(path)
            if wanted is None or wanted.kind != node.kind or (path in self.written and node.kind != "folder"):
                self.deleted.append(node)

    def _plan_folders(self) -> None:
        """A folder gets its time again when something in it was made or deleted."""
        touched = {parent_of(path) for path in self.written} | {parent_of(node.path) for node in self.deleted}
        for path in touched:
            node = self._target.get(path)
            if node is not None and node.kind == "folder":
                self.written[path] = node

    @property
    def unknown(self) -> list[Node]:
        """What must be written and has no content that we keep."""
        return [
            node
            for node in self.written.values()
            if node.kind == "file" and node.size_bytes and not node.digest
        ]

    def drop(self, node: Node) -> None:
        """Leave a node alone."""
        self.written.pop(node.path, None)
        self.deleted = [one for one in self.deleted if one.path != node.path]


async def restore(
    keeper: Checkpointer, manifest: Manifest, on_progress: OnProgress | None = None
) -> Restored:
    """Make the sandbox what it was. Raises SandboxFailed, StorageFailed: it is half-way then.

    Raises NeedsFresh before anything was touched.
    """
    began = time.monotonic()
    census = keeper.census
    if census is None:
        raise SandboxFailed("The sandbox has not started: nothing can be brought back in it.")
    lost, mapped = await keeper.stop_jobs()
    racy = census.racy | mapped
    await census.look(keeper.kept.outside())
    await census.know((*manifest.nodes, *manifest.gone))
    target = _target(keeper, manifest)
    now = Now(census.nodes, keeper.kept, census.fresh | racy, racy)
    plan = await asyncio.to_thread(Plan, target, now, census.part_of)
    problems = list(plan.problems)
    for node in plan.unknown:
        if not manifest.is_inside(node.path) and node.path not in manifest.problems:
            raise NeedsFresh(f"{node.path} can only be had from the image again.")
        problems.append(f"{node.path} is not as it was: {manifest.problems.get(node.path, 'not kept')}")
        plan.drop(node)
    await _delete(keeper, plan.deleted)
    await _write(keeper, plan, on_progress)
    await census.look(keeper.kept.outside() | plan.written.keys())
    target = _target(keeper, manifest)  # more of the fresh computer may be known now
    keeper.accept(target)
    problems += _check(target, census.nodes, census.fresh | plan.written.keys())
    problems += await keeper.adopt_shell(manifest.shell)
    return Restored(
        written=len(plan.written),
        deleted=len(plan.deleted),
        took_s=time.monotonic() - began,
        lost=lost,
        problems=_some(problems),
    )


def _target(keeper: Checkpointer, manifest: Manifest) -> dict[str, Node]:
    """Give all that should be there: what the image has outside, and what the manifest says."""
    if manifest.workdir != keeper.workdir:
        raise SandboxFailed(f"The checkpoint is of {manifest.workdir}, the sandbox has {keeper.workdir}.")
    target = {path: node for path, node in keeper.base.items() if path not in manifest.gone}
    return target | manifest.nodes


async def _delete(keeper: Checkpointer, nodes: list[Node]) -> None:
    folders = sorted((node.path for node in nodes if node.kind == "folder"), reverse=True)
    others = [node.path for node in nodes if node.kind != "folder"]
    # a folder with something in it that is left out on purpose stays, and the check tells it
    for command, paths in ((b"rm -f --", others), (b"rmdir --ignore-fail-on-non-empty --", folders)):
        if paths:
            names = b"\0".join(unescape_path(path) for path in paths) + b"\0"
            what = "What was not there could not be deleted"
            await keeper.ask(b"xargs -0 " + command, Data(len(names), [names]), what)


async def _write(keeper: Checkpointer, plan: Plan, on_progress: OnProgress | None) -> None:
    if not plan.written:
        return
    # links come after what they lead to, folders before what is in them
    order = sorted(plan.written.values(), key=lambda node: (node.path in plan.links, node.path.split("/")))
    archive = await asyncio.to_thread(Archive, order, plan.links, keeper.contents)
    pieces = archive.pieces()
    if on_progress is not None:
        pieces = reported(pieces, archive.size, on_progress)
    await keeper.ask(_UNTAR, Data(archive.size, pieces), "The files could not be written")


def reported(
    pieces: Iterable[bytes], total: int, on_progress: OnProgress, clock: Callable[[], float] = time.monotonic
) -> Iterator[bytes]:
    """Pass pieces on; what was passed is told at first, at the end, and now and then between."""
    done, next_at = 0, clock() + _BETWEEN_REPORTS_S
    on_progress(0, total)
    for piece in pieces:
        yield piece
        done += len(piece)
        if clock() >= next_at and done < total:
            on_progress(done, total)
            next_at = clock() + _BETWEEN_REPORTS_S
    on_progress(done, total)


def _check(target: dict[str, Node], found: dict[str, Node], touched: set[str]) -> list[str]:
    """Name what is not as it was; what was not touched was compared before."""
    wrong = [f"{path} is missing" for path in target.keys() - found.keys() if target[path].kind in _MADE]
    wrong += [
        f"{path} is not as it was"
        for path in touched & target.keys() & found.keys()
        if target[path].kind in _MADE and found[path].look != target[path].look
    ]
    wrong += [f"{path} is there and was not" for path in found.keys() - target.keys()]
    return sorted(wrong)


def _some(problems: list[str]) -> tuple[str, ...]:
    more = len(problems) - _MOST_PROBLEMS
    return tuple(problems[:_MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else []))
