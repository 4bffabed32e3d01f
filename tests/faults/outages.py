"""What a run lives in goes away: the engine, the container, the room on the disk, the model."""

import contextlib
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from docker.errors import DockerException

from lis_tui.core.events import Record, RunEnded, StorageTrouble
from tests.faults.engine import OwnEngine
from tests.faults.lab import LONGEST_S, Lab, answers, kill, records, until, watched
from tests.faults.rounds import AT_ONCE, Rounds
from tests.faults.shown import ended_of, lost_of, wrong_of
from tests.faults.tally import Tally
from tests.faults.watching import watch
from tests.server import FakeServer

_SMALL = "24m"
_FILL = "head -c 60000000 /dev/zero > fill; true"


class Outages:
    """Takes away from runs in one home what they need, and gives it back."""

    def __init__(self, lab: Lab, tally: Tally, rounds: Rounds, say: Callable[[str], None]) -> None:
        self._lab = lab
        self._tally = tally
        self._rounds = rounds
        self._say = say

    # -- the engine ----------------------------------------------------------------------------------

    def restarts(self, engine: OwnEngine, times: int) -> None:
        """Restart the engine under two runs, one of which somebody watches; every other time it is killed."""
        for number in range(times):
            names = [f"engine-{number}-alone", f"engine-{number}-watched"]
            with ThreadPoolExecutor(2) as threads:
                alone = threads.submit(self._alone, names[0])
                seen = threads.submit(self._watched, names[1])
                self._wait_for_steps(names)
                (engine.kill if number % 2 else engine.stop)()
                time.sleep(self._lab.dice.uniform(0, 0.5))
                engine.start()
                self._judge("engine restarted", names[0], *alone.result())
                self._judge("engine restarted", names[1], *seen.result())
        self._say(f"{self._lab.kind}: engine restarted {times} times")
        self._rounds.look()

    def _wait_for_steps(self, names: list[str]) -> None:
        """Wait until the runs have begun to work, or one of them a little longer."""
        facts = self._lab.dice.randint(3, 20)
        until(lambda: all(self._lab.lines(name) >= facts for name in names), 30.0)

    # -- the container -------------------------------------------------------------------------------

    def losses(self, times: int) -> None:
        """Take the sandbox from runs, some at once; every other one is watched."""
        dice = [random.Random(self._lab.dice.random()) for _ in range(times)]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._loss, range(times), dice))
        self._say(f"{self._lab.kind}: {times} sandboxes killed")
        self._rounds.look()

    def _loss(self, number: int, dice: random.Random) -> None:
        name = f"loss-{number}"
        facts = dice.randint(3, 20)
        with ThreadPoolExecutor(1) as threads:
            following = threads.submit(self._watched if number % 2 else self._alone, name)
            until(lambda: self._lab.lines(name) >= facts or following.done(), 30.0)
            time.sleep(dice.uniform(0, 0.3))
            self._take_sandbox(name, is_removed=dice.random() < 0.5)
            self._judge("sandbox killed", name, *following.result())

    def _take_sandbox(self, name: str, *, is_removed: bool) -> None:
        if self._lab.kind == "embedded":
            mark = f"/worktrees/{name} ".encode()
            kill(*sorted(self._lab.home.processes(mark))[:1])
            return
        with contextlib.suppress(DockerException), contextlib.closing(self._lab.client()) as client:
            for container, run in self._lab.home.containers().items():
                if run == name and is_removed:
                    client.containers.get(container).remove(force=True)
                elif run == name:
                    client.containers.get(container).kill()

    # -- the disk ------------------------------------------------------------------------------------

    def full_disk(self, times: int) -> None:
        """Have the data folder be a small disk that runs fill; every other one is killed while it is full."""
        with self._small_disk() as is_small:
            for number in range(times if is_small else 0):
                self._fill(f"full-{number}", is_killed=bool(number % 2))
            if is_small:
                self._say(f"{self._lab.kind}: the disk was full {times} times")
                self._rounds.look()

    def _fill(self, name: str, *, is_killed: bool) -> None:
        model = self._lab.scenario("fills", _FILL, *("seq 1 2000" for _ in range(9)), "echo 1 > answer.txt")
        process = self._lab.start(name, "run", "Go.", "--model", model, "--json", "--name", name)
        shown: list[Record] = []
        tree = self._lab.home.data / "worktrees" / name
        with process, watched(process) as hung:
            for record in records(process):
                shown.append(record)
                if isinstance(record.event, StorageTrouble) and not record.event.is_over:
                    if is_killed:
                        kill(process.pid)
                    (tree / "fill").unlink(missing_ok=True)
            process.communicate()
        (tree / "fill").unlink(missing_ok=True)
        if not any(isinstance(record.event, StorageTrouble) for record in shown):
            hung.append("the disk was never full")
        self._judge("disk full", name, shown, "; ".join(hung))

    @contextmanager
    def _small_disk(self) -> Iterator[bool]:
        data = self._lab.home.data
        data.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL}", "tmpfs", str(data)]
        is_mounted = not subprocess.run(mount, capture_output=True, check=False).returncode
        try:
            yield is_mounted
        finally:
            if is_mounted:
                subprocess.run(["umount", "--lazy", str(data)], check=False)

    # -- the model -----------------------------------------------------------------------------------

    def model_down(self, times: int) -> None:
        """Have the model's server be gone in the middle of runs, for less or more than they wait for it."""
        for number in range(times):
            self._without_model(number)
        self._say(f"{self._lab.kind}: the model was gone {times} times")
        self._rounds.look()

    def _without_model(self, number: int) -> None:
        names = [f"model-{number}-alone", f"model-{number}-watched"]
        server = FakeServer(answers(), by_turn=True)
        with ThreadPoolExecutor(2) as threads:
            with server:
                url, port = server.url, int(server.url.rpartition(":")[2].partition("/")[0])
                words = ("--api-base", url, "--set", "model.key=none", "--set", "model.max_attempts=3")
                alone = threads.submit(self._alone, names[0], "--model", "openai/m", *words)
                seen = threads.submit(self._watched, names[1], "--model", "openai/m", *words)
                self._wait_for_steps(names)
            time.sleep(0.5 if number % 2 else 12.0)
            with FakeServer(answers(), by_turn=True, port=port):
                self._judge("model gone", names[0], *alone.result())
                self._judge("model gone", names[1], *seen.result())

    # -- how -----------------------------------------------------------------------------------------

    def _alone(self, name: str, *model: str) -> tuple[list[Record], str]:
        """Follow a run that nobody watches to its end."""
        words = ("run", "Go.", *(model or self._lab.scripted), "--json", "--name", name)
        process = self._lab.start(name, *words)
        with process, watched(process) as hung:
            shown = list(records(process))
            process.communicate()
        return shown, "; ".join(hung)

    def _watched(self, name: str, *model: str) -> tuple[list[Record], str]:
        """Follow a run that somebody watches, and has go on."""
        words = ("run", "Go.", *(model or self._lab.scripted), "--detach", "--name", name)
        done = self._lab.run(name, *words)
        if done.returncode:
            return [], f"it does not start: {done.stderr[-300:]}"
        return watch(self._lab.environ(name), name, LONGEST_S)

    def _judge(self, what: str, name: str, shown: list[Record], trouble: str) -> None:
        """Nothing that was shown is lost, and it came to its end: by itself, or when it was taken up."""
        fault = f"{self._lab.kind}: {what}"
        self._rounds.seen.add(name)
        self._tally.count(fault, "times")
        if lost := lost_of(self._lab.home.data, name, shown):
            self._tally.found(fault, "lost", [f"{name}: {lost}"])
        if trouble:
            self._tally.found(fault, "trouble", [f"{name}: {trouble}"])
        ended = ended_of(self._lab.home.data, name)
        if not wrong_of(self._lab.home.data, name):
            self._tally.count(fault, "went on")
        else:
            self._again(fault, name, ended)

    def _again(self, fault: str, name: str, ended: RunEnded | None) -> None:
        done = self._lab.run(f"{name}-again", "resume", name, "--mode", "auto", "--headless")
        if wrong := wrong_of(self._lab.home.data, name):
            why = "cut off" if ended is None else f"{ended.status}: {ended.reason}"
            said = f"{name} ({why}), then {done.returncode}: {wrong}: {done.stderr[-300:]}"
            self._tally.found(fault, "not resumed", [said])
        else:
            self._tally.count(fault, "resumed")
