import json
import signal

import pytest

from lis_tui.core.events import OutputArrived, RunEnded, RunStarted, SandboxStopped, StepFinished, StepStarted
from tests.command import LisTui
from tests.server import Answer, Call, FakeServer

pytestmark = pytest.mark.docker
ANSWER = "mkdir -p output; echo drawn > output/plot.txt; echo 42 > answer.txt"


def bash(command: str) -> Answer:
    return Answer(
        reasoning="Let me compute.", calls=(Call(name="execute_bash", arguments={"command": command}),)
    )


def test_a_scripted_run_is_played_saved_and_leaves_no_container(lis: LisTui) -> None:
    done = lis.run("run", "Answer.", "--model", lis.scenario(ANSWER), "--headless", "--name", "first")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"1.1 $ {ANSWER}" in done.stdout
    assert "Answer:\n42" in done.stdout
    results = lis.home / "data" / "runs" / "first" / "results"
    assert f"Saved in {results}: 2 files" in done.stdout
    assert (results / "answer.txt").read_text() == "42\n"
    assert (results / "output" / "plot.txt").read_text() == "drawn\n"
    assert isinstance(lis.journal("first")[-1].event, SandboxStopped)
    assert lis.containers() == []


def test_a_run_asks_an_openai_compatible_server_over_http(lis: LisTui) -> None:
    with FakeServer([bash(ANSWER), Answer(calls=(Call(name="submit"),))]) as server:
        done = lis.run(
            *("run", "-", "--model", "openai/m", "--api-base", server.url, "--set", "model.key=none"),
            *("--headless", "--json", "--output", str(lis.home / "out")),
            stdin="What is six times seven?",
        )
        assert done.returncode == 0, done.stderr
        assert "What is six times seven?" in json.dumps(server.requests[0].messages)
    kinds = [json.loads(line)["event"]["type"] for line in done.stdout.splitlines()]
    assert kinds[0] == "RunStarted"
    assert {"ReasoningArrived", "StepFinished", "RunEnded"} <= set(kinds)
    assert (lis.home / "out" / "answer.txt").read_text() == "42\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_cleanly_in_the_middle_of_a_command(
    lis: LisTui, number: signal.Signals, code: int
) -> None:
    model = lis.scenario("echo begun; sleep 1000")
    process = lis.start("run", "Wait.", "--model", model, "--json", "--name", "one")
    process.until(OutputArrived)
    process.send(number)
    assert process.end() == code
    events = [record.event for record in lis.journal("one")]
    finished = next(event for event in events if isinstance(event, StepFinished))
    assert "begun" in finished.observation.text
    ended = next(event for event in events if isinstance(event, RunEnded))
    assert ended.status == "terminated"
    assert isinstance(events[-1], SandboxStopped)
    assert lis.containers() == []


def test_a_limit_a_refusal_and_a_missing_image_have_exit_codes_of_their_own(lis: LisTui) -> None:
    limited = lis.run(
        "run", "Go.", "--model", lis.scenario("true", "true"), "--headless", "--max-turns", "1", "--name", "a"
    )
    assert limited.returncode == 3
    with FakeServer([Answer(status=401, message="no such key")]) as server:
        refused = lis.run(
            *("run", "Go.", "--model", "openai/m", "--api-base", server.url, "--headless"),
            *("--set", "model.key=none"),
        )
    assert refused.returncode == 5
    missing = lis.run("run", "Go.", "--model", lis.scenario("true"), "--headless", "--image", "no/such:image")
    assert missing.returncode == 6
    assert isinstance(lis.journal("a")[0].event, RunStarted)


def test_a_variable_is_passed_in_on_purpose_and_its_value_is_written_nowhere(lis: LisTui) -> None:
    lis.environ["MY_TOKEN"] = "tremendously-secret"
    model = lis.scenario('test "${#MY_TOKEN}" = 19 && echo "it is $MY_TOKEN"; echo "$MY_TOKEN" > answer.txt')
    done = lis.run("run", "Go.", "--model", model, "--env", "MY_TOKEN", "--headless", "--name", "one")
    assert done.returncode == 0
    assert "it is [hidden]" in done.stdout
    assert "tremendously" not in done.stdout
    folder = lis.home / "data" / "runs" / "one"
    kept = b"".join(
        path.read_bytes() for path in folder.rglob("*") if path.is_file() and "results" not in path.parts
    )
    assert b"tremendously" not in kept


def test_a_run_from_python_yields_typed_events(
    lis: LisTui, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    import lis_tui

    monkeypatch.setenv("LIS_TUI_HOME", str(lis.home))

    async def play() -> list[object]:
        model = lis.scenario("echo 42 > answer.txt")
        return [event async for event in lis_tui.run("Answer.", model=model, image=image, max_turns=5)]

    events = asyncio.run(play())
    assert [event.answer for event in events if isinstance(event, RunEnded)] == ["42"]
    assert any(isinstance(event, StepStarted) for event in events)
    assert lis.containers() == []
