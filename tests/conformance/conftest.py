"""Every home of a sandbox runs these tests; a new one is one more entry in HOMES."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import Struct

from lis_tui.core.ports import CommandEnd, Sandbox
from lis_tui.sandbox.computer import Computer
from tests.docker_home import docker_available, docker_engine, docker_sandbox
from tests.embedded_home import embedded_missing, embedded_sandbox


class Home(Struct, frozen=True):
    """One kind of sandbox: why it cannot be had here (empty where it can), and a fresh one in a folder."""

    name: str
    missing: Callable[[], str]
    make: Callable[..., Computer]

    @property
    def has_owners(self) -> bool:
        """Files can belong to others than root, and root's be changed wherever they are."""
        return self.name == "docker" or os.geteuid() == 0

    @property
    def is_limited(self) -> bool:
        """Its engine can limit it: an ordinary user's may have no control groups."""
        return self.name != "docker" or not docker_engine().has_no_groups

    @property
    def is_elsewhere(self) -> bool:
        """Its engine is on another machine, as far as one can tell."""
        return self.name == "docker" and docker_engine().is_elsewhere

    @property
    def is_podman(self) -> bool:
        """It is a container of Podman's."""
        return self.name == "docker" and docker_engine().is_podman


HOMES = [
    pytest.param(Home("docker", docker_available, docker_sandbox), id="docker", marks=pytest.mark.docker),
    pytest.param(Home("embedded", embedded_missing, embedded_sandbox), id="embedded"),
]


LONG = {
    "test_after_thirty_steps_any_of_them_comes_back_exactly",
    "test_after_the_clock_was_set_back_all_is_counted_anew",
    "test_whatever_is_done_is_seen",
    "test_what_comes_and_goes_in_a_large_folder_is_caught",
    "test_two_that_go_on_from_one_checkpoint_never_meet",
    "test_a_value_that_was_passed_in_is_not_written_down_and_comes_back",
    "test_five_thousand_levels_are_walked",
}
"""Of these the embedded ones are slow tests: the computer has all files of this machine's system."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and item.originalname in LONG and "[embedded" in item.name:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module", params=HOMES)
def home(request: pytest.FixtureRequest) -> Home:
    found: Home = request.param
    if reason := found.missing():
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def folder(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(home.name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(home: Home, folder: Path) -> AsyncIterator[Sandbox]:
    """One for all tests of a module: what a test leaves in it must not trouble the others."""
    made = home.make(folder)
    await made.start()
    yield made
    await made.stop()


def must_share(sandbox: Sandbox) -> None:
    """Go on only where the engine sees this machine's folders."""
    if not (isinstance(sandbox, Computer) and sandbox.is_shared):
        pytest.skip("the engine is remote: nothing of this machine's is seen inside")


class Terminal:
    """Runs commands and keeps what they print."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.output = b""
        self.waits: list[bool] = []
        self.end = CommandEnd(exit_code=None)

    async def __call__(
        self, command: str, *, timeout_s: float = 30, eof_after_s: float | None = None
    ) -> bytes:
        """Give the whole output; `end` and `waits` tell the rest."""
        pieces: list[bytes] = []
        self.waits = []
        self.end = await self.sandbox.run(
            command,
            timeout_s=timeout_s,
            on_output=pieces.append,
            on_input_wait=self.waits.append,
            eof_after_s=eof_after_s,
        )
        self.output = b"".join(pieces)
        return self.output


@pytest.fixture
def run(sandbox: Sandbox) -> Terminal:
    return Terminal(sandbox)
