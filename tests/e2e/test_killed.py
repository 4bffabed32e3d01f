import random
import subprocess

import pytest

from lis_tui.core import events
from lis_tui.core.events import OutputArrived, RunEnded, RunStarted
from lis_tui.trajectory.journal import read
from tests.command import LisTui

pytestmark = [pytest.mark.docker, pytest.mark.slow]
KILLS = 50


def test_killed_at_any_moment_a_run_keeps_all_that_was_shown_and_leaves_no_container(lis: LisTui) -> None:
    dice = random.Random(20)
    work = lis.scenario(*["for i in $(seq 200); do echo line $i; done"] * 3, "echo 42 > answer.txt")
    waits = lis.scenario("mkfifo gate; echo waiting; cat gate; echo 42 > answer.txt", name="waits")
    assert lis.run("run", "Wait.", "--model", waits, "--detach", "--name", "other").returncode == 0
    lis.start("attach", "other", "--json").until(OutputArrived)
    shown = {}
    for number in range(KILLS):
        name = f"run-{number}"
        process = lis.start("run", "Go.", "--model", work, "--json", "--name", name).process
        try:
            out, _ = process.communicate(timeout=dice.uniform(0.15, 1.6))
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
        shown[name] = [line for line in out.split("\n")[:-1] if not line.startswith('{"n":0,')]
    last = lis.run("run", "Go.", "--model", work, "--headless")
    assert last.returncode == 0, last.stderr
    assert lis.containers() == ["other"]
    for name, lines in shown.items():
        folder = lis.home / "data" / "runs" / name
        if not folder.exists() or not (folder / "journal.jsonl").stat().st_size:
            assert lines == []
            continue
        kept = list(read(folder))
        assert isinstance(kept[0].event, RunStarted)
        assert kept[: len(lines)] == [events.decode(line.encode()) for line in lines]
    other = lis.start("attach", "other", "--json")
    other.until(OutputArrived)
    (lis.worktree("other") / "gate").write_text("go\n")
    assert [one.event.status for one in other.rest() if isinstance(one.event, RunEnded)] == ["submitted"]
