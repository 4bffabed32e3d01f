import contextlib
from typing import cast

import docker
import pytest
import yaml

from lis_tui.client import Client
from lis_tui.config.load import load, run_spec
from lis_tui.config.places import find_places
from lis_tui.core.decisions import Resume
from lis_tui.core.events import (
    Event,
    GateOpened,
    MessageSent,
    OutputArrived,
    PauseAsked,
    Record,
    RunEnded,
    SandboxStarted,
    StepFinished,
)
from tests.command import LisTui

pytestmark = pytest.mark.docker


def bash(command: str) -> dict[str, object]:
    return {"calls": [{"tool": "execute_bash", "arguments": {"command": command}}]}


def remove(container: str) -> None:
    """What a person does elsewhere: `docker rm -f`."""
    with contextlib.closing(docker.from_env()) as engine:
        engine.containers.get(container).remove(force=True)


async def test_a_run_whose_container_was_removed_holds_and_is_brought_back(lis: LisTui) -> None:
    turns = [
        bash("word=kept; touch /outside; echo 42 > answer.txt"),
        bash("word=changed; echo 43 > answer.txt; echo ready; sleep 1000"),
        bash('echo "answer $(cat answer.txt) word <$word>"; ls /outside'),
        {"calls": [{"tool": "submit"}]},
    ]
    path = lis.home / "turns.yaml"
    path.write_text(yaml.safe_dump({"task": "t", "pace": 0, "turns": turns}))
    loaded = load({"model": f"script/{path}"}, lis.environ, lis.home / "config")
    client = await Client.connect(find_places(lis.environ))
    run = await client.start_run(run_spec(loaded, task="Go.", name="one"), {})
    stream = client.attach(run)
    seen: list[Event] = []

    async def until(kind: type[Event]) -> Event:
        async for item in stream:
            if isinstance(item, Record):
                seen.append(item.event)
                if isinstance(item.event, kind):
                    return item.event
        raise AssertionError(f"{kind.__name__} never came: {seen[-3:]}")

    first = cast("SandboxStarted", await until(SandboxStarted))
    await until(OutputArrived)
    remove(first.container)
    held = cast("PauseAsked", await until(PauseAsked))
    assert "as it was after 1.1; what 2.1 did in it and all that ran is gone" in held.reason
    await until(GateOpened)
    await client.decide(run, Resume())
    second = cast("SandboxStarted", await until(SandboxStarted))
    assert second.container != first.container
    told = cast("MessageSent", await until(MessageSent))
    assert "rebuilt, as it was after 1.1" in told.text
    step = cast("StepFinished", await until(StepFinished))
    assert step.observation.text.startswith("answer 42 word <kept>\n/outside")
    again = cast("RunEnded", await until(RunEnded))
    assert (again.status, again.answer) == ("submitted", "42")
    await client.close_run(run)
    await stream.aclose()
    await client.close()
