"""Small files of every format that is opened, and ways to spoil them."""

import copy
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lis_tui.trajectory.exporting.exporter import Exportable, exporter
from tests import changed, sessions, story

SAMPLE = Path(__file__).parent.parent / "lis_tui" / "recordings" / "sample" / "journal.jsonl"
_CALL = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
_USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}
_CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "List it."}]},
    {"role": "assistant", "content": "I look.", "reasoning_content": "Hm.", "tool_calls": [_CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "a.py"},
    {"role": "assistant", "content": "One file."},
]
_PEER_STEP = {
    "thought": "I look.",
    "reasoning_content": "Hm.",
    "action": {"function": "execute_bash", "parameters": {"command": "ls"}},
    "observation": "Exit code: 0\nExecution output of [ls]:\na.py",
    "metadata": {"step": 1, "exec_time": 0.5},
}
_PEER = {
    "problem_statement": "List it.",
    "steps": [
        _PEER_STEP,
        {**_PEER_STEP, "action": {"function": "submit", "parameters": {}}, "observation": "<<<Finished>>>"},
    ],
    "metadata": {"total_steps": 2},
}
_PROBLEM = {
    "problem_statement": "List it.",
    "trajectory": _PEER["steps"],
    "reward": 1.0,
    "agent_answer": "a.py",
    "ground_truth": "a.py",
}
_MINI = {
    "info": {
        "exit_status": "Submitted",
        "submission": "x",
        "model_stats": {"instance_cost": 0.1, "api_calls": 1},
        "mini_version": "1.9.0",
        "config": {"agent": {"step_limit": 0}, "model": {"model_name": "m"}},
    },
    "messages": [
        {"role": "system", "content": "You are."},
        {"role": "user", "content": "Task.", "timestamp": 1.7e9},
        {
            "role": "assistant",
            "content": "THOUGHT: x\n\n```bash\nls\n```",
            "extra": {"response": {"id": "r"}},
        },
        {"role": "user", "content": "<returncode>0</returncode>\n<output>\na.py\n</output>"},
    ],
    "trajectory_format": "mini-swe-agent-1.1",
    "instance_id": "i-1",
}
_SWE_STEP = {
    "action": "ls",
    "observation": "a.py",
    "response": "I look.\n```\nls\n```",
    "thought": "I look.",
    "execution_time": 0.2,
    "state": '{"open_file": "n/a", "working_dir": "/repo"}',
    "query": [{"role": "user", "content": "Task.", "agent": "main"}],
}
_SWE = {
    "environment": "swe_main",
    "trajectory": [_SWE_STEP, {**_SWE_STEP, "state": {"working_dir": "/repo"}, "action": "submit"}],
    "history": [
        {"role": "system", "content": "You are.", "agent": "main", "message_type": "system_prompt"},
        {"role": "user", "content": "Task.", "agent": "main", "message_type": "observation"},
        {"role": "assistant", "content": "x", "thought": "t", "action": "ls", "message_type": "action"},
    ],
    "info": {"exit_status": "submitted", "submission": "d", "model_stats": {"api_calls": 2}},
}
_INSPECT_SAMPLE = {
    "id": 1,
    "epoch": 1,
    "input": "List it.",
    "target": "a.py",
    "messages": [
        {"role": "user", "content": "List it.", "id": "m1"},
        {
            "role": "assistant",
            "id": "m2",
            "content": [{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": "I look."}],
            "tool_calls": [{"id": "c1", "function": "bash", "arguments": {"cmd": "ls"}, "type": "function"}],
        },
        {"role": "tool", "tool_call_id": "c1", "function": "bash", "content": "a.py", "id": "m3"},
    ],
    "output": {"model": "m", "choices": [], "usage": {"input_tokens": 5, "output_tokens": 2}},
    "scores": {"match": {"value": "C", "answer": "a.py"}},
    "model_usage": {"m": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}},
    "events": [
        {
            "event": "model",
            "timestamp": "2025-05-12T20:28:26-04:00",
            "model": "m",
            "input": [],
            "output": {
                "model": "m",
                "choices": [
                    {
                        "message": {
                            "role": "assistant",
                            "content": "I look.",
                            "tool_calls": [{"id": "c1", "function": "bash", "arguments": {"cmd": "ls"}}],
                        },
                        "stop_reason": "tool_calls",
                    }
                ],
            },
        },
        {
            "event": "tool",
            "id": "c1",
            "function": "bash",
            "arguments": {"cmd": "ls"},
            "result": "a.py",
            "timestamp": "2025-05-12T20:28:27-04:00",
            "completed": "2025-05-12T20:28:28-04:00",
        },
        {"event": "score", "score": {"value": "C"}},
    ],
}
_INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {
        "run_id": "r",
        "task_id": "t",
        "created": "2025-05-12T20:28:26-04:00",
        "task": "list",
        "dataset": {"samples": 1},
        "model": "m",
        "config": {},
    },
    "plan": {"steps": []},
    "results": {"total_samples": 1, "completed_samples": 1, "scores": []},
    "stats": {"started_at": "2025-05-12T20:28:26-04:00", "model_usage": {}},
    "samples": [_INSPECT_SAMPLE],
}
_ATIF = {
    "schema_version": "ATIF-v1.6",
    "session_id": "s",
    "agent": {"name": "a", "version": "1", "model_name": "m", "tool_definitions": []},
    "steps": [
        {"step_id": 1, "source": "user", "message": "List it.", "timestamp": "2025-10-16T14:30:00Z"},
        {
            "step_id": 2,
            "source": "agent",
            "message": "I look.",
            "reasoning_content": "Hm.",
            "tool_calls": [{"tool_call_id": "c", "function_name": "bash", "arguments": {"command": "ls"}}],
            "observation": {"results": [{"source_call_id": "c", "content": "a.py"}]},
            "metrics": {"prompt_tokens": 9, "completion_tokens": 2, "cost_usd": 0.1},
        },
    ],
    "final_metrics": {"total_cost_usd": 0.1, "total_steps": 2},
    "extra": {},
}
_OPENHANDS = [
    {
        "id": 0,
        "timestamp": "2025-01-27T22:44:56",
        "source": "user",
        "action": "message",
        "args": {"content": "Go."},
    },
    {
        "id": 1,
        "timestamp": "2025-01-27T22:45:13",
        "source": "agent",
        "action": "run",
        "args": {"command": "ls", "thought": "I look."},
        "tool_call_metadata": {"function_name": "execute_bash", "tool_call_id": "c1", "model_response": {}},
    },
    {
        "id": 2,
        "timestamp": "2025-01-27T22:45:14",
        "source": "agent",
        "observation": "run",
        "content": "a.py",
        "cause": 1,
        "extras": {"command": "ls", "metadata": {"exit_code": 0, "working_dir": "/w"}},
    },
    {"id": 3, "source": "agent", "action": "finish", "args": {"outputs": {}, "thought": "Done."}},
]
_RESPONSES = {
    "id": "resp_1",
    "object": "response",
    "model": "m",
    "input": [{"role": "user", "content": "List it."}],
    "output": [
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "function_call", "name": "bash", "arguments": '{"command":"ls"}', "call_id": "c1"},
        {"type": "function_call_output", "call_id": "c1", "output": "a.py"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One."}]},
    ],
    "usage": {"input_tokens": 3, "output_tokens": 2},
}


_DEEP = re.compile('"deep (\\d+)"')


def _one(value: object) -> bytes:
    return json.dumps(value).encode()


def _zip(members: dict[str, object]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            archive.writestr(name, value if isinstance(value, bytes) else _one(value))
    return made.getvalue()


def _journal() -> bytes:
    return b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:30])


SEEDS: dict[str, Callable[[], bytes]] = {
    "lis-tui": _journal,
    "chat": lambda: _one({"messages": _CHAT, "model": "m", "usage": _USAGE}),
    "chat list": lambda: _one(_CHAT),
    "chat lines": lambda: sessions.jsonl([{"messages": _CHAT}, {"messages": _CHAT[:2]}]),
    "responses": lambda: _one(_RESPONSES),
    "llm-in-sandbox": lambda: _one(_PEER),
    "llm-in-sandbox problems": lambda: _one({"p1": _PROBLEM, "p2": _PROBLEM}),
    "mini-swe-agent": lambda: _one(_MINI),
    "mini-swe-agent list": lambda: _one(_MINI["messages"]),
    "swe-agent": lambda: _one(_SWE),
    "inspect": lambda: _one(_INSPECT),
    "inspect archive": lambda: _zip(
        {
            "header.json": {key: value for key, value in _INSPECT.items() if key != "samples"},
            "samples/1_epoch_1.json": _INSPECT_SAMPLE,
            "summaries.json": [{"id": 1, "epoch": 1, "input": "List it."}],
        }
    ),
    "atif": lambda: _one(_ATIF),
    "atif of ours": lambda: exporter("atif")(Exportable(name="one", records=story.ended())).data,
    "llm-in-sandbox of ours": lambda: (
        exporter("llm-in-sandbox")(Exportable(name="one", records=changed.versions())).data
    ),
    "mini of ours": lambda: exporter("mini")(Exportable(name="one", records=story.ended())).data,
    "openhands": lambda: _one(_OPENHANDS),
    "claude": lambda: sessions.jsonl(sessions.claude_session()),
    "claude family": lambda: sessions.jsonl(sessions.claude_family()),
    "codex": lambda: sessions.jsonl(sessions.codex_session()),
    "codex bare": lambda: sessions.jsonl(sessions.codex_bare()),
    "codex printed": lambda: sessions.jsonl(sessions.codex_printed()),
    "zip": lambda: _zip({"a/chat.json": _CHAT, "b.jsonl": sessions.jsonl(sessions.codex_session())}),
}
_ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        "",
        "x",
        [],
        {},
        [[]],
        [None],
        {"a": 1},
        "\ud800",
        "\udc00x",
        "\x00\x1b[2J",
    ),
    *(10**30, -(10**400), 1e308, float("nan"), float("inf"), "9" * 5000, "a" * 20_000, ["x"] * 300),
    *({"type": "text"}, {"type": 3}, {"role": "assistant"}, {"content": None}, {"\ud800": "\udfff"}),
    *("2025-13-45T99:99:99Z", "0001-01-01T00:00:00Z", 253402300800, -1e18, "Exit code 99999999999999999999"),
)


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Spoil a file: its bytes, or the values in it, or both."""
    if seed.startswith(b"PK"):
        return _mutated_zip(seed, chance)
    data = _mutated_values(seed, chance) if chance.random() < 0.75 else seed
    return _mutated_bytes(data, chance) if data is seed or chance.random() < 0.15 else data


def _mutated_zip(seed: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return _mutated_bytes(seed, chance)
    with zipfile.ZipFile(io.BytesIO(seed)) as archive:
        members: dict[str, object] = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(members))
    was = members.pop(name)
    assert isinstance(was, bytes)
    if chance.random() < 0.9:
        members[name] = mutated(was, chance)
    return _zip(members)


def _mutated_bytes(data: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 30))):
        if not spoilt:
            break
        at = chance.randrange(len(spoilt))
        match chance.randrange(5):
            case 0:
                del spoilt[at:]
            case 1:
                spoilt[at] ^= 1 << chance.randrange(8)
            case 2:
                del spoilt[at : at + chance.randrange(50)]
            case 3:
                spoilt[at:at] = chance.choice(
                    (b"\xff\xfe", b"\n", b"[" * 3000, b'{"a":' * 500, b"\x00", b'"')
                )
            case _:
                spoilt[at:at] = spoilt[: chance.randrange(200)]
    return bytes(spoilt)


def _mutated_values(seed: bytes, chance: random.Random) -> bytes:
    try:
        lines = [json.loads(seed)]
    except ValueError:
        lines = [json.loads(line) for line in seed.splitlines()]
    for _ in range(chance.choice((1, 1, 2, 5))):
        _spoil(lines, chance)
    return b"\n".join(_dumped(line) for line in lines)


def _dumped(value: object) -> bytes:
    return _DEEP.sub(_nested, json.dumps(value)).encode()


def _nested(found: re.Match[str]) -> str:
    """Nest by text: what is nested so deeply cannot be handled as values."""
    depth = int(found[1])
    return "[" * depth + "1" + "]" * depth if depth % 2 else '{"a":' * depth + "1" + "}" * depth


def _spoil(root: list[Any], chance: random.Random) -> None:
    """Change one value somewhere in it."""
    places = _places(root)
    if not places:
        return
    holder, key = chance.choice(places)
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = f"deep {chance.choice((5, 90, 301, 900, 20_001))}"
        case 2:
            other, where = chance.choice(places)
            if where in other if isinstance(other, dict) else where < len(other):
                holder[key] = copy.deepcopy(other[where])
        case 3 if isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        case _:
            holder[key] = copy.deepcopy(chance.choice(_ODD))


def _places(root: list[Any]) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting:
        value = waiting.pop()
        for key in range(len(value)) if isinstance(value, list) else list(value):
            found.append((value, key))
            if isinstance(value[key], list | dict):
                waiting.append(value[key])
    return found
