"""What goes on in the sandbox beside the steps: jobs, and what a person runs; each is followed to its end."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.command import CommandEnd, Job, Reins
from lis_tui.core.errors import LisError, SandboxFailed
from lis_tui.core.events import JobEnded, NoticeGiven, SentToBackground, StepAddress, Who
from lis_tui.core.ports import OnProgress, Sandbox
from lis_tui.core.view import RunView

_WHAT = "The command of step {} that went on in the background"
SETTLE_S = 5.0
"""How long the end of what goes on is waited for once the sandbox has stopped."""


class Copies(Protocol):
    """Throw-away copies of the sandbox as it was after a step."""

    async def at(self, address: StepAddress, on_progress: OnProgress) -> Sandbox:
        """Give one, brought up where it is not. Raises LisError."""
        ...

    async def close(self) -> None:
        """Remove what there is. Raises StorageFailed."""
        ...


@dataclass(frozen=True)
class _Followed:
    job: Job
    finish: Callable[[], int]
    """Ends the keeping of its output; gives how many bytes there were."""
    output_path: str
    began: float


class Jobs:
    """The run's jobs by the address of their step."""

    def __init__(
        self,
        bus: Bus,
        view: RunView,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        beside: "Beside",
    ) -> None:
        self.news: list[str] = []
        """What the model is to be told before its next turn."""
        self.asked_by: Who = "person"
        """Who let the running command go."""
        self._bus = bus
        self._view = view
        self._clock = clock
        self._monotonic = monotonic
        self._beside = beside
        self._running: dict[StepAddress, _Followed] = {}
        self._whys: dict[StepAddress, str] = {}
        """Why jobs are stopped that are at a limit."""

    def find(self, address: StepAddress | None) -> Job | None:
        """Give the job of a step, as long as it runs."""
        found = self._running.get(address) if address is not None else None
        return found.job if found is not None else None

    @property
    def all(self) -> tuple[Job, ...]:
        """Those that run."""
        return tuple(followed.job for followed in self._running.values())

    def stop(self, address: StepAddress, why: str) -> None:
        """Stop a job that is at a limit."""
        self._whys[address] = why
        self._beside.begin(self._running[address].job.stop(), "stop of a job")

    async def stop_all(self, why: str) -> None:
        """Stop all of them at a limit. Raises SandboxFailed."""
        for address, followed in list(self._running.items()):
            self._whys[address] = why
            await followed.job.stop()

    def lose(self) -> None:
        """What ran before this process had the run does not run any more."""
        for step in self._view.steps:
            if step.job == "running" and step.address not in self._running:
                self._bus.publish(JobEnded(address=step.address))
                if not step.is_hidden:
                    self.news.append(f"[{_WHAT.format(step.address)} does not run any more.]")

    def follow(self, address: StepAddress, job: Job, finish: Callable[[], int], output_path: str) -> None:
        """Announce a job and follow it to its end."""
        self._bus.publish(SentToBackground(address, self.asked_by))
        step = self._view.step(address)
        now = self._clock()
        so_far_s = now - (step.started_at or now) if step is not None else 0.0
        began = self._monotonic() - max(0.0, so_far_s)
        self._running[address] = _Followed(job, finish, output_path, began)
        self._beside.begin(self._to_its_end(address), f"job {address}")

    async def _to_its_end(self, address: StepAddress) -> None:
        followed = self._running[address]
        end = CommandEnd(exit_code=None, ended_by="shell lost")
        try:
            end = await followed.job.wait()
        finally:
            del self._running[address]
            size, took_s = followed.finish(), max(0.0, self._monotonic() - followed.began)
            self._bus.publish(
                JobEnded(address=address, exit_code=end.exit_code, output_bytes=size, duration_s=took_s)
            )
        if not self._beside.is_closing:
            self._tell(address, end, took_s, followed.output_path)

    def _tell(self, address: StepAddress, end: CommandEnd, took_s: float, output_path: str) -> None:
        why = self._whys.pop(address, "")
        how = "was stopped" if why else _how(end)
        text = f"{_WHAT.format(address)} {how} after {took_s:.0f} s{f': {why}' if why else '.'}"
        self._bus.publish(NoticeGiven(text, "warning" if why else "info", address))
        step = self._view.step(address)
        if step is not None and not step.is_hidden:
            self.news.append(f"[{text}{f' Its output: {output_path}' if output_path else ''}]")


class Beside:
    """Keeps what goes on, so that all of it is written down before the sandbox is said to be gone."""

    def __init__(
        self, bus: Bus, view: RunView, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self.reins: Reins | None = None
        """By which the command of the running step is held."""
        self.jobs = Jobs(bus, view, clock, monotonic, self)
        self.copies: Copies | None = None
        self.is_closing = False
        """The sandbox is being stopped: what ends now ends because of that."""
        self.is_still = asyncio.Event()
        """No step begins before: what is being stopped at a limit would spoil its work."""
        self.is_still.set()
        self._holds = 0
        self._bus = bus
        self._tasks: set[asyncio.Task[None]] = set()

    def hold(self) -> None:
        """Have no step begin before as many `let_go` as there were holds."""
        self._holds += 1
        self.is_still.clear()

    def let_go(self) -> None:
        """A hold is over."""
        self._holds -= 1
        if not self._holds:
            self.is_still.set()

    @property
    def is_command_running(self) -> bool:
        """A command of the model's runs, that can be stopped."""
        return self.reins is not None and self.reins.is_taken

    def stop_step(self, address: StepAddress, why: str) -> None:
        """Stop the running command, or the job that it became: it is at a limit."""
        if self.jobs.find(address) is not None:
            self.jobs.stop(address, why)
        elif self.reins is not None:
            self._bus.publish(NoticeGiven(f"Step {address} was stopped: {why}", "warning", address))
            self.reins.stop(why)

    def begin(self, work: Coroutine[object, object, None], name: str) -> None:
        """Have it go on beside the steps."""
        task = spawn(work, name, self._failed)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Stop the jobs and wait for the end of all else: the sandbox goes to another run."""
        self.is_closing = True
        for job in self.jobs.all:
            with suppress(SandboxFailed):
                await job.stop()
        await self.settle()
        self.is_closing = False

    async def close(self) -> None:
        """Remove what was made for a person to look at."""
        if self.copies is not None:
            with suppress(LisError):
                await self.copies.close()
        await self.settle()

    async def settle(self) -> None:
        """Wait until all has ended; what does not end is given up."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=SETTLE_S)
        rest = set(self._tasks)
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest)

    def _failed(self, error: Exception) -> None:
        self._bus.publish(NoticeGiven(f"That did not work: {error}", "warning"))


def _how(end: CommandEnd) -> str:
    if end.ended_by == "person":
        return "was stopped by the user"
    return "was lost" if end.exit_code is None else f"ended with exit code {end.exit_code}"
