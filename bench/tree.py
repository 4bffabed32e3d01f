"""A tree of 100,000 files on screen, in a real sandbox and in its recording: times, keys held down, memory.

    .venv/bin/python -m bench.tree [--folders 250] [--files 400] [--changes 40] [--seconds 6] [--image IMG]

The files are made by a command of a run. Times are seconds from what happened to what was painted.
"""

import argparse
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.screen import LIMIT_S, Terminal, home, new_files, report
from tests.command import LisTui

KEY_S = 1 / 30
"""A key that is held down comes so often."""
CURSOR = rb"48;2;38;43;53m"
"""The ground of the line under the cursor in the dark theme."""
SIZE = (40, 120)


def making(folders: int, files: int) -> str:
    """Make so many folders of so many files in one that stays folded, then tell."""
    return (
        "echo small >small.txt; echo rea''dy; while ! [ -e go ]; do sleep 0.05; done; mkdir all; "
        "python3 -c 'import os\n"
        f'for d in range({folders}):\n os.mkdir(f"all/{{d:03}}")\n'
        f' for f in range({files}): open(f"all/{{d:03}}/f-{{d:03}}-{{f:03}}", "w").close()\'; '
        "touch all/there; "
        "while ! [ -e on ]; do sleep 0.05; done"
    )


def changing(count: int) -> str:
    """Make and remove one file after the other."""
    return (
        f"o=none; for i in $(seq -f %03g 0 {count - 1}); do echo x >made-$i.txt; rm -f $o; o=made-$i.txt; "
        "sleep 0.$((RANDOM % 500 + 400)); done; echo all ma''de; while ! [ -e end ]; do sleep 0.05; done"
    )


def memory_mb(pid: int, field: str) -> float:
    """Give the memory that a process has (VmRSS) or had at most (VmHWM)."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


@contextmanager
def shown(lis: LisTui, *arguments: str) -> Iterator[tuple[Terminal, float]]:
    began = time.monotonic()
    terminal = Terminal(lis, "-m", "lis_tui", *arguments, size=SIZE)
    try:
        yield terminal, began
    finally:
        terminal.close()


def hold(terminal: Terminal, seconds: float, key: bytes = b"j") -> list[float]:
    """Hold a key down; gives the times from each press until the cursor is on the line that it means."""
    line = re.compile(CURSOR + rb"[^\x1b]*f-\d+-(\d+)")
    terminal.send(key)
    (first, *_) = reversed(line.findall(terminal.read_for(1.0)))
    pressed: list[float] = []
    found: list[float] = []
    tail, began = b"", time.monotonic()
    while len(found) < int(seconds / KEY_S):
        if len(pressed) < int(seconds / KEY_S) and time.monotonic() >= began + len(pressed) * KEY_S:
            pressed.append(terminal.send(key))
        tail = tail[-300:] + terminal.read(0.005)
        reached = max((int(each) - int(first) for each in line.findall(tail)), default=0)
        found += [time.monotonic() - at for at in pressed[len(found) : reached]]
    return found


def open_all(terminal: Terminal) -> None:
    """Unfold the large folder and one in it, and go there."""
    for keys, seconds in ((b"3", 0.5), (b"g", 0.5), (b"\r", 1.5), (b"j", 0.5), (b"\r", 1.5), (b"j", 0.5)):
        terminal.send(keys)
        terminal.read_for(seconds)


def live(lis: LisTui, given: argparse.Namespace) -> None:
    """The sandbox is live: files come, one changes now and then, another screen is opened, a key is held."""
    count = f"{given.folders * (given.files + 1) + 1:,}".encode()
    model = lis.scenario(making(given.folders, given.files), changing(given.changes))
    worktree = lis.worktree("one")
    with shown(lis, "run", "Measure.", "--model", model, "--name", "one", "--mode", "auto") as (terminal, _):
        terminal.wait(rb"ready")
        terminal.wait(rb"small\.txt")
        terminal.read_for(2.0)
        before = memory_mb(terminal.pid, "VmRSS")
        (worktree / "go").write_text("go")
        there = terminal.wait(rb"\D" + count + rb"\D", 900) + time.time() - time.monotonic()
        report("all files there to painted, s", [there - (worktree / "all/there").stat().st_mtime], 1.0)
        terminal.read_for(5.0)
        row("memory of the screen before, MB", before)
        row("… with the tree, more by, MB", memory_mb(terminal.pid, "VmRSS") - before)
        row("… at most, more by, MB", memory_mb(terminal.pid, "VmHWM") - before)
        (host,) = lis.hosts()
        row("memory of the host, MB", memory_mb(host, "VmRSS"))
        with shown(lis, "attach", "one") as (other, began):
            first = other.wait(rb"3 Files")
            report("attach to first paint, s", [first - began], None)
            report("first paint to the tree, s", [other.wait(rb"\D" + count + rb"\D") - first], 1.0)
        (worktree / "on").write_text("on")
        report("change to painted, s", new_files(terminal, worktree, given.changes), 0.1)
        terminal.wait(rb"all made")
        open_all(terminal)
        report("key held down to painted, s", hold(terminal, given.seconds), 0.05)
        (worktree / "end").write_text("end")
        terminal.wait(rb"submitted|answer|limit", LIMIT_S)


def recorded(lis: LisTui, given: argparse.Namespace) -> None:
    """The same run as a recording."""
    count = f"{given.folders * (given.files + 1) + 1:,}".encode()
    with shown(lis, "open", "one") as (terminal, began):
        first = terminal.wait(rb"3 Files")
        report("open to first paint, s", [first - began], None)
        terminal.wait(rb"replay \d")
        before = memory_mb(terminal.pid, "VmRSS")
        report("first paint to the tree, s", [terminal.wait(rb"\D" + count + rb"\D") - first], 1.0)
        terminal.read_for(5.0)
        row("memory of the screen before, MB", before)
        row("… with the tree, more by, MB", memory_mb(terminal.pid, "VmRSS") - before)
        row("… at most, more by, MB", memory_mb(terminal.pid, "VmHWM") - before)
        open_all(terminal)
        report("key held down to painted, s", hold(terminal, given.seconds), 0.05)


def row(label: str, value: float) -> None:
    """Print one number."""
    print(f"{label:<38}{value:>9.0f}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folders", type=int, default=250)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--image", default="lis-tui-sandbox:latest")
    given = parser.parse_args()
    print(f"{'':<38}{'median':>9}{'p95':>9}{'worst':>9}{'n':>6}")
    with home(given.image) as lis:
        live(lis, given)
        recorded(lis, given)


if __name__ == "__main__":
    main()
