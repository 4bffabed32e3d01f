"""What Claude Code writes of a call's outcome and of a reply's tokens; what it does not say is not known."""

import re

from lis_tui.core.messages import StepStatus, Usage
from lis_tui.trajectory.foreign.fields import duration, items, mapping, text, whole, word
from lis_tui.trajectory.foreign.material import Json

_EXIT = re.compile(r"\A(?:Error: )?Exit code (\d{1,5})\b")
_REFUSED = re.compile(r"\AThe user doesn't want to (?:proceed with this tool use|take this action)")
_INTERRUPTED = "[Request interrupted by user"
MOST_HUNKS = 2_000


def tokens_of(usage: object) -> int:
    """All tokens of a reply."""
    found = usage_of(usage)
    return 0 if found is None else (found.prompt_tokens or 0) + (found.completion_tokens or 0)


def usage_of(value: object) -> Usage | None:
    """Give what a reply used. The server counts cached tokens apart; here they are part of the prompt."""
    told = mapping(value)
    plain, made = whole(told.get("input_tokens")), whole(told.get("cache_creation_input_tokens"))
    cached, written = whole(told.get("cache_read_input_tokens")), whole(told.get("output_tokens"))
    if plain is None and written is None:
        return None
    prompt = None if plain is None else plain + (made or 0) + (cached or 0)
    return Usage(prompt_tokens=prompt, completion_tokens=written, cached_tokens=cached)


def exit_code_of(said: str, block: Json, more: Json) -> int | None:
    """Only what is written: in the result, or at the head of a failure."""
    for key in ("exitCode", "exit_code"):
        if (code := whole(more.get(key))) is not None:
            return code
    found = _EXIT.match(said) if block.get("is_error") is True else None
    return int(found[1]) if found else None


def status_of(said: str, line: Json, block: Json, more: Json) -> StepStatus:
    """How a step ended, as far as that is said."""
    if line.get("toolDenialKind") or _REFUSED.match(said):
        return "rejected"
    if more.get("interrupted") is True or said.startswith(_INTERRUPTED):
        return "interrupted"
    if more.get("backgroundTaskId"):
        return "background"
    if block.get("is_error") is True:
        return "failed"
    return "done" if block.get("is_error") is False or more else "unknown"


def duration_of(more: Json) -> float | None:
    """How long it took, in seconds."""
    for key, unit in (("durationMs", 1000), ("totalDurationMs", 1000), ("durationSeconds", 1)):
        if (found := duration(more.get(key))) is not None:
            return found / unit
    return None


def diff_of(more: Json) -> str:
    """A unified diff of what an edit changed, as far as it is told."""
    lines: list[str] = []
    for hunk in items(more.get("structuredPatch"))[:MOST_HUNKS]:
        data = mapping(hunk)
        old, new = (
            f"{whole(data.get(f'{which}Start')) or 0},{whole(data.get(f'{which}Lines')) or 0}"
            for which in ("old", "new")
        )
        lines.append(f"@@ -{old} +{new} @@")
        lines += [text(line) for line in items(data.get("lines"))]
    if not lines:
        return ""
    path = word(more.get("filePath"))
    return "\n".join([f"--- {path}", f"+++ {path}", *lines, ""])
