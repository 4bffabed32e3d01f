import signal
import sys

import pexpect
import pytest

from lis_tui.core.events import OutputArrived, RunEnded, RunStarted, StepFinished
from tests.command import LONGEST_S, LisTui

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("loss", [signal.SIGKILL, signal.SIGHUP])
def test_a_lost_screen_ends_no_run_and_attach_shows_it_whole(lis: LisTui, loss: signal.Signals) -> None:
    model = lis.scenario("mkfifo -m 666 gate; echo wait''ing-here; cat gate; echo 42 > answer.txt")
    screen = pexpect.spawn(
        sys.executable,
        ["-m", "lis_tui", "run", "Wait.", "--model", model, "--name", "one"],
        env={**lis.environ, "TERM": "xterm-256color"},
        cwd=str(lis.home),
        dimensions=(40, 120),
        timeout=LONGEST_S,
    )
    screen.expect("waiting-here")
    screen.kill(loss)
    screen.close(force=True)
    watcher = lis.start("attach", "one", "--json")
    seen = watcher.until(OutputArrived)
    assert isinstance(seen[0].event, RunStarted)
    (lis.worktree("one") / "gate").write_text("go\n")
    rest = [record.event for record in watcher.rest()]
    step = next(event for event in rest if isinstance(event, StepFinished))
    assert "waiting-here" in step.observation.text
    assert [event.status for event in rest if isinstance(event, RunEnded)] == ["submitted"]
