"""Reads parts of an Inspect sample: the texts that stand apart, usage, what an event tells a person."""

from lis_tui.core.messages import Usage
from lis_tui.trajectory.foreign.fields import mapping, number, text, whole
from lis_tui.trajectory.foreign.material import Json

_PROTOCOL = "attachment://"


def put_back(sample: Json) -> Json:
    """Give the sample with its long texts, which stand apart, back where they are used."""
    texts = mapping(sample.get("attachments"))
    whole_one = {name: value for name, value in sample.items() if name != "attachments"}
    waiting: list[object] = [whole_one] if texts else []
    while waiting:
        one = waiting.pop()
        places = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        changed = {}
        for place, value in places:
            if isinstance(value, dict | list):
                waiting.append(value)
            elif isinstance(value, str) and value.startswith(_PROTOCOL):
                changed[place] = texts.get(value.removeprefix(_PROTOCOL), value)
        if isinstance(one, dict | list):
            for place, value in changed.items():
                one[place] = value
    return whole_one


def usage_of_model(told_of: Json) -> Usage | None:
    """Of most providers the total says how many tokens went in, cached or not."""
    if not told_of:
        return None
    total, given = whole(told_of.get("total_tokens")), whole(told_of.get("output_tokens"))
    read, written = (whole(told_of.get(f"input_tokens_cache_{what}")) for what in ("read", "write"))
    sent = whole(told_of.get("input_tokens"))
    if total is not None and given is not None and total >= given and total > 0:
        sent = total - given
    elif sent is not None:
        sent += (read or 0) + (written or 0)
    return Usage(
        prompt_tokens=sent,
        completion_tokens=given,
        cached_tokens=read,
        reasoning_tokens=whole(told_of.get("reasoning_tokens")),
        cost_usd=number(told_of.get("total_cost")),
    )


def words_of(kind: str, event: Json) -> str:
    """What an event tells a person in a line; nothing where it tells them nothing new."""
    match kind:
        case "error":
            return text(mapping(event.get("error")).get("message"))
        case "sample_limit":
            return f"limit: {text(event.get('message')) or text(event.get('type'))}"
        case "compaction":
            return (
                "the conversation was compacted"
                f" ({text(event.get('tokens_before'))} to {text(event.get('tokens_after'))} tokens)"
            )
        case "interrupt":
            return f"interrupted by {text(event.get('source'))}"
        case "approval":
            decision = text(event.get("decision"))
            return "" if decision == "approve" else f"approval: {decision}. {text(event.get('explanation'))}"
        case "input":
            return f"a person typed: {text(event.get('input'))}"
        case _:
            return text(mapping(event.get("message")).get("message"))
