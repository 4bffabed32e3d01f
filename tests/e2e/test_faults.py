"""What model servers do wrong, over real HTTP: an honest end, the right exit code, a complete journal."""

from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from lis_tui.core.conversation import Conversation
from lis_tui.core.events import (
    ModelRetried,
    Record,
    ReplyFinished,
    RunEnded,
    RunStarted,
    SandboxStarted,
    SandboxStopped,
    StepFinished,
)
from lis_tui.model import retry
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.store import Store
from tests.command import LisTui
from tests.e2e.conftest import Play
from tests.playing import check_calls
from tests.server import SUBMIT, Answer, Call, FakeServer

pytestmark = pytest.mark.docker
ATTEMPTS = 3
ONCE = 1
GOOD = Answer(calls=(Call(name="execute_bash", arguments={"command": "echo 42 > answer.txt"}),))

REFUSED = {
    "400": (Answer(status=400, message="bad field"), "answered 400: bad field"),
    "401": (Answer(status=401, message="no such key"), "wants an API key"),
    "403": (Answer(status=403, message="not for you"), "answered 403: not for you"),
    "404": (Answer(status=404, message="no such model"), "answered 404: no such model"),
}
PASSING = {
    "429": (Answer(status=429, retry_after="0"), ATTEMPTS, "answered 429"),
    "500": (Answer(status=500, message="oh no"), ATTEMPTS, "answered 500: oh no"),
    "disconnect": (Answer(text="begun " * 9, fault="disconnect", fault_after=4), ATTEMPTS, "broke"),
    "stall": (Answer(text="begun " * 9, fault="stall", fault_after=4), ATTEMPTS, "silent"),
    "HTML": (Answer(fault="html"), 2, "web page"),
    "empty choices": (Answer(fault="empty_choices", usage=None), 2, "possibly cut off"),
    "early end": (Answer(text="begun " * 9, fault="early_end"), 2, "possibly cut off"),
}
MALFORMED = {
    "cut off": Call(name="execute_bash", arguments='{"command": "touch never'),
    "a list": Call(name="execute_bash", arguments="[1]"),
    "a number": Call(name="execute_bash", arguments={"command": 5}),
    "nothing": Call(name="execute_bash", arguments=""),
    "another tool": Call(name="run_anything", arguments={"command": "touch never"}),
    "not a path": Call(name="str_replace_editor", arguments={"command": "view", "path": 7}),
}

Ended = Callable[[FakeServer], Coroutine[None, None, RunEnded]]


@pytest.fixture
def end(lis: LisTui, play: Play, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """Plays a run to its end and looks whether its journal is complete."""
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.0)

    async def played(server: FakeServer) -> RunEnded:
        ended = [event for event in await play(server) if isinstance(event, RunEnded)]
        check_journal(lis, ended)
        return ended[0]

    return played


def check_journal(lis: LisTui, ended: list[RunEnded]) -> None:
    """It opens, begins and ends as it should, and every call in it is answered."""
    events = [record.event for record in lis.journal("one")]
    assert isinstance(events[0], RunStarted)
    assert [event for event in events if isinstance(event, RunEnded)] == ended
    had_sandbox = any(isinstance(event, SandboxStarted) for event in events)
    assert isinstance(events.pop() if had_sandbox else SandboxStopped(), SandboxStopped)
    assert isinstance(events[-1], RunEnded)
    conversation = Conversation()
    for event in events:
        conversation.apply(event)
    check_calls(conversation)
    folder = Store(lis.home / "data").find("one")
    assert not folder.is_live()
    assert list(read(folder)) == lis.journal("one")
    assert lis.containers() == []


def retries(records: list[Record]) -> list[ModelRetried]:
    return [record.event for record in records if isinstance(record.event, ModelRetried)]


@pytest.mark.parametrize("kind", REFUSED)
async def test_what_the_server_refuses_is_asked_once_and_ends_the_run(
    lis: LisTui, end: Ended, kind: str
) -> None:
    answer, said = REFUSED[kind]
    with FakeServer([answer], then="repeat") as server:
        ended = await end(server)
    assert (ended.status, ended.exit_code, ended.answer) == ("model_failed", 5, None)
    assert said in ended.reason
    assert len(server.requests) == ONCE
    assert retries(lis.journal("one")) == []


@pytest.mark.parametrize("kind", PASSING)
async def test_what_never_passes_is_asked_again_visibly_and_ends_the_run(
    lis: LisTui, end: Ended, kind: str
) -> None:
    answer, attempts, said = PASSING[kind]
    with FakeServer([answer], then="repeat") as server:
        ended = await end(server)
    assert (ended.status, ended.exit_code, ended.answer) == ("model_failed", 5, None)
    assert said in ended.reason
    assert len(server.requests) == attempts
    told = retries(lis.journal("one"))
    assert [one.attempt for one in told] == list(range(2, attempts + 1))
    assert all(said in one.reason for one in told)


@pytest.mark.parametrize("kind", PASSING)
async def test_what_passes_leaves_a_whole_run_and_nothing_of_the_broken_reply(
    lis: LisTui, end: Ended, kind: str
) -> None:
    answer, _, _ = PASSING[kind]
    with FakeServer([answer, GOOD]) as server:
        ended = await end(server)
    assert (ended.status, ended.exit_code, ended.answer) == ("submitted", 0, "42")
    replies = [record.event for record in lis.journal("one") if isinstance(record.event, ReplyFinished)]
    assert [len(one.reply.calls) for one in replies] == [1, 1]
    assert "begun" not in "".join(one.reply.text for one in replies)
    assert len(retries(lis.journal("one"))) == ONCE


@pytest.mark.parametrize("kind", MALFORMED)
async def test_a_malformed_call_is_told_to_the_model_and_the_run_goes_on(
    lis: LisTui, end: Ended, kind: str
) -> None:
    with FakeServer([Answer(calls=(MALFORMED[kind], *GOOD.calls)), SUBMIT]) as server:
        ended = await end(server)
    assert (ended.status, ended.exit_code, ended.answer) == ("submitted", 0, "42")
    steps = [record.event for record in lis.journal("one") if isinstance(record.event, StepFinished)]
    assert [one.status for one in steps] == ["malformed", "done", "done"]
    assert not Path(lis.worktree("one"), "never").exists()
    told = [one for one in server.requests[1].messages if one["role"] == "tool"]
    assert [one["tool_call_id"] for one in told] == ["call_0", "call_1"]
    assert steps[0].observation.text == told[0]["content"]


def test_a_server_that_is_always_busy_is_told_on_the_command_line_with_exit_code_5(lis: LisTui) -> None:
    with FakeServer([Answer(status=429, retry_after="0", message="slow down")], then="repeat") as server:
        done = lis.run(
            *("run", "Go.", "--model", "openai/m", "--api-base", server.url, "--headless", "--name", "one"),
            *("--set", "model.key=none", "--set", f"model.max_attempts={ATTEMPTS}"),
        )
    assert done.returncode == 5
    assert len(server.requests) == ATTEMPTS
    assert "slow down" in done.stdout
    assert "completed" not in done.stdout
    check_journal(lis, [one.event for one in lis.journal("one") if isinstance(one.event, RunEnded)])
