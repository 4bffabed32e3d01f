"""Makes a sandbox what it was at a checkpoint: only what differs is touched, and the result is checked."""

import asyncio
import time

from msgspec import structs

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.manifest import Manifest, Node
from lis_tui.core.paths import unescape_path
from lis_tui.core.ports import Restored
from lis_tui.sandbox.checkpoints import Checkpointer
from lis_tui.sandbox.service import Data
from lis_tui.sandbox.tarring import Archive

_UNTAR = (
    b"tar -C / --extract --preserve-permissions --same-owner --numeric-owner --delay-directory-restore"
    b" --warning=no-timestamp -f -"
)
_MOST_PROBLEMS = 20


class NeedsFresh(SandboxFailed):
    """What was changed outside the work folder can only be undone by a new computer from the image."""


class Plan:
    """What must be done so that the nodes `now` become those of `target`."""

    def __init__(self, target: dict[str, Node], now: dict[str, Node]) -> None:
        self.problems: list[str] = []
        self.deleted: list[Node] = []
        self.written: dict[str, Node] = {}
        self.links: dict[str, str] = {}
        self._target = target
        self._now = now
        self._plan_files()
        self._plan_links()
        self._plan_deletions()
        self._plan_folders()

    def _plan_files(self) -> None:
        for path, node in self._target.items():
            if node.kind == "folder" or self._is_same(node, self._now.get(path)):
                continue
            if node.kind in ("socket", "device"):
                self.problems.append(f"{path} is a {node.kind} and was not made again")
            else:
                self.written[path] = node

    @staticmethod
    def _is_same(node: Node, now: Node | None) -> bool:
        if now is None or now.look != node.look:
            return False
        if node.kind != "file":
            return True
        return now.digest == node.digest if now.digest and node.digest else now.stamp == node.stamp

    def _plan_links(self) -> None:
        """Names of one file are made anew together, for they share everything."""
        groups: dict[int, list[Node]] = {}
        for node in self._target.values():
            if node.kind == "file" and node.links > 1:
                groups.setdefault(node.inode, []).append(node)
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
        """A folder gets its time again when something in it was made or deleted, and it is not new."""
        touched = {_parent(path) for path in self.written} | {_parent(node.path) for node in self.deleted}
        for path, node in self._target.items():
            if node.kind != "folder":
                continue
            now = self._now.get(path)
            if now is None:
                touched.add(_parent(path))
        for path, node in self._target.items():
            if node.kind == "folder":
                now = self._now.get(path)
                if path in touched or now is None or now.look != node.look:
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


async def restore(keeper: Checkpointer, manifest: Manifest) -> Restored:
    """Make the sandbox what it was. Raises SandboxFailed, StorageFailed: it is half-way then.

    Raises NeedsFresh before anything was touched.
    """
    began = time.monotonic()
    census = keeper.census
    if census is None:
        raise SandboxFailed("The sandbox has not started: nothing can be brought back in it.")
    lost = await keeper.stop_jobs()
    racy = set(census.racy)
    await census.count()
    target = _target(keeper, manifest)
    now = {
        path: _known(node, None if path in racy else keeper.kept.get(path), path in racy)
        for path, node in census.nodes.items()
    }
    plan = Plan(target, now)
    problems = list(plan.problems)
    for node in plan.unknown:
        if not manifest.is_inside(node.path) and node.path not in manifest.problems:
            raise NeedsFresh(f"{node.path} can only be had from the image again.")
        problems.append(f"{node.path} is not as it was: {manifest.problems.get(node.path, 'not kept')}")
        plan.drop(node)
    await _delete(keeper, plan.deleted)
    await _write(keeper, plan)
    await census.count()
    keeper.kept = {
        path: structs.replace(node, digest=was.digest) if (was := target.get(path)) is not None else node
        for path, node in census.nodes.items()
        if manifest.is_inside(path) or node != keeper.base.get(path)
    }
    keeper.forget_gone()
    problems += _check(target, census.nodes, {node.path for node in plan.unknown})
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


def _known(node: Node, kept: Node | None, is_racy: bool) -> Node:
    """Give what is there now with its digest, where nothing was written to it since that was found."""
    if is_racy:
        return structs.replace(node, ctime="")
    if kept is None or kept.stamp != node.stamp or not kept.digest:
        return node
    return structs.replace(node, digest=kept.digest)


async def _delete(keeper: Checkpointer, nodes: list[Node]) -> None:
    folders = sorted((node.path for node in nodes if node.kind == "folder"), reverse=True)
    others = [node.path for node in nodes if node.kind != "folder"]
    # a folder with something in it that is left out on purpose stays, and the check tells it
    for command, paths in ((b"rm -f --", others), (b"rmdir --ignore-fail-on-non-empty --", folders)):
        if paths:
            names = b"\0".join(unescape_path(path) for path in paths) + b"\0"
            what = "What was not there could not be deleted"
            await keeper.ask(b"xargs -0 " + command, Data(len(names), [names]), what)


async def _write(keeper: Checkpointer, plan: Plan) -> None:
    if not plan.written:
        return
    # links come after what they lead to, folders before what is in them
    order = sorted(plan.written.values(), key=lambda node: (node.path in plan.links, node.path.split("/")))
    archive = await asyncio.to_thread(Archive, order, plan.links, keeper.contents)
    await keeper.ask(_UNTAR, Data(archive.size, archive.pieces()), "The files could not be written")


def _check(target: dict[str, Node], found: dict[str, Node], known: set[str]) -> list[str]:
    wrong = []
    for path, node in target.items():
        if path in known or node.kind in ("socket", "device"):
            continue
        now = found.get(path)
        if now is None:
            wrong.append(f"{path} is missing")
        elif now.look != node.look:
            wrong.append(f"{path} is not as it was")
    wrong += [f"{path} is there and was not" for path in found if path not in target]
    return wrong


def _some(problems: list[str]) -> tuple[str, ...]:
    more = len(problems) - _MOST_PROBLEMS
    return tuple(problems[:_MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else []))


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"
