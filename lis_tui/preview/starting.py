"""Starts workers: inside bubblewrap as long as that works here, else held by their own limits alone."""

import socket
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple

from lis_tui.preview.child import Clock, Worker, WorkerLost
from lis_tui.preview.enclosure import bubblewrap, enclosed, python
from lis_tui.preview.surroundings import environment

_COULD = {
    "files": "read your files",
    "writing": "change files",
    "network": "use the network",
    "processes": "start programs",
    "memory": "take all memory",
}
"""What a file that takes over its reader could do, were it not for each barrier."""


class Confinement(NamedTuple):
    """What keeps a file that takes over its reader from doing harm here."""

    is_confined: bool
    """It reaches no file, no network and no process."""
    sentence: str


class Starting:
    """Starts one worker a call, and remembers what does not work. May be used from any threads."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.why_bare = ""
        """Why workers are not inside bubblewrap; known once one was started."""
        self._clock = clock

    def __call__(self) -> Worker:
        """Start a worker and wait until its limits hold; blocks. Raises WorkerLost."""
        if not self.why_bare:
            try:
                return start_enclosed(self._clock)
            except WorkerLost as error:
                self.why_bare = str(error)
        return start_bare(self._clock)


def start_enclosed(clock: Clock = time.monotonic) -> Worker:
    """Start a worker inside bubblewrap. Raises WorkerLost where that is not there or does not work."""
    program = bubblewrap()
    if program is None:
        raise WorkerLost("bubblewrap is not installed", has_begun=False)
    try:
        worker = start(enclosed(program), clock)
    except WorkerLost as error:
        raise WorkerLost("bubblewrap is installed and does not work here", has_begun=False) from error
    worker.barriers = tuple(dict.fromkeys((*worker.barriers, "files", "network", "bubblewrap")))
    return worker


def start_bare(clock: Clock = time.monotonic) -> Worker:
    """Start a worker that only its own limits hold. Raises WorkerLost."""
    return start(python(), clock)


def start(command: Sequence[str], clock: Clock = time.monotonic) -> Worker:
    """Start a worker and wait until its limits hold. Raises WorkerLost.

    The thread that calls must live as long as the worker should: both the kernel and bubblewrap end a child
    with the thread that made it.
    """
    ours, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment(),
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        raise WorkerLost(
            f"The process that reads files cannot be started: {error.strerror}.", has_begun=False
        ) from error
    finally:
        theirs.close()
    worker = Worker(process, ours, clock)
    try:
        worker.wait_until_ready()
    except WorkerLost:
        worker.close()
        raise
    return worker


def confinement() -> Confinement:
    """Start a worker and tell what confines it; blocks. Raises WorkerLost where none starts."""
    starting = Starting()
    worker = starting()
    worker.close()
    could = [word for barrier, word in _COULD.items() if barrier not in worker.barriers]
    if not starting.why_bare:
        return Confinement(True, "read in a process of their own inside bubblewrap, without files or network")
    if not could:
        return Confinement(
            True, f"read in a process of their own that the kernel confines; {starting.why_bare}"
        )
    return Confinement(
        False, f"{starting.why_bare}: a file that takes over its reader could {', '.join(could)}"
    )
