"""`lis-tui open FILE` in a terminal, a file of 100 MB: to its first screen, a step, a search, and memory.

    .venv/bin/python -m bench.opening [--steps 15] [FILE…]

Beside it the memory of a plain reading of the same file. Files are made where none is given.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.open import _AFTER, _BEFORE, MAKERS, MB, PLAIN
from bench.screen import Terminal, peak_mb, report
from tests.command import LisTui

SIZE = (40, 120)
FIRST = rb"replay \d+/|reading\xe2\x80\xa6 [1-9]|[1-9] trajectories"
PLACE = rb"replay \d+/"
FOUND = rb"found in"
BETWEEN_S = 0.05
"""How long no key is pressed after one was answered."""


@contextmanager
def terminal(path: Path) -> Iterator[tuple[Terminal, float]]:
    with tempfile.TemporaryDirectory(prefix="lis-bench-") as folder:
        lis = LisTui(Path(folder))
        began = time.monotonic()
        opened = Terminal(lis, "-m", "lis_tui", "open", str(path), size=SIZE)
        try:
            yield opened, began
        finally:
            opened.close()
            lis.close()


def measure(path: Path, steps: int) -> None:
    """Print what one file took."""
    print(f"\n{path.name}, {path.stat().st_size / MB:.0f} MB")
    print(f"{'':<38}{'median':>9}{'p95':>9}{'worst':>9}{'n':>6}")
    with terminal(path) as (screen, began):
        report("to the first screen, s", [screen.wait(FIRST) - began], 1.5)
        if path.name.startswith("chat"):
            among_many(screen, steps)
        else:
            within_one(screen, steps)
        screen.send(b"/")
        screen.read_for(0.5)
        pressed = screen.send(b"exit!=0\r")
        report("a search, s", [screen.wait(FOUND) - pressed], 1.0)
        print(f"{'memory, MB':<38}{peak_mb(screen.pid):>9.0f}")
    plain = subprocess.run(
        [sys.executable, "-c", _BEFORE + PLAIN + _AFTER, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    print(f"{'plain reading':<38} {plain.stdout.strip()}")


def among_many(screen: Terminal, steps: int) -> None:
    """From a table into a trajectory, and from one to the other; each has one step."""
    screen.read_for(1.0)
    pressed = screen.send(b"\r")
    report("from the table into one, s", [screen.wait(PLACE) - pressed], 1.5)
    wait_until_read(screen)
    steps_of(screen, "to the next trajectory", b"}", steps, BETWEEN_S, 1.5)
    steps_of(screen, "to the one before", b"{", steps, BETWEEN_S, 1.5)


def within_one(screen: Terminal, steps: int) -> None:
    """From step to step."""
    steps_of(screen, "a step forward while it is read", b"n", steps, 0.02)
    wait_until_read(screen)
    steps_of(screen, "a step forward", b"n", steps, BETWEEN_S)
    pressed = screen.send(b"G")
    report("to the end, s", [screen.wait(PLACE) - pressed], 0.05)
    screen.read_for(1.0)
    steps_of(screen, "a step back at once", b"N", steps, 0.0)
    steps_of(screen, "a step back", b"N", steps, BETWEEN_S)


def steps_of(
    screen: Terminal, name: str, key: bytes, count: int, pause_s: float, wanted_s: float = 0.05
) -> None:
    """Report what it takes until a step is painted."""
    found = []
    for _ in range(count):
        pressed = screen.send(key)
        found.append(screen.wait(PLACE, 10) - pressed)
        screen.read_for(pause_s)
    report(f"{name}, s", found, wanted_s)


def wait_until_read(screen: Terminal) -> None:
    """Until the status says no more that something is being read."""
    while b"reading" in screen.read_for(0.7):
        pass


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    for path in given.files:
        measure(path.absolute(), given.steps)
    if given.files:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, make in MAKERS.items():
            path = Path(folder) / name
            with path.open("w") as file:
                for piece in make():
                    file.write(piece)
            measure(path, given.steps)
            path.unlink()


if __name__ == "__main__":
    main()
