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
        report("to the first frame, s", [screen.wait(rb"reading|replay|trajectories") - began], None)
        report("to the first screen, s", [screen.wait(rb"replay \d+/|1,\d{3} trajectories") - began], 1.5)
        if path.name.startswith("chat"):
            screen.read_for(1.0)
            pressed = screen.send(b"\r")
            report("from the table into one, s", [screen.wait(rb"replay \d+/") - pressed], 1.5)
        for name, key, pause_s in (("back at once", b"N", 0.0), ("back", b"N", 0.05), ("forward", b"n", 0.05)):
            found = []
            for _ in range(steps):
                pressed = screen.send(key)
                found.append(screen.wait(rb"replay \d+/", 10) - pressed)
                screen.read_for(pause_s)
            report(f"a step {name}, s", found, 0.05)
            screen.read_for(1.0)
        print(f"{'memory, MB':<38}{peak_mb(screen.pid):>9.0f}")
    plain = subprocess.run(
        [sys.executable, "-c", _BEFORE + PLAIN + _AFTER, str(path)], check=True, capture_output=True, text=True
    )
    print(f"{'plain reading':<38} {plain.stdout.strip()}")


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
