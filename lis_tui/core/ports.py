"""What a run needs from outside, as protocols. The loop knows these and nothing behind them."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct

from lis_tui.core.command import CommandEnd as CommandEnd
from lis_tui.core.command import Job, Reins
from lis_tui.core.events import CheckpointTaken, FileEntry, SandboxStarted, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.messages import Observation, Piece, Request, ToolSchema
from lis_tui.core.spec import Network


class Model(Protocol):
    """Answers requests. Closing the iterator closes the connection at once."""

    def ask(self, request: Request) -> AsyncIterator[Piece]:
        """Stream the reply; the last piece is ReplyEnded. Raises ModelFailed."""
        ...

    def count_tokens(self, request: Request) -> int:
        """Estimate the request's tokens, quickly and without the network."""
        ...

    def context_tokens(self, request: Request) -> int:
        """How many tokens request and reply may have together."""
        ...

    def cannot_continue(self, request: Request) -> str:
        """Say in a sentence why it cannot go on from the beginning of a reply; empty where it can."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class SavedOutputs(Struct, frozen=True):
    """What was copied out of a sandbox: relative names, and one sentence for each thing that could not be."""

    files: tuple[str, ...]
    problems: tuple[str, ...] = ()


class Connection(Struct, frozen=True, kw_only=True):
    """A connection that a sandbox made through its proxy, or was refused. `host` is as it was asked for."""

    host: str
    port: int
    is_allowed: bool
    why: str = ""
    """Why it was refused, in a sentence."""
    sent: int = 0
    received: int = 0
    took_s: float = 0.0


class Door(Protocol):
    """Whom the proxy of a sandbox asks, and tells what came of it. Called on the loop; it never raises."""

    async def may_pass(self, host: str, port: int, address: str = "") -> str:
        """Say why this host may not be reached; empty where it may. It may wait for a person's answer.

        Asked by name before anything is looked up, then again with each `address` that the name stands for.
        """
        ...

    def note(self, connection: Connection) -> None:
        """Take down a connection that is over, or was refused."""
        ...


class Load(Struct, frozen=True, kw_only=True):
    """What a sandbox uses, quickly measured; None: not known, or not limited."""

    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    pids: int | None = None
    pids_limit: int | None = None
    cpu_s: float | None = None
    """Processor time that all its processes have used so far; it may fall when some have ended."""
    cpus_limit: float | None = None
    free_bytes: int | None = None
    """Room left on this machine where it writes to, on the fullest file system."""
    hits: tuple[str, ...] = ()
    """The kernel's limits that were hit since the last time while no command ran, a sentence each."""


class Space(Struct, frozen=True):
    """What a sandbox has written, its work folder included; it takes a while to measure."""

    bytes: int
    files: int


class Walked(Struct, frozen=True):
    """What is listed of a work folder, and how many entries there are."""

    entries: list[FileEntry]
    total: int


OnChange = Callable[[Collection[str] | None], None]
"""Gets the paths that changed, relative to the work folder; None: any may have."""


class Sandbox(Protocol):
    """The model's computer: one lasting shell, files as bytes, and its end.

    Paths are absolute, inside the sandbox, as text escaped by `core.paths`. File work is done inside, as the
    sandbox's root; no link is ever followed on the host. Every method but `start` raises SandboxFailed where
    the sandbox is gone.
    """

    workdir: str
    outputs_path: str | None
    """Where the sandbox sees the run's `outputs/` folder read-only, or None."""

    async def foresee(self) -> Network:
        """Say which network it will have; `auto` where that shows only once it is up. Raises LisError."""
        ...

    def guard(self, door: Door) -> None:
        """Have its proxy ask this door from now on, where it has one (network `allow`)."""
        ...

    async def start(self) -> SandboxStarted:
        """Bring it up. Raises EngineMissing, ImageMissing, SandboxFailed."""
        ...

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
        """Run a command in the lasting shell; `on_output` gets stdout and stderr as they come.

        `eof_after_s`: where nobody answers, standard input ends after the command has waited this long.
        At the time limit the command is interrupted and what it printed is kept. Let go by its `reins`, it
        goes on as the `job` of its end, and a fresh shell has the state from before it.
        """
        ...

    async def own_run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
    ) -> CommandEnd:
        """Run a command in the person's own lasting shell, beside the model's."""
        ...

    async def own_interrupt(self) -> None:
        """Stop the command that runs in the person's own shell."""
        ...

    async def interrupt(self) -> None:
        """Stop the running command: INT, then TERM, then KILL. Nothing happens where none runs."""
        ...

    def limit_files(self, most_mb: int | None) -> None:
        """Let no file be larger that is written by commands from now on; None: any size."""
        ...

    async def stop_rest(self) -> None:
        """Kill all that commands have left running, but not a command that runs and is not being stopped."""
        ...

    async def send_input(self, data: bytes) -> None:
        """Type into the running command."""
        ...

    async def close_input(self) -> None:
        """End the running command's standard input."""
        ...

    async def read_file(self, path: str, max_bytes: int | None = None) -> bytes:
        """Read a regular file (links inside the sandbox are followed inside). Raises FileRefused."""
        ...

    async def write_file(self, path: str, data: bytes) -> None:
        """Write a file whole: folders are made, mode and owner of an old one kept. Raises FileRefused."""
        ...

    async def stat(self, path: str) -> FileEntry | None:
        """Describe what the path leads to (links followed inside), or None."""
        ...

    async def list_folder(self, path: str, depth: int) -> list[FileEntry]:
        """List a folder, sorted, `depth` levels deep; paths are absolute."""
        ...

    async def walk(self) -> Walked:
        """List the work folder, sorted; paths are relative to it. Nothing changed: the same list again."""
        ...

    async def look_at(self, paths: Collection[str], *, is_deep: bool = False) -> list[FileEntry]:
        """Describe some entries of the work folder, and (`is_deep`) all below; what is gone is left out."""
        ...

    def watch(self, on_change: OnChange, on_blind: Callable[[str], None]) -> None:
        """Call back soon after something in the work folder changed, until the sandbox stops.

        `on_blind` gets a reason once changes may happen that nobody tells of: then one looks oneself.
        """
        ...

    async def put_inputs(self, sources: Sequence[Path]) -> list[str]:
        """Copy host files and folders to `documents/`; gives the paths inside."""
        ...

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Copy `output/` and `answer.txt` to a host folder; regular files and folders only."""
        ...

    async def load(self) -> Load:
        """Measure what it uses."""
        ...

    async def space(self) -> Space | None:
        """Measure what it has written; None: that cannot be told."""
        ...

    async def stop(self) -> None:
        """End it and remove what it used; safe to call twice."""
        ...


class Contents(Protocol):
    """Keeps contents by their SHA-256, each once. Raises StorageFailed; called from threads."""

    def begin(self) -> "Incoming":
        """Begin to take a content in."""
        ...

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Give a content in pieces."""
        ...


class Incoming(Protocol):
    """A content that comes in pieces."""

    def write(self, data: bytes) -> None:
        """Take more."""
        ...

    def finish(self) -> tuple[str, int]:
        """Give its digest, and by how many bytes the store grew."""
        ...

    def drop(self) -> None:
        """Forget it."""
        ...


class ManifestKeeper(Protocol):
    """Writes checkpoints down. Raises StorageFailed; called from threads."""

    def save(self, manifest: Manifest, touched: Collection[str] | None = None) -> None:
        """Keep it; one of the same address may not be there yet.

        `touched`: the paths that may not be as in what was saved before; None: any.
        """
        ...


class Restored(Struct, frozen=True, kw_only=True):
    """How a checkpoint was brought back."""

    written: int
    deleted: int
    took_s: float
    started: SandboxStarted | None = None
    """A new computer was needed, because the old one held changes that only the image can undo."""
    lost: tuple[str, ...] = ()
    """Commands that ran and do not any more."""
    problems: tuple[str, ...] = ()
    """One sentence for each thing that is not as it was."""


OnProgress = Callable[[int, int], None]
"""Is told how many bytes of how many are done, at most about ten times a second."""


@runtime_checkable
class Checkpoints(Protocol):
    """A sandbox that can be kept as it is, and brought back to that. Not every home can."""

    @property
    def can_checkpoint(self) -> bool:
        """Whether it was given a place to keep things, and has the tools (once it has started)."""
        ...

    async def checkpoint(self, address: StepAddress) -> CheckpointTaken:
        """Keep it as it is now; no command may run. Raises SandboxFailed, StorageFailed."""
        ...

    async def restore(self, manifest: Manifest, on_progress: OnProgress | None = None) -> Restored:
        """Make it as it was; no command may run. Raises SandboxFailed, StorageFailed: it is half-way then."""
        ...


class StepContext(Protocol):
    """What a tool gets to do its work: the sandbox, and ways to tell of progress."""

    @property
    def sandbox(self) -> Sandbox:
        """The model's computer."""
        ...

    @property
    def output_name(self) -> str:
        """Name of this step's file in the run's outputs folder."""
        ...

    @property
    def outputs_dir(self) -> Path:
        """The run's outputs folder on the host."""
        ...

    @property
    def command_timeout_s(self) -> float:
        """How long a command may run unless the model asks for another time."""
        ...

    @property
    def most_timeout_s(self) -> float:
        """How long a command may run at most, whatever the model asks for."""
        ...

    @property
    def most_output_bytes(self) -> int | None:
        """How much a command may print; None: no limit."""
        ...

    @property
    def reins(self) -> Reins:
        """By which the running command is held."""
        ...

    @property
    def eof_after_s(self) -> float | None:
        """When standard input ends by itself; None while a person may answer."""
        ...

    def on_output(self, data: bytes) -> None:
        """More output of the running command."""
        ...

    def on_input_wait(self, is_waiting: bool) -> None:
        """The command blocks on its input, or no longer does."""
        ...

    def on_flood(self) -> None:
        """The command, or the job that it became, has printed more than it may."""
        ...

    def on_hits(self, hits: Sequence[str]) -> None:
        """The kernel's limits that the command hit, a sentence each."""
        ...

    def on_job(self, job: Job, finish: Callable[[], int]) -> None:
        """The command goes on in the background; at its end `finish` gives the bytes of its output."""
        ...


class Tool(Protocol):
    """Something that the model can call."""

    @property
    def schema(self) -> ToolSchema:
        """What the model is told."""
        ...

    def problem(self, arguments: dict[str, object]) -> str:
        """Why these arguments cannot be used, in a sentence for the model; empty where they can."""
        ...

    async def run(self, arguments: dict[str, object], context: StepContext) -> Observation:
        """Do it. Raises SandboxFailed only where the sandbox is gone; all else is an observation."""
        ...
