"""A worker gets Python and its libraries wherever they are, and nothing else of this machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from lis_tui.preview import surroundings
from lis_tui.preview.surroundings import import_path, readable
from tests.workers import can_enclose

PROGRAM = """
import sys
sys.path.append(sys.argv[1])
from lis_tui.preview.starting import Starting
starting = Starting()
starting().close()
print(starting.why_bare or "enclosed")
"""


def test_the_persons_own_folders_are_not_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "work"
    own.mkdir()
    monkeypatch.setattr(sys, "path", ["", "here", str(own), *sys.path])
    for place in (*import_path(), *readable()):
        assert place.startswith("/")
        assert not place.startswith(str(tmp_path))
    assert str(surroundings.PACKAGE) in readable()
    assert str(Path.cwd()) not in readable()


def test_modules_of_python_come_before_those_of_packages() -> None:
    path = import_path()
    libraries = [number for number, place in enumerate(path) if place.endswith("-packages")]
    standard = [number for number, place in enumerate(path) if place.endswith("lib-dynload")]
    assert max(standard) < min(libraries)


def test_a_python_that_is_reached_through_links_and_lies_in_tmp_works_too(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(sys.base_prefix)
    interpreter = tmp_path / "python" / "bin" / f"python3.{sys.version_info.minor}"
    if not interpreter.exists():
        pytest.skip("this Python has no bin of its own")
    subprocess.run([interpreter, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    found = next((tmp_path / "venv" / "lib").iterdir()) / "site-packages"
    found.rmdir()
    found.symlink_to(next(place for place in surroundings._libraries()))
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "python3", "-c", PROGRAM, str(surroundings.PACKAGE.parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.strip() == "enclosed") is can_enclose(), done.stdout
