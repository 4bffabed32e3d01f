import json
import pkgutil
import subprocess
import sys

import lis_tui

HEAVY = {"textual", "rich", "litellm", "docker", "keyring"}
BESIDE_THE_ENGINE = (
    "lis_tui.sandbox.container",
    "lis_tui.sandbox.docker_home",
    "lis_tui.sandbox.engine",
    "lis_tui.sandbox.image",
    "lis_tui.sandbox.orphans",
    "lis_tui.sandbox.engines",
    "lis_tui.sandbox.podman",
    "lis_tui.sandbox.sidecar",
    "lis_tui.cli.enclosure",
    "lis_tui.cli.image",
    "lis_tui.host",
)
"""Docker's doors, and what is imported only when an engine is about to be asked."""
PROGRAM = """
import importlib, json, sys
guilty, heavy = {}, set(json.loads(sys.argv[1]))
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
    if brought := heavy & set(sys.modules):
        guilty[name] = sorted(brought)
        heavy -= brought
print(json.dumps(guilty))
"""


def headless_modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(lis_tui.__path__, "lis_tui.")]
    return [name for name in names if not name.startswith("lis_tui.ui") and not name.endswith("__main__")]


def who_brings(heavy: set[str], names: list[str]) -> dict[str, list[str]]:
    """Import the modules one after the other in a fresh process; gives the first that brings each."""
    program = [sys.executable, "-c", PROGRAM, json.dumps(sorted(heavy)), json.dumps(names)]
    found: dict[str, list[str]] = json.loads(subprocess.check_output(program, text=True))
    return found


def test_no_headless_module_brings_the_screen_or_a_heavy_library() -> None:
    names = headless_modules()
    beside = [name for name in names if name.startswith(BESIDE_THE_ENGINE)]
    assert who_brings(HEAVY, [name for name in names if name not in beside]) == {}
    assert who_brings(HEAVY - {"docker"}, beside) == {}


def test_what_brings_a_heavy_library_is_named() -> None:
    assert who_brings(HEAVY, ["lis_tui.core.text", "lis_tui.ui.app"]) == {
        "lis_tui.ui.app": ["rich", "textual"]
    }
