"""How the engine is found, which it is said to be, and what is said where none answers."""

import socket
import sys
from pathlib import Path

import pytest

from lis_tui.core.errors import EngineMissing
from lis_tui.sandbox import engines


def nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = [(f"unix://{tmp_path}/none", False)]
    monkeypatch.setattr(engines, "_addresses", lambda environ, home: iter(nowhere))


def test_a_machine_without_docker_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_answers(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(EngineMissing, match=r"apt-get install docker\.io"):
        engines.connect({"PATH": str(tmp_path)}, tmp_path)


def test_an_engine_that_is_installed_and_does_not_run_is_to_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dockerd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    nobody_answers(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(EngineMissing, match="systemctl start docker"):
        engines.connect({"PATH": str(tmp_path)}, tmp_path)


def test_on_macos_docker_desktop_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_answers(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(EngineMissing, match="Docker Desktop"):
        engines.connect({"PATH": str(tmp_path)}, tmp_path)


def test_a_socket_that_one_may_not_use_names_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(address: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(engines, "_knock", refuse)
    with pytest.raises(EngineMissing, match="usermod -aG docker"):
        engines.connect({}, tmp_path)


def test_a_chosen_engine_that_does_not_answer_is_named_and_no_other_is_taken(tmp_path: Path) -> None:
    chosen = f"unix://{tmp_path}/mine.sock"
    with pytest.raises(EngineMissing, match="DOCKER_HOST=unix"):
        engines.connect({"DOCKER_HOST": chosen}, tmp_path)


def test_a_socket_that_nobody_serves_is_no_engine(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "s"))
        with pytest.raises(EngineMissing):
            engines.connect({"DOCKER_HOST": f"unix://{tmp_path}/s"}, tmp_path)


def test_settings_of_docker_that_make_no_sense_are_said(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="settings"):
        engines.connect(
            {"DOCKER_HOST": "tcp://h:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/none"}, tmp_path
        )


def test_the_sockets_of_docker_its_desktop_and_podman_are_tried_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    tried = [address for address, _ in engines._addresses({"XDG_RUNTIME_DIR": "/run/user/7"}, tmp_path)]
    assert tried == [
        "unix:///var/run/docker.sock",
        f"unix://{tmp_path}/.docker/run/docker.sock",
        "unix:///run/user/7/docker.sock",
        "unix:///run/user/7/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]
