"""A scripted model, an in-memory sandbox, a clock that stands still and a keeper that keeps a list."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lis_tui.core.command import CommandEnd, Job, Reins
from lis_tui.core.errors import FileRefused, ShellLost
from lis_tui.core.events import Event, Fact, FileEntry, Record, SandboxStarted
from lis_tui.core.messages import Piece, Reply, ReplyEnded, Request, TextPiece, ToolCall
from lis_tui.core.ports import Door, Load, Model, OnChange, Sandbox, SavedOutputs, Space, StepContext, Walked
from lis_tui.core.spec import Network


class FakeClock:
    """Time that passes only when told to."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class ListKeeper:
    """A journal in memory, which can be told to fail."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.fragments: list[Record] = []
        self._fails_with: Exception | None = None
        self._failures_left = 0
        self._fails_at: type[Event] | type[Fact] = Fact

    def fail(self, error: Exception, times: int = 1_000_000) -> None:
        """Have the next appends raise this."""
        self.fail_at(Fact, error, times)

    def fail_at(self, kind: type[Event] | type[Fact], error: Exception, times: int) -> None:
        """Have the next appends of events of this kind raise this."""
        self._fails_at, self._fails_with, self._failures_left = kind, error, times

    def append(self, record: Record) -> None:
        """Keep a fact."""
        is_meant = isinstance(record.event, self._fails_at)
        if is_meant and self._fails_with is not None and self._failures_left:
            self._failures_left -= 1
            raise self._fails_with
        assert isinstance(record.event, Fact)
        self.records.append(record)

    def fragment(self, record: Record) -> None:
        """Keep a fragment, apart."""
        self.fragments.append(record)

    @property
    def events(self) -> list[Event]:
        """The facts, in order."""
        return [record.event for record in self.records]


# ---- the model


class Block:
    """In a script of pieces: wait until the test lets go (or for ever)."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()


Turn = Reply | Exception | Sequence[Piece | Block | Exception]
"""What the model does when asked: a whole reply, an error, or pieces one by one."""


def call(name: str, arguments: str, call_id: str = "c1") -> ToolCall:
    """Give a tool call."""
    return ToolCall(call_id, name, arguments)


def bash(command: str, call_id: str = "c1") -> ToolCall:
    """Give a call of execute_bash."""
    quoted = command.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return ToolCall(call_id, "execute_bash", f'{{"command":"{quoted}"}}')


def submit(answer: str | None = None, call_id: str = "done") -> ToolCall:
    """Give a call of submit."""
    return ToolCall(call_id, "submit", "{}" if answer is None else f'{{"answer":"{answer}"}}')


def calls(*made: ToolCall, text: str = "") -> Reply:
    """Give a reply that makes these calls."""
    return Reply(text=text, calls=made, finish_reason="tool_calls")


def says(text: str) -> Reply:
    """Give a reply of words alone."""
    return Reply(text=text, finish_reason="stop")


class ScriptedModel:
    """Answers from a list, one entry a request, and keeps what it was asked."""

    def __init__(self, *turns: Turn, window: int = 128_000) -> None:
        self.turns = list(turns)
        self.window = window
        self.asked: list[Request] = []
        self.closed_streams = 0
        self.retries_hurried = 0
        self.is_closed = False
        self.cannot = ""
        """Why it cannot go on from the beginning of a reply."""

    async def ask(self, request: Request) -> AsyncIterator[Piece]:
        """Play the next entry of the list."""
        self.asked.append(request)
        if not self.turns:
            raise AssertionError("The model was asked once more than the script has replies.")
        try:
            for piece in _pieces(self.turns.pop(0)):
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, Block):
                    piece.reached.set()
                    await piece.released.wait()
                else:
                    yield piece
        finally:
            self.closed_streams += 1

    def cannot_continue(self, request: Request) -> str:
        """It can, unless the test says why not."""
        return self.cannot

    def count_tokens(self, request: Request) -> int:
        """Count four characters as a token."""
        return sum(len(str(message)) for message in request.messages) // 4

    def context_tokens(self, request: Request) -> int:
        """Give the window."""
        return self.window

    def retry_now(self) -> None:
        """Count how often somebody was impatient."""
        self.retries_hurried += 1

    async def close(self) -> None:
        """Nothing to let go of."""
        self.is_closed = True


def _pieces(turn: Turn) -> Sequence[Piece | Block | Exception]:
    if isinstance(turn, Exception):
        return [turn]
    if isinstance(turn, Reply):
        return [*([TextPiece(turn.text)] if turn.text else []), ReplyEnded(turn)]
    return turn


# ---- the sandbox


@dataclass
class Played:
    """What a command does: prints `chunks`, writes files, and ends, at once or when told to.

    With `blocks` it runs until `release()` or an interrupt (`reached` is set once it runs), or is let go
    and is a job until `end_job()`; with `raises` the sandbox fails under it.
    """

    chunks: Sequence[bytes] = ()
    exit_code: int | None = 0
    writes: Mapping[str, bytes] = field(default_factory=dict)
    blocks: bool = False
    asks_for_input: bool = False
    raises: Exception | None = None
    end: CommandEnd | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    job_end: CommandEnd = field(default_factory=lambda: CommandEnd(exit_code=0))
    job_over: asyncio.Event = field(default_factory=asyncio.Event)
    prints: Callable[[bytes], None] = lambda _: None
    """Prints more, once it runs."""

    def release(self) -> None:
        """Let it end by itself."""
        self.released.set()

    def end_job(self, exit_code: int | None = 0) -> None:
        """Let the job end that it went on as."""
        self.job_end = CommandEnd(exit_code=exit_code, duration_s=9.0)
        self.job_over.set()


class PlayedJob:
    """A command that goes on in the background."""

    def __init__(self, played: Played) -> None:
        self._played = played

    async def wait(self) -> CommandEnd:
        """Wait until the test ends it, or the sandbox."""
        await self._played.job_over.wait()
        return self._played.job_end

    async def stop(self) -> None:
        """End it."""
        self._played.job_end = CommandEnd(exit_code=130, ended_by="person")
        self._played.job_over.set()


class MemorySandbox:
    """A computer of dictionaries. Commands come from `commands`; `echo` and `cat` work too."""

    def __init__(
        self,
        commands: Mapping[str, Played] | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        workdir: str = "/testbed",
        outputs_path: str | None = "/outputs",
        start_fails_with: Exception | None = None,
        network: str = "none",
    ) -> None:
        self.workdir = workdir
        self.network = network
        self.foreseen: Network = "auto"
        self.outputs_path = outputs_path
        self.commands = dict(commands or {})
        self.files: dict[str, bytes] = dict(files or {})
        self.modes: dict[str, int] = {}
        self.entries: dict[str, FileEntry] = {}
        """Entries that are not regular files (folders, links, FIFOs), by absolute path."""
        self.ran: list[str] = []
        self.timeouts: list[float] = []
        self.eof_after: list[float | None] = []
        self.typed: list[bytes | None] = []
        self.interrupts = 0
        self.signals: Sequence[str] = ("INT",)
        """What an interrupt needs to stop a command."""
        self.ran_own: list[str] = []
        self.own_interrupts = 0
        self._own: tuple[Played, list[str]] | None = None
        self._jobs: list[Played] = []
        self._reins: Reins | None = None
        self.door: Door | None = None
        self.is_up = False
        self.starts = 0
        self.stops = 0
        self.walks = 0
        self.measured = Load()
        self.written: Space | None = None
        self.spaces_measured = 0
        self.holds_space: asyncio.Event | None = None
        """What was written is known once this is set."""
        self.rests_stopped = 0
        self.holds_stop: asyncio.Event | None = None
        """All is stopped once this is set."""
        self.file_mb: int | None = None
        self.saved: SavedOutputs | Exception = SavedOutputs(())
        self._start_fails_with = start_fails_with
        self.looks: list[tuple[tuple[str, ...], bool]] = []
        """What was asked for by name, and whether with all below."""
        self.on_blind: Callable[[str], None] | None = None
        self._on_change: OnChange | None = None
        self._running: tuple[Played, list[str]] | None = None

    async def foresee(self) -> Network:
        """Say what a test has it say."""
        return self.foreseen

    def guard(self, door: Door) -> None:
        """Ask this door; a test plays the proxy."""
        self.door = door

    async def start(self) -> SandboxStarted:
        """Bring it up, or fail as told."""
        self.starts += 1
        if self._start_fails_with is not None:
            raise self._start_fails_with
        self.is_up = True
        return SandboxStarted(
            kind="memory", image="none", image_id="", container="", network=self.network, took_s=0.0
        )

    async def run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
        reins: Reins | None = None,
    ) -> CommandEnd:
        """Play the command."""
        self._check()
        self.ran.append(command)
        self.timeouts.append(timeout_s)
        self.eof_after.append(eof_after_s)
        played = self.commands.get(command) or self._interpret(command)
        played.prints = on_output
        for chunk in played.chunks:
            on_output(chunk)
        self._hold(played, reins)
        played.reached.set()
        if played.asks_for_input and on_input_wait is not None:
            on_input_wait(True)
        ended_by = await self._until_over(played)
        if played.raises is not None:
            self.is_up = False
            raise played.raises
        for path, data in played.writes.items():
            self.put(path, data)
        if ended_by == "person":
            return CommandEnd(exit_code=130, ended_by="person", cwd=self.workdir)
        if played.blocks and reins is not None and reins.why:
            return CommandEnd(exit_code=130, ended_by="limit", cwd=self.workdir)
        if played.blocks and reins is not None and reins.is_let_go:
            self._jobs.append(played)
            job = PlayedJob(played)
            return CommandEnd(exit_code=None, ended_by="background", cwd=self.workdir, job=job)
        return played.end or CommandEnd(exit_code=played.exit_code, cwd=self.workdir)

    async def interrupt(self) -> None:
        """Stop the running command."""
        self.interrupts += 1
        if self._running is not None:
            if self._reins is not None:
                for name in self.signals:
                    self._reins.on_signal(name)
            played, ended_by = self._running
            ended_by[0] = "person"
            played.released.set()

    def _hold(self, played: Played, reins: Reins | None) -> None:
        self._reins = reins
        if reins is None or not played.blocks:
            return

        def change() -> None:
            if reins.is_let_go or reins.why:
                played.released.set()
            elif reins.timeout_s is not None:
                self.timeouts[-1] = reins.timeout_s

        reins.take(change)
        change()

    async def own_run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
    ) -> CommandEnd:
        """Play a command of the person's."""
        self._check()
        self.ran_own.append(command)
        played = self.commands.get(command) or self._interpret(command)
        for chunk in played.chunks:
            on_output(chunk)
        played.reached.set()
        ended_by = ["itself"]
        if played.blocks:
            self._own = (played, ended_by)
            await played.released.wait()
            self._own = None
        if played.raises is not None:
            raise played.raises
        if ended_by[0] == "person":
            return CommandEnd(exit_code=130, ended_by="person", cwd=self.workdir)
        return played.end or CommandEnd(exit_code=played.exit_code, cwd=self.workdir)

    async def own_interrupt(self) -> None:
        """Stop the person's command."""
        self.own_interrupts += 1
        if self._own is not None:
            played, ended_by = self._own
            ended_by[0] = "person"
            played.released.set()

    def limit_files(self, most_mb: int | None) -> None:
        """Keep it."""
        self.file_mb = most_mb

    async def stop_rest(self) -> None:
        """Count how often."""
        self._check()
        if self.holds_stop is not None:
            await self.holds_stop.wait()
        self.rests_stopped += 1

    async def send_input(self, data: bytes) -> None:
        """Keep what was typed."""
        self._check()
        self.typed.append(data)

    async def close_input(self) -> None:
        """Keep that the input was ended, as None."""
        self._check()
        self.typed.append(None)

    async def read_file(self, path: str, max_bytes: int | None = None) -> bytes:
        """Read a file of the dictionary."""
        self._check()
        if path not in self.files:
            raise FileRefused(f"{path} does not exist.")
        return self.files[path][:max_bytes]

    async def write_file(self, path: str, data: bytes) -> None:
        """Write a file of the dictionary."""
        self._check()
        self.put(path, data)

    async def stat(self, path: str) -> FileEntry | None:
        """Describe a path."""
        self._check()
        if path in self.entries:
            return self.entries[path]
        if path in self.files:
            return self._entry(path)
        inside = path.rstrip("/") + "/"
        is_folder = path == self.workdir or any(name.startswith(inside) for name in self._names())
        return FileEntry(path, "folder", mode=0o755) if is_folder else None

    async def list_folder(self, path: str, depth: int) -> list[FileEntry]:
        """List a folder with its subfolders."""
        self._check()
        top = PurePosixPath(path)
        found: dict[str, FileEntry] = {}
        for name in self._names():
            pure = PurePosixPath(name)
            if top not in pure.parents:
                continue
            parts = pure.relative_to(top).parts
            for length in range(1, min(depth, len(parts)) + 1):
                here = str(top.joinpath(*parts[:length]))
                is_leaf = length == len(parts)
                found[here] = self._leaf(name) if is_leaf else FileEntry(here, "folder", mode=0o755)
        return [found[name] for name in sorted(found)]

    async def walk(self) -> Walked:
        """List the work folder, relative to it."""
        self._check()
        self.walks += 1
        entries = await self._entries()
        return Walked(entries, len(entries))

    async def _entries(self) -> list[FileEntry]:
        top = self.workdir.rstrip("/") + "/"
        listed = await self.list_folder(self.workdir, 64)
        return [
            FileEntry(entry.path.removeprefix(top), entry.kind, entry.size_bytes, mode=entry.mode)
            for entry in listed
        ]

    async def look_at(self, paths: Collection[str], *, is_deep: bool = False) -> list[FileEntry]:
        """Describe entries of the work folder."""
        self._check()
        self.looks.append((tuple(paths), is_deep))
        tops = tuple(f"{path}/" for path in paths) if is_deep else ()
        return [each for each in await self._entries() if each.path in paths or each.path.startswith(tops)]

    def watch(self, on_change: OnChange, on_blind: Callable[[str], None]) -> None:
        """Remember whom to call back."""
        self._on_change = on_change
        self.on_blind = on_blind

    async def put_inputs(self, sources: Sequence[Path]) -> list[str]:
        """Put host files into documents/."""
        self._check()
        paths = []
        for source in sources:
            paths.append(f"{self.workdir}/documents/{source.name}")
            self.put(paths[-1], source.read_bytes() if source.is_file() else b"")
        return paths

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Give what the test said."""
        self._check()
        if isinstance(self.saved, Exception):
            raise self.saved
        return self.saved

    async def load(self) -> Load:
        """Give what the test said; from the start nothing is known."""
        self._check()
        return self.measured

    async def space(self) -> Space | None:
        """Give what the test said."""
        self._check()
        self.spaces_measured += 1
        if self.holds_space is not None:
            await self.holds_space.wait()
        return self.written

    async def stop(self) -> None:
        """Take it down."""
        self.stops += 1
        self.is_up = False
        if self._own is not None:
            self._own[0].raises = ShellLost("The sandbox is gone.")
            self._own[0].released.set()
        for played in self._jobs:
            played.job_end = CommandEnd(exit_code=None, ended_by="shell lost")
            played.job_over.set()

    # ---- for tests

    def put(self, path: str, data: bytes) -> None:
        """Write a file and let the watcher know."""
        self.files[path] = data
        if self._on_change is not None:
            self._on_change(None)

    def touch(self, path: str, data: bytes | None) -> None:
        """Write or delete a file and let the watcher know which it was."""
        if data is None:
            del self.files[path]
        else:
            self.files[path] = data
        if self._on_change is not None:
            self._on_change([path.removeprefix(self.workdir.rstrip("/") + "/")])

    def _check(self) -> None:
        if not self.is_up:
            raise ShellLost("The sandbox is gone.")

    def _names(self) -> list[str]:
        return sorted([*self.files, *self.entries])

    def _entry(self, path: str) -> FileEntry:
        return FileEntry(path, "file", len(self.files[path]), mode=self.modes.get(path, 0o644))

    def _leaf(self, path: str) -> FileEntry:
        return self.entries[path] if path in self.entries else self._entry(path)

    async def _until_over(self, played: Played) -> str:
        ended_by = ["itself"]
        if played.blocks:
            self._running = (played, ended_by)
            try:
                await played.released.wait()
            finally:
                self._running = None
        return ended_by[0]

    def _interpret(self, command: str) -> Played:
        """Know `true`, `false`, `cat FILE`, `echo WORDS` and `echo WORDS > FILE`."""
        try:
            words = shlex.split(command)
        except ValueError:
            return Played([b"syntax error\n"], exit_code=2)
        match words:
            case ["true"]:
                return Played()
            case ["false"]:
                return Played(exit_code=1)
            case ["echo", *said, ">", path]:
                where = str(PurePosixPath(self.workdir) / path)
                return Played(writes={where: (" ".join(said) + "\n").encode()})
            case ["echo", *said]:
                return Played([(" ".join(said) + "\n").encode()])
            case ["cat", path] if str(PurePosixPath(self.workdir) / path) in self.files:
                return Played([self.files[str(PurePosixPath(self.workdir) / path)]])
            case _:
                return Played([f"{command}: command not found\n".encode()], exit_code=127)


@dataclass
class FakeStep:
    """What a tool gets, kept for looking at."""

    outputs_dir: Path
    sandbox: MemorySandbox = field(default_factory=MemorySandbox)
    output_name: str = "1.1.txt"
    command_timeout_s: float = 600.0
    most_timeout_s: float = 1000.0
    eof_after_s: float | None = None
    most_output_bytes: int | None = None
    floods: int = 0
    hits: list[str] = field(default_factory=list)
    reins: Reins = field(default_factory=Reins)
    jobs: list[tuple[Job, Callable[[], int]]] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    input_waits: list[bool] = field(default_factory=list)

    def on_output(self, data: bytes) -> None:
        """Keep it."""
        self.heard.append(data)

    def on_input_wait(self, is_waiting: bool) -> None:
        """Keep it."""
        self.input_waits.append(is_waiting)

    def on_flood(self) -> None:
        """Stop it, as a run does."""
        self.floods += 1
        self.reins.stop("it printed too much")

    def on_hits(self, hits: Sequence[str]) -> None:
        """Keep them."""
        self.hits += hits

    def on_job(self, job: Job, finish: Callable[[], int]) -> None:
        """Keep it."""
        self.jobs.append((job, finish))


def _typed_by_ports(
    model: ScriptedModel, sandbox: MemorySandbox, step: FakeStep
) -> tuple[Model, Sandbox, StepContext]:
    """Have the type checker prove that the fakes are what a run asks for."""
    return model, sandbox, step
