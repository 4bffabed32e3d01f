"""Workers for tests: as they are started, with decoders of a test's own, and without what confines them."""

import functools
from pathlib import Path
from typing import Literal

from lis_tui.core.content import Content
from lis_tui.preview.child import Worker, WorkerLost
from lis_tui.preview.enclosure import bubblewrap, enclosed, python
from lis_tui.preview.frames import Asked
from lis_tui.preview.parts import CannotShow, Preview, Wanted
from lis_tui.preview.starting import start, start_bare, start_enclosed

Home = Literal["bare", "enclosed", "unconfined"]
"""Held by its own limits; inside bubblewrap too; or, for controls, by nothing."""

_EVIL = (Path(__file__).parent / "evil_decoder.py").read_text()
_TAKEN_OVER = (
    "import lis_tui.preview.decoders as d; evil = {{}}; exec({source!r}, evil); d.decode = evil['decode']"
)
_FREE = "import lis_tui.preview.limits as l; l.confine = lambda: ()"


@functools.cache
def can_enclose() -> bool:
    """Say whether bubblewrap works here."""
    try:
        start_enclosed().close()
    except WorkerLost:
        return False
    return True


def homes() -> list[Home]:
    """Give how a worker can be started here."""
    return ["bare", "enclosed"] if bubblewrap() is not None and can_enclose() else ["bare"]


def evil_command(home: Home, source: str = _EVIL) -> list[str]:
    """Give the command of a worker whose decoders are these."""
    command = enclosed(bubblewrap() or "") if home == "enclosed" else python()
    place = command.index("-c") + 1
    lines = ["import sys; sys.path[:] = sys.argv[1:]", _TAKEN_OVER.format(source=source)]
    lines += [_FREE] if home == "unconfined" else []
    command[place] = "\n".join([*lines, "from lis_tui.preview.worker import main; main()"])
    return command


def evil_worker(home: Home) -> Worker:
    """Start a worker that a file has taken over."""
    return start(evil_command(home))


def honest_worker(home: Home) -> Worker:
    """Start a worker as the program does, or without limits."""
    if home == "unconfined":
        command = python()
        command[command.index("-c") + 1] = command[command.index("-c") + 1].replace(
            "from lis_tui.preview.worker", f"{_FREE}; from lis_tui.preview.worker"
        )
        return start(command)
    return start_enclosed() if home == "enclosed" else start_bare()


def told(worker: Worker, content: bytes | Content, wanted: Wanted) -> Preview | CannotShow:
    """Ask a worker, and give its answer whichever it is."""
    held = content if isinstance(content, Content) else Content(content)
    try:
        return worker.preview(Asked(wanted, held.data), held.descriptor)
    except CannotShow as refused:
        return refused


def deed(worker: Worker, name: str, text: str = "") -> str:
    """Have an evil worker do something; what came of it, or the sentence that says why not."""
    found = told(worker, f"{text}\n".encode(), Wanted(name=name))
    return found.facts[0] if isinstance(found, Preview) else str(found)
