"""What an ordinary user can run where the tests are root's, and their files perhaps shut to others."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
THROUGH_SHELL = ["sh", "-c", 'exec "$0" "$@"']
"""setpriv itself still may do everything; what it starts may not."""


def may_run(python: str, code: str = "", path: str = "") -> bool:
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *THROUGH_SHELL]
    words = [*become, python, "-c", f"{code}\nimport sys; print(sys.version_info[:2])"]
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, env=environ, cwd="/", capture_output=True, text=True, check=False)
    return done.stdout.strip() == str(sys.version_info[:2])


def readable_packages(python: str, shared: Path, *more: str) -> str:
    """Where an ordinary user finds lis-tui, what it needs and `more`: as installed, or a copy in `shared`."""
    here = f"{ROOT}:{sysconfig.get_path('purelib')}"
    if may_run(python, "import lis_tui.host.wiring", here):
        return here
    shared.mkdir()
    shutil.copytree(ROOT / "lis_tui", shared / "lis_tui", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("tests", "tests/conformance"):
        (shared / folder).mkdir()
        for source in (ROOT / folder).glob("*.py"):
            shutil.copyfile(source, shared / folder / source.name)
    shutil.copyfile(ROOT / "pyproject.toml", shared / "pyproject.toml")
    todo, done = ["docker", "msgspec", "platformdirs", "pyyaml", "watchfiles", *more], set[str]()
    while todo:
        name = todo.pop().lower()
        with contextlib.suppress(metadata.PackageNotFoundError):
            package = metadata.distribution(name)
            if name not in done:
                copy_package(package, shared)
                wanted = [one for one in package.requires or () if "extra ==" not in one]
                todo += [found.group() for one in wanted if (found := re.match(r"[\w.-]+", one))]
        done.add(name)
    for path in (shared, *shared.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return str(shared)


def a_python() -> str | None:
    """Give a Python of our version that an ordinary user may run."""
    pythons = (sys.executable, "/usr/bin/python3", f"/usr/bin/python3.{sys.version_info.minor}")
    return next((one for one in pythons if may_run(one)), None)


def copy_package(package: metadata.Distribution, shared: Path) -> None:
    for file in package.files or ():
        source = Path(str(file.locate()))
        if ".." not in file.parts and source.is_file():
            target = shared / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
