"""A home for `lis-tui` in a folder of its own, and an image for its sandboxes."""

import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest

import lis_tui
from lis_tui.core.events import Event
from tests.command import LisTui
from tests.docker_home import docker_image
from tests.server import FakeServer

Play = Callable[[FakeServer], Coroutine[None, None, list[Event]]]


@pytest.fixture(scope="session")
def index_answers(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("index")
    words = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), "iniconfig"]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no package index answers this machine itself")


@pytest.fixture
def image() -> str:
    found, reason = docker_image()
    if reason:
        pytest.skip(reason)
    return found


@pytest.fixture
def lis(tmp_path: Path, image: str) -> Iterator[LisTui]:
    home = LisTui(tmp_path, environ={"LIS_TUI_IMAGE": image})
    yield home
    home.close()
    assert home.containers() == []


@pytest.fixture
def play(lis: LisTui, image: str, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Plays a run called `one` in this process, as `--headless` does, against a server over HTTP."""
    monkeypatch.setenv("LIS_TUI_HOME", str(lis.home))

    async def played(server: FakeServer) -> list[Event]:
        events = lis_tui.run(
            "Answer.",
            name="one",
            model="openai/m",
            api_base=server.url,
            image=image,
            model__key="none",
            model__gap_s=0.5,
            model__max_attempts=3,
        )
        return [event async for event in events]

    return played
