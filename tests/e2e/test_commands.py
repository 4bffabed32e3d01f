"""A run on a real sandbox whose person steers the command that runs, and works beside it."""

from pathlib import Path
from typing import cast

import pytest

from lis_tui.core.decisions import Interrupt, RunOwn, SetTimeout, ShareOwn, ToBackground
from lis_tui.core.events import (
    InterruptSent,
    JobEnded,
    OutputArrived,
    OwnCommandRan,
    StepFinished,
    StepStarted,
)
from lis_tui.core.messages import ReplyEnded
from lis_tui.core.spec import SandboxSpec
from lis_tui.core.text import Secrets
from lis_tui.host.discretion import Discreet
from lis_tui.sandbox.carry import Carried
from lis_tui.sandbox.docker_home import DockerHome
from tests import playing
from tests.docker_home import HOST_ID, docker_available, docker_image
from tests.fakes import Block, MemorySandbox, Turn, bash, calls, submit
from tests.playing import Game

pytestmark = pytest.mark.docker
SECRET = "tremendous-secret"


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Discreet:
    if reason := docker_available():
        pytest.skip(reason)
    monkeypatch.setattr(playing, "PATIENCE_S", 60.0)
    worktree, outputs = tmp_path / "worktree", tmp_path / "outputs"
    worktree.mkdir()
    outputs.mkdir()
    spec, env = SandboxSpec(image=docker_image()[0]), {"TOKEN": SECRET}
    home = DockerHome(spec, "test-commands", HOST_ID, worktree, outputs, env=env, carried=Carried())
    return Discreet(spec, home, env=env, hidden=(), secrets=Secrets([SECRET], has_shapes=False))


async def test_a_person_lets_a_command_go_works_beside_it_and_stops_the_next(
    tmp_path: Path, sandbox: Discreet
) -> None:
    block = Block()
    late: Turn = [block, ReplyEnded(calls(bash("cat $OUT; echo $V", "3")))]
    turns: list[Turn] = [
        calls(bash("V=kept; OUT=/run/lis/outputs/2.1.txt", "1")),
        calls(bash("V=lost; echo begun; until [[ -e /tmp/go ]]; do :; done; echo $TOKEN on", "2")),
        late,
        calls(bash("trap '' INT TERM; echo begun; while :; do :; done", "4")),
        calls(submit("x", "5")),
    ]
    game = Game(tmp_path / "outputs", *turns, sandbox=cast(MemorySandbox, sandbox))
    game.start()
    await game.next(OutputArrived, lambda event: b"begun" in event.data)
    game.decide(SetTimeout(50), (2, 1))
    game.decide(ToBackground(), (2, 1))
    seen = (await game.next(StepFinished)).observation
    assert (seen.status, seen.text.startswith("begun\n[after ")) == ("background", True)
    await block.reached.wait()
    game.decide(RunOwn("pwd; echo $V $TOKEN; touch /tmp/go"))
    ran = await game.next(OwnCommandRan)
    assert (ran.output, ran.exit_code, ran.cwd) == ("/testbed\n[hidden]\n", 0, "/testbed")
    ended = game.all(JobEnded) or [await game.next(JobEnded)]
    assert (ended[0].exit_code, ended[0].output_bytes) == (0, len("begun\n[hidden] on\n"))
    game.decide(ShareOwn(1))
    block.released.set()
    await game.next(OutputArrived, lambda event: event.address.turn == 4)
    assert game.observation(3, 1).text.startswith("begun\n[hidden] on\nkept\n")
    game.decide(Interrupt(), (4, 1))
    assert (await game.ended()).status == "submitted"
    assert [one.signal for one in game.all(InterruptSent)] == ["INT", "TERM", "KILL"]
    assert "[the user interrupted the command]" in game.observation(4, 1).text
    assert [one.address.turn for one in game.all(StepStarted)] == [1, 2, 3, 4, 5]
    asked = str(game.model.asked[-1].messages)
    assert "ended with exit code 0 after" in asked
    assert "$ pwd; echo $V $TOKEN; touch /tmp/go" in asked
    assert SECRET not in str(game.keeper.records)
    game.check_history()
    await game.run.close()
