"""Keeps the secrets of a run out of all that is shown, written down or told to the model."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import structs

from lis_tui.core.command import CommandEnd, Job, Reins
from lis_tui.core.messages import Observation, ToolSchema
from lis_tui.core.ports import Contents, ManifestKeeper, StepContext, Tool
from lis_tui.core.spec import SandboxSpec
from lis_tui.core.text import Secrets, SecretStream
from lis_tui.sandbox.computer import Computer
from lis_tui.sandbox.home import Home


class Discreet(Computer):
    """A sandbox whose commands' output never tells the values that were passed in."""

    def __init__(
        self,
        spec: SandboxSpec,
        home: Home,
        *,
        env: Mapping[str, str],
        hidden: Sequence[str],
        secrets: Secrets,
        contents: Contents | None = None,
        manifests: ManifestKeeper | None = None,
    ) -> None:
        super().__init__(spec, home, env=env, secrets=hidden, contents=contents, manifests=manifests)
        self._secrets = secrets

    async def run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
        reins: Reins | None = None,
    ) -> CommandEnd:
        """Run a command; what it prints is told without the secrets, also once it goes on as a job."""
        discreet = _Discretion(self._secrets, on_output)
        end = CommandEnd(exit_code=None)
        try:
            end = await super().run(
                command,
                timeout_s=timeout_s,
                on_output=discreet.tell,
                on_input_wait=on_input_wait,
                eof_after_s=eof_after_s,
                reins=reins,
            )
        finally:
            if end.job is None:
                discreet.finish()
        return end if end.job is None else structs.replace(end, job=DiscreetJob(end.job, discreet.finish))

    async def own_run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
    ) -> CommandEnd:
        """Run a command of the person's; what it prints is told without the secrets."""
        discreet = _Discretion(self._secrets, on_output)
        try:
            return await super().own_run(
                command,
                timeout_s=timeout_s,
                on_output=discreet.tell,
                on_input_wait=on_input_wait,
                eof_after_s=eof_after_s,
            )
        finally:
            discreet.finish()


class _Discretion:
    """Passes one command's output on without the secrets."""

    def __init__(self, secrets: Secrets, on_output: Callable[[bytes], None]) -> None:
        self._on_output = on_output
        self._stream = SecretStream(secrets) if secrets.values else None

    def tell(self, data: bytes) -> None:
        if self._stream is not None:
            data = self._stream.feed(data)
        if data:
            self._on_output(data)

    def finish(self) -> None:
        if self._stream is not None and (rest := self._stream.finish()):
            self._on_output(rest)


class DiscreetJob:
    """A job of which the last held back output is told at its end."""

    def __init__(self, job: Job, finish: Callable[[], None]) -> None:
        self._job = job
        self._finish = finish

    async def wait(self) -> CommandEnd:
        """Wait for its end."""
        end = await self._job.wait()
        self._finish()
        return end

    async def stop(self) -> None:
        """Stop it."""
        await self._job.stop()


class DiscreetTool:
    """A tool whose observations never tell a secret."""

    def __init__(self, tool: Tool, secrets: Secrets) -> None:
        self._tool = tool
        self._secrets = secrets

    @property
    def schema(self) -> ToolSchema:
        """What the model is told."""
        return self._tool.schema

    def problem(self, arguments: dict[str, object]) -> str:
        """Why these arguments cannot be used."""
        return self._tool.problem(arguments)

    async def run(self, arguments: dict[str, object], context: StepContext) -> Observation:
        """Do it, and tell of it discreetly."""
        seen = await self._tool.run(arguments, context)
        hide = self._secrets.hide
        answer = None if seen.answer is None else hide(seen.answer)
        return structs.replace(seen, text=hide(seen.text), diff=hide(seen.diff), answer=answer)
