import errno
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lis_tui.core.errors import DiskFull, JournalUnreadable, StorageFailed
from lis_tui.core.events import (
    CallArrived,
    ModelRetried,
    NoticeGiven,
    OutputArrived,
    ReasoningArrived,
    Record,
    ReplyCutOff,
    StepAddress,
    TextArrived,
    UnknownEvent,
    encode,
)
from lis_tui.core.messages import ToolCall
from lis_tui.trajectory.journal import Journal, read, read_stream
from lis_tui.trajectory.store import RunFolder, Store
from tests.journals import asked, finished, lines_of, started, whole_run, write


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return Store(tmp_path).create("do it")


@pytest.fixture
def journal(folder: RunFolder) -> Iterator[Journal]:
    made = Journal.create(folder)
    yield made
    made.close()


def notice(n: int, text: str = "x") -> Record:
    return Record(n, float(n), NoticeGiven(text))


def test_an_event_is_on_disk_as_one_line_when_append_returns(folder: RunFolder, journal: Journal) -> None:
    record = Record(1, 5.0, started())
    journal.append(record)
    assert folder.journal_path.read_bytes() == encode(record) + b"\n"
    assert journal.next_n == 2


def test_what_was_appended_is_read_back_in_order(folder: RunFolder) -> None:
    whole_run(folder)
    records = list(read(folder))
    assert [record.n for record in records] == [1, 2, 3, 4, 5, 6, 7]
    assert records[0].event == started(folder.name)
    assert list(read(folder.journal_path)) == records == list(read(folder.path))


def test_each_event_is_a_single_write(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = os.write

    def counted(fd: int, data: bytes) -> int:
        calls.append(len(data))
        return real(fd, data)

    monkeypatch.setattr(os, "write", counted)
    journal.append(notice(1, "long " * 100_000))
    assert len(calls) == 1


def test_lone_surrogates_are_replaced_and_pairs_joined(folder: RunFolder, journal: Journal) -> None:
    journal.append(Record(1, 1.0, started(task="a\ud800b \ud83d\ude00")))
    journal.fragment(Record(0, 2.0, TextArrived(1, "c\udfff")))
    (record,) = [record for record in read(folder) if record.n == 1]
    assert isinstance(record.event, type(started()))
    assert record.event.spec.task == "a�b 😀"
    (streamed,) = read_stream(folder)
    assert streamed.event == TextArrived(1, "c�")


def test_an_event_of_a_newer_program_is_kept_as_it_is(folder: RunFolder, journal: Journal) -> None:
    raw = UnknownEvent(msgspec.Raw(b'{"type":"Teleported","to":[1]}'))
    journal.append(Record(1, 1.0, started()))
    journal.append(Record(2, 2.0, raw))
    event = list(read(folder))[1].event
    assert isinstance(event, UnknownEvent)
    assert bytes(event.raw) == b'{"type":"Teleported","to":[1]}'


def test_only_the_owner_may_read_a_journal_whatever_the_umask(folder: RunFolder) -> None:
    old = os.umask(0)
    try:
        whole_run(folder)
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.journal_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stream_path.stat().st_mode) == 0o600


def test_a_second_journal_in_the_same_folder_is_refused(folder: RunFolder, journal: Journal) -> None:
    with pytest.raises(StorageFailed):
        Journal.create(folder)


def test_a_journal_is_never_written_through_a_link(folder: RunFolder, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder.stream_path.symlink_to(victim)
    with pytest.raises(StorageFailed):
        Journal.create(folder)
    assert victim.read_text() == "mine"


async def test_sync_returns_when_the_file_and_its_folder_were_synced(
    folder: RunFolder, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noted(fd: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{fd}").resolve()))
        real(fd)

    monkeypatch.setattr(os, "fsync", noted)
    journal.append(notice(1))
    await journal.sync()
    await journal.sync()
    assert synced == [str(folder.journal_path), str(folder.path), str(folder.journal_path)]


# ---- the stream


def test_the_running_stream_is_on_disk_at_once_and_gone_with_its_fact(
    folder: RunFolder, journal: Journal
) -> None:
    journal.append(Record(1, 1.0, started()))
    journal.fragment(Record(0, 2.0, TextArrived(1, "hel")))
    journal.fragment(Record(0, 2.5, TextArrived(1, "lo")))
    assert [record.event for record in read_stream(folder)] == [TextArrived(1, "hello")]
    journal.append(Record(2, 3.0, finished(1, "hello")))
    assert folder.stream_path.read_bytes() == b""
    assert read_stream(folder) == []


def test_command_output_is_not_copied_into_the_stream(folder: RunFolder, journal: Journal) -> None:
    journal.fragment(Record(0, 2.0, OutputArrived(StepAddress(1, 1), b"x" * 1000)))
    assert folder.stream_path.read_bytes() == b""


def test_a_stream_that_was_cut_off_is_read_as_an_event(folder: RunFolder, journal: Journal) -> None:
    journal.append(Record(1, 1.0, started()))
    journal.fragment(Record(0, 2.0, ReasoningArrived(3, "hm, ")))
    journal.fragment(Record(0, 2.0, ReasoningArrived(3, "well")))
    journal.fragment(Record(0, 3.0, TextArrived(3, "I will")))
    journal.fragment(Record(0, 4.0, CallArrived(3, 0, "execute_bash", '{"comm')))
    journal.fragment(Record(0, 5.0, CallArrived(3, 0, "", 'and": "l')))
    journal.close()
    last = list(read(folder))[-1]
    assert (last.n, last.at) == (0, 5.0)
    assert isinstance(last.event, ReplyCutOff)
    assert (last.event.turn, last.event.reasoning, last.event.text) == (3, "hm, well", "I will")
    assert last.event.calls == (ToolCall("", "execute_bash", '{"command": "l'),)


def test_the_stream_of_a_live_run_is_not_called_cut_off(folder: RunFolder) -> None:
    with folder.lock():
        journal = Journal.create(folder)
        journal.append(Record(1, 1.0, started()))
        journal.fragment(Record(0, 2.0, TextArrived(1, "I")))
        assert [record.n for record in read(folder)] == [1]
        journal.close()
    assert [record.n for record in read(folder)] == [1, 0]


@pytest.mark.parametrize(
    "end",
    [
        finished(1),
        ReplyCutOff(turn=1, text="I"),
        ModelRetried(turn=1, attempt=1, max_attempts=3, wait_s=1.0, reason="503"),
    ],
)
def test_a_stream_left_behind_after_its_fact_was_written_is_not_read_again(
    folder: RunFolder, journal: Journal, end: ReplyCutOff
) -> None:
    journal.append(Record(1, 1.0, started()))
    journal.fragment(Record(0, 2.0, TextArrived(1, "I")))
    left = folder.stream_path.read_bytes()
    journal.append(Record(2, 3.0, end))
    folder.stream_path.write_bytes(left)
    assert [record.n for record in read(folder)] == [1, 2]
    journal.close()
    with folder.lock():
        Journal.resume(folder).close()
    assert [record.n for record in read(folder)] == [1, 2]


# ---- resuming


def test_resuming_without_the_lock_is_refused(folder: RunFolder) -> None:
    whole_run(folder)
    with pytest.raises(StorageFailed, match="locked"):
        Journal.resume(folder)


def test_resuming_goes_on_with_the_next_number(folder: RunFolder) -> None:
    whole_run(folder)
    before = folder.journal_path.read_bytes()
    with folder.lock():
        journal = Journal.resume(folder)
        assert journal.next_n == 8
        journal.append(notice(8))
        journal.close()
    assert folder.journal_path.read_bytes().startswith(before)
    assert [record.n for record in read(folder)][-2:] == [7, 8]


def test_resuming_keeps_what_streamed_as_an_event_of_the_journal(folder: RunFolder) -> None:
    journal = Journal.create(folder)
    journal.append(Record(1, 1.0, started()))
    journal.fragment(Record(0, 9.0, TextArrived(1, "I wa")))
    journal.close()
    with folder.lock():
        resumed = Journal.resume(folder)
        assert resumed.next_n == 3
        resumed.close()
    last = list(read(folder))[-1]
    assert (last.n, last.at) == (2, 9.0)
    assert isinstance(last.event, ReplyCutOff)
    assert last.event.text == "I wa"
    assert folder.stream_path.read_bytes() == b""


def test_a_tail_cut_at_any_byte_gives_the_whole_lines_before_it_and_can_go_on(folder: RunFolder) -> None:
    write(folder, started(), asked(1), finished(1, "ünï"))
    whole = folder.journal_path.read_bytes()
    lines = lines_of(folder.journal_path)
    ends = [sum(map(len, lines[: count + 1])) for count in range(len(lines))]
    for cut in range(ends[0], len(whole) + 1):
        folder.journal_path.write_bytes(whole[:cut])
        complete = sum(end <= cut for end in ends)
        assert [record.n for record in read(folder)] == list(range(1, complete + 1))
        with folder.lock():
            journal = Journal.resume(folder)
            journal.append(notice(journal.next_n))
            journal.close()
        assert lines_of(folder.journal_path)[:-1] == lines[:complete]
        assert [record.n for record in read(folder)] == list(range(1, complete + 2))


def test_a_run_killed_in_its_first_event_reads_as_empty_and_can_go_on(folder: RunFolder) -> None:
    write(folder, started())
    torn = folder.journal_path.read_bytes()[:-7]
    folder.journal_path.write_bytes(torn)
    assert list(read(folder)) == []
    with folder.lock():
        journal = Journal.resume(folder)
        assert journal.next_n == 1
        journal.append(Record(1, 1.0, started()))
        journal.close()
    assert [record.n for record in read(folder)] == [1]


# ---- damage


@pytest.mark.parametrize(
    "bad",
    [
        b"\n",
        b"garbage\n",
        b"\x00\x00\x00\n",
        b'{"n":3}\n',
        b'"\xff\xfe"\n',
        b"[1]\n",
        b'{"n":3,"at":1.0,"event":' + b"[" * 100_000 + b"\n",
    ],
    ids=lambda data: repr(data[:24]),
)
def test_a_line_that_is_no_record_becomes_a_warning(folder: RunFolder, bad: bytes) -> None:
    whole_run(folder)
    lines = lines_of(folder.journal_path)
    lines[2] = bad
    folder.journal_path.write_bytes(b"".join(lines))
    records = list(read(folder))
    assert [record.n for record in records] == [1, 2, 0, 4, 5, 6, 7]
    assert isinstance(records[2].event, NoticeGiven)
    assert "Line 3" in records[2].event.text


def test_numbers_go_on_behind_lines_that_cannot_be_read(folder: RunFolder) -> None:
    whole_run(folder)
    with folder.journal_path.open("ab") as file:
        file.write(b"garbage\n")
    with folder.lock():
        journal = Journal.resume(folder)
        assert journal.next_n == 9
        journal.close()


def test_damage_in_the_stream_loses_only_the_damaged_lines(folder: RunFolder, journal: Journal) -> None:
    journal.append(Record(1, 1.0, started()))
    journal.fragment(Record(0, 2.0, TextArrived(1, "a")))
    with folder.stream_path.open("ab") as file:
        file.write(b"\x00\x00\n")
    journal.fragment(Record(0, 2.0, TextArrived(1, "b")))
    with folder.stream_path.open("ab") as file:
        file.write(b'{"n":2,"at":3.0,"event":{"type":"TextArr')
    event = list(read(folder))[-1].event
    assert isinstance(event, ReplyCutOff)
    assert event.text == "ab"


def test_a_journal_of_a_newer_format_is_refused_with_what_to_do(folder: RunFolder) -> None:
    whole_run(folder)
    first, *rest = lines_of(folder.journal_path)
    line = json.loads(first)
    line["event"]["format_version"] = 99
    line["event"]["spec"] = "of another shape"
    folder.journal_path.write_bytes(json.dumps(line).encode() + b"\n" + b"".join(rest))
    with pytest.raises(JournalUnreadable, match=r"newer lis-tui.*99.*update"):
        list(read(folder))


def test_a_file_that_is_no_journal_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "journal.jsonl"
    other.write_text("hello\nworld\n")
    with pytest.raises(JournalUnreadable, match="no journal"):
        list(read(other))
    with pytest.raises(JournalUnreadable, match="cannot be read"):
        list(read(tmp_path / "nothing"))


# ---- no room


def with_fd(journal: Journal, fd: int) -> int:
    """Have the journal write elsewhere; gives where it wrote before."""
    old = journal._fd
    journal._fd = fd
    return old


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_and_the_journal_goes_on_when_there_is_room(
    folder: RunFolder, journal: Journal
) -> None:
    journal.append(Record(1, 1.0, started()))
    full = os.open("/dev/full", os.O_RDWR)
    real = with_fd(journal, full)
    with pytest.raises(DiskFull, match="no room"):
        journal.append(notice(2))
    assert journal.next_n == 2
    with_fd(journal, real)
    os.close(full)
    journal.append(notice(2))
    assert [record.n for record in read(folder)] == [1, 2]


def test_half_a_line_written_is_taken_back(
    folder: RunFolder, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(Record(1, 1.0, started()))
    before = folder.journal_path.read_bytes()
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[: len(data) // 2]))
    with pytest.raises(DiskFull):
        journal.append(notice(2))
    monkeypatch.undo()
    assert folder.journal_path.read_bytes() == before
    journal.append(notice(2))
    assert [record.n for record in read(folder)] == [1, 2]


def test_half_a_line_that_cannot_be_taken_back_at_once_is_before_the_next(
    folder: RunFolder, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(Record(1, 1.0, started()))
    real = os.write

    def fail(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "bad disk")

    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[: len(data) // 2]))
    monkeypatch.setattr(os, "ftruncate", fail)
    with pytest.raises(DiskFull):
        journal.append(notice(2))
    with pytest.raises(StorageFailed, match="bad disk"):
        journal.append(notice(2))
    monkeypatch.undo()
    journal.append(notice(2))
    assert [record.n for record in read(folder)] == [1, 2]


def test_a_stream_without_room_does_not_disturb_the_run(
    folder: RunFolder, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(Record(1, 1.0, started()))
    journal.fragment(Record(0, 2.0, TextArrived(1, "kept")))
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:5]))
    journal.fragment(Record(0, 2.0, TextArrived(1, "lost")))
    monkeypatch.undo()
    assert [record.event for record in read_stream(folder)] == [TextArrived(1, "kept")]
    journal.append(Record(2, 3.0, finished(1)))
    assert [record.n for record in read(folder)] == [1, 2]


def test_the_systems_limit_on_file_size_leaves_whole_lines(folder: RunFolder) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _FILL, str(folder.path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        preexec_fn=_small_files,
    )
    written = int(child.stdout)
    assert written > 3
    assert [record.n for record in read(folder)] == list(range(1, written + 1))
    assert folder.journal_path.read_bytes().endswith(b"\n")


def _small_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))


_FILL = """
import sys
from pathlib import Path
from lis_tui.core.errors import DiskFull
from lis_tui.core.events import NoticeGiven, Record
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import RunFolder
from tests.journals import started
path = Path(sys.argv[1])
journal = Journal.create(RunFolder(path.name, path, path / "work"))
journal.append(Record(1, 1.0, started()))
try:
    while True:
        journal.append(Record(journal.next_n, 1.0, NoticeGiven("x" * 150)))
except DiskFull:
    print(journal.next_n - 1)
"""
