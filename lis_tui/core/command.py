"""A command in a sandbox: how whoever asked for it holds it while it runs, and how it ended."""

from collections.abc import Callable
from typing import Literal, Protocol

from msgspec import Struct


def _nobody(_: str) -> None:
    pass


class Reins:
    """Holds one command from before its start: its time limit, whether it is let go, the signals it gets.

    `on_signal` is told the name of each signal with which a person's interrupt goes on, once.
    """

    def __init__(self, on_signal: Callable[[str], None] = _nobody) -> None:
        self.on_signal = on_signal
        self.timeout_s: float | None = None
        """How long it may take in all; None: as it was asked for."""
        self.is_let_go = False
        """It is to go on in the background."""
        self.is_cut = False
        """A person stops it."""
        self.why = ""
        """Why it is stopped at a limit; empty where it is not."""
        self.is_taken = False
        """A command runs by them."""
        self._on_change: Callable[[], None] | None = None

    def set_timeout(self, timeout_s: float) -> None:
        """Let the command take this long in all, from its start."""
        self.timeout_s = timeout_s
        self._changed()

    def let_go(self) -> None:
        """Let the command go on in the background."""
        self.is_let_go = True
        self._changed()

    def cut(self) -> None:
        """Stop the command as soon as it has begun."""
        self.is_cut = True
        self._changed()

    def stop(self, why: str) -> None:
        """Stop the command, because it is at a limit."""
        self.why = self.why or why
        self._changed()

    def take(self, on_change: Callable[[], None] | None) -> None:
        """Run a command by them: `on_change` is called when something of it changes; None: it is over."""
        self.is_taken = on_change is not None
        self._on_change = on_change

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()


class Job(Protocol):
    """A command that goes on in the background; its output still goes where it went."""

    async def wait(self) -> "CommandEnd":
        """Wait for its end, which comes at the latest with that of the sandbox."""
        ...

    async def stop(self) -> None:
        """Stop it: INT, then TERM, then KILL. Raises SandboxFailed."""
        ...


class CommandEnd(Struct, frozen=True, kw_only=True):
    """How a command ended. `exit_code` None: not known (the shell was lost)."""

    exit_code: int | None
    ended_by: Literal["itself", "time limit", "limit", "person", "shell lost", "background"] = "itself"
    duration_s: float = 0.0
    cwd: str = ""
    notes: tuple[str, ...] = ()
    job: Job | None = None
    """What it goes on as in the background."""
    hits: tuple[str, ...] = ()
    """The kernel's limits that were hit since the last command's end, a sentence each."""
