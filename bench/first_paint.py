"""First paint in a pty: the workbench and the start screen beside a bare Textual app, paired in each round.

A paint is counted when a text of the screen has come out of the terminal.

python bench/first_paint.py [ROUNDS]
"""

import os
import pty
import re
import select
import statistics
import struct
import sys
import tempfile
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

ROOT = Path(__file__).resolve().parent.parent
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("painted-now")
Bare().run()
"""
WORKBENCH = """
from pathlib import Path
from lis_tui.config.load import load
from lis_tui.config.places import find_places
import os
from lis_tui.ui.app import open_recorded
places = find_places(os.environ)
open_recorded(places, load({}, {}, places.config), Path("/nonexistent"))
"""
START = """
import os
from lis_tui.config.load import load
from lis_tui.config.places import find_places
from lis_tui.ui.app import open_start
places = find_places(os.environ)
open_start(places, load({}, {}, places.config))
"""
PROGRAMS = {
    "bare Textual app": (BARE, rb"painted-now"),
    "workbench": (WORKBENCH, rb"2 Commands"),
    "start screen": (START, rb"lis-tui  "),
}
LIMIT_S = 30.0


def first_paint(program: str, seen: bytes, home: str) -> float:
    """Start a program in a pty and give the seconds until its text is painted."""
    began = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(
            LIS_TUI_HOME=home, TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(ROOT)
        )
        os.execv(sys.executable, [sys.executable, "-c", program])
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    output = b""
    try:
        while time.perf_counter() - began < LIMIT_S:
            if select.select([terminal], [], [], 0.5)[0]:
                output += os.read(terminal, 1 << 16)
                if re.search(seen, output):
                    return time.perf_counter() - began
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)
    raise TimeoutError(f"nothing was painted: {output[-500:]!r}")


def main(rounds: int) -> None:
    """Print medians and ratios."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as home:
        for number in range(rounds + 1):
            for name, (program, seen) in PROGRAMS.items():
                took = first_paint(program, seen, home)
                if number:  # the first round fills the caches
                    times[name].append(took)
    bare = statistics.median(times["bare Textual app"])
    print(f"{'':20} {'median':>8} {'least':>8} {'ratio':>6}   ({rounds} rounds, paired)")
    for name, found in times.items():
        middle = statistics.median(found)
        print(f"{name:20} {middle:7.3f}s {min(found):7.3f}s {middle / bare:5.2f}x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
