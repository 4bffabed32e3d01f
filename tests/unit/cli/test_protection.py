"""`doctor --security`: what it says follows what is there, and no value of a key is in it."""

import json
import os
from pathlib import Path

import pytest

from lis_tui.cli import enclosure, protection
from lis_tui.cli.main import main
from lis_tui.cli.walls import Wall
from lis_tui.config.places import Places
from lis_tui.config.schema import Settings
from lis_tui.core.spec import Limits, SandboxSpec
from lis_tui.sandbox.engines import Engine

KEY = "sk-canary-0123456789"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    monkeypatch.setenv("LIS_TUI_MODEL", "openai/m")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{KEY}@proxy.invalid:1")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent")
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--security", *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().out


def test_every_line_says_how_well_something_protects(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enclosure, "why_not_here", lambda: "it needs bwrap")
    code, text = asked(capsys)
    lines = text.splitlines()
    assert code == 1
    assert lines[0].startswith("missing  sandbox: ")
    assert {line.split()[0] for line in lines} == {"ok", "weaker", "missing"}
    assert KEY not in text
    assert "key: from env:OPENAI_API_KEY" in text
    assert "weaker   into sandboxes: a password of a proxy" in text


def test_a_program_gets_the_same_as_json(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enclosure, "why_not_here", lambda: "")
    code, text = asked(capsys, "--json")
    found = json.loads(text)
    assert code == 0
    assert {one["state"] for one in found} <= {"ok", "weaker", "missing"}
    about = [one["about"] for one in found]
    assert {"sandbox", "system calls", "limits", "disk", "network", "previews", "key"} <= set(about)
    assert KEY not in text


def folders(home: Path) -> dict[str, str]:
    places = Places(home / "data", home / "config", home / "run")
    return {wall.about: wall.state for wall in protection._folders(places)}


def test_folders_that_others_can_enter_or_own_are_told(home: Path) -> None:
    assert folders(home)["folder of runs"] == "ok"
    (home / "data").mkdir(0o700)
    (home / "run").mkdir()
    (home / "run").chmod(0o755)
    (home / "cache").symlink_to(home / "data")
    (home / "config").mkdir()
    (home / "config/config.toml").write_text("")
    (home / "config/config.toml").chmod(0o666)
    assert folders(home) == {
        "folder of runs": "ok",
        "folder of sockets": "weaker",
        "folder of copies": "missing",
        "settings": "weaker",
    }


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another user's folder")
def test_another_users_folder_protects_nothing(home: Path) -> None:
    (home / "data").mkdir(0o700)
    os.chown(home / "data", 12345, 12345)
    assert folders(home)["folder of runs"] == "missing"


def container(options: list[str], **more: object) -> dict[str, Wall]:
    told = {"SecurityOptions": options, "DefaultRuntime": "runc", **more}
    is_rootless = "name=rootless" in options
    found = Engine(name="Docker", version=str(more.get("version", "28.1")), is_rootless=is_rootless)
    return {wall.about: wall for wall in enclosure._container(SandboxSpec(), found, told)}


def test_what_an_engine_lacks_is_told() -> None:
    good = container(["name=seccomp,profile=builtin", "name=apparmor", "name=rootless"])
    assert [wall.about for wall in good.values() if wall.state != "ok"] == ["kernel"]
    old = container(["name=seccomp,profile=default"], version="20.10.24", PidsLimit=False)
    assert "io_uring" in old["system calls"].sentence
    assert old["root inside"].state == old["profile"].state == old["limits"].state == "weaker"
    assert "processes" in old["limits"].sentence
    assert container(["name=seccomp,profile=unconfined"])["system calls"].state == "missing"


@pytest.mark.parametrize(
    ("spec", "usual", "state", "said"),
    [
        (SandboxSpec(), "bridge", "weaker", "all of it but metadata"),
        (SandboxSpec(), "allow", "weaker", "all but local ones"),
        (SandboxSpec(network="allow", allow=("pip.test",)), "bridge", "ok", "to pip.test"),
        (SandboxSpec(network="bridge"), "allow", "missing", "this machine's own"),
        (SandboxSpec(network="none"), "allow", "ok", "none"),
    ],
)
def test_the_network_is_told_as_it_would_be(spec: SandboxSpec, usual: str, state: str, said: str) -> None:
    settings = Settings(sandbox=spec, limits=Limits(disk_mb=None))
    disk, network = enclosure._same(settings, "allow" if usual == "allow" else "bridge")
    assert disk.state == "missing"
    assert (network.state, said in network.sentence) == (state, True)
