"""How the engine is found, what an image is built from, and when it counts as current."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from lis_tui.core.data import data_folder
from lis_tui.core.errors import EngineMissing, SandboxFailed
from lis_tui.sandbox import image
from lis_tui.sandbox.carry import Carried, Setting
from lis_tui.sandbox.engines import connect


def unpacked(packed: io.BytesIO) -> dict[str, tuple[bytes, int]]:
    with tarfile.open(fileobj=packed) as tar:
        files = [(entry, tar.extractfile(entry)) for entry in tar.getmembers()]
        return {entry.name: (file.read(), entry.mode) for entry, file in files if file is not None}


def test_the_hosts_settings_are_in_the_build_context_and_not_in_the_projects_folder() -> None:
    carried = Carried(
        ca_bundle=b"certificates", settings=(Setting("PIP_INDEX_URL", "https://a:b'c@i.example/", "x"),)
    )
    files = unpacked(image._context(data_folder("docker"), carried))
    assert files["carry/ca.pem"][0] == b"certificates"
    assert b"""export PIP_INDEX_URL='https://a:b'"'"'c@i.example/'\n""" in files["carry/variables.sh"][0]
    assert files["apt-get"][1] == 0o755
    assert not (data_folder("docker") / "carry").exists()


def test_a_context_without_settings_can_be_built_all_the_same() -> None:
    files = unpacked(image._context(data_folder("docker"), Carried()))
    assert files["carry/variables.sh"][0] == b""
    assert files["Dockerfile"][0].startswith(b"#")


def test_a_changed_recipe_has_another_name(tmp_path: Path) -> None:
    for name, content in (("Dockerfile", "FROM a\n"), ("apt-get", "#!/bin/sh\n")):
        (tmp_path / name).write_text(content)
    first = image.recipe(tmp_path)
    assert image.recipe(tmp_path) == first
    (tmp_path / "apt-get").write_text("#!/bin/sh \n")
    assert image.recipe(tmp_path) != first


def test_the_finished_image_copies_nothing_of_the_carried_settings() -> None:
    lines = (data_folder("docker") / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert not any("carry" in line or "/etc/lis-tui" in line for line in last_stage)


@pytest.mark.parametrize(
    ("status", "is_current", "word"),
    [
        (image.ImageStatus(tag="t", wanted_recipe="r"), False, "not built yet"),
        (image.ImageStatus(tag="t", image_id="i", recipe="r", wanted_recipe="r"), True, "is current"),
        (image.ImageStatus(tag="t", image_id="i", recipe="old", wanted_recipe="r"), False, "outdated"),
        (image.ImageStatus(tag="t", image_id="i", wanted_recipe="r"), False, "not built by lis-tui"),
    ],
)
def test_a_status_says_what_to_do(status: image.ImageStatus, is_current: bool, word: str) -> None:
    assert status.is_current is is_current
    assert word in status.sentence


def test_progress_reaches_the_listener_as_safe_lines_and_an_error_ends_the_build() -> None:
    said: list[str] = []
    lines: Iterator[dict[str, object]] = iter(
        [{"stream": "Step 1\n\n"}, {"stream": "a\x1b]0;title\x07b\n"}, {"error": "it\nbroke"}]
    )
    with pytest.raises(SandboxFailed, match="broke"):
        image._follow(lines, said.append)
    assert said[0] == "Step 1"
    assert "\x1b" not in said[1]


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    try:
        client = connect()
    except EngineMissing as problem:
        pytest.skip(problem.sentence)
    yield client
    client.close()


@pytest.mark.docker
def test_the_engine_here_has_the_image_of_this_recipe(engine: docker.DockerClient) -> None:
    found = image.status(engine)
    if not found.is_present:
        pytest.skip(found.sentence)
    assert found.is_current, found.sentence
    assert found.base
    assert image.find_base(engine)


@pytest.mark.docker
def test_python_the_compiler_and_the_packages_are_there_and_no_setting_of_the_host(
    engine: docker.DockerClient,
) -> None:
    found = image.status(engine)
    if not found.is_present:
        pytest.skip(found.sentence)
    script = (
        "python -c 'import numpy, scipy, sympy, matplotlib.pyplot' && git --version && gcc --version"
        " && test ! -e /etc/lis-tui && bash -lc 'command -v pip' && pwd"
    )
    printed = engine.containers.run(found.tag, ["bash", "-c", script], remove=True, network_mode="none")
    assert printed.decode().splitlines()[-2:] == ["/opt/venv/bin/pip", "/testbed"]


@pytest.mark.docker
def test_an_image_that_is_not_there_is_reported_as_missing(engine: docker.DockerClient) -> None:
    found = image.status(engine, f"lis-tui-never-built:{os.getpid()}")
    assert not found.is_present
    assert "lis-tui image build" in found.sentence
