"""What a run was asked to be: task, model, sandbox and limits, frozen when it starts and kept in its journal.

No secret is ever part of a spec: keys are named by where they come from, variables by their name.
"""

from typing import Literal

from msgspec import Struct

from lis_tui.core.breakpoints import Breakpoint

Mode = Literal["auto", "confirm", "step"]
"""auto: nothing waits. confirm: every step waits. step: wait at the next gate, each time."""

ToolStyle = Literal["auto", "native", "text", "none"]
"""How the model calls tools: by the API, as text, found out from the reply, or not at all (plain LLM)."""


class ModelSpec(Struct, frozen=True, kw_only=True):
    """Which model answers and how it is asked.

    `name` is a litellm model name (`openai/qwen3-coder`), or `script/NAME` for a written scenario.
    A sampling value of None is not sent: the server's own default counts.
    """

    name: str
    profile: str = ""
    api_base: str | None = None
    key_source: str = ""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    reasoning_effort: str | None = None
    max_tokens: int = 65_536
    """Most tokens of one reply."""
    context_tokens: int | None = None
    """The model's window; None: asked of the model's description, else 128,000 is assumed."""
    extra_body_json: str = "{}"
    tool_style: ToolStyle = "auto"
    tool_choice: str = "auto"
    """`auto`, `required`, or the name of one tool."""
    first_event_s: float = 300.0
    """How long the first event may take; not applied to loopback and private hosts."""
    gap_s: float = 120.0
    """How long the stream may be silent between two events."""
    total_s: float = 3600.0
    max_attempts: int = 6


Network = Literal["auto", "bridge", "allow", "none"]
"""bridge: all of it. allow: through a proxy that knows hosts by name. none. auto: bridge in a container of an
engine's, allow in an embedded sandbox, whose bridge would be this machine's own network."""


def meant(network: Network, home: str) -> Network:
    """Say which network it is in this home; `auto` while neither docker nor embedded was chosen."""
    if network != "auto":
        return network
    return "allow" if home == "embedded" else "bridge" if home == "docker" else "auto"


class SandboxSpec(Struct, frozen=True, kw_only=True):
    """Which computer the model gets. `env_names` are variables passed in on purpose (values never kept)."""

    kind: Literal["auto", "docker", "embedded"] = "auto"
    """Its home: a container, namespaces of this machine, or (auto) a container where an engine answers."""
    image: str = "lis-tui-sandbox:latest"
    runtime: str = ""
    """Of a container: the engine's runtime by name (`runsc`, `kata`); empty: the engine's own choice."""
    base: str = ""
    """Of an embedded sandbox: a folder with a root file system, in the place of this machine's own."""
    network: Network = "auto"
    allow: tuple[str, ...] = ("*",)
    """Hosts it may reach with network `allow`: `name`, `*.name`, `name:port`; `*`: all but local ones."""
    ask_hosts: bool = False
    """Whether a person is asked about a host that is not among them."""
    workdir: str = "/testbed"
    memory_mb: int = 4096
    cpus: float = 2.0
    pids: int = 512
    carry_certificates: bool = True
    env_names: tuple[str, ...] = ()
    checkpoints: bool = True
    """Whether the sandbox is kept as it is after each step, so that one can go back to it."""
    checkpoint_skip: tuple[str, ...] = ()
    """Patterns of absolute paths (`*` fits `/` too) that checkpoints leave out."""


class Limits(Struct, frozen=True, kw_only=True):
    """What ends a run; at those of disk, files and output it pauses, or goes on told. None: no limit."""

    max_turns: int = 100
    max_tokens: int | None = None
    max_cost_usd: float | None = 5.0
    timeout_s: float | None = None
    command_timeout_s: float = 600.0
    """How long one command may run, unless the model asks for another time."""
    disk_mb: int | None = 20_480
    """What the sandbox may have written in all, its work folder included."""
    files: int | None = 1_000_000
    """How many files and folders it may have made in all."""
    output_mb: int | None = 1024
    """How much one command may print before it is stopped."""


class GateSpec(Struct, frozen=True, kw_only=True):
    """What becomes of a gate that nobody answers: the default, after `timeout_s` (None: wait for ever)."""

    timeout_s: float | None = None
    default: Literal["approve", "reject", "end"] = "reject"


class RunSpec(Struct, frozen=True, kw_only=True):
    """All that was asked of a run."""

    task: str
    model: ModelSpec
    sandbox: SandboxSpec = SandboxSpec()
    limits: Limits = Limits()
    gate: GateSpec = GateSpec()
    mode: Mode = "auto"
    inputs: tuple[str, ...] = ()
    """Host paths that are copied to `/testbed/documents`."""
    inline: tuple[str, ...] = ()
    """Host paths whose text is put into the prompt."""
    output_dir: str | None = None
    """Host folder that receives `/testbed/output` and the answer; None: the run's own folder."""
    system_prompt: str | None = None
    """Replaces the built-in system prompt."""
    name: str | None = None
    """Wished for; a number is added where it is taken."""
    is_headless: bool = False
    breakpoints: tuple[Breakpoint, ...] = ()
    """Rules that make a gate wait from the start."""
