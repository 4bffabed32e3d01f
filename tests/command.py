"""`lis-tui` as a process of its own, with a home of its own, for end-to-end tests."""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import docker
import yaml

from lis_tui.core import events
from lis_tui.core.events import Record

LONGEST_S = 90


class LisTui:
    """Starts commands below one home and knows the containers that belong to it."""

    def __init__(
        self,
        home: Path,
        *,
        command: Sequence[str] = (sys.executable, "-m", "lis_tui"),
        environ: dict[str, str] | None = None,
    ) -> None:
        self.home = home
        self._command = command
        self._started: list[Process] = []
        self.environ = {**os.environ, "LIS_TUI_HOME": str(home), **(environ or {})}

    def start(self, *arguments: str) -> "Process":
        """Start a command; its output is read line by line."""
        process = Process([*self._command, *arguments], self.environ, self.home)
        self._started.append(process)
        return process

    def run(
        self, *arguments: str, stdin: str = "", longest_s: float = LONGEST_S
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [*self._command, *arguments],
            env=self.environ,
            cwd=self.home,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=longest_s,
            check=False,
        )

    def scenario(self, *commands: str, name: str = "scenario") -> str:
        """Write a scenario that runs these commands and submits; gives the model's name."""
        calls = [{"calls": [{"tool": "execute_bash", "arguments": {"command": one}}]} for one in commands]
        path = self.home / f"{name}.yaml"
        turns = [*calls, {"calls": [{"tool": "submit"}]}]
        path.write_text(yaml.safe_dump({"task": "t", "pace": 0, "turns": turns}))
        return f"script/{path}"

    def journal(self, run: str) -> list[Record]:
        """Read a run's journal as it is on disk."""
        path = self.home / "data" / "runs" / run / "journal.jsonl"
        return [events.decode(line) for line in path.read_bytes().splitlines()]

    def worktree(self, run: str) -> Path:
        """Where the run's work folder lies."""
        return self.home / "data" / "worktrees" / run

    def containers(self) -> list[str]:
        """Name the runs that have a container now."""
        host = self.home / "data" / "host-id"
        if not host.exists():
            return []
        with contextlib.closing(docker.from_env()) as client:
            found = client.containers.list(
                all=True, filters={"label": f"lis-tui.host={host.read_text().strip()}"}, ignore_removed=True
            )
            return sorted(container.labels["lis-tui.run"] for container in found)

    def hosts(self) -> list[int]:
        """Give the process numbers of this home's hosts."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdigit():
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    if b"lis_tui.host" in words and str(self.home / "data").encode() in words:
                        found.append(int(folder.name))
        return found

    def close(self) -> None:
        """Have everything end that was started here."""
        for process in self._started:
            process.close()
        self.end_hosts()

    def end_hosts(self) -> None:
        """Have every host of this home end cleanly."""
        for number in self.hosts():
            fd = os.pidfd_open(number)
            signal.pidfd_send_signal(fd, signal.SIGTERM)
            wait_for_end(fd)


class Process:
    """A command that runs; its records (`--json`) are read one after the other."""

    def __init__(self, command: list[str], environ: dict[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            command,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def records(self) -> Iterator[Record]:
        """Give what it prints as records."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield events.decode(line.encode())

    def until(self, kind: type[events.Fact] | type[events.Fragment]) -> list[Record]:
        """Read up to the first event of this kind."""
        found = []
        for record in self.records():
            found.append(record)
            if isinstance(record.event, kind):
                return found
        raise AssertionError(f"{kind.__name__} never came: {found[-3:]}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for the end and give the exit code."""
        for _ in self.records():
            pass
        return self.process.wait(LONGEST_S)

    def rest(self) -> list[Record]:
        """Read the rest and wait for the end."""
        found = list(self.records())
        self.end()
        return found

    def close(self) -> None:
        """Kill it where it still runs."""
        self.process.kill()
        with self.process:
            self.process.wait(LONGEST_S)


def wait_for_end(fd: int) -> None:
    """Wait until the process of this descriptor has ended."""
    try:
        if not select.select([fd], [], [], LONGEST_S)[0]:
            raise AssertionError("The process does not end.")
    finally:
        os.close(fd)
