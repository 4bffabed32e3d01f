"""What the model is told at the start and when it stops acting, in our own words."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from lis_tui.core.network import EVERY
from lis_tui.core.parts import StepView
from lis_tui.core.spec import Network, RunSpec, SandboxSpec, meant
from lis_tui.core.text import safe_str

MOST_INLINE_BYTES = 1 << 20
"""Bytes of one `inline` file that go into the prompt."""
MOST_HOSTS = 30
"""Hosts that are named to the model."""

SYSTEM = """\
You work on a task with a Linux computer of your own: a sandbox in which you are root. Nothing you do there \
can harm anything outside.

Where things are
- {workdir} is your work folder and the shell's first directory.
- {workdir}/documents holds the input files of the task, where there are any.
- {workdir}/output is for every file that the task asks you to make.
- {workdir}/answer.txt is for your final answer, as plain text.

How to work
- Explore first: look at the inputs and at what the computer has before you decide how to go on.
- Compute rather than guess. What a program can count, check, search or calculate, let a program do.
- Install what is missing (pip, apt-get, npm) instead of doing without it.
- Work in files: write programs and notes to disk, run them, keep results there. Read long files in parts.
- Never hard-code an answer into a program that pretends to compute it, and never invent a result.
- When something fails, read the message, find the cause and mend it.
- Check the result before you submit it.

{network}The shell lasts: directory, variables and functions stay from one call to the next. Nobody types \
into your commands, so use flags that ask no questions.

When the work is done, write the final answer to {workdir}/answer.txt and call `submit`. Your turns are \
limited; each observation says how many are left. Every reply must call a tool until you have submitted."""

NETWORK_TITLE = "The network\n- "
NO_NETWORK = """\
The network
- There is none: nothing can be downloaded or installed from outside. Work with what is there.

"""

NAMED_HOSTS = """\
The network
- {hosts}, by HTTP and HTTPS only, through a proxy. http_proxy and https_proxy are set to it: pip, \
apt-get, npm, git and curl find it by themselves. Nothing else goes out: no ping, no UDP, no ssh; names are \
looked up by the proxy alone.
- What is refused is answered with 403 and a sentence that says why. Do not try again or around it; go on \
without it, and say in your answer what you could not reach.

"""

PLAIN_SYSTEM = """\
Answer the task below as well as you can, in one reply. You have no tools. Think it through before you \
answer, and say so where you are not sure."""

NUDGE = """\
Your reply called no tool. Go on with the task by calling one of your tools. If the work is done, write the \
final answer to {workdir}/answer.txt and call `submit`."""

CUT_NUDGE = "Your reply reached the most tokens a reply may have and was cut off. Use shorter replies. "

NEW_SANDBOX = """\
Your computer was lost and a new one takes its place. Processes, the shell's state and what was installed \
outside {workdir} are gone. Look at what {workdir} still holds before you go on."""

COMMAND_RAN = "The user ran a command in your shell. This is the command and what came of it:"


def system_prompt(spec: RunSpec, found: Network = "auto") -> str:
    """Give the system prompt: the person's own, or the built-in one for this kind of run.

    `found`: the network that the sandbox will have, where the spec leaves that open.
    """
    if spec.system_prompt is not None:
        return safe_str(spec.system_prompt)
    if spec.model.tool_style == "none":
        return PLAIN_SYSTEM
    return SYSTEM.format(workdir=spec.sandbox.workdir, network=network(spec.sandbox, found))


def network(sandbox: SandboxSpec, found: Network = "auto") -> str:
    """Say which network the computer has, where it is not all of it; empty where that is not known yet."""
    match meant(sandbox.network, sandbox.kind) if found == "auto" else found:
        case "none":
            return NO_NETWORK
        case "allow":
            return NAMED_HOSTS.format(hosts=_hosts(sandbox))
        case _:
            return ""


def untold_network(spec: RunSpec, said: str, found: str) -> str:
    """Give what our own system prompt did not say of the network that the computer turned out to have."""
    if spec.system_prompt is not None or NETWORK_TITLE in said or found != "allow":
        return ""
    return network(spec.sandbox, "allow").strip()


def _hosts(sandbox: SandboxSpec) -> str:
    others = "; about others the user is asked" if sandbox.ask_hosts else ""
    if EVERY in sandbox.allow:
        return f"Public hosts can be reached{others}"
    named = ", ".join(sandbox.allow[:MOST_HOSTS])
    more = f" and {len(sandbox.allow) - MOST_HOSTS} more" if len(sandbox.allow) > MOST_HOSTS else ""
    return f"Only these hosts can be reached: {named or 'none'}{more}{others}"


def task_prompt(spec: RunSpec, inlined: Sequence[tuple[str, str]]) -> str:
    """Give the task with its inputs: `inlined` are names and texts that stand in the prompt itself."""
    parts = [spec.task]
    for name, text in inlined:
        parts.append(f'<document name="{name}">\n{text}\n</document>')
    if spec.inputs and spec.model.tool_style != "none":
        listed = "\n".join(f"- {path}" for path in input_paths(spec))
        parts.append(f"The input files are:\n{listed}")
    return safe_str("\n\n".join(parts))


def input_paths(spec: RunSpec) -> list[str]:
    """Where the inputs will stand in the sandbox."""
    return [f"{spec.sandbox.workdir}/documents/{Path(source).name}" for source in spec.inputs]


def read_inline(sources: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Read the files that go into the prompt; gives names with texts, and a sentence for each problem."""
    texts: list[tuple[str, str]] = []
    problems: list[str] = []
    for source in sources:
        path = Path(source)
        try:
            with path.open("rb") as file:
                data = file.read(MOST_INLINE_BYTES + 1)
        except OSError as error:
            problems.append(f"{source} could not be read into the prompt: {error.strerror}.")
            continue
        if len(data) > MOST_INLINE_BYTES:
            data = data[:MOST_INLINE_BYTES]
            problems.append(f"Only the first {MOST_INLINE_BYTES:,} bytes of {source} stand in the prompt.")
        texts.append((path.name, data.decode("utf-8", errors="replace")))
    return texts, problems


def nudge(spec: RunSpec, finish_reason: str, turn_note: str) -> str:
    """Give what is said to a model that called no tool."""
    cut = CUT_NUDGE if finish_reason == "length" else ""
    return f"{cut}{NUDGE.format(workdir=spec.sandbox.workdir)}\n{turn_note}"


def new_sandbox(spec: RunSpec) -> str:
    """Give what is said to a model whose computer is a new one."""
    return NEW_SANDBOX.format(workdir=spec.sandbox.workdir)


def command_ran(step: StepView) -> str:
    """Give what a model is shown of a command that a person ran among its steps."""
    seen = step.observation.text if step.observation is not None else ""
    text = seen if step.edited_text is None else step.edited_text
    command = msgspec.json.decode(step.arguments, type=dict[str, str])["command"]
    return safe_str(f"{COMMAND_RAN}\n$ {command}\n{text}")
