"""Which files in `/proc` are made read-only, and where what an engine does by itself is enough."""

import pytest

from lis_tui.sandbox.engines import Engine
from lis_tui.sandbox.procfiles import options_of, paths_of

DOCKER = Engine(name="Docker", version="28")
PODMAN = Engine(name="Podman", version="4.3.1")
READ_ONLY_BY_ITSELF = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}


def test_with_docker_each_file_is_read_only_and_what_it_does_by_itself_too() -> None:
    found = set(paths_of(DOCKER, ""))
    assert found > READ_ONLY_BY_ITSELF | {"/proc/meminfo", "/proc/uptime", "/proc/pressure"}
    assert not any(name.split("/")[2].isdigit() for name in found)
    assert not found & {"/proc/self", "/proc/net", "/proc/mounts"}
    assert options_of(DOCKER) == []


def test_with_podman_all_of_it_is() -> None:
    assert paths_of(PODMAN, "") == []
    (option,) = options_of(PODMAN)
    assert set(option.removeprefix("proc-opts=").split(",")) == {"nosuid", "noexec", "nodev", "ro"}


@pytest.mark.parametrize("name", ["Docker", "Podman"])
@pytest.mark.parametrize("is_rootless", [True, False])
def test_where_root_inside_is_held_otherwise_nothing_is_changed(name: str, is_rootless: bool) -> None:
    engine = Engine(name=name, version="1", is_rootless=is_rootless, is_confined=not is_rootless)
    assert (paths_of(engine, ""), options_of(engine)) == ([], [])


def test_a_runtime_that_was_asked_for_may_have_a_kernel_of_its_own() -> None:
    assert paths_of(DOCKER, "runsc") == []
