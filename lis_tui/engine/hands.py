"""A tool at work: what runs is said first, kept safe, and what the sandbox came to is kept after it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from lis_tui.core.command import Job, Reins
from lis_tui.core.errors import DiskFull
from lis_tui.core.events import InputAwaited, NoticeGiven, OutputArrived, StepAddress, StepStarted, Who
from lis_tui.core.messages import Observation
from lis_tui.core.ports import Sandbox, Tool
from lis_tui.engine.checkpoints import Keeping
from lis_tui.engine.progress import Progress

Arguments = dict[str, object]
LONGEST_S = 86_400.0
EOF_AFTER_S = 1.0
"""Standard input of a command ends after this long where nobody answers."""


class Hands:
    """Uses the run's tools, one at a time."""

    def __init__(
        self,
        progress: Progress,
        sandbox: Sandbox,
        tools: Sequence[Tool],
        outputs_dir: Path,
        sync: Callable[[], Awaitable[None]],
        keeping: Keeping,
    ) -> None:
        self.sandbox = sandbox
        self.tools: Mapping[str, Tool] = {tool.schema.name: tool for tool in tools}
        self._progress = progress
        self._outputs_dir = outputs_dir
        self._sync = sync
        self._keeping = keeping

    async def use(
        self, address: StepAddress, name: str, arguments: str, changed_by: Who | None = None
    ) -> Observation:
        """Have a tool do its work. Raises SandboxFailed, RunCut."""
        progress = self._progress
        async with progress.cuttable():
            await self._keeping.wait()
            await progress.beside.is_still.wait()
        progress.bus.publish(
            StepStarted(address=address, tool=name, arguments=arguments, changed_by=changed_by)
        )
        await progress.settled()
        progress.begun = address
        await self._keep_safe()
        progress.running = address
        context = Step(progress, address, self.sandbox, self._outputs_dir)
        progress.beside.reins = context.reins
        try:
            observation = await self.tools[name].run(parsed(arguments), context)
        finally:
            progress.running = progress.beside.reins = None
        self._keeping.begin(address)
        return observation

    async def _keep_safe(self) -> None:
        """Have on the disk what was written down; where there is no room for it, a watched run holds next.

        Raises StorageFailed.
        """
        try:
            await self._sync()
        except DiskFull as error:
            if self._progress.spec.is_headless:
                raise
            self._progress.gates.pause("rule", f"{error.sentence}\nResume goes on. End ends the run.")

    async def write(self, path: str, data: bytes) -> None:
        """Write a file that a person changed. Raises SandboxFailed, FileRefused, RunCut."""
        async with self._progress.cuttable():
            await self._keeping.wait()
            await self.sandbox.write_file(path, data)


class Step:
    """What a tool gets to do its work."""

    def __init__(self, progress: Progress, address: StepAddress, sandbox: Sandbox, outputs_dir: Path) -> None:
        self._progress = progress
        self._address = address
        self.sandbox = sandbox
        self.outputs_dir = outputs_dir
        self.output_name = f"{address}.txt"
        self.reins = Reins()

    @property
    def command_timeout_s(self) -> float:
        """How long a command may run unless the model asks for another time."""
        return min(self._progress.limits.command_timeout_s, self.most_timeout_s)

    @property
    def most_timeout_s(self) -> float:
        """How long a command may run at most, whatever the model asks for."""
        left = self._progress.seconds_left
        return LONGEST_S if left is None else min(LONGEST_S, left)

    @property
    def most_output_bytes(self) -> int | None:
        """How much a command may print."""
        most = self._progress.limits.output_mb
        return None if most is None else most << 20

    @property
    def eof_after_s(self) -> float | None:
        """A person answers a command's questions only where one steps through the run."""
        progress = self._progress
        nobody_answers = progress.spec.is_headless or progress.gates.mode == "auto"
        return EOF_AFTER_S if nobody_answers and not progress.gates.is_paused else None

    def on_output(self, data: bytes) -> None:
        """More output of the running command."""
        self._progress.bus.publish(OutputArrived(self._address, data))

    def on_input_wait(self, is_waiting: bool) -> None:
        """The command blocks on its input, or no longer does."""
        self._progress.bus.publish(InputAwaited(self._address, is_waiting))

    def on_flood(self) -> None:
        """The command printed more than it may: stop it."""
        most = self._progress.limits.output_mb
        why = f"it printed more than {most:,} MB, which is the most that one command may print"
        self._progress.beside.stop_step(self._address, f"{why}. Write what is long to a file of its own.")

    def on_hits(self, hits: Sequence[str]) -> None:
        """Tell the person what the model sees among the output."""
        for hit in hits:
            said = f"{hit[0].upper()}{hit[1:]}."
            self._progress.bus.publish(NoticeGiven(said, "warning", self._address))

    def on_job(self, job: Job, finish: Callable[[], int]) -> None:
        """The command goes on in the background."""
        folder = self.sandbox.outputs_path
        path = f"{folder.rstrip('/')}/{self.output_name}" if folder else ""
        self._progress.beside.jobs.follow(self._address, job, finish, path)


def parsed(arguments: str) -> Arguments:
    """Read arguments. Raises msgspec.DecodeError where they are no JSON object."""
    return msgspec.json.decode((arguments or "{}").encode(), type=Arguments)
