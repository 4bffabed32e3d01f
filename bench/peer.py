"""lis-tui beside `llm-in-sandbox` 0.2.0: the same written task, the same zero-latency server.

    .venv/bin/python -m bench.peer [--rounds 7] [--peer .venv-peer]

The peer is installed into an environment of its own the first time. Runs are paired, one of each in turn:
a noisy machine hits both. Needs a container engine and the sandbox image.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.server import SUBMIT, Answer, Call, FakeServer

TURNS = 20
IMAGE = "lis-tui-sandbox:latest"
PEER = "llm-in-sandbox==0.2.0"


@dataclass(frozen=True)
class Timing:
    """One whole run: seconds, and MB of the largest process."""

    to_first_request: float
    turn: float
    to_exit: float
    peak_mb: float
    exit_code: int


def answers(is_plain: bool) -> list[Answer]:
    """Give the script: `true` twenty times, then submit."""
    fault = "plain_json" if is_plain else ""
    submit = Answer(calls=SUBMIT.calls, fault=fault)  # type: ignore[arg-type]  # one of two literals
    call = Call(name="execute_bash", arguments={"command": "true"})
    return [Answer(calls=(call,), fault=fault)] * TURNS + [submit] * 3  # type: ignore[arg-type]  # as above


def measure(command: list[str], server: FakeServer, folder: Path, environ: dict[str, str]) -> Timing:
    """Run the command to its end and read the server's clock."""
    begun = time.monotonic()
    with (folder / "out.txt").open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
    over = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    asked = [seen.at for seen in server.requests]
    if len(asked) < TURNS + 1:
        print((folder / "out.txt").read_text(errors="replace")[-2000:], file=sys.stderr)
        raise SystemExit(f"only {len(asked)} requests came from: {' '.join(command)}")
    return Timing(
        asked[0] - begun,
        (asked[TURNS] - asked[0]) / TURNS,
        over - asked[-1],
        used.ru_maxrss / 1024,
        process.returncode,
    )


def ours(folder: Path, *, is_kept: bool) -> Timing:
    """One headless run of lis-tui; `is_kept`: with a checkpoint after each step, which the peer has not."""
    with FakeServer(answers(is_plain=False)) as server:
        command = [sys.executable, "-m", "lis_tui", "run", "run true", "--headless", "--json"]
        command += ["--model", "openai/fake-model", "--api-base", server.url, "--image", IMAGE]
        command += ["--set", f"sandbox.checkpoints={str(is_kept).lower()}"]
        return measure(command, server, folder, {**os.environ, "LIS_TUI_HOME": str(folder / "home")})


def theirs(folder: Path, peer: Path) -> Timing:
    """One run of the peer."""
    with FakeServer(answers(is_plain=True)) as server:
        command = [str(peer / "bin" / "llm-in-sandbox"), "run", "run true", "--llm_name", "openai/fake-model"]
        command += ["--llm_base_url", server.url, "--api_key", "none", "--docker_image", IMAGE]
        command += ["--output_dir", str(folder / "output")]
        environ = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        return measure(command, server, folder, environ)


def floor() -> float:
    """Seconds of `import litellm` alone, which both pay before their first request."""
    begun = time.monotonic()
    environ = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    subprocess.run([sys.executable, "-c", "import litellm"], env=environ, check=True, capture_output=True)
    return time.monotonic() - begun


def install_peer(peer: Path) -> None:
    """Make the peer's environment where there is none."""
    if not (peer / "bin" / "llm-in-sandbox").exists():
        print(f"installing {PEER} into {peer} …", flush=True)
        venv.create(peer, with_pip=True)
        # A fresh install of the peer cannot call a model: litellm wants `mcp` as soon as there are tools.
        subprocess.run([str(peer / "bin" / "pip"), "install", "-q", PEER, "mcp"], check=True)


def table(mine: list[Timing], other: list[Timing]) -> None:
    """Print medians and ratios."""
    print(f"\n{'median of ' + str(len(mine)):<28}{'lis-tui':>12}{'peer':>12}{'ratio':>8}")
    rows = [
        ("start to first request, s", "to_first_request", 1.0),
        ("a turn of `true`, ms", "turn", 1000.0),
        ("last reply to exit, s", "to_exit", 1.0),
        ("largest process, MB", "peak_mb", 1.0),
    ]
    for label, name, scale in rows:
        a = statistics.median(getattr(timing, name) for timing in mine) * scale
        b = statistics.median(getattr(timing, name) for timing in other) * scale
        print(f"{label:<28}{a:>12.2f}{b:>12.2f}{a / b:>8.2f}")


def main() -> None:
    """Measure pairs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peer", type=Path, default=Path(".venv-peer"))
    parser.add_argument("--no-checkpoints", action="store_true", help="do only what the peer does")
    given = parser.parse_args()
    peer = given.peer.resolve()
    install_peer(peer)
    mine: list[Timing] = []
    other: list[Timing] = []
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            mine.append(ours(Path(first), is_kept=not given.no_checkpoints))
            other.append(theirs(Path(second), peer))
        print(f"round {number + 1}: {mine[-1]}\n         {other[-1]}", flush=True)
    table(mine, other)
    print(f"{'`import litellm` alone, s':<28}{floor():>12.2f}   (in both, before the first request)")


if __name__ == "__main__":
    main()
