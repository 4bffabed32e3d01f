"""What Podman is told beside what Docker is: a filter that leaves no more open than Docker does."""

import json
from pathlib import Path
from typing import Any

import pytest

from lis_tui.core.errors import SandboxFailed
from lis_tui.sandbox.engine import notes_of, runtime_of
from lis_tui.sandbox.engines import Engine
from lis_tui.sandbox.podman import security_options

PODMAN = Engine(name="Podman", version="4.3.1")


def filter_from(profile: Path) -> list[dict[str, Any]]:
    with security_options(PODMAN, [profile]) as (privileges, own):
        assert privileges == "no-new-privileges"
        path = Path(own.removeprefix("seccomp="))
        rules: list[dict[str, Any]] = json.loads(path.read_bytes())["syscalls"]
    assert not path.exists()
    return rules


def test_what_docker_refuses_is_taken_out_of_what_podman_allows(tmp_path: Path) -> None:
    allowed = {"names": ["read", "unshare", "keyctl", "clone", "clone3"], "action": "SCMP_ACT_ALLOW"}
    only = {"names": ["mount"], "action": "SCMP_ACT_ALLOW"}
    (tmp_path / "p").write_text(json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [allowed, only]}))
    rules = filter_from(tmp_path / "p")
    open_ = [rule for rule in rules if rule["action"] == "SCMP_ACT_ALLOW"]
    assert [rule["names"] for rule in open_] == [["read"], ["clone"]]
    assert open_[1]["args"][0]["op"] == "SCMP_CMP_MASKED_EQ"
    refused = {name: rule["errnoRet"] for rule in rules if rule not in open_ for name in rule["names"]}
    assert (refused["unshare"], refused["mount"], refused["keyctl"], refused["clone3"]) == (1, 1, 1, 38)


@pytest.mark.parametrize(
    "engine",
    [Engine(name="Docker", version="20"), Engine(name="Podman", version="4", is_elsewhere=True), PODMAN],
    ids=["docker", "podman elsewhere", "podman without a filter of its own"],
)
def test_where_no_file_can_be_shown_none_is_named(engine: Engine, tmp_path: Path) -> None:
    with security_options(engine, [tmp_path / "none"]) as options:
        assert options == ["no-new-privileges"]


def test_a_run_is_told_which_engine_it_has_where_that_is_not_the_usual_one() -> None:
    usual = Engine(name="Docker", version="20", runtimes=("crun", "runc"))
    assert notes_of(usual, "") == []
    assert notes_of(usual, "crun") == ["runtime crun"]
    mine = Engine(name="Podman", version="4.3", is_rootless=True, unlimited=("memory", "processes"))
    assert notes_of(mine, "") == ["Podman 4.3, rootless", "not limited: memory, processes"]
    assert "namespaces and keys" in notes_of(Engine(name="Podman", version="4", is_elsewhere=True), "")[1]


def test_a_runtime_that_the_engine_has_not_is_refused_with_those_it_has() -> None:
    engine = Engine(name="Docker", version="20", runtimes=("crun", "runc"))
    assert runtime_of(engine, "") is None
    assert runtime_of(engine, "crun") == "crun"
    with pytest.raises(SandboxFailed, match="no runtime runsc: it has crun, runc"):
        runtime_of(engine, "runsc")
