"""kill -9 at random moments of a process that writes a run."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lis_tui.core.events import NoticeGiven, Record, ReplyCutOff, ReplyFinished
from lis_tui.trajectory.journal import Journal, read
from lis_tui.trajectory.store import RunFolder, Store

_WRITER = """
import os, sys
from pathlib import Path
from lis_tui.core.events import Record, TextArrived
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import RunFolder
from tests.journals import asked, finished, started

path = Path(sys.argv[1])
folder = RunFolder(path.name, path, path / "work")
lock = folder.lock()
journal = Journal.create(folder)

def fact(event):
    journal.append(Record(journal.next_n, 1.0, event))
    os.write(1, f"fact {journal.next_n - 1}\\n".encode())

fact(started())
turn = 0
while True:
    turn += 1
    fact(asked(turn))
    for piece in range(20):
        journal.fragment(Record(0, 2.0, TextArrived(turn, f"<{piece}>")))
        os.write(1, f"piece {turn} {piece}\\n".encode())
    fact(finished(turn, "long " * 5000))
"""


def killed_after(folder: RunFolder, lines: int) -> list[str]:
    """Kill a writer some time after it said so many lines; gives all that it said it had written."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder.path)], stdout=subprocess.PIPE, bufsize=0
    ) as child:
        assert child.stdout is not None
        said = b""
        while said.count(b"\n") < lines:
            block = os.read(child.stdout.fileno(), 4096)
            assert block, "the writer failed"
            said += block
        assert folder.is_live()
        child.kill()
        said += child.stdout.read()
    return said.decode().splitlines()


def check_nothing_is_lost(folder: RunFolder, said: list[str]) -> None:
    """Compare what is read with what was acknowledged before the kill."""
    facts = [int(line.split()[1]) for line in said if line.startswith("fact")]
    records = [record for record in read(folder) if record.n]
    assert [record.n for record in records] == list(range(1, len(records) + 1))
    assert facts[-1] <= len(records) <= facts[-1] + 1
    streamed = [line.split()[1:] for line in said if line.startswith("piece")]
    done = {record.event.turn for record in records if isinstance(record.event, ReplyFinished)}
    open_pieces = "".join(f"<{piece}>" for turn, piece in streamed if int(turn) not in done)
    last = list(read(folder))[-1]
    text = last.event.text if isinstance(last.event, ReplyCutOff) else ""
    assert text.startswith(open_pieces)


def check_it_goes_on(folder: RunFolder) -> None:
    """Take the run over: its lock is free, its journal takes more."""
    assert not folder.is_live()
    before = [record.n for record in read(folder) if record.n]
    with folder.lock():
        journal = Journal.resume(folder)
        journal.append(Record(journal.next_n, 9.0, NoticeGiven("taken over")))
        journal.close()
    after = [record.n for record in read(folder)]
    assert after[: len(before)] == before
    assert after == list(range(1, len(after) + 1))


def kill_often(root: Path, times: int) -> None:
    dice = random.Random(20)
    store = Store(root)
    for _ in range(times):
        folder = store.create("crash")
        said = killed_after(folder, dice.randint(1, 400))
        check_nothing_is_lost(folder, said)
        assert store.summary(folder.name).was_cut_off
        check_it_goes_on(folder)


def test_a_kill_loses_at_most_the_event_being_written(tmp_path: Path) -> None:
    kill_often(tmp_path, 8)


@pytest.mark.slow
def test_fifty_kills_lose_at_most_the_event_being_written(tmp_path: Path) -> None:
    kill_often(tmp_path, 50)
