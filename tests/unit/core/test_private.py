"""What is for its owner alone: who may connect, and what a crash leaves."""

import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core.private import is_our_peer


@pytest.fixture
def listening() -> Iterator[tuple[socket.socket, str]]:
    """A socket that every user of this machine may reach."""
    with tempfile.TemporaryDirectory(prefix="lis-") as folder, socket.socket(socket.AF_UNIX) as one:
        path = Path(folder, "s")
        one.bind(str(path))
        one.listen()
        Path(folder).chmod(0o755)
        path.chmod(0o666)
        yield one, str(path)


def met(listening: tuple[socket.socket, str]) -> bool:
    server, path = listening
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        accepted, _ = server.accept()
        with accepted:
            return is_our_peer(accepted)


def test_oneself_is_let_in(listening: tuple[socket.socket, str]) -> None:
    assert met(listening)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user for a moment")
@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="this system does not say who connects")
def test_another_user_is_not(listening: tuple[socket.socket, str]) -> None:
    server, path = listening
    with socket.socket(socket.AF_UNIX) as client:
        os.seteuid(65534)
        try:
            client.connect(path)
        finally:
            os.seteuid(0)
        accepted, _ = server.accept()
        with accepted:
            assert not is_our_peer(accepted)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nothing is changed")
def test_a_crash_writes_no_memory_down_and_what_is_started_may_ask_for_it() -> None:
    code = (
        "import resource as r; from lis_tui.core.private import have_no_core; "
        "r.setrlimit(r.RLIMIT_CORE, r.getrlimit(r.RLIMIT_CORE)[1:] * 2); have_no_core(); "
        "print(*r.getrlimit(r.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    assert done.stdout.split() == (["1", str(most)] if most else ["0", "0"])
