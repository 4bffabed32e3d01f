from collections.abc import AsyncGenerator

import pytest
import yaml

from lis_tui.client import Client
from lis_tui.config.load import load, run_spec
from lis_tui.config.places import find_places
from lis_tui.core.decisions import Approve, Decision, Edit, FollowUp, Reject
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    Fact,
    GateOpened,
    Record,
    RunEnded,
    SandboxStarted,
    SandboxStopped,
    StepAddress,
    StepFinished,
)
from lis_tui.core.wire import CaughtUp
from tests.command import LisTui

pytestmark = pytest.mark.docker

Stream = AsyncGenerator[Record | CaughtUp, None]


def bash(command: str) -> dict[str, object]:
    return {"calls": [{"tool": "execute_bash", "arguments": {"command": command}}]}


SUBMIT: dict[str, object] = {"calls": [{"tool": "submit"}]}


async def start(lis: LisTui, client: Client, *turns: dict[str, object], mode: str = "auto") -> str:
    path = lis.home / "turns.yaml"
    path.write_text(yaml.safe_dump({"task": "t", "pace": 0, "turns": list(turns)}))
    loaded = load({"model": f"script/{path}", "mode": mode}, lis.environ, lis.home / "config")
    return await client.start_run(run_spec(loaded, task="Go.", name="one"), {})


async def until(stream: Stream, kind: type[Fact]) -> list[Fact]:
    found: list[Fact] = []
    async for item in stream:
        if isinstance(item, Record) and isinstance(item.event, Fact):
            found.append(item.event)
            if isinstance(item.event, kind):
                return found
    raise AssertionError(f"{kind.__name__} never came")


async def test_a_follow_up_goes_on_in_the_same_shell_until_the_run_is_closed(lis: LisTui) -> None:
    client = await Client.connect(find_places(lis.environ))
    await client.warm_up()
    run = await start(
        lis,
        client,
        bash("cd /tmp; word=kept; echo 1 > /testbed/answer.txt"),
        SUBMIT,
        bash('echo "$word $PWD" > /testbed/answer.txt'),
        SUBMIT,
    )
    stream = client.attach(run)
    assert (await until(stream, RunEnded))[-1].answer == "1"  # type: ignore[attr-defined]  # a RunEnded
    assert lis.containers() == [run]
    await client.decide(run, FollowUp("And now?"))
    more = await until(stream, RunEnded)
    assert more[-1].answer == "kept /tmp"  # type: ignore[attr-defined]  # a RunEnded
    assert not any(isinstance(event, SandboxStarted) for event in more)
    await client.close_run(run)
    assert isinstance((await until(stream, SandboxStopped))[-1], SandboxStopped)
    assert [item async for item in stream] == []
    assert lis.containers() == []
    with pytest.raises(DecisionRefused):
        await client.decide(run, FollowUp("Too late."))
    await client.close()


async def test_decisions_reach_the_gates_they_are_meant_for(lis: LisTui) -> None:
    client = await Client.connect(find_places(lis.environ))
    run = await start(
        lis, client, bash("echo wrong"), bash("echo no"), bash("echo 42 > answer.txt"), SUBMIT, mode="confirm"
    )
    stream = client.attach(run)
    seen: list[StepFinished] = []
    answers: list[Decision] = [
        Edit('{"command": "echo right"}'),
        Reject("Not that."),
        Approve(),
        Approve(),
    ]
    for number, decision in enumerate(answers, start=1):
        await until(stream, GateOpened)
        with pytest.raises(DecisionRefused):
            await client.decide(run, decision, StepAddress(77, 1))
        await client.decide(run, decision, StepAddress(number, 1))
        seen += [event for event in await until(stream, StepFinished) if isinstance(event, StepFinished)]
    assert "right" in seen[0].observation.text
    assert [step.status for step in seen] == ["done", "rejected", "done", "done"]
    assert (await until(stream, RunEnded))[-1].status == "submitted"  # type: ignore[attr-defined]  # a RunEnded
    await stream.aclose()
    await client.close()
