"""`pytest --engine`: the tests of containers on another engine than this machine's usual one.

`podman` starts a service of this user's for the tests; an address (`tcp://…`, `ssh://…`, `unix://…`) names an
engine that runs. It must have the sandbox image: `docker save lis-tui-sandbox | podman load`.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_UP_S = 20.0


@contextmanager
def chosen(wished: str) -> Iterator[None]:
    """Have all tests, and what they start, use the engine that was asked for."""
    before = os.environ.get("DOCKER_HOST")
    with _podman() if wished == "podman" else _named(wished) as address:
        os.environ["DOCKER_HOST"] = address
        try:
            yield
        finally:
            os.environ.pop("DOCKER_HOST")
            if before is not None:
                os.environ["DOCKER_HOST"] = before


@contextmanager
def _named(address: str) -> Iterator[str]:
    yield address


@contextmanager
def _podman() -> Iterator[str]:
    if shutil.which("podman") is None:
        raise pytest.UsageError("--engine podman: there is no podman here")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "podman.sock"
        service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{path}"], cwd=folder)
        try:
            _await(path, service)
            yield f"unix://{path}"
        finally:
            service.terminate()
            service.wait()


def _await(path: Path, service: subprocess.Popen[bytes]) -> None:
    words = ["curl", "-sf", "--unix-socket", str(path), "--retry", "40", "--retry-delay", "1"]
    asked = [*words, "--retry-all-errors", "--max-time", str(_UP_S), "http://podman/_ping"]
    if subprocess.run(asked, stdout=subprocess.DEVNULL, check=False).returncode or service.poll() is not None:
        raise pytest.UsageError("--engine podman: its service does not come up")
