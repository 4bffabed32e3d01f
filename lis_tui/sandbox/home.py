"""What a home of sandboxes must do; everything else about a computer is the same in every home."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from lis_tui.core.ports import Door, Load, SavedOutputs, Space
from lis_tui.core.spec import Network
from lis_tui.sandbox.channel import Channel
from lis_tui.sandbox.lower import Lower
from lis_tui.sandbox.meters import Strikes
from lis_tui.sandbox.service import Service

PRIVATE_FOLDER = "/run/lis"
"""Ours inside: the shells' files, the checkpoints' marks."""
OUTPUTS_PATH = f"{PRIVATE_FOLDER}/outputs"
OWN_FOLDER = f"{PRIVATE_FOLDER}/own"
VARIABLES = {"LANG": "C.UTF-8", "PAGER": "cat", "GIT_PAGER": "cat", "DEBIAN_FRONTEND": "noninteractive"}
"""What a program that nobody watches should find, unless the image says otherwise."""


class Carriage(Protocol):
    """What of the host's settings goes into the sandbox."""

    def variables(self) -> Mapping[str, str]:
        """Give variables."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """Give absolute container paths and contents."""
        ...

    def secrets(self) -> Sequence[str]:
        """Give the credentials among the values."""
        ...


class Home(Protocol):
    """One computer: brought up, entered, looked after, removed. Raises SandboxFailed and its children."""

    @property
    def kind(self) -> Literal["docker", "embedded"]:
        """Which home it is."""
        ...

    @property
    def image_id(self) -> str:
        """Which image it is for ever a computer of, once it was up; empty before."""
        ...

    @property
    def name(self) -> str:
        """What the home calls it: a container's id."""
        ...

    @property
    def worktree(self) -> Path | None:
        """The work folder on this machine, where it is shared with the inside."""
        ...

    @property
    def has_outputs(self) -> bool:
        """Full outputs of commands can be read inside."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What is to be known of it, once it is up: what it lacks, a sentence each."""
        ...

    @property
    def network(self) -> Network:
        """Which network it has: never `auto`."""
        ...

    @property
    def lower(self) -> Lower | None:
        """Where on this machine what nothing inside can change of it is, once it is up; None: nowhere."""
        ...

    def guard(self, door: Door) -> None:
        """Have its proxy ask this door from now on: before it is brought up, or when it changes hands."""
        ...

    async def create(self) -> None:
        """Bring it up, with nothing in it but what the image has and what is carried in."""
        ...

    async def settle(self, service: Service) -> None:
        """Make sure of the work folder, with a bash inside."""
        ...

    async def connected(self, service: Service) -> Sequence[str]:
        """Wait until its network is as was asked for; tells what is to be known. Raises SandboxFailed."""
        ...

    async def open(self, arguments: Sequence[str]) -> Channel:
        """Start a process inside, as its root. Raises ShellLost."""
        ...

    async def hand_over(self, run: str, worktree: Path, outputs_dir: Path) -> None:
        """Belong to another run, whose folders are those it had, by other names."""
        ...

    async def give_back(self, service: Service) -> None:
        """Have the work folder's files belong to the user again."""
        ...

    async def remove(self) -> None:
        """End it with all that runs in it; safe to call twice."""
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

    async def strikes(self) -> Strikes:
        """Tell how often the kernel enforced a limit."""
        ...


@runtime_checkable
class Undecided(Protocol):
    """A home that becomes one of several."""

    async def choose(self) -> None:
        """Decide which it is, for ever; safe to call twice. Raises EngineMissing."""
        ...
