"""The way to an engine beyond ssh, with a program in ssh's place."""

import os
import socket
from pathlib import Path

import pytest

from lis_tui.core.errors import EngineMissing
from lis_tui.sandbox.engines import connect
from lis_tui.sandbox.ssh import Tunnel, TunnelFailed


def in_its_place(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "ssh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_it_is_asked_for_the_socket_there_and_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_its_place(tmp_path, f'printf "%s\\n" "$@" >{tmp_path}/words; echo up; cat', monkeypatch)
    tunnel = Tunnel("ssh://me@far.example:2222/run/user/7/podman/podman.sock")
    folder = Path(tunnel.address.removeprefix("unix://")).parent
    tunnel.close()
    words = (tmp_path / "words").read_text().splitlines()
    assert "BatchMode=yes" in words
    assert words[words.index("-L") + 1].endswith("engine.sock:/run/user/7/podman/podman.sock")
    assert words[words.index("-l") + 1 : words.index("--") + 2] == ["me", "-p", "2222", "--", "far.example"]
    assert not folder.exists()


def test_without_a_path_it_is_dockers_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_its_place(tmp_path, "echo up; cat", monkeypatch)
    tunnel = Tunnel("ssh://far.example")
    tunnel.close()
    assert tunnel.remote == "/var/run/docker.sock"


def test_what_ssh_complains_of_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_its_place(tmp_path, "echo 'me@far: Permission denied (publickey).' >&2; exit 255", monkeypatch)
    with pytest.raises(TunnelFailed, match="publickey"):
        Tunnel("ssh://me@far")
    with pytest.raises(EngineMissing, match=r"publickey.*Make `ssh far true` work without a question"):
        connect({"DOCKER_HOST": "ssh://me@far"}, tmp_path)


def test_a_socket_that_nobody_serves_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_its_place(tmp_path, "echo 'channel 2: open failed' >&2; echo up; cat", monkeypatch)
    with pytest.raises(EngineMissing, match=r"no engine has /var/run/docker.sock there \(channel 2"):
        connect({"DOCKER_HOST": "ssh://far"}, tmp_path)


def test_a_door_that_is_shut_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(EngineMissing, match=r"Connection refused.*start it there, or unset DOCKER_HOST"):
            connect({"DOCKER_HOST": address}, tmp_path)
