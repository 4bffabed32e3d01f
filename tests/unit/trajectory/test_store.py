import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lis_tui.core.errors import RunIsLive, RunNotFound, StorageFailed
from lis_tui.core.events import (
    CheckpointTaken,
    MessageSent,
    NoticeGiven,
    RunContinued,
    RunEnded,
    StepAddress,
)
from lis_tui.core.removal import remove_tree
from lis_tui.trajectory.naming import slug
from lis_tui.trajectory.store import RunFolder, Store, is_locked
from tests.journals import asked, finished, lines_of, started, whole_run, write

AS_ROOT = os.getuid() == 0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


# ---- names


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("plot the Mandelbrot set", "plot-mandelbrot-set"),
        ("Could you please write a poem?", "poem"),
        ("Zähle die Wörter in große_datei.txt", "zahle-die-worter"),
        ("日本語", "run"),
        ("", "run"),
        ("../../etc/passwd", "etc-passwd"),
        ("12 + 30", "run-12-30"),
        ("what is it", "what-is-it"),
        ("x" * 500, "x" * 16),
        ("a\x1b[31m\n$(rm)", "31m-rm"),
        ("lone \ud800 sign", "lone-sign"),
    ],
)
def test_a_runs_name_is_a_few_telling_words_of_its_task(task: str, name: str) -> None:
    assert slug(task) == name


def test_runs_of_the_same_task_are_numbered(store: Store) -> None:
    names = [store.create("plot the set").name for _ in range(3)]
    assert names == ["plot-set-1", "plot-set-2", "plot-set-3"]


def test_a_number_is_not_given_again_while_a_later_run_is_there(store: Store) -> None:
    first, second = store.create("plot"), store.create("plot")
    store.remove(first.name)
    assert second.name == "plot-2"
    assert store.create("plot").name == "plot-3"


def test_a_wished_name_is_kept_and_numbered_only_where_it_is_taken(store: Store) -> None:
    assert [store.create("plot", "My demo").name for _ in range(3)] == ["my-demo", "my-demo-2", "my-demo-3"]


def test_runs_made_at_the_same_moment_get_names_of_their_own(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: store.create("race").name, range(40)))
    assert len(set(names)) == 40


def test_folders_are_closed_to_others_whatever_the_umask(store: Store) -> None:
    old = os.umask(0)
    try:
        folder = store.create("x")
        folder.lock().release()
    finally:
        os.umask(old)
    closed = [store.root, folder.path, folder.path.parent, folder.worktree.parent, folder.outputs_dir]
    assert {stat.S_IMODE(path.stat().st_mode) for path in closed} == {0o700}
    assert stat.S_IMODE(folder.lock_path.stat().st_mode) == 0o600


def test_a_store_where_a_file_stands_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageFailed):
        Store(tmp_path / "data").create("x")


def test_a_store_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageFailed, match="link"):
        Store(tmp_path / "data").create("x")


# ---- finding


def test_a_run_is_found_by_name_by_prefix_and_by_path(store: Store) -> None:
    folder = store.create("plot the set")
    whole_run(folder)
    assert store.find("plot-set-1") == store.find("pl") == store.find(str(folder.path)) == folder


def test_a_name_that_is_also_a_prefix_means_the_run_of_that_name(store: Store) -> None:
    store.create("x", "demo")
    store.create("x", "demo")
    assert store.find("demo").name == "demo"


@pytest.mark.parametrize("name", ["", "nothing", ".", "..", "/nowhere/at-all"])
def test_what_is_no_run_is_not_found(store: Store, name: str) -> None:
    store.create("a run")
    with pytest.raises(RunNotFound):
        store.find(name)


def test_a_prefix_of_several_runs_names_them(store: Store) -> None:
    store.create("plot")
    store.create("plot")
    with pytest.raises(RunNotFound, match="plot-1, plot-2"):
        store.find("plo")


def test_a_run_folder_elsewhere_is_found_by_its_path_and_not_removed(store: Store, tmp_path: Path) -> None:
    folder = Store(tmp_path / "other").create("x")
    whole_run(folder)
    found = store.find(str(folder.path))
    assert (found.path, found.worktree) == (folder.path, folder.path / "worktree")
    with pytest.raises(RunNotFound, match="by hand"):
        store.remove(str(folder.path))
    assert folder.journal_path.exists()


# ---- locks


def test_a_run_is_live_exactly_while_its_lock_is_held(store: Store) -> None:
    folder = store.create("x")
    assert not folder.is_live()
    with folder.lock() as lock:
        assert folder.is_live()
        with pytest.raises(RunIsLive, match=folder.name):
            folder.lock()
        assert lock.is_held
    assert not folder.is_live()
    folder.lock().release()


def test_looking_at_a_lock_makes_no_file(store: Store) -> None:
    folder = store.create("x")
    assert not is_locked(folder.lock_path)
    assert not folder.lock_path.exists()


def test_a_lock_does_not_leak_to_children(store: Store) -> None:
    folder = store.create("x")
    lock = folder.lock()
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        os.close(lock._fd)
        assert not folder.is_live()
        child.kill()


def test_many_who_only_look_do_not_keep_a_run_from_being_locked(store: Store) -> None:
    folder = store.create("x")
    folder.lock().release()
    is_done = False

    def look() -> None:
        while not is_done:
            folder.is_live()

    with ThreadPoolExecutor(2) as pool:
        lookers = [pool.submit(look) for _ in range(2)]
        try:
            for _ in range(100):
                folder.lock().release()
        finally:
            is_done = True
        for looker in lookers:
            looker.result()


# ---- the list


def test_the_list_tells_a_run_at_a_glance(store: Store) -> None:
    folder = store.create("plot the set")
    whole_run(folder, turns=3, at=1000.0)
    (run,) = store.list()
    assert (run.name, run.task, run.model) == (folder.name, "do it", "script/x")
    assert (run.status, run.end, run.turns, run.answer_head) == ("submitted", "submitted", 3, "42")
    assert (run.started_at, run.ended_at) == (1000.0, 1008.0)
    assert (run.is_live, run.was_cut_off, run.parent) == (False, False, None)
    assert run.cost_usd() == 0.75
    assert run.size_bytes() >= folder.journal_path.stat().st_size


def test_a_run_without_known_prices_has_no_cost_rather_than_none_to_pay(store: Store) -> None:
    write(store.create("x"), started(), asked(1), finished(1, cost_usd=None))
    assert store.list()[0].cost_usd() is None


def test_the_newest_run_comes_first(store: Store) -> None:
    for at in (200.0, 300.0, 100.0):
        whole_run(store.create("x"), at=at)
    assert [run.started_at for run in store.list()] == [300.0, 200.0, 100.0]


def test_a_run_without_end_is_live_while_locked_and_else_cut_off(store: Store) -> None:
    folder = store.create("x")
    write(folder, started(), asked(1))
    with folder.lock():
        (run,) = store.list()
        assert (run.status, run.is_live, run.was_cut_off, run.ended_at) == ("live", True, False, None)
    (run,) = store.list()
    assert (run.status, run.is_live, run.was_cut_off, run.ended_at) == ("cut off", False, True, 101.0)


def test_a_run_that_ended_and_waits_for_a_follow_up_keeps_its_status(store: Store) -> None:
    folder = store.create("x")
    whole_run(folder)
    with folder.lock():
        (run,) = store.list()
    assert (run.status, run.is_live) == ("submitted", True)


def test_a_run_that_was_continued_after_its_end_is_not_called_ended(store: Store) -> None:
    folder = store.create("x")
    end = RunEnded(status="turn_limit", exit_code=3)
    more = MessageSent(turn=2, text="go on", origin="follow_up")
    write(folder, started(), asked(1), finished(1), end, RunContinued("limit raised"), more)
    assert (store.list()[0].status, store.list()[0].turns) == ("cut off", 1)
    other = store.create("x")
    write(other, started(), asked(1), end, RunContinued(), asked(2), finished(2), end)
    assert (store.summary(other.name).status, store.summary(other.name).turns) == ("turn_limit", 2)


def test_a_checkpoint_that_is_done_late_does_not_set_the_turns_back(store: Store) -> None:
    taken = CheckpointTaken(address=StepAddress(1, 1), entries=1, bytes_new=1, took_s=0.1)
    write(store.create("x"), started(), asked(1), asked(2), taken, RunEnded(status="no_action"))
    assert store.list()[0].turns == 2


def test_a_long_tail_after_the_end_is_read_back_to_the_last_turn(store: Store) -> None:
    notices = [NoticeGiven("x" * 3000) for _ in range(100)]
    end = RunEnded(status="submitted", answer="y" * 100_000)
    write(store.create("x"), started(task="t" * 200_000), asked(7), end, *notices)
    (run,) = store.list()
    assert (run.turns, run.status, len(run.answer_head), len(run.task)) == (7, "submitted", 200, 200)


def test_a_torn_last_line_does_not_change_the_list(store: Store) -> None:
    folder = store.create("x")
    whole_run(folder)
    before = store.list()
    with folder.journal_path.open("ab") as file:
        file.write(b'{"n":9,"at":999.0,"event":{"type":"RunCont')
    assert store.list() == before


def test_runs_that_cannot_be_read_are_listed_with_their_problem(store: Store) -> None:
    newer, other, empty = store.create("newer"), store.create("other"), store.create("empty")
    whole_run(newer)
    first, *rest = lines_of(newer.journal_path)
    newer.journal_path.write_bytes(
        first.replace(b'"format_version":1', b'"format_version":7') + b"".join(rest)
    )
    other.journal_path.write_text("no journal\n")
    found = {run.name: run for run in store.list()}
    assert "format 7" in found[newer.name].problem
    assert "no journal" in found[other.name].problem
    assert found[newer.name].status == found[other.name].status == "unreadable"
    assert (found[empty.name].status, found[empty.name].problem) == ("cut off", "")


def test_an_empty_store_has_no_runs(store: Store) -> None:
    assert store.list() == []


# ---- removal


def test_a_removed_run_is_gone_with_its_work_tree(store: Store) -> None:
    folder, other = store.create("x"), store.create("x")
    whole_run(folder)
    (folder.worktree / "deep" / "er").mkdir(parents=True)
    (folder.worktree / "deep" / "er" / "file").write_text("x")
    store.remove(folder.name)
    assert not folder.path.exists()
    assert not folder.worktree.exists()
    assert other.worktree.exists()


def test_a_live_run_is_not_removed(store: Store) -> None:
    folder = store.create("x")
    whole_run(folder)
    with folder.lock(), pytest.raises(RunIsLive):
        store.remove(folder.name)
    assert folder.journal_path.exists()


def test_removal_follows_no_link(store: Store, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    (precious / "inner").mkdir(parents=True)
    (precious / "inner" / "file").write_text("mine")
    folder = store.create("x")
    (folder.worktree / "link").symlink_to(precious)
    (folder.worktree / "sub").mkdir()
    (folder.worktree / "sub" / "link").symlink_to(precious / "inner")
    (folder.worktree / "sub" / "hard").hardlink_to(precious / "inner" / "file")
    os.mkfifo(folder.worktree / "pipe")
    store.remove(folder.name)
    assert not folder.worktree.exists()
    assert (precious / "inner" / "file").read_text() == "mine"


def test_a_link_in_the_place_of_a_work_tree_is_not_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("mine")
    folder = store.create("x")
    folder.worktree.rmdir()
    folder.worktree.symlink_to(tmp_path / "precious")
    with pytest.raises(StorageFailed):
        store.remove(folder.name)
    assert (tmp_path / "precious" / "file").exists()


def test_folders_nested_deeper_than_any_stack_are_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    remove_tree(top)
    assert not top.exists()


def test_folders_without_rights_are_removed_by_their_owner(tmp_path: Path) -> None:
    # As root the rights do not matter, so a child drops them.
    program = f"""
import os
from pathlib import Path
from lis_tui.core.removal import remove_tree
top = Path({str(tmp_path / "top")!r})
if os.getuid() == 0:
    os.chown({str(tmp_path)!r}, 12345, 12345)
    os.chdir({str(tmp_path)!r})
    os.setresgid(12345, 12345, 12345)
    os.setresuid(12345, 12345, 12345)
    top = Path("top")
(top / "a" / "b" / "c").mkdir(parents=True)
(top / "a" / "b" / "file").write_text("x")
for path, mode in (("a/b/c", 0o0), ("a/b", 0o500), ("a", 0o300)):
    (top / path).chmod(mode)
remove_tree(top)
assert not top.exists()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


@pytest.mark.skipif(not AS_ROOT, reason="only root can make files of another user")
def test_files_of_root_are_named_to_an_ordinary_user_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "top" / "made").mkdir(parents=True)
    (tmp_path / "top" / "made" / "by-root").write_text("x")
    program = f"""
import os
from pathlib import Path
from lis_tui.core.errors import StorageFailed
from lis_tui.core.removal import remove_tree
os.chdir({str(tmp_path)!r})
os.chown(".", 12345, 12345)
os.chown("top", 12345, 12345)
os.setresuid(12345, 12345, 12345)
try:
    remove_tree(Path("top"))
except StorageFailed as error:
    print(error.sentence)
"""
    said = subprocess.run(
        [sys.executable, "-c", program], check=True, timeout=30, capture_output=True, text=True
    ).stdout
    assert "'made'" in said
    assert "sudo rm -rf" in said
    assert (tmp_path / "top" / "made" / "by-root").exists()


def test_a_missing_work_tree_does_not_hinder_removal(store: Store) -> None:
    folder = store.create("x")
    folder.worktree.rmdir()
    store.remove(folder.name)
    assert not folder.path.exists()


def test_a_run_folders_parts_have_their_places() -> None:
    folder = RunFolder("a-1", Path("/r/a-1"), Path("/w/a-1"))
    parts = [
        folder.journal_path,
        folder.stream_path,
        folder.outputs_dir,
        folder.results_dir,
        folder.lock_path,
    ]
    assert [part.name for part in parts] == ["journal.jsonl", "stream.part", "outputs", "results", "lock"]
