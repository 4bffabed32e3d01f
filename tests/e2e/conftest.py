"""A home for `lis-tui` in a folder of its own, and an image for its sandboxes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import LisTui
from tests.docker_home import docker_image


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
