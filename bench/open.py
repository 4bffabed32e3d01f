"""Opening a file of 100 MB: seconds and memory to its records, beside a plain reading of the same file.

Files are made in a temporary folder, or taken from the command line: `python -m bench.open FILE…`.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.timeline import recorded
from lis_tui.core.events import encode

MB = 1 << 20
SIZE = 100 * MB
Value = dict[str, object]
_CHANCE = random.Random(1)
_WORDS = [
    "".join(_CHANCE.choice("abcdefghijklmnop") for _ in range(_CHANCE.randrange(2, 10))) for _ in range(999)
]

PLAIN = """
import json, sys
try:
    held = json.load(open(sys.argv[1]))
except ValueError:
    held = [json.loads(line) for line in open(sys.argv[1])]
what = "plain reading"
"""
OPENED = """
import sys
from pathlib import Path
from lis_tui.trajectory.foreign.opening import open_path
found = open_path(Path(sys.argv[1]))
table = time.perf_counter() - began
held = found.read(0)
what = f"{found.rows[0].format}: {len(held.records):,} records"
what += f"; a table of {len(found.rows):,} after {table:.2f} s"
"""
_BEFORE = "import time\nbegan = time.perf_counter()\n"
_AFTER = """
took = time.perf_counter() - began
import resource
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
print(f"{took:6.2f} s ({time.process_time():.2f} s of work)  {most:5} MB at most  {what}")
"""


def main() -> None:
    given = [Path(name) for name in sys.argv[1:]]
    if given:
        for path in given:
            _measure(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, make in MAKERS.items():
            path = Path(folder) / name
            with path.open("w") as file:
                for piece in make():
                    file.write(piece)
            _measure(path)
            path.unlink()


def _measure(path: Path) -> None:
    print(f"{path.name}: {path.stat().st_size / MB:.0f} MB")
    for program in (PLAIN, OPENED):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _BEFORE + program + _AFTER, str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
        print(f"  {done.stdout.rstrip()}; process {time.perf_counter() - started:.2f} s")


def _text(words: int) -> str:
    return " ".join(_CHANCE.choices(_WORDS, k=words))


def _until_full(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        yield piece
        size += len(piece)
        if size > SIZE:
            return


def _line(value: Value) -> str:
    return json.dumps(value) + "\n"


def _chat() -> Iterator[str]:
    while True:
        messages: list[Value] = [
            {"role": "system", "content": _text(200)},
            {"role": "user", "content": _text(99)},
        ]
        for number in range(20):
            call = {"name": "bash", "arguments": json.dumps({"command": _text(20)})}
            calls = [{"id": f"c{number}", "type": "function", "function": call}]
            messages.append({"role": "assistant", "content": _text(60), "tool_calls": calls})
            messages.append({"role": "tool", "tool_call_id": f"c{number}", "content": _text(400)})
        yield _line({"messages": messages})


def _swe_agent() -> Iterator[str]:
    yield '{"environment": "e", "info": {"exit_status": "submitted"}, "history": [], "trajectory": [{}'
    pieces = _swe_steps()
    yield from _until_full(pieces)
    yield "]}"


def _swe_steps() -> Iterator[str]:
    while True:
        thought, action = _text(80), _text(20)
        step = {"action": action, "observation": _text(500), "thought": thought, "execution_time": 0.5}
        yield ", " + json.dumps(
            {**step, "response": f"{thought}\n```\n{action}\n```", "state": {"working_dir": "/w"}}
        )


def _claude() -> Iterator[str]:
    number = 0
    yield _line(_claude_line("user", "u0", None, "Task."))
    while True:
        number += 1
        call = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": _text(20)}}
        said = [{"type": "text", "text": _text(50)}, call]
        yield _line(_claude_line("assistant", f"a{number}", f"u{number - 1}", said, f"m{number}"))
        shown = _text(400)
        answer = [{"type": "tool_result", "tool_use_id": f"t{number}", "content": shown}]
        more = {"toolUseResult": {"stdout": shown, "stderr": "", "interrupted": False}}
        yield _line(_claude_line("user", f"u{number}", f"a{number}", answer) | more)


def _claude_line(kind: str, own: str, parent: str | None, content: object, reply: str = "") -> Value:
    message: Value = {"role": kind, "content": content} | ({"id": reply} if reply else {})
    return {
        "type": kind,
        "uuid": own,
        "parentUuid": parent,
        "sessionId": "s",
        "timestamp": "2026-03-01T10:00:00Z",
        "message": message,
    }


def _codex() -> Iterator[str]:
    yield _line({"type": "session_meta", "payload": {"id": "s", "cwd": "/w"}})
    number = 0
    while True:
        number += 1
        arguments = json.dumps({"command": ["bash", "-lc", _text(20)]})
        call = {"type": "function_call", "name": "shell", "arguments": arguments, "call_id": f"c{number}"}
        told = json.dumps({"output": _text(500), "metadata": {"exit_code": 0, "duration_seconds": 0.5}})
        answer = {"type": "function_call_output", "call_id": f"c{number}", "output": told}
        for payload in (call, answer):
            yield _line({"type": "response_item", "payload": payload})


def _ours() -> Iterator[str]:
    for record in recorded(17_000):
        yield encode(record).decode() + "\n"


MAKERS: dict[str, Callable[[], Iterator[str]]] = {
    "chat.jsonl": lambda: _until_full(_chat()),
    "swe-agent.traj": _swe_agent,
    "claude-code.jsonl": lambda: _until_full(_claude()),
    "codex.jsonl": lambda: _until_full(_codex()),
    "journal.jsonl": lambda: _until_full(_ours()),
}


if __name__ == "__main__":
    main()
