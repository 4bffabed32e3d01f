"""What Codex writes of a call's outcome: bare text, text under a head, or JSON with an exit code."""

import re

from msgspec import Struct

from lis_tui.core.messages import StepStatus
from lis_tui.trajectory.foreign.contents import content_of
from lis_tui.trajectory.foreign.decoding import decoded
from lis_tui.trajectory.foreign.fields import duration, mapping, number, text, whole, word
from lis_tui.trajectory.foreign.material import Json

_HEAD = re.compile(r"\A(?:[^\n]{0,200}\n){0,8}?Output:\n")
_EXIT = re.compile(r"^(?:Process exited with code|Exit code:) (-?\d{1,6})$", re.MULTILINE)
_WALL = re.compile(r"^Wall time:? ([0-9.]{1,20}) seconds$", re.MULTILINE)
_RUNS_ON = re.compile(r"^Process running with session ID ", re.MULTILINE)
_CUT = re.compile(r"^(?:Total output lines: |Warning: truncated output)", re.MULTILINE)
_REFUSED = re.compile(r"\A\W{0,3}(?:exec command |patch |command )?rejected by user", re.IGNORECASE)
_ABORTED = re.compile(r"\A\W{0,3}aborted(?: by user|\b)", re.IGNORECASE)
MOST_JSON = 1 << 26


class Output(Struct):
    """What is known of what came of a call. `head` is what stood before the output itself."""

    text: str
    status: StepStatus = "unknown"
    exit_code: int | None = None
    duration_s: float | None = None
    is_cut: bool = False
    head: str = ""
    diff: str = ""
    has_json: bool = False


def output_of(value: object, *, is_shell: bool) -> Output:
    """Read an output as it stands in the file."""
    if isinstance(value, dict):
        found = _of_text(content_of(value.get("content", value.get("output"))).text, is_shell)
        if isinstance(value.get("success"), bool) and found.status == "unknown":
            found.status = "done" if value["success"] else "failed"
        return found
    return _of_text(content_of(value).text, is_shell)


def _of_text(said: str, is_shell: bool) -> Output:
    found = _of_json(said) or Output(said)
    if is_shell and found.exit_code is None:
        _take_head(found)
    if found.status == "unknown":
        found.status = _status(found)
    return found


def _of_json(said: str) -> Output | None:
    """The output inside JSON text, where its exit code stands beside it."""
    if not said.startswith("{") or '"metadata"' not in said or len(said) > MOST_JSON:
        return None
    value = mapping(decoded(said.encode(errors="replace"))[0])
    more = value.get("metadata")
    if not isinstance(more, dict) or "output" not in value:
        return None
    return Output(
        text(value["output"]),
        exit_code=whole(more.get("exit_code")),
        duration_s=duration(more.get("duration_seconds")),
        has_json=True,
    )


def _take_head(found: Output) -> None:
    """Cut the head off a shell's output, and read it."""
    head = _HEAD.match(found.text)
    if head is None:
        return
    found.head, found.text = head[0], found.text[head.end() :]
    if code := _EXIT.search(found.head):
        found.exit_code = int(code[1])
    if wall := _WALL.search(found.head):
        found.duration_s = duration(_float(wall[1]))
    if _RUNS_ON.search(found.head):
        found.status = "background"
    found.is_cut = _CUT.search(found.head + found.text[:200]) is not None


def _status(found: Output) -> StepStatus:
    if _REFUSED.match(found.text):
        return "rejected"
    if _ABORTED.match(found.text):
        return "interrupted"
    return "unknown"


def with_event(found: Output, event: Json) -> None:
    """Add what an event at the end of the call tells, where the output itself does not."""
    if found.exit_code is None:
        found.exit_code = whole(event.get("exit_code"))
    told = event.get("duration")
    if found.duration_s is None and isinstance(told, dict):
        seconds, nanos = number(told.get("secs")), number(told.get("nanos"))
        found.duration_s = None if seconds is None else duration(seconds + (nanos or 0.0) / 1e9)
    if isinstance(event.get("success"), bool) and found.status == "unknown":
        found.status = "done" if event["success"] else "failed"
    found.diff = found.diff or _diff(event.get("changes"))


def _diff(changes: object) -> str:
    """The files that a patch changed, as one unified diff."""
    parts = []
    for path, change in mapping(changes).items():
        data = mapping(change)
        inner = mapping(data.get("update")) or data
        if diff := word(inner.get("unified_diff")):
            parts.append(f"--- {path}\n+++ {path}\n{diff}")
    return "".join(part if part.endswith("\n") else part + "\n" for part in parts)


def _float(digits: str) -> float | None:
    try:
        return float(digits)
    except ValueError:
        return None
