"""See, stop and change what an LLM agent does in its sandbox.

From Python, `lis_tui.run(task, model=…)` plays a run and yields its typed events (`lis_tui.core.events`).
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lis_tui.host.from_python import run

__version__ = "0.1.0"
__all__ = ["__version__", "run"]


def __getattr__(name: str) -> object:
    # Every module of ours imports this one, so the engine behind `run` is imported when it is asked for.
    if name == "run":
        return importlib.import_module("lis_tui.host.from_python").run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
