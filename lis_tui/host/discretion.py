"""Keeps the secrets of a run out of all that is shown, written down or told to the model."""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import structs

from lis_tui.core.messages import Observation, ToolSchema
from lis_tui.core.ports import CommandEnd, Contents, ManifestKeeper, StepContext, Tool
from lis_tui.core.spec import SandboxSpec
from lis_tui.core.text import Secrets, SecretStream
from lis_tui.sandbox.carry import Carried
from lis_tui.sandbox.container import DockerSandbox


class Discreet(DockerSandbox):
    """A sandbox whose commands' output never tells the values that were passed in."""

    def __init__(
        self,
        spec: SandboxSpec,
        *,
        run: str,
        host_id: str,
        worktree: Path,
        outputs_dir: Path,
        env: Mapping[str, str],
        carried: Carried,
        secrets: Secrets,
        contents: Contents | None = None,
        manifests: ManifestKeeper | None = None,
        image_id: str = "",
    ) -> None:
        super().__init__(
            spec,
            run=run,
            host_id=host_id,
            worktree=worktree,
            outputs_dir=outputs_dir,
            env=env,
            carried=carried,
            contents=contents,
            manifests=manifests,
            image_id=image_id,
        )
        self._secrets = secrets

    async def run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
    ) -> CommandEnd:
        """Run a command; what it prints is told without the secrets."""
        if not self._secrets.values:
            return await super().run(
                command,
                timeout_s=timeout_s,
                on_output=on_output,
                on_input_wait=on_input_wait,
                eof_after_s=eof_after_s,
            )
        stream = SecretStream(self._secrets)

        def tell(data: bytes) -> None:
            if data:
                on_output(data)

        try:
            return await super().run(
                command,
                timeout_s=timeout_s,
                on_output=lambda data: tell(stream.feed(data)),
                on_input_wait=on_input_wait,
                eof_after_s=eof_after_s,
            )
        finally:
            tell(stream.finish())


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
