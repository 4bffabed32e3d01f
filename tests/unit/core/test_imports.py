import pkgutil
import subprocess
import sys

import lis_tui

HEAVY = {"textual", "rich", "litellm", "docker", "keyring"}
BESIDE_THE_ENGINE = (
    "lis_tui.sandbox.container",
    "lis_tui.sandbox.engine",
    "lis_tui.sandbox.image",
    "lis_tui.sandbox.orphans",
    "lis_tui.cli.image",
    "lis_tui.host",
)
"""Docker's doors, and what is imported only when an engine is about to be asked."""


def headless_modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(lis_tui.__path__, "lis_tui.")]
    return [name for name in names if not name.startswith("lis_tui.ui") and not name.endswith("__main__")]


def test_no_headless_module_brings_the_screen_or_a_heavy_library() -> None:
    program = "import importlib,sys\nimportlib.import_module(sys.argv[1])\nprint(*sys.modules)"
    guilty = {}
    for name in headless_modules():
        done = subprocess.run(
            [sys.executable, "-c", program, name], capture_output=True, text=True, check=True
        )
        allowed = {"docker"} if name.startswith(BESIDE_THE_ENGINE) else set()
        if loaded := HEAVY & set(done.stdout.split()) - allowed:
            guilty[name] = loaded
    assert guilty == {}
