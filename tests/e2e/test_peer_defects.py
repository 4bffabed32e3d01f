"""What was reproduced as a defect elsewhere (docs/peer-defects.md), done right end to end."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core.events import (
    Event,
    ModelAsked,
    ReplyFinished,
    RunEnded,
    RunStarted,
    SandboxStarted,
    StepFinished,
    TextArrived,
)
from tests.command import LisTui
from tests.e2e.conftest import Play
from tests.server import SUBMIT, Answer, Call, FakeServer

pytestmark = pytest.mark.docker
ANSWER = Call(name="execute_bash", arguments={"command": "echo 42 > answer.txt"})


def bash(command: str, **more: object) -> Call:
    return Call(name="execute_bash", arguments={"command": command, **more})


def edit(command: str, path: str, **more: object) -> Call:
    return Call(name="str_replace_editor", arguments={"command": command, "path": path, **more})


def answered(server: FakeServer, request: int) -> list[tuple[str, str]]:
    """The answers to calls that this request ends with, without the count of the turns left."""
    told: list[tuple[str, str]] = []
    for message in reversed(server.requests[request].messages):
        if message["role"] != "tool":
            break
        told.insert(0, (str(message["tool_call_id"]), str(message["content"])))
    return [(name, text.split("[turn ")[0]) for name, text in told]


def steps(events: list[Event]) -> list[StepFinished]:
    return [event for event in events if isinstance(event, StepFinished)]


def end(events: list[Event]) -> RunEnded:
    (found,) = [event for event in events if isinstance(event, RunEnded)]
    return found


async def test_folder_and_variables_last_from_call_to_call(play: Play) -> None:
    first = "mkdir -p 'a b'; cd 'a b'; export X=1; y=(2 3); f() { echo \"f $1\"; }"
    second = "pwd; echo $X ${y[1]}; f z; bash -c 'echo \"$X\"'"
    with FakeServer([Answer(calls=(bash(first),)), Answer(calls=(bash(second),))]) as server:
        await play(server)
    assert [text for _, text in answered(server, 2)] == ["/testbed/a b\n1 3\nf z\n1\n"]


async def test_every_call_of_a_reply_runs_and_is_answered(play: Play) -> None:
    calls = (bash("echo one"), bash("echo two; false"), edit("create", "/testbed/three", file_text="3\n"))
    with FakeServer([Answer(calls=calls)]) as server:
        ended = end(await play(server))
    assert ended.status == "submitted"
    (one, two, three) = answered(server, 1)
    assert one == ("call_0", "one\n")
    assert two == ("call_1", "two\n[exit code 1]")
    assert three[0] == "call_2"


async def test_an_edit_changes_no_byte_but_those_it_names(lis: LisTui, play: Play) -> None:
    text = b"\tone\r\ntwo \xe9\xff\r\n\tthree"
    written = "printf '\\tone\\r\\ntwo \\xe9\\xff\\r\\n\\tthree' > f"
    replaced = edit("str_replace", "/testbed/f", old_str="\tthree", new_str="\tfour")
    with FakeServer([Answer(calls=(bash(written), replaced))]) as server:
        found = steps(await play(server))
    assert [one.status for one in found[:2]] == ["done", "done"]
    assert (lis.worktree("one") / "f").read_bytes() == text.replace(b"three", b"four")


async def test_the_editor_takes_a_large_file_and_any_path(lis: LisTui, play: Play) -> None:
    large = "a line of text\n" * 40_000
    odd = "/testbed/a b/$(touch pwned) `touch pwned`; touch pwned/-x 'é\".txt"
    made = edit("create", odd, file_text=large)
    changed = edit("insert", odd, insert_line=40_000, new_str="the last\n")
    with FakeServer([Answer(calls=(made, changed))]) as server:
        found = steps(await play(server))
    assert [one.status for one in found[:2]] == ["done", "done"]
    worktree = lis.worktree("one")
    assert (worktree / odd.removeprefix("/testbed/")).read_text() == large + "the last\n"
    assert not list(worktree.rglob("pwned"))


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "execute_bash", "arguments": {"command": "echo 42 > answer.txt"}}</tool_call>',
        "<function=execute_bash>\n<parameter=command>\necho 42 > answer.txt\n</parameter>\n</function>",
        "Let me write it down.\n\n```bash\necho 42 > answer.txt\n```",
    ],
)
async def test_calls_written_as_text_are_understood(play: Play, text: str) -> None:
    submit = Answer(text='<tool_call>{"name": "submit", "arguments": {}}</tool_call>')
    with FakeServer([Answer(text=text), submit]) as server:
        ended = end(await play(server))
    assert (ended.status, ended.answer, len(server.requests)) == ("submitted", "42", 2)


async def test_a_hundred_megabytes_in_one_line_are_cut_for_the_model_and_kept_whole(
    lis: LisTui, play: Play
) -> None:
    size = 100_000_000
    with FakeServer([Answer(calls=(bash(f"head -c {size} /dev/zero | tr '\\0' x"), ANSWER))]) as server:
        events = await play(server)
    assert end(events).answer == "42"
    seen = steps(events)[0].observation
    assert (seen.status, seen.output_bytes, seen.is_cut) == ("done", size, True)
    assert len(answered(server, 1)[0][1]) < 35_000
    kept = lis.home / "data" / "runs" / "one" / "outputs" / seen.output_name
    assert kept.stat().st_size == size


async def test_a_time_limit_keeps_the_output_and_an_exit_code_of_124_is_none(play: Play) -> None:
    calls = (bash("echo so far; sleep 1000", timeout=0.5), bash("echo mine; (exit 124)"))
    with FakeServer([Answer(calls=calls)]) as server:
        slow, own = steps(await play(server))[:2]
    assert (slow.observation.ended_by, own.observation.ended_by) == ("time limit", "itself")
    (_, first), (_, second) = answered(server, 1)
    assert first.startswith("so far\n[stopped: the command was still running at its limit of 0.5 seconds]")
    assert second == "mine\n[exit code 124]\n"


async def test_links_in_the_outputs_lead_nowhere_and_hard_links_are_copied(lis: LisTui, play: Play) -> None:
    secret = lis.home / "secret"
    secret.write_text("of the host")
    made = f"mkdir output; echo drawn > output/a; ln output/a output/b; ln -s {secret} output/c"
    linked = f"ln -s {secret} answer.txt"
    with FakeServer([Answer(calls=(bash(f"{made}; {linked}"),)), SUBMIT]) as server:
        ended = end(await play(server))
    results = lis.home / "data" / "runs" / "one" / "results"
    assert sorted(path.name for path in results.rglob("*")) == ["a", "b", "output"]
    assert (results / "output" / "b").read_text() == "drawn\n"
    assert "of the host" not in (ended.answer or "")


async def test_reasoning_of_every_kind_is_kept(play: Play) -> None:
    answers = [
        Answer(reasoning="first", calls=(ANSWER,)),
        Answer(reasoning="second", reasoning_field="reasoning", calls=(ANSWER,)),
        Answer(text="<think>third</think>Then.", calls=(ANSWER,)),
    ]
    with FakeServer(answers) as server:
        events = await play(server)
    replies = [event.reply for event in events if isinstance(event, ReplyFinished)]
    assert [reply.reasoning for reply in replies[:3]] == ["first", "second", "third"]
    assert replies[2].text == "Then."


async def test_a_journal_has_times_tokens_exit_codes_prompts_and_the_image(lis: LisTui, play: Play) -> None:
    with FakeServer([Answer(calls=(bash("exit 3"), ANSWER))]) as server:
        await play(server)
    records = lis.journal("one")
    times = [record.at for record in records]
    assert times == sorted(times)
    assert times[0] > 1_700_000_000
    events = [record.event for record in records]
    started = next(event for event in events if isinstance(event, RunStarted))
    first = server.requests[0].messages
    assert [started.system_prompt, started.task_prompt] == [message["content"] for message in first]
    sandbox = next(event for event in events if isinstance(event, SandboxStarted))
    assert (sandbox.image, sandbox.image_id[:7]) == (lis.environ["LIS_TUI_IMAGE"], "sha256:")
    reply = next(event for event in events if isinstance(event, ReplyFinished))
    usage = reply.reply.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (100, 10)
    assert [step.observation.exit_code for step in steps(events)[:2]] == [3, 0]


def test_a_journal_has_one_layout_however_the_run_was_started(lis: LisTui) -> None:
    model = lis.scenario("echo 42 > answer.txt")
    assert lis.run("run", "Go.", "--model", model, "--headless", "--name", "alone").returncode == 0
    assert lis.run("run", "Go.", "--model", model, "--detach", "--name", "host").returncode == 0
    lis.start("attach", "host", "--json").end()
    assert layout(lis, "alone") == layout(lis, "host")


def layout(lis: LisTui, run: str) -> dict[str, list[str]]:
    """The fields of each kind of event."""
    path = lis.home / "data" / "runs" / run / "journal.jsonl"
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    found = {str(event["type"]): sorted(event) for event in events}
    # The run in the host may be let go of a moment after its watcher has left.
    found.pop("SandboxStopped", None)
    return found


def test_the_key_is_in_no_process_list_journal_or_container(lis: LisTui) -> None:
    key = "sk-proof-0123456789abcdef"
    lis.environ["PROOF_API_KEY"] = key
    with FakeServer([Answer(text="begun ", fault="stall"), SUBMIT]) as server:
        process = lis.start(
            *("run", "Go.", "--model", "openai/m", "--api-base", server.url, "--json", "--name", "one"),
            *("--set", "model.key=PROOF_API_KEY", "--set", "model.gap_s=60"),
        )
        process.until(TextArrived)
        assert server.requests[0].headers["authorization"] == f"Bearer {key}"
        assert [line for line in command_lines() if key.encode() in line] == []
        process.process.terminate()
        assert process.end() == 143
    folder = lis.home / "data"
    assert [path for path in folder.rglob("*") if path.is_file() and key.encode() in path.read_bytes()] == []
    assert any(isinstance(record.event, ModelAsked) for record in lis.journal("one"))


def command_lines() -> Iterator[bytes]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield (entry / "cmdline").read_bytes()
            except OSError:
                assert not os.path.exists(entry / "cwd"), "a living process hides its command line"
