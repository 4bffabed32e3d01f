import pkgutil
import subprocess
import sys

import pytest

import lis_tui

HEAVY = {"textual", "rich", "litellm", "docker", "keyring"}
DOORS = {"lis_tui.sandbox.container": {"docker"}, "lis_tui.sandbox.image": {"docker"}}
"""Modules that may bring a heavy library by being imported, and which."""


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
        loaded = HEAVY & set(done.stdout.split())
        allowed = set().union(*(found for door, found in DOORS.items() if _leads_to(name, door)))
        if loaded - allowed:
            guilty[name] = loaded - allowed
    assert guilty == {}


def _leads_to(name: str, door: str) -> bool:
    return name == door or name.startswith("lis_tui.host")
