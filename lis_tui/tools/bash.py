"""The tool that runs commands in the sandbox's lasting shell."""

from collections.abc import Callable
from contextlib import ExitStack

from lis_tui.core.command import CommandEnd
from lis_tui.core.messages import Observation, StepStatus, ToolSchema
from lis_tui.core.ports import StepContext
from lis_tui.tools.arguments import number, problem_with
from lis_tui.tools.output import MOST_BYTES, MOST_LINES, Output

LONGEST_S = 86_400.0
MOST_JOB_BYTES = 64 << 20
"""Bytes that a command in the background may still print where output is not limited; more is not kept."""

_PARAMETERS = """{
  "type": "object",
  "properties": {
    "command": {"type": "string", "description": "The bash command or script to run."},
    "timeout": {
      "type": "number",
      "description": "Seconds it may run, where the usual limit is too short or too long."
    }
  },
  "required": ["command"]
}"""


class ExecuteBash:
    """Runs a command: its output streams, is kept whole on disk and reaches the model cut to size."""

    @property
    def schema(self) -> ToolSchema:
        """What the model is told."""
        return ToolSchema(
            "execute_bash",
            "Run a command in a bash shell that lasts: directory, variables, functions and background jobs "
            "stay from call to call. Gives stdout and stderr as they came, and the exit code where it is "
            f"not 0. More than {MOST_BYTES:,} bytes or {MOST_LINES} lines are cut to head and tail; the "
            "full output stays in a file that is named then.",
            _PARAMETERS,
        )

    def problem(self, arguments: dict[str, object]) -> str:
        """Why these arguments cannot be used."""
        problem = problem_with(arguments, required=("command",), texts=("command",), numbers=("timeout",))
        if problem:
            return problem
        if "\0" in str(arguments["command"]):
            return "The command holds a NUL character, which no shell can run."
        timeout = number(arguments.get("timeout"))
        if timeout is not None and not 0 < timeout <= LONGEST_S:
            return f"The argument `timeout` must be between 0 and {LONGEST_S:g} seconds."
        return ""

    async def run(self, arguments: dict[str, object], context: StepContext) -> Observation:
        """Run the command. Raises SandboxFailed where the sandbox is gone."""
        asked = number(arguments.get("timeout"))
        timeout_s = context.command_timeout_s if asked is None else min(asked, context.most_timeout_s)
        with ExitStack() as until_end:
            output = until_end.enter_context(Output(context.outputs_dir / context.output_name))

            def take(data: bytes) -> None:
                was_full = output.is_full
                most = context.most_output_bytes
                output.most_bytes = output.most_bytes if most is None else most
                output.add(data)
                if not output.is_full:
                    context.on_output(data)
                elif most is not None and not was_full:
                    context.on_flood()

            end = await context.sandbox.run(
                str(arguments["command"]),
                timeout_s=timeout_s,
                on_output=take,
                on_input_wait=context.on_input_wait,
                eof_after_s=context.eof_after_s,
                reins=context.reins,
            )
            if end.job is not None:
                if context.most_output_bytes is None:
                    output.most_bytes = output.size_bytes + MOST_JOB_BYTES
                context.on_job(end.job, _finish(output, until_end.pop_all()))
        if end.hits:
            context.on_hits(end.hits)
        folder = context.sandbox.outputs_path
        path = f"{folder.rstrip('/')}/{context.output_name}" if folder else ""
        text, is_cut = output.for_model(path)
        limit_s = timeout_s if context.reins.timeout_s is None else context.reins.timeout_s
        return Observation(
            text=_with_remarks(text, _remarks(end, limit_s, path, context.reins.why)),
            status=_status(end),
            exit_code=end.exit_code,
            duration_s=end.duration_s,
            output_bytes=output.size_bytes,
            output_name=context.output_name,
            is_cut=is_cut,
            ended_by=end.ended_by,
            cwd=end.cwd,
            notes=(*end.hits, *end.notes, *([output.problem] if output.problem else [])),
        )


def _finish(output: Output, until_end: ExitStack) -> Callable[[], int]:
    def finish() -> int:
        until_end.close()
        return output.size_bytes

    return finish


def _status(end: CommandEnd) -> StepStatus:
    if end.ended_by == "background":
        return "background"
    if end.ended_by == "person":
        return "interrupted"
    return "done" if end.exit_code == 0 and end.ended_by == "itself" else "failed"


def _remarks(end: CommandEnd, timeout_s: float, path: str, why: str) -> list[str]:
    """Say what the output does not show: who ended the command, its exit code, what the shell noted."""
    remarks = []
    match end.ended_by:
        case "time limit":
            remarks.append(f"[stopped: the command was still running at its limit of {timeout_s:g} seconds]")
        case "limit":
            remarks.append(f"[stopped: {why}]")
        case "person":
            remarks.append("[the user interrupted the command]")
        case "shell lost":
            remarks.append("[the shell ended with this command]")
        case "background":
            where = f"its output goes on in {path}; " if path else ""
            remarks.append(
                f"[after {end.duration_s:.0f} s the user let the command go on in the background: {where}"
                "you will be told when it ends. Directory and variables are as they were before it]"
            )
        case "itself":
            pass
    if end.exit_code:
        remarks.append(f"[exit code {end.exit_code}]")
    return [*remarks, *(f"[{note}]" for note in (*end.hits, *end.notes))]


def _with_remarks(text: str, remarks: list[str]) -> str:
    if not text.strip() and not remarks:
        return "[no output]"
    body = text if not text or text.endswith("\n") or not remarks else text + "\n"
    return body + "\n".join(remarks)
