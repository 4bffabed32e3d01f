"""Knows the shapes in which OpenHands has written its events, and gives all of them in one."""

from itertools import islice

from lis_tui.trajectory.foreign.fields import items, mapping, word
from lis_tui.trajectory.foreign.material import Json

LISTS = ("history", "trajectory", "events")
LOOKED_AT = 20
_MOST_AFTER = 6
"""What OpenHands notes for itself after the agent is done."""
CALLS = frozenset(
    [
        *("run", "run_ipython", "read", "write", "edit", "browse", "browse_interactive", "think", "finish"),
        *("reject", "delegate", "call_tool_mcp", "task_tracking"),
    ]
)
"""Actions of the agent that are calls of a tool; others are what OpenHands notes for itself."""
_ACTIONS = CALLS | {"message", "system", "null", "recall", "change_agent_state"}
_OBSERVATIONS = CALLS | {"error", "success", "null", "user_rejected", "agent_state_changed", "mcp"}
_NOT_FLAT = ("args", "extras", "role")
_BESIDE = ("action", "observation", "source", "content", "id", "timestamp", "cause", "message")


def documents_of(values: list[object]) -> list[Json]:
    """Give each run as an object with a list of events; a bare list of them gets one around it."""
    if any(map(is_event, values[:LOOKED_AT])):
        return [{"events": values}]
    return [mapping(value) for value in values]


def events_of(run: Json) -> list[object]:
    """Give the events of a run; older evaluations wrote pairs of an action and its observation."""
    found = next((run[name] for name in LISTS if isinstance(run.get(name), list)), None)
    events = [one for each in items(found) for one in (each if isinstance(each, list) else [each])]
    if not any(map(_is_flat, events[:LOOKED_AT])):
        return events
    return [_unflattened(mapping(event), place == 0) for place, event in enumerate(events)]


def is_run(run: Json) -> bool:
    """Whether an object holds events."""
    return any(map(is_event, islice(events_of(run), LOOKED_AT)))


def is_event(value: object) -> bool:
    """Whether something is an event, of either generation."""
    event = mapping(value)
    if "source" not in event:
        return False
    if is_sdk(event):
        return True
    if isinstance(event.get("action"), str):
        return isinstance(event.get("args"), dict)
    return isinstance(event.get("observation"), str) and ("extras" in event or "cause" in event)


def is_sdk(value: object) -> bool:
    """Whether something is an event of the second generation."""
    event = mapping(value)
    kind = word(event.get("kind"))
    return "id" in event and kind.endswith(("Event", "Observation", "Condensation"))


def turns_of(events: list[object]) -> int:
    """Count the replies of the model."""
    replies: set[str] = set()
    for place, event in enumerate(map(mapping, events)):
        if event.get("source") != "agent":
            continue
        if event.get("action") in ("message", *CALLS):
            response = mapping(mapping(event.get("tool_call_metadata")).get("model_response"))
            replies.add(word(response.get("id")) or f"event {place}")
        elif event.get("kind") in ("ActionEvent", "MessageEvent"):
            replies.add(word(event.get("llm_response_id")) or f"event {place}")
    return len(replies)


def has_finished(events: list[object]) -> bool:
    """Whether the agent said near the end that it is done."""
    last = [mapping(event) for event in events[-_MOST_AFTER:]]
    return any("finish" in (event.get("action"), event.get("tool_name")) for event in last)


def _is_flat(value: object) -> bool:
    """The oldest evaluations wrote an event's own fields beside its kind, and no number."""
    event = mapping(value)
    if not event.keys().isdisjoint(_NOT_FLAT) or ("action" in event) == ("observation" in event):
        return False
    if word(event.get("action")) in _ACTIONS:
        return True
    return "content" in event and word(event.get("observation")) in _OBSERVATIONS


def _unflattened(event: Json, is_first: bool) -> Json:
    rest = {name: value for name, value in event.items() if name not in _BESIDE}
    beside = {name: value for name, value in event.items() if name in _BESIDE}
    if "action" not in event:
        return {"source": "environment", "extras": rest} | beside
    source = "user" if is_first and event["action"] == "message" else "agent"
    content = {"content": beside.pop("content")} if "content" in event else {}
    return {"source": source, "args": rest | content} | beside
