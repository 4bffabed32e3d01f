"""A worker that a file has taken over can do nothing but answer."""

import os
import resource
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core.content import Content
from lis_tui.preview import child, limits
from lis_tui.preview.child import Worker, WorkerLost
from lis_tui.preview.parts import CannotShow, Lines, Preview, Wanted
from lis_tui.preview.surroundings import environment
from tests.canary import listening
from tests.workers import deed, evil_worker, homes, told

linux = pytest.mark.skipif(sys.platform != "linux", reason="kept by Linux alone")
REFUSALS = ("Operation not permitted", "Permission denied", "No such file", "Read-only", "unreachable")


@pytest.fixture(params=homes())
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A worker that a file has taken over, in each way it can be started here."""
    started = evil_worker(request.param)
    yield started
    started.close()


@pytest.fixture
def free() -> Iterator[Worker]:
    """The same without anything that holds it: what it does there, the defence prevents."""
    started = evil_worker("unconfined")
    yield started
    started.close()


def test_what_a_library_raises_is_one_short_clean_sentence(worker: Worker) -> None:
    said = deed(worker, "raise_it", "inside")
    assert said.startswith("This text cannot be read: evil ␛[31m⏎inside xxx")
    assert len(said) <= 300
    assert said.isprintable()
    assert deed(worker, "refuse") == "It is ␛]0;evil␇ so."
    assert deed(worker, "recurse") == "This text cannot be read: it is nested too deeply."
    assert deed(worker, "panic") == "This text cannot be read: a library panicked"
    assert deed(worker, "environment"), "and it goes on"


@linux
def test_memory_has_a_limit_and_what_took_much_is_the_last_that_is_done(worker: Worker, free: Worker) -> None:
    assert "takes more than 384 MB of memory" in deed(worker, "eat_memory")
    assert not worker.is_spent
    assert deed(worker, "eat_much") == str(200 << 20)
    assert worker.is_spent
    with pytest.raises(WorkerLost) as lost:
        worker.preview(child.Asked(Wanted(name="environment"), b"x"))
    assert not lost.value.has_begun
    assert deed(free, "eat_memory") == str(600 << 20), "without the limit it takes what it likes"


@linux
def test_its_share_of_the_machine_is_small_and_each_file_has_its_own(worker: Worker, free: Worker) -> None:
    held = eval(deed(worker, "limits"))
    assert (held["CORE"], held["FSIZE"], held["NOFILE"]) == (0, 0, limits.MOST_DESCRIPTORS)
    assert (held["AS"], held["DATA"]) == (limits.MOST_ADDRESSES, limits.MOST_DATA)
    assert limits.MOST_CPU_S < held["CPU"] < limits.MOST_CPU_S + 30
    assert eval(deed(free, "limits"))["DATA"] == resource.getrlimit(resource.RLIMIT_DATA)[0]


@pytest.mark.parametrize("name", ["crash", "stop", "babble", "promise_much"])
def test_one_that_ends_or_makes_no_sense_is_lost(worker: Worker, name: str) -> None:
    found = told(worker, b"x", Wanted(name=name))
    assert isinstance(found, WorkerLost)
    assert found.has_begun
    assert "ended at this text" in str(found)
    assert worker.is_spent


@pytest.mark.parametrize("name", ["hang", "spin", "drip"])
def test_one_that_takes_too_long_is_ended(worker: Worker, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "MOST_S", 0.2)
    found = told(worker, b"x", Wanted(name=name))
    assert isinstance(found, WorkerLost)
    assert str(found).endswith("s and was stopped.")
    assert gone(worker)


def test_a_reply_has_a_limit_and_is_looked_at(worker: Worker) -> None:
    assert "36,000" in deed(worker, "tell_much")
    halves = told(worker, b"x", Wanted(name="tell_halves"))
    assert isinstance(halves, Preview)
    assert halves.parts == (Lines(("?ok", "?")),)
    long = told(worker, b"x", Wanted(name="tell_long"))
    assert isinstance(long, Preview)
    assert long.parts == (Lines(("x" * 400 + "…",) * 2000),), "what is too long is shown shorter"
    assert "more than a screen takes" in deed(worker, "tell_words")
    assert "wrong size" in deed(worker, "tell_wrong")
    assert worker.is_spent


@linux
def test_a_reply_made_to_fill_the_screens_memory_is_never_unpacked(worker: Worker) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(told(worker, b"x", Wanted(name="tell_trap")), WorkerLost)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 << 10, "unpacked it takes 700 MB"


def test_it_has_nothing_of_the_persons(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    seen = evil_worker("bare")
    try:
        assert "secret" not in deed(seen, "environment")
    finally:
        seen.close()
    names = set(eval(deed(worker, "environment")))
    assert names - {"PWD", "LC_CTYPE"} == set(environment())
    assert eval(deed(worker, "say_where")) == ("/", "")
    assert os.getsid(worker.pid) == worker.pid, "a key pressed at the terminal is none for it"


def test_it_inherits_no_descriptor_and_keeps_none(worker: Worker, tmp_path: Path) -> None:
    before = deed(worker, "descriptors")
    assert len(eval(before)) <= 5, "its link, three that lead nowhere, and its own status"
    (tmp_path / "file").write_text("inside\n")
    for _ in range(3):
        with Content(descriptor=os.open(tmp_path / "file", os.O_RDONLY)) as content:
            found = told(worker, content, Wanted(name="descriptors"))
            assert isinstance(found, Preview)
            assert len(eval(found.facts[0])) == len(eval(before)) + 1
    assert deed(worker, "descriptors") == before


@linux
def test_it_reads_no_file_of_this_machine(worker: Worker, free: Worker, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("secret")
    home = Path.home()
    for name, path in (("read", canary), ("read", Path("/etc/passwd")), ("look", home), ("look", tmp_path)):
        said = deed(worker, name, str(path))
        assert any(refusal in said for refusal in REFUSALS), said
    assert "secret" in deed(free, "read", str(canary))


@linux
def test_it_changes_no_file(worker: Worker, free: Worker, tmp_path: Path) -> None:
    for name in ("write", "append", "cut", "remove", "rename", "link", "open_up", "run"):
        folder = tmp_path / name
        folder.mkdir()
        path = folder / "file"
        path.write_text("mine")
        path.chmod(0o600)
        before = state(folder)
        said = deed(worker, name, str(path))
        assert any(refusal in said for refusal in REFUSALS), said
        assert state(folder) == before
        deed(free, name, str(path))
        assert state(folder) != before, "without the defence it does"


def state(folder: Path) -> list[object]:
    """Tell what is in a folder, and when it was changed."""
    return [
        (path.name, path.is_symlink() or path.read_bytes(), path.lstat().st_mode, path.lstat().st_mtime_ns)
        for path in folder.iterdir()
    ]


@linux
def test_it_reaches_no_network(worker: Worker, free: Worker, tmp_path: Path) -> None:
    with listening() as canary:
        canary.pages["/canary"] = b""
        address = canary.address.removeprefix("http://")
        said = deed(worker, "call", address)
        assert any(refusal in said for refusal in REFUSALS), said
        assert canary.calls == 0
        assert "HTTP/1.0 200" in deed(free, "call", address)
        assert canary.asked == ["/canary"]
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
        one.listen()
        assert deed(worker, "call_unix", str(tmp_path / "s")) != "connected"
        assert deed(free, "call_unix", str(tmp_path / "s")) == "connected"


@linux
def test_it_starts_nothing_and_touches_no_process(worker: Worker, free: Worker) -> None:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as other:
        try:
            for name, text in (("fork", ""), ("signal_it", str(other.pid)), ("trace", str(other.pid))):
                said = deed(worker, name, text)
                assert any(refusal in said for refusal in (*REFUSALS, "No such process")), said
            assert other.poll() is None
            assert deed(free, "fork") == "a child"
            assert deed(free, "trace", str(other.pid)) == "attached"
        finally:
            free.close()  # what it traces does not end before
            other.kill()


@linux
def test_it_ends_with_the_screen_also_in_the_middle_of_a_file(tmp_path: Path) -> None:
    for home in homes():
        program = (
            "import sys; sys.path.insert(0, sys.argv[2])\n"
            "from tests.workers import evil_worker, deed\n"
            "import threading\n"
            "worker = evil_worker(sys.argv[1])\n"
            "threading.Thread(target=deed, args=(worker, 'spin'), daemon=True).start()\n"
            "print(worker.pid, flush=True)\n"
            "import signal; signal.pause()\n"
        )
        root = str(Path(__file__).parents[3])
        with subprocess.Popen(
            [sys.executable, "-c", program, home, root], stdout=subprocess.PIPE, text=True
        ) as screen:
            assert screen.stdout is not None
            pids = family(int(screen.stdout.readline()))
            watched = [os.pidfd_open(pid) for pid in pids]
            screen.send_signal(signal.SIGKILL)
            try:
                assert all(select.select([one], [], [], 20)[0] for one in watched), home
            finally:
                for one in watched:
                    os.close(one)


def family(pid: int) -> list[int]:
    """Give a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child_pid in children for one in family(int(child_pid)))]


def gone(worker: Worker) -> bool:
    """Wait until a worker is gone."""
    worker.close()
    return not Path(f"/proc/{worker.pid}").exists()


def test_a_refusal_is_no_loss(worker: Worker) -> None:
    found = told(worker, b"x", Wanted(name="refuse"))
    assert isinstance(found, CannotShow)
    assert not isinstance(found, WorkerLost)
    assert not worker.is_spent


def test_every_home_says_what_holds_it() -> None:
    for home in (*homes(), "unconfined"):
        started = evil_worker(home)
        try:
            assert bool(started.barriers) is (home != "unconfined") or sys.platform != "linux"
        finally:
            started.close()
