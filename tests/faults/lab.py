"""One home for runs that are hurt: what starts them, what they are told to do, and how they are followed."""

import contextlib
import fcntl
import json
import os
import pty
import random
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import docker
import yaml

from lis_tui.core import events
from lis_tui.core.events import Record
from lis_tui.trajectory.lines import UNREADABLE
from tests.faults.leaks import Home
from tests.server import SUBMIT, Answer, Call, FakeServer

Kind = Literal["docker", "embedded"]
LONGEST_S = 120.0
"""What takes longer hangs."""
TURNS = 4
_TALK = "Let me count, one line after the other, and think about it while I do. "
_ROOT = Path(__file__).parent.parent.parent
_NOWHERE = "unix:///nonexistent"
MARK = "FAULTS_OF"


def command_of(turn: int) -> str:
    """Give what a turn runs: it tells its number to a file, says something, and leaves a job."""
    return (
        f"echo {turn} >> answer.txt; for i in $(seq 40); do echo line $i; done; mkdir -p output; "
        f"head -c 100000 /dev/urandom > output/{turn}; sleep 60 & sleep 0.2; echo over >> /etc/told; N={turn}"
    )


def answers(*, delay_s: float = 0.004) -> list[Answer]:
    """Give the same turns as an OpenAI-compatible server tells them."""
    calls = [Call(name="execute_bash", arguments={"command": command_of(n + 1)}) for n in range(TURNS)]
    return [*(Answer(text=_TALK * 2, calls=(call,), delay_s=delay_s) for call in calls), SUBMIT]


class Lab:
    """Starts `lis-tui` below one home, in one kind of sandbox; knows every process of a run by its mark."""

    def __init__(self, root: Path, kind: Kind, image: str, engine: str | None, dice: random.Random) -> None:
        self.kind = kind
        self.dice = dice
        self.home = Home(root, engine)
        self.server = FakeServer(answers(), by_turn=True)
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LIS_TUI_")},
            "LIS_TUI_HOME": str(root),
            "LIS_TUI_SANDBOX_KIND": kind,
            "LIS_TUI_IMAGE": image,
            "LIS_TUI_SANDBOX_CHECKPOINTS": "true",
            "LIS_TUI_LIMITS_COMMAND_TIMEOUT_S": "7200",  # a run waits beside all the kills
            "DOCKER_HOST": engine or _NOWHERE,
            "TERM": "xterm-256color",
            "PYTHONPATH": str(_ROOT),
        }
        self._script = self._write("talks", pace=0.1)
        self.quick = self._write("quick", pace=0.0)

    def __enter__(self) -> "Lab":
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()
        mark = f"LIS_TUI_HOME={self.home.root}\0".encode()
        kill(*(pid for pid in self.home.processes() if mark in _environ(pid)))

    @property
    def scripted(self) -> tuple[str, ...]:
        """How the written turns are asked for."""
        return "--model", f"script/{self._script}"

    @property
    def over_http(self) -> tuple[str, ...]:
        """How the server is asked."""
        return "--model", "openai/m", "--api-base", self.server.url, "--set", "model.key=none"

    def environ(self, mark: str) -> dict[str, str]:
        """Give an environment that all processes of a run carry."""
        return {**self._environ, MARK: self._whole(mark)}

    def hosts(self, mark: str) -> list[int]:
        """Give the hosts that were started under this mark."""
        return hosts_of(self._whole(mark))

    def _whole(self, mark: str) -> str:
        return f"{mark} in {self.home.root}"  # another lab has runs of the same names

    def start(self, mark: str, *words: str) -> "subprocess.Popen[bytes]":
        """Start a command whose output is read; it has a session of its own."""
        return self.start_python(mark, "-m", "lis_tui", *words)

    def start_python(self, mark: str, *words: str) -> "subprocess.Popen[bytes]":
        """The same of any program of Python's."""
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.environ(mark),
            cwd=self.home.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, mark: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; one that hangs is ended, and says so by its code."""
        with self.start(mark, *words) as process:
            try:
                out, err = process.communicate(timeout=LONGEST_S)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                err += b"it hangs"
        text = out.decode(errors="replace"), err.decode(errors="replace")
        return subprocess.CompletedProcess(words, process.returncode, *text)

    def on_screen(self, mark: str, *words: str) -> "Screen":
        """Start a command on a terminal."""
        return Screen([sys.executable, "-m", "lis_tui", *words], self.environ(mark), self.home.root)

    def client(self) -> docker.DockerClient:
        """Give a client of the engine."""
        return docker.DockerClient(base_url=self._environ["DOCKER_HOST"])

    def lines(self, name: str) -> int:
        """Count the facts that a run's journal has."""
        with contextlib.suppress(OSError):
            return (self.home.data / "runs" / name / "journal.jsonl").read_bytes().count(b"\n")
        return 0

    def _write(self, name: str, *, pace: float) -> Path:
        turns: list[dict[str, object]] = [
            {
                "text": _TALK * 2,
                "calls": [{"tool": "execute_bash", "arguments": {"command": command_of(turn + 1)}}],
            }
            for turn in range(TURNS)
        ]
        path = self.home.root / f"{name}.yaml"
        submit = {"calls": [{"tool": "submit"}]}
        # one that is killed while it submits submits again
        path.write_text(yaml.safe_dump({"task": "t", "pace": pace, "turns": [*turns, *[submit] * 4]}))
        return path

    def scenario(self, name: str, *commands: str) -> str:
        """Write other turns; gives the model's name."""
        calls = [{"calls": [{"tool": "execute_bash", "arguments": {"command": one}}]} for one in commands]
        path = self.home.root / f"{name}.yaml"
        turns = [*calls, *[{"calls": [{"tool": "submit"}]}] * 4]
        path.write_text(yaml.safe_dump({"task": "t", "pace": 0, "turns": turns}))
        return f"script/{path}"


class Screen:
    """A program on a terminal that somebody reads all the time."""

    def __init__(self, command: Sequence[str], environ: dict[str, str], folder: Path) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            command,
            env=environ,
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._ours = ours
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def kill(self) -> None:
        """Kill it, and close the terminal."""
        self.process.kill()
        self.process.wait()
        self._reading.join(5)
        os.close(self._ours)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(self._ours, 1 << 16):
                pass


def records(process: "subprocess.Popen[bytes]") -> Iterator[Record]:
    """Give what a command prints as records; a torn last line is none."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.endswith(b"\n"):
            with contextlib.suppress(*UNREADABLE):
                yield events.decode(line)


@contextlib.contextmanager
def watched(process: "subprocess.Popen[bytes]") -> Iterator[list[str]]:
    """End a command that hangs, and say so."""
    said: list[str] = []

    def end() -> None:
        said.append(f"{json.dumps(process.args)} hung for {LONGEST_S:.0f} s")
        process.kill()

    timer = threading.Timer(LONGEST_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield said
    finally:
        timer.cancel()


def until(condition: Callable[[], bool], longest_s: float, pause_s: float = 0.02) -> bool:
    """Wait until something is so; tells whether it came."""
    end = time.monotonic() + longest_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


def hosts_of(mark: str) -> list[int]:
    """Give the hosts that were started with this as what marks them."""
    wanted = f"{MARK}={mark}\0".encode()
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if wanted in _environ(pid) and b"lis_tui.host\0" in _words(pid)]


def kill(*pids: int) -> None:
    """Kill processes, as far as they are there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _environ(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes()
    return b""


def _words(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
