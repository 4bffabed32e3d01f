"""Takes checkpoints: what changed since the last one is found, its contents are kept, all is written down."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from msgspec import structs

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import CheckpointTaken, StepAddress
from lis_tui.core.manifest import Manifest, Node, ShellState
from lis_tui.core.paths import escape_path, unescape_path
from lis_tui.core.ports import Contents, ManifestKeeper
from lis_tui.core.text import one_line
from lis_tui.sandbox import jobs
from lis_tui.sandbox.census import Census
from lis_tui.sandbox.kept import Kept
from lis_tui.sandbox.lower import Lower
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.service import Data, Service
from lis_tui.sandbox.shell import Shell
from lis_tui.sandbox.tarring import Intake
from lis_tui.sandbox.veil import Veil

MOST_FILE_BYTES = 4_000_000_000
"""A larger file is not kept, and that is said."""
_SLOW_S = 3600.0
_YOUNG_S = 60.0
_PROCESSORS = 2
"""Where nobody says how many there are."""
_TAR = (
    b"tar -C / --create --format=gnu --null --no-recursion --hard-dereference --blocking-factor=512"
    b" --ignore-failed-read --warning=none -f - %s 2>/dev/null; :"
)
_FEW_BYTES = 20_000
"""So many bytes of names are given as arguments, which saves three processes."""


class Checkpointer:
    """Keeps a sandbox's state after each step. It has a bash of its own, so that it is in nobody's way."""

    def __init__(
        self,
        service: Service,
        shell: Shell,
        contents: Contents,
        keeper: ManifestKeeper,
        *,
        workdir: str,
        folder: str,
        skip: Sequence[str] = (),
        own: Shell | None = None,
        veil: Veil | None = None,
        lower: Lower | None = None,
    ) -> None:
        self.kept = Kept(self.is_inside, {})
        self.census: Census | None = None
        self.service = service
        self.shell = shell
        self.contents = contents
        self.workdir = workdir
        self.image_id = ""
        self._keeper = keeper
        self._gone: set[str] = set()
        self._unread: set[str] = set()
        """What was in the work folder before the first checkpoint."""
        self._problems: dict[str, str] = {}
        self._folder = folder
        self._skip = tuple(skip)
        self._veil = veil or Veil({})
        self._lower = lower
        self._lock = asyncio.Lock()
        self._jobs = jobs.Jobs(service, shell, own)

    def keep_in(self, keeper: ManifestKeeper) -> None:
        """Write checkpoints down there from now on: the sandbox belongs to another run."""
        self._keeper = keeper
        self.kept.touched = None

    # -- life --------------------------------------------------------------------------------------

    async def begin(self, image_id: str) -> None:
        """Look at the sandbox before anything ran in it. Raises SandboxFailed."""
        async with self._lock:
            self.image_id = image_id
            mounts, walks = await self._mounts(), await self._processors()
            self.census = Census(
                self.service, self.workdir, self._folder, mounts, self._skip, walks, self._lower
            )
            await self.census.begin()
            await self._jobs.begin()
            self.kept = Kept(self.is_inside, self._born())
            self._unread = {path for path in self.census.nodes if self.is_inside(path)}

    @property
    def base(self) -> Mapping[str, Node]:
        """Give what is outside the work folder in a computer that is fresh from the image.

        Of a folder in which nothing was changed so far, its files may be missing.
        """
        return self._census().original

    def _born(self) -> dict[str, Node]:
        """Give what the start of this very computer made: another one has other times there.

        Files with content are left out: those are the settings that were carried in, the same in each.
        """
        census = self._census()
        return {
            path: node
            for path, node in self.base.items()
            if _is_bare(node) and float(node.ctime) > census.counted_at - _YOUNG_S
        }

    def is_inside(self, path: str) -> bool:
        """Tell whether the path is the work folder or in it."""
        return path == self.workdir or path.startswith(self.workdir.rstrip("/") + "/")

    # -- taking ------------------------------------------------------------------------------------

    async def take(self, address: StepAddress) -> CheckpointTaken:
        """Keep the sandbox as it is now. Raises SandboxFailed, StorageFailed."""
        async with self._lock:
            began = time.monotonic()
            census = self._census()
            running = await self._jobs.running()
            before = census.racy | self._unread
            _, (cwd, parts) = await asyncio.gather(census.look(self.kept.outside()), self.shell.saved())
            suspects = before | (await self._jobs.mapped() if running else set())
            growth = await self._keep_contents(suspects)
            self._unread.clear()
            if running:
                growth += await self._second_pass()
            shell, more_growth = await asyncio.to_thread(self._keep_shell, cwd, parts)
            manifest = Manifest(
                address=address,
                at=time.time(),
                workdir=self.workdir,
                nodes=self.kept.copy(),
                gone=frozenset(self._gone),
                shell=shell,
                image_id=self.image_id,
                jobs=running,
                skipped=self._skip,
                problems={path: why for path, why in self._problems.items() if path in self.kept},
            )
            await asyncio.to_thread(self._keeper.save, manifest, self.kept.touched)
            self.kept.touched = set()
            return CheckpointTaken(
                address=address,
                entries=len(manifest.nodes),
                bytes_new=growth + more_growth,
                took_s=time.monotonic() - began,
                notes=_notes(manifest, self.kept.named),
            )

    def _census(self) -> Census:
        if self.census is None:
            raise SandboxFailed("The sandbox has not started: there is nothing to keep.")
        return self.census

    async def _keep_contents(self, suspects: set[str]) -> int:
        """Bring `kept` up to what the census found; contents that may have changed are read."""
        census = self._census()
        for path in census.gone:
            self.kept.drop(path)
            if path in self.base:
                self._gone.add(path)
        if self._gone:
            self._gone -= census.fresh
        wanted: list[Node] = []
        for path in census.fresh | (suspects & census.nodes.keys()):
            node = census.nodes[path]
            if not self.is_inside(path) and self._is_born(node) and path not in suspects:
                self.kept.drop(path)  # it is what the image has
                continue
            was = self.kept.get(path)
            is_same = was is not None and was.stamp == node.stamp and path not in suspects
            if node.kind != "file":
                self.kept.put(node)
            elif is_same and was is not None and was.digest:
                self.kept.put(structs.replace(node, digest=was.digest))
            else:
                self.kept.put(node)
                wanted.append(node)
        return await self._read(wanted)

    def _is_born(self, node: Node) -> bool:
        """Tell whether it is as it was when the computer was fresh."""
        is_kept = _is_bare(node) and node.path in self.kept
        return node == self.base.get(node.path) and not is_kept

    async def _read(self, wanted: list[Node]) -> int:
        """Have the contents of these kept, each inode's once; gives by how much the store grew."""
        groups: dict[tuple[str, int], list[Node]] = {}
        for node in wanted:
            self._problems.pop(node.path, None)
            if node.size_bytes > MOST_FILE_BYTES:
                self._problems[node.path] = f"larger than {MOST_FILE_BYTES // 1_000_000_000} GB"
            else:
                groups.setdefault((self._census().part_of(node.path), node.inode), []).append(node)
        firsts = {unescape_path(group[0].path).lstrip(b"/"): group for group in groups.values()}
        growth = 0

        def keep(name: bytes, digest: str, grown: int, size: int) -> None:
            nonlocal growth
            growth += grown
            for node in firsts.pop(name, ()):
                self.kept.put(structs.replace(node, digest=digest, size_bytes=size))

        if firsts:
            await self._transfer(list(firsts), Intake(self.contents, keep))
        for group in firsts.values():
            self._problems |= {node.path: "it could not be read" for node in group}
        return growth

    async def _transfer(self, names: list[bytes], intake: Intake) -> None:
        data = Data()
        words = b"-- " + b" ".join(map(quote, names))
        if len(words) > _FEW_BYTES:
            listed = b"\0".join(names) + b"\0"
            data, words = Data(len(listed), [listed]), b"-T -"

        async def feed(piece: bytes) -> None:
            await asyncio.to_thread(intake.feed, piece)

        try:
            await self.service.ask(_TAR % words, data=data, timeout_s=_SLOW_S, on_output=feed)
        finally:
            await asyncio.to_thread(intake.close)

    async def _second_pass(self) -> int:
        """While jobs ran, files may have changed under the reading: those are read once more."""
        census = self._census()
        before = set(census.racy)
        await census.look(self.kept.outside())
        return await self._keep_contents(before)

    def _keep_shell(self, cwd: bytes, parts: dict[str, bytes]) -> tuple[ShellState, int]:
        growth, digests = 0, {}
        for part, data in parts.items():
            incoming = self.contents.begin()
            incoming.write(self._veil.hide(data))
            digests[part], grown = incoming.finish()
            growth += grown
        return ShellState(escape_path(self._veil.hide(cwd)), digests), growth

    async def _mounts(self) -> dict[bytes, bytes]:
        """Give all mount points with the kinds of their file systems."""
        answer = await self.service.ask(
            b"while read -r _ _ _ _ p rest; do rest=${rest#* - }; printf '%b\\0%s\\0'"
            b' "${p//\\\\/\\\\0}" "${rest%% *}"; done </proc/self/mountinfo'
        )
        words = answer.output.split(b"\0")
        return dict(zip(words[::2], words[1::2], strict=False))

    async def _processors(self) -> int:
        answer = await self.service.ask(b"nproc")
        return int(answer.output) if answer.output.strip().isdigit() else _PROCESSORS

    # -- bringing back -----------------------------------------------------------------------------

    def accept(self, target: dict[str, Node]) -> None:
        """Take it that contents are those of `target` now: it was brought back."""
        nodes, base = self._census().nodes, self.base
        kept: dict[str, Node] = {}
        for path, node in nodes.items():
            if node is base.get(path):
                continue
            wanted, was = target.get(path), self.kept.get(path)
            digest = wanted.digest if wanted is not None else ""
            is_same = was is not None and was.stamp == node.stamp and was.digest == digest
            kept[path] = was if is_same and was is not None else structs.replace(node, digest=digest)
        self.kept = Kept(self.is_inside, kept)
        self._gone = base.keys() - nodes.keys()
        self._unread.clear()

    async def stop_jobs(self) -> tuple[tuple[str, ...], set[str]]:
        """End every process but ours; gives the commands, and what they had mapped. Raises SandboxFailed."""
        lost = await self._jobs.running()
        mapped = await self._jobs.mapped() if lost else set()
        await self._jobs.stop()
        return lost, mapped

    async def adopt_shell(self, state: ShellState) -> list[str]:
        """Have a fresh shell in a saved state; gives notes. Raises SandboxFailed, StorageFailed."""

        def read() -> dict[str, bytes]:
            return {part: b"".join(self.contents.pieces(digest)) for part, digest in state.parts.items()}

        parts, unknown = {}, set()
        for part, data in (await asyncio.to_thread(read)).items():
            parts[part], names = self._veil.show(data)
            unknown.update(names)
        cwd, _ = self._veil.show(unescape_path(state.cwd))
        notes = [f"{name} was passed in, and its value is not known here" for name in sorted(unknown)]
        return notes + await self.shell.adopt(cwd, parts)

    async def ask(self, script: bytes, data: Data, what: str) -> None:
        """Run a script that must not fail. Raises SandboxFailed."""
        answer = await self.service.ask(script, data=data, timeout_s=_SLOW_S)
        if answer.code:
            said = one_line(answer.errors.splitlines()[-1]) if answer.errors else f"code {answer.code}"
            raise SandboxFailed(f"{what}: {said}.")


def _is_bare(node: Node) -> bool:
    return node.kind != "file" or not node.size_bytes


def _notes(manifest: Manifest, named: set[str]) -> tuple[str, ...]:
    notes = []
    if manifest.jobs:
        notes.append(f"taken while jobs ran: {', '.join(manifest.jobs[:5])}")
    if manifest.skipped:
        notes.append(f"left out: {', '.join(manifest.skipped)}")
    if named:
        shown = ", ".join(sorted(named)[:5])
        notes.append(f"sockets and devices are named and not made again: {shown}")
    notes += [f"{path} is not kept: {why}" for path, why in list(manifest.problems.items())[:5]]
    return tuple(one_line(note) for note in notes)
