"""Who did what in a run, as plain data: for each thing whether model, person, rule or script did it."""

from msgspec import Struct

from lis_tui.core.messages import Observation, Usage
from lis_tui.core.reached import HostSum

MODEL, PROGRAM = "model", "lis-tui"
"""Besides person, rule, script and default (what nobody answered in time)."""


class Act(Struct, tag=True, kw_only=True):
    """Somebody did something; `text` holds the words or values of it."""

    by: str
    did: str
    text: str = ""
    at: float = 0.0


class Said(Struct, tag=True, kw_only=True):
    """Something was said to the model."""

    by: str
    text: str
    origin: str
    at: float = 0.0


class Call(Struct, kw_only=True):
    """A tool and its arguments, as JSON text."""

    tool: str
    arguments: str


class Written(Struct, tag=True, kw_only=True):
    """A reply of the model: of all versions one `counts`; one that was cut off never does."""

    by: str = MODEL
    model: str = ""
    version: int = 1
    counts: bool = True
    reasoning: str = ""
    text: str = ""
    calls: list[Call] = []
    cut_off: str = ""
    usage: Usage | None = None
    at: float = 0.0


class Rewritten(Struct, tag=True, kw_only=True):
    """The model sees this as its own words; None: what it wrote."""

    by: str
    reasoning: str | None = None
    text: str | None = None
    at: float = 0.0


class Step(Struct, tag=True, kw_only=True):
    """One action: who asked for it, what was made of it, what ran, and what came of it."""

    address: str
    by: str
    """Who asked for it: the model, or whoever injected it."""
    proposed: Call
    version: int = 0
    """Of the reply it belongs to; 0: of none."""
    problem: str = ""
    is_hidden: bool = False
    """The model was not told of it."""
    acts: list[Act] = []
    ran: Call | None = None
    changed_by: str = ""
    """Who changed what ran; empty: it ran as it was proposed."""
    result: Observation | None = None
    seen_by_model: str | None = None
    """Where somebody changed what the model sees of it; else it saw the text of the result."""
    has_checkpoint: bool = False
    at: float = 0.0


class Own(Struct, tag=True, kw_only=True):
    """A person's command in their own shell; the model sees nothing of it, unless it was shared."""

    number: int
    command: str
    output: str
    exit_code: int | None = None
    on_copy_of: str = ""
    """The step on whose throw-away copy it ran; empty: in the run's sandbox."""
    by: str = "person"
    at: float = 0.0


Entry = Act | Said | Written | Rewritten | Step | Own


class Turn(Struct, kw_only=True):
    """What happened in one turn, in order."""

    number: int
    entries: list[Entry] = []


class Beginning(Struct, kw_only=True):
    """Where a run comes from, for one that is a fork."""

    parent: str
    point: str
    kind: str
    facts: int
    """So many facts were copied from the parent; what follows is the run's own."""


class Account(Struct, kw_only=True):
    """A whole run, by who did what."""

    format: str = "lis-tui account 1"
    run: str = ""
    model: str = ""
    image: str = ""
    network: str = ""
    app_version: str = ""
    recorded_by: str = ""
    """The other program whose run this is, by its format; empty: it is ours."""
    task: str = ""
    system_prompt: str = ""
    task_prompt: str = ""
    beginning: Beginning | None = None
    forks: list[str] = []
    """Runs that began at a step of this one."""
    started_at: float = 0.0
    ended_at: float | None = None
    status: str = ""
    """How it ended; empty: it goes on or was cut off, or another program did not record it."""
    reason: str = ""
    answer: str | None = None
    turns: list[Turn] = []
    connections: tuple[HostSum, ...] = ()
    """What the sandbox reached through its proxy and was refused, by host."""
