"""A small real model at work in a real sandbox: real tokens, real commands, an honest end at the turn limit.

Run with `make test-model`. It is a base model without any skill: the grammar that the server derives from
the forced tool makes its calls valid, and what stands in them is nonsense, which is what is wanted here.
"""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lis_tui.core.events import Event, ReplyFinished, RunEnded, SandboxStopped, StepFinished, StepProposed
from lis_tui.trajectory.reading import read

ROOT = Path(__file__).resolve().parent.parent
TURNS = 5
SERVER = (
    str(ROOT / ".venv-model/bin/python"),
    *("-m", "llama_cpp.server", "--model", str(ROOT / ".venv-model/model.gguf")),
    *("--host", "127.0.0.1", "--n_ctx", "16384", "--seed", "7", "--verbose", "false"),
    *("--chat_format", "chatml-function-calling"),
)


@contextlib.contextmanager
def model_server(log: Path) -> Iterator[str]:
    """Serve the model on loopback and give its address."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    with log.open("wb") as file:
        server = subprocess.Popen([*SERVER, "--port", str(port)], stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_for(port, server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path, limit_s: float = 120) -> None:
    """Return as soon as the server names its model."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v1/models")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise SystemExit(f"The model server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def play(address: str, home: Path) -> tuple[int, list[Event]]:
    """Let the model work for a few turns; gives the exit code and what was written down."""
    command = (
        *(str(Path(sys.executable).parent / "lis-tui"), "run", "Explore the folder and say what is there."),
        *("--headless", "--model", "openai/gemma-3-270m", "--api-base", address),
        *("--set", "tool_choice=execute_bash", "--set", "model.max_tokens=200", "--set", "temperature=0.8"),
        *("--max-turns", str(TURNS), "--timeout", "900"),
    )
    environ = os.environ | {"LIS_TUI_HOME": str(home), "OPENAI_API_KEY": "not-needed"}
    exit_code = subprocess.run(
        command, env=environ, cwd=home, stdin=subprocess.DEVNULL, timeout=1200
    ).returncode
    facts = [record.event for folder in home.glob("data/runs/*") for record in read(folder)]
    return exit_code, facts


def problems(exit_code: int, facts: list[Event]) -> Iterator[str]:
    """Say what is not as it should be."""
    replies = [fact.reply for fact in facts if isinstance(fact, ReplyFinished)]
    proposed = [fact.call.id for fact in facts if isinstance(fact, StepProposed)]
    done = [fact for fact in facts if isinstance(fact, StepFinished)]
    ends = [fact.status for fact in facts if isinstance(fact, RunEnded)]
    if exit_code != 3 or ends != ["turn_limit"]:
        yield f"the run ended as {ends} with exit code {exit_code}, not at the turn limit with 3"
    if len(replies) != TURNS:
        yield f"{len(replies)} replies in {TURNS} turns"
    if not any(call.name == "execute_bash" for reply in replies for call in reply.calls):
        yield "no reply called execute_bash"
    if sorted(proposed) != sorted(fact.call_id for fact in done):
        yield "a call has no answer"
    if not any(fact.observation.exit_code is not None for fact in done):
        yield "no command ran"
    if not any(isinstance(fact, SandboxStopped) for fact in facts):
        yield "the sandbox was not stopped"


def main() -> int:
    """Serve, play, judge."""
    with tempfile.TemporaryDirectory(prefix="lis-tui-model-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        with model_server(home / "server.log") as address:
            exit_code, facts = play(address, home)
        found = list(problems(exit_code, facts))
        if found:
            sys.stdout.write((home / "server.log").read_text(errors="replace")[-4000:])
    ran = sum(isinstance(f, StepFinished) and f.observation.exit_code is not None for f in facts)
    sys.stdout.write("".join(f"wrong: {problem}\n" for problem in found))
    sys.stdout.write(f"real model: {TURNS} turns, {ran} commands run, {len(found)} problems\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
