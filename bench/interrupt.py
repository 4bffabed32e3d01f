"""How long it takes from an interrupt to a shell that runs the next command, for what ends easily and not."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from lis_tui.core.bus import spawn
from lis_tui.sandbox.docker_home import DockerSandbox
from tests.docker_home import docker_sandbox

ROUNDS = 10
IGNORES = "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; print('up', flush=True)"
COMMANDS = {
    "sleep 1000": "echo up; sleep 1000",
    "a busy loop of the shell": "echo up; while :; do :; done",
    "cat that waits for input": "echo up; cat",
    "a shell that ignores INT and TERM": "trap '' INT TERM; echo up; sleep 1000",
    "a program that ignores INT and TERM": f'python3 -c "{IGNORES}; time.sleep(1000)"',
}


async def once(sandbox: DockerSandbox, command: str) -> float:
    begun = asyncio.Event()
    running = spawn(sandbox.run(command, timeout_s=60, on_output=lambda _: begun.set()), "command")
    await begun.wait()
    await asyncio.sleep(0.3)
    began = time.perf_counter()
    await sandbox.interrupt()
    await running
    await sandbox.run("true", timeout_s=60, on_output=lambda _: None)
    return time.perf_counter() - began


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        sandbox = docker_sandbox(Path(name), run="bench-interrupt")
        await sandbox.start()
        try:
            print(f"{'from the interrupt to the next command done':45} {'median':>8} {'worst':>8}")
            for what, command in COMMANDS.items():
                times = [await once(sandbox, command) for _ in range(ROUNDS)]
                print(f"{what:45} {statistics.median(times):6.3f} s {max(times):6.3f} s")
        finally:
            await sandbox.stop()


if __name__ == "__main__":
    asyncio.run(main())
