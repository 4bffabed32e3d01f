"""How numbers and states read on the screen; one place, so that they read the same everywhere."""

from lis_tui.core.events import RunForked, StepReplayed, TrajectoryImported
from lis_tui.core.parts import StepView, Totals
from lis_tui.core.spec import Limits
from lis_tui.core.text import one_line, untagged
from lis_tui.core.text import plural as plural
from lis_tui.core.view import RunView

_SIGNS = {
    "proposed": ("·", "muted"),
    "waiting": ("‖", "warning"),
    "running": ("▶", "accent"),
    "done": ("✓", "ok"),
    "failed": ("✗", "error"),
    "rejected": ("⊘", "human"),
    "skipped": ("–", "muted"),
    "malformed": ("✗", "error"),
    "interrupted": ("✗", "human"),
    "background": ("»", "accent"),
    "unknown": ("·", "muted"),
}
_VERDICTS = {
    "identical": ("=", "ok"),
    "normalised": ("≈", "ok"),
    "diverged": ("≠", "error"),
    "not_replayable": ("–", "warning"),
}
_ENDS = {
    "submitted": ("submitted", "ok"),
    "answered": ("answered", "ok"),
    "turn_limit": ("turn limit", "warning"),
    "token_limit": ("token limit", "warning"),
    "cost_limit": ("cost limit", "warning"),
    "time_limit": ("time limit", "warning"),
    "disk_limit": ("disk limit", "warning"),
    "context_limit": ("context full", "warning"),
    "no_action": ("no action", "warning"),
    "ended_by_person": ("you ended it", "human"),
    "rewound": ("rewound", "human"),
    "model_failed": ("model failed", "error"),
    "sandbox_failed": ("sandbox failed", "error"),
    "storage_failed": ("storage failed", "error"),
    "terminated": ("terminated", "error"),
    "bug": ("a bug in lis-tui", "error"),
    "elsewhere": ("ended elsewhere", "muted"),
    "replayed": ("re-executed", "ok"),
    "not recorded": ("not recorded", "muted"),
}


def verdict_sign(replayed: StepReplayed) -> tuple[str, str]:
    """Give the sign of how a step compares with what was recorded of it, and its tone."""
    return _VERDICTS[replayed.verdict]


def sign(step: StepView) -> tuple[str, str]:
    """Give the sign of a step's state, and its tone."""
    return _SIGNS[step.status]


def end_words(status: str) -> tuple[str, str]:
    """Give how a run ended, in words, and the tone of it."""
    return _ENDS.get(status, (one_line(status, 40), "error"))


def duration(seconds: float) -> str:
    """Give a time that something took: 0.8s, 43s, 2:14, 1:02:14."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    return f"{int(seconds)}s" if seconds < 60 else clock(seconds)


def clock(seconds: float) -> str:
    """Give a time as a clock shows it."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def age(seconds: float) -> str:
    """Give how long ago something was."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def size(count: int) -> str:
    """Give a number of bytes; below 0 it is not known."""
    if count < 0:
        return "?"
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            break
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def count(number: int) -> str:
    """Give a number of tokens: 840, 12.4k, 128k, 1.2M."""
    if number < 1000:
        return str(number)
    if number < 999_500:
        return f"{number / 1000:.1f}k" if number < 99_950 else f"{number / 1000:.0f}k"
    return f"{number / 1_000_000:.1f}M"


def cost(totals: Totals) -> str:
    """Give what was paid; a price that nobody knows is not zero."""
    if not totals.has_known_cost:
        return "cost unknown" if totals.has_unknown_cost else "$0"
    places = 0 if not totals.cost_usd else 3 if totals.cost_usd < 1 else 2
    amount = f"${totals.cost_usd:.{places}f}"
    return f"{amount}+?" if totals.has_unknown_cost else amount


def tokens(totals: Totals) -> str:
    """Give the tokens used so far."""
    total = totals.prompt_tokens + totals.completion_tokens
    if not total and totals.has_unknown_cost:
        return "tokens unknown"
    return f"{'~' if totals.is_estimated else ''}{count(total)} tok"


def turns(turn: int, limits: Limits, *, is_foreign: bool = False) -> str:
    """Give the turn and how many there may be; what another program did not say is not known."""
    is_known = not is_foreign or limits.max_turns != Limits().max_turns
    return f"turn {turn}/{limits.max_turns}" if is_known else f"turn {turn}"


def format_label(imported: TrajectoryImported) -> str:
    """Name the program that recorded this, and its format's version."""
    return one_line(f"{imported.format} {imported.version}".strip(), 40)


def fork_label(fork: RunForked) -> str:
    """Name the run that this one came of."""
    parent = one_line(fork.parent, 40)
    return f"↻ of {parent}" if fork.kind == "reexecution" else f"⑂ from {parent} @{fork.point}"


def model_label(view: RunView) -> str:
    """Give the model's name; a written scenario is called what it is."""
    if view.model is None:
        return ""
    name = view.model.name
    if name.startswith("script/"):
        return f"scripted: {one_line(name.removeprefix('script/'), 40)}"
    if name.startswith("human/"):
        return "you play the model"
    if name.startswith("replay/"):
        return f"recorded: {one_line(name.removeprefix('replay/'), 40)}"
    return one_line(name.rpartition("/")[2] or name, 40)


def task(view: RunView, limit: int) -> str:
    """Give the first line of the task; empty before the run has begun."""
    if view.started is None:
        return ""
    return one_line(untagged(view.started.spec.task).split("\n", 1)[0], limit)
