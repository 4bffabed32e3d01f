"""A wheel, installed beside nothing of the checkout, has all that the program needs."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

CHECKOUT = Path(__file__).resolve().parents[2]


def call(*command: str | Path, cwd: Path) -> str:
    """Run a command away from the checkout and give what it printed."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    call(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, CHECKOUT, cwd=folder)
    (built,) = folder.glob("lis_tui-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; the dependencies are borrowed, the checkout is not."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    call(*pip, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    (site,) = (folder / "lib").glob("python*/site-packages")
    # a folder named in a .pth file does not have its own .pth files read, so the editable install stays out
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    tracked = call("git", "ls-files", "lis_tui", "themes", "docker", cwd=CHECKOUT).splitlines()
    wanted = {name if name.startswith("lis_tui/") else f"lis_tui/_data/{name}" for name in tracked}
    with zipfile.ZipFile(wheel) as packed:
        there = set(packed.namelist())
    assert "lis_tui/_data/docker/Dockerfile" in there
    assert any(name.startswith("lis_tui/_data/themes/") for name in there)
    assert wanted - there == set()


def test_the_installed_program_finds_its_folders(installed: Path) -> None:
    script = (
        "import lis_tui, lis_tui.core.data as data\n"
        "print(lis_tui.__file__, data.data_folder('themes'), data.data_folder('docker'), sep='\\n')"
    )
    home, themes, docker = map(Path, call(installed, "-c", script, cwd=installed.parent).splitlines())
    assert not home.is_relative_to(CHECKOUT)
    assert themes == home.parent / "_data/themes"
    assert docker == home.parent / "_data/docker"
    assert os.access(docker / "make-base.sh", os.X_OK)


def test_the_installed_program_starts_both_ways(installed: Path) -> None:
    as_module = call(installed, "-m", "lis_tui", "--version", cwd=installed.parent)
    as_command = call(installed.parent / "lis-tui", "--version", cwd=installed.parent)
    assert as_module == as_command
    assert any(sign.isdigit() for sign in as_module)
