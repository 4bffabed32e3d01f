"""In which home a run's sandbox lives: the one it had, the one that was asked for, or the best there is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import structs

from lis_tui.core.errors import EngineMissing, ShellLost
from lis_tui.core.namespaces import must_be_possible, why_not_here
from lis_tui.core.ports import Door, Load, SavedOutputs, Space
from lis_tui.core.spec import Network, SandboxSpec
from lis_tui.sandbox.carry import Carried
from lis_tui.sandbox.channel import Channel
from lis_tui.sandbox.docker_home import DockerHome
from lis_tui.sandbox.embedded import EmbeddedHome
from lis_tui.sandbox.engines import connect
from lis_tui.sandbox.home import Home
from lis_tui.sandbox.image import DEFAULT_IMAGE
from lis_tui.sandbox.layers import Places
from lis_tui.sandbox.lower import Lower
from lis_tui.sandbox.meters import Strikes
from lis_tui.sandbox.service import Service

Kind = Literal["docker", "embedded"]


def computers_of(data: Path) -> Path:
    """Give the folder that holds what embedded sandboxes wrote beside their work trees."""
    return data / "computers"


def choose(spec: SandboxSpec) -> Kind:
    """Say which home it is, which is there: an engine where one answers. It blocks. Raises EngineMissing."""
    if spec.kind == "embedded" or spec.base:  # that very folder was asked for
        must_be_possible()
        return "embedded"
    try:
        connect().close()
    except EngineMissing as error:
        if spec.kind == "docker" or spec.image != DEFAULT_IMAGE:  # this very image was asked for
            raise
        if why := why_not_here():
            raise EngineMissing(f"{error.sentence} Nor can a sandbox be made without one: {why}.") from error
        return "embedded"
    return "docker"


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Whose sandbox it is, and what goes into it."""

    run: str
    host_id: str
    data: Path
    worktree: Path
    outputs_dir: Path
    env: Mapping[str, str]
    carried: Carried
    image_id: str = ""
    is_copy: bool = False


def home_of(spec: SandboxSpec, whose: Whose) -> Home:
    """Give the sandbox's home; one that is yet to be chosen is chosen when it is brought up."""
    match spec.kind:
        case "docker":
            return _docker(spec, whose)
        case "embedded":
            return _embedded(spec, whose)
        case "auto":
            return Chosen(spec, whose)


def _docker(spec: SandboxSpec, whose: Whose) -> DockerHome:
    return DockerHome(
        spec,
        whose.run,
        whose.host_id,
        whose.worktree,
        whose.outputs_dir,
        env=whose.env,
        carried=whose.carried,
        image_id=whose.image_id,
    )


def _embedded(spec: SandboxSpec, whose: Whose) -> EmbeddedHome:
    name = f"{whose.run}.copy" if whose.is_copy else whose.run
    places = Places(computers_of(whose.data) / name, whose.worktree, whose.outputs_dir)
    return EmbeddedHome(spec, places, env=whose.env, carried=whose.carried, image_id=whose.image_id)


class Chosen:
    """The home of a sandbox that may live in any: chosen when it is first brought up, and for ever."""

    def __init__(self, spec: SandboxSpec, whose: Whose) -> None:
        self._spec = spec
        self._whose = whose
        self._home: Home | None = None
        self._choosing = asyncio.Lock()
        self._door: Door | None = None

    @property
    def network(self) -> Network:
        """Which network it has."""
        return self._it().network

    def guard(self, door: Door) -> None:
        """Have its proxy ask this door."""
        self._door = door
        if self._home is not None:
            self._home.guard(door)

    def _it(self) -> Home:
        if self._home is None:
            raise ShellLost("The sandbox is not up yet.")
        return self._home

    @property
    def kind(self) -> Kind:
        """Which home it became."""
        return self._it().kind

    @property
    def image_id(self) -> str:
        """Which image it is a computer of."""
        return self._home.image_id if self._home is not None else self._whose.image_id

    @property
    def name(self) -> str:
        """What its home calls it."""
        return self._it().name

    @property
    def worktree(self) -> Path | None:
        """The work folder on this machine, where it is shared."""
        return self._it().worktree

    @property
    def has_outputs(self) -> bool:
        """Full outputs can be read inside."""
        return self._it().has_outputs

    @property
    def notes(self) -> Sequence[str]:
        """What is to be known of it."""
        return self._it().notes

    @property
    def lower(self) -> Lower | None:
        """Where what nothing inside can change of it is."""
        return self._it().lower

    async def choose(self) -> None:
        """Look which home there is, once. Raises EngineMissing."""
        async with self._choosing:
            if self._home is None:
                kind = await asyncio.to_thread(choose, self._spec)
                self._home = home_of(structs.replace(self._spec, kind=kind), self._whose)
                if self._door is not None:
                    self._home.guard(self._door)

    async def create(self) -> None:
        """Choose, then bring it up. Raises EngineMissing, ImageMissing, SandboxFailed."""
        await self.choose()
        await self._it().create()

    async def settle(self, service: Service) -> None:
        """Make sure of the work folder."""
        await self._it().settle(service)

    async def connected(self, service: Service) -> Sequence[str]:
        """Wait for its network. Raises SandboxFailed."""
        return await self._it().connected(service)

    async def open(self, arguments: Sequence[str]) -> Channel:
        """Start a process inside. Raises ShellLost."""
        return await self._it().open(arguments)

    async def hand_over(self, run: str, worktree: Path, outputs_dir: Path) -> None:
        """Belong to another run. Raises SandboxFailed."""
        await self._it().hand_over(run, worktree, outputs_dir)

    async def give_back(self, service: Service) -> None:
        """Have the work folder's files belong to the user again."""
        await self._it().give_back(service)

    async def remove(self) -> None:
        """End it; safe to call twice."""
        if self._home is not None:
            await self._home.remove()

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Copy the results out."""
        return await self._it().save_outputs(folder)

    async def load(self) -> Load:
        """Measure it."""
        return await self._it().load()

    async def space(self) -> Space | None:
        """Measure what it has written."""
        return await self._it().space()

    async def strikes(self) -> Strikes:
        """Tell how often the kernel enforced a limit."""
        return await self._it().strikes()
