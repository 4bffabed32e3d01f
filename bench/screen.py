"""The whole program in a terminal, with a host, a real sandbox and a model server over HTTP.

    .venv/bin/python -m bench.screen [--files 50] [--floods 4] [--starts 5] [--image IMG]

New files on screen, keys while 100 MB are printed, memory, and from Enter on the start screen to the request.
"""

import argparse
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from lis_tui.core.events import StepFinished
from tests.command import LisTui
from tests.server import SUBMIT, Answer, Call, FakeServer

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 120.0
FLOOD_BYTES = 100_000_000
FLOOD = f"yes 'a line of text that is about as long as they are' | head -c {FLOOD_BYTES}"
KEYS_S = 0.05
"""How long no key is pressed after one was answered."""
THOUGHT = "\n".join(
    f"thought-{number:03} of many, so that there is something to scroll" for number in range(200)
)
KEYS = ((b"g", rb"thought-000"), (b"G", rb"thought-199"), (b"3", rb"Reasoning"), (b"1", rb"Reasoning"))
"""Keys and what they paint: the ends of the reasoning, and its title without and with the focus."""


CONTROL = """
import os, sys, time
while os.read(0, 1):
    end = time.thread_time() + {cost}
    while time.thread_time() < end:
        pass
    os.write(1, b"answered")
"""
CONTROL_S = 0.015
"""About the time of the processor that a key costs the screen."""


class Terminal:
    """A Python program in a pty; what it paints is waited for, moments are monotonic."""

    def __init__(self, lis: LisTui, *arguments: str, size: tuple[int, int] = (40, 120)) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(lis.home)
            environ = {
                **lis.environ,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}",
            }
            os.execve(sys.executable, [sys.executable, *arguments], environ)
        ioctl(self._fd, TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    def send(self, keys: bytes) -> float:
        """Press keys; gives the moment."""
        now = time.monotonic()
        os.write(self._fd, keys)
        return now

    def read(self, longest_s: float) -> bytes:
        """Give what comes within this time, as soon as something does."""
        if not select.select([self._fd], [], [], longest_s)[0]:
            return b""
        return os.read(self._fd, 1 << 20)

    def read_for(self, seconds: float) -> bytes:
        """Give all that comes in this time."""
        until = time.monotonic() + seconds
        found = b""
        while (left := until - time.monotonic()) > 0:
            found += self.read(left)
        return found

    def wait(self, pattern: bytes, limit_s: float = LIMIT_S) -> float:
        """Wait until it is painted; gives the moment."""
        found = b""
        until = time.monotonic() + limit_s
        while not re.search(pattern, found):
            if time.monotonic() > until:
                raise TimeoutError(f"{pattern!r} was not painted: {found[-2000:]!r}")
            found = found[-1000:] + self.read(0.5)
        return time.monotonic()

    def close(self) -> None:
        """Kill the screen; the run is ended with its host."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


@contextmanager
def home(image: str) -> Iterator[LisTui]:
    with tempfile.TemporaryDirectory(prefix="lis-bench-") as folder:
        lis = LisTui(Path(folder), environ={"LIS_TUI_IMAGE": image})
        try:
            yield lis
        finally:
            lis.close()


def new_files(terminal: Terminal, worktree: Path, count: int) -> list[float]:
    """Seconds from a file's time stamp until its name was painted."""
    found: list[float] = []
    seen = b""
    offset = time.time() - time.monotonic()
    while len(found) < count:
        name = f"made-{len(found):03}.txt"
        seen = seen[-200:] + terminal.read(LIMIT_S)
        if name.encode() in seen:
            found.append(time.monotonic() + offset - (worktree / name).stat().st_mtime)
            seen = b""
    return found


def keys_until(terminal: Terminal, control: Terminal, is_over: Callable[[], bool], label: str) -> None:
    """Report seconds from a key until its answer was painted, here and by the control, in turn."""
    found: list[float] = []
    others: list[float] = []
    while not is_over():
        for key, answer in KEYS:
            pressed = terminal.send(key)
            found.append(terminal.wait(answer, 10) - pressed)
            terminal.read_for(KEYS_S)
            pressed = control.send(b"x")
            others.append(control.wait(rb"answered", 10) - pressed)
    report(label, found, 0.05)
    report(f"… by a program of {CONTROL_S * 1000:.0f} ms a key, s", others, None)


def finished(lis: LisTui) -> list[float]:
    """Seconds that each finished step took."""
    events = (record.event for record in lis.journal("one"))
    return [event.observation.duration_s for event in events if isinstance(event, StepFinished)]


def peak_mb(pid: int) -> float:
    """Give the most memory that a process had."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


def plain_floods(container: str, count: int) -> list[float]:
    """Seconds of the same command by `docker exec`."""
    found = []
    for _ in range(count):
        began = time.monotonic()
        command = ["docker", "exec", container, "bash", "-c", FLOOD]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        found.append(time.monotonic() - began)
    return found


def container_of(host: Path) -> str:
    label = f"label=lis-tui.host={host.read_text().strip()}"
    return subprocess.run(
        ["docker", "ps", "-q", "--filter", label], capture_output=True, text=True, check=True
    ).stdout.split()[0]


def in_a_run(image: str, files: int, floods: int) -> None:
    """Play one run on screen and print what was measured."""
    making = (
        "echo rea''dy; while ! [ -e go ]; do sleep 0.1; done; "
        f"for i in $(seq -f %03g 0 {files - 1}); do echo x > made-$i.txt; sleep 0.$((RANDOM % 500 + 400)); "
        "rm made-$i.txt; done; echo all made"
    )
    pause = "echo paus''ing; while ! [ -e flood ]; do sleep 0.1; done"
    commands = [making, pause, *[FLOOD] * floods, "sleep 1000"]
    calls = tuple(Call(name="execute_bash", arguments={"command": command}) for command in commands)
    with home(image) as lis, FakeServer([Answer(reasoning=THOUGHT, calls=calls)]) as server:
        terminal = Terminal(
            *(lis, "-m", "lis_tui", "run", "Measure.", "--model", "openai/m", "--api-base", server.url),
            *("--set", "model.key=none", "--name", "one"),
        )
        control = Terminal(lis, "-c", "import tty; tty.setraw(0)" + CONTROL.format(cost=CONTROL_S))
        try:
            terminal.wait(rb"ready")
            (lis.worktree("one") / "go").write_text("go")
            report("new file on screen, s", new_files(terminal, lis.worktree("one"), files), 0.3)
            terminal.wait(rb"pausing")
            terminal.send(b"1")
            terminal.read_for(1.0)
            rounds = iter(range(10))
            keys_until(terminal, control, lambda: next(rounds, None) is None, "key while nothing happens, s")
            (lis.worktree("one") / "flood").write_text("go")
            label = f"key while {FLOOD_BYTES // 10**6} MB come, s"
            keys_until(terminal, control, lambda: len(finished(lis)) >= floods + 2, label)
            plain = plain_floods(container_of(lis.home / "data" / "host-id"), floods)
            report("the flood here, s", finished(lis)[2:], None)
            report("the flood by `docker exec`, s", plain, None)
            (host,) = lis.hosts()
            print(f"{'memory of the screen, MB':<38}{peak_mb(terminal.pid):>9.0f}   (wanted < 250)")
            print(f"{'memory of the host, MB':<38}{peak_mb(host):>9.0f}   (wanted < 250)")
        finally:
            terminal.close()
            control.close()


def enter_to_request(image: str) -> float:
    """Seconds from Enter on the start screen until the server has the first request; the host is warm."""
    with home(image) as lis, FakeServer([SUBMIT]) as server:
        lis.environ |= {
            "LIS_TUI_MODEL": "openai/m",
            "LIS_TUI_MODEL_API_BASE": server.url,
            "LIS_TUI_MODEL_KEY": "none",
        }
        terminal = Terminal(lis, "-m", "lis_tui")
        try:
            terminal.wait(rb"What should be done")
            terminal.send(b"Go.")
            wait_until_warm(lis, terminal)
            pressed = terminal.send(b"\r")
            while not server.requests:
                terminal.read(0.001)
            return server.requests[0].at - pressed
        finally:
            terminal.close()


def wait_until_warm(lis: LisTui, terminal: Terminal) -> None:
    """Wait until the host has imported all and takes no time any more."""
    used = -1.0
    while True:
        terminal.read_for(1.0)
        now = sum(cpu_s(pid) for pid in lis.hosts())
        if now > 1.0 and now - used < 0.03:
            return
        used = now


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(label: str, values: Sequence[float], wanted: float | None) -> None:
    """Print median, p95 and worst."""
    values = sorted(values)
    p95 = values[min(len(values) - 1, round(0.95 * (len(values) - 1)))]
    middle = statistics.median(values)
    line = f"{label:<38}{middle:>9.3f}{p95:>9.3f}{values[-1]:>9.3f}{len(values):>6}"
    print(line + (f"   (wanted: p95 ≤ {wanted})" if wanted else ""), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--floods", type=int, default=4)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--image", default="lis-tui-sandbox:latest")
    given = parser.parse_args()
    print(f"{'':<38}{'median':>9}{'p95':>9}{'worst':>9}{'n':>6}")
    report("Enter to first request, s", [enter_to_request(given.image) for _ in range(given.starts)], 0.2)
    in_a_run(given.image, given.files, given.floods)


if __name__ == "__main__":
    main()
