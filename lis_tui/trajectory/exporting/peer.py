"""A run as llm-in-sandbox's `trajectory.json`: steps of a thought, an action and an observation.

That format knows one author, the model, so a step that a person asked for or changed says so in `metadata`.
"""

from collections.abc import Iterator

import msgspec

from lis_tui.core.arguments import arguments_of
from lis_tui.core.messages import ToolCall
from lis_tui.trajectory.beside_step import Asked, BesideStep, written
from lis_tui.trajectory.exporting.exporter import Exportable, Exported
from lis_tui.trajectory.exporting.losses import always, counted, other_fields
from lis_tui.trajectory.exporting.outline import Deed, Heard, Item, Outline, Turned
from lis_tui.trajectory.foreign.peer import status_of, told

Json = dict[str, object]
_WRITTEN_AGAIN = frozenset(["metadata.total_steps"])


def to_peer(run: Exportable) -> Exported:
    """Write the layout of one run."""
    outline = Outline(run.records)
    steps: list[Json] = []
    said = 0
    followers: list[Item | None] = [*outline.items[1:], None]
    for item, after in zip(outline.items, followers, strict=False):
        match item:
            case Turned(deeds=[]):
                steps.append(_silent(item, _nudge(after)))
                said -= bool(_nudge(after))
            case Turned():
                steps += _turn(item)
            case Deed():
                steps.append(_step("", "", item, BesideStep(by=item.by, is_hidden=item.is_hidden)))
            case Heard():
                said += 1
    for number, step in enumerate(steps, 1):
        metadata = step["metadata"]
        step["metadata"] = {"step": number} | (metadata if isinstance(metadata, dict) else {})
    document: Json = {
        "problem_statement": outline.started.spec.task if outline.started is not None else "",
        "steps": steps,
        "metadata": {"total_steps": len(steps)},
    }
    data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    return Exported(data, counted(_lost(outline, said)))


def _nudge(item: Item | None) -> str:
    """What the model was told when it called no tool is that step's observation."""
    return item.message.text if isinstance(item, Heard) and item.message.origin == "nudge" else ""


def _silent(turn: Turned, nudge: str) -> Json:
    reply = turn.reply
    return {
        "thought": reply.text,
        "reasoning_content": reply.reasoning,
        "action": {"function": "", "parameters": {}},
        "observation": nudge,
        "metadata": _time(turn) | written(BesideStep(rewritten_by=turn.rewritten_by, wrote=turn.wrote)),
    }


def _turn(turn: Turned) -> Iterator[Json]:
    """Give a step a call; of a reply with several, all but the first continue it."""
    reply = turn.reply
    first = BesideStep(rewritten_by=turn.rewritten_by, wrote=turn.wrote)
    for number, deed in enumerate(turn.deeds):
        if number:
            yield _step("", "", deed, BesideStep(continues=True))
        else:
            step = _step(reply.text, reply.reasoning, deed, first)
            step["metadata"] = _time(turn) | _object(step["metadata"])
            yield step


def _step(thought: str, reasoning: str, deed: Deed, mark: BesideStep) -> Json:
    call = deed.ran or deed.call
    return {
        "thought": thought,
        "reasoning_content": reasoning,
        "action": {"function": call.name, "parameters": _parameters(call)},
        "observation": deed.text,
        "metadata": written(_marked(deed, mark)),
    }


def _marked(deed: Deed, mark: BesideStep) -> BesideStep:
    """Say what the step's own fields do not say."""
    is_changed = deed.ran is not None and _plain(deed.ran) != _plain(deed.call)
    mark = msgspec.structs.replace(
        mark,
        edited_by=deed.edited_by,
        really=deed.really,
        changed_by=deed.changed_by,
        asked=Asked(deed.call.name, deed.call.arguments) if is_changed else None,
    )
    seen = deed.seen
    if seen is None:
        return msgspec.structs.replace(mark, status="asked")
    code, _ = told(deed.text)
    guessed = status_of(deed.text) if code is None else "failed" if code else "done"
    if (seen.exit_code, seen.status) == (code, guessed):
        return mark
    return msgspec.structs.replace(mark, status=seen.status, exit_code=seen.exit_code)


def _plain(call: ToolCall) -> tuple[str, object]:
    return call.name, _parameters(call)


def _parameters(call: ToolCall) -> object:
    """The arguments as an object; as their text where they are none."""
    found = arguments_of(call.arguments)
    return call.arguments if found is None else found


def _time(turn: Turned) -> Json:
    return {} if turn.duration_s is None else {"exec_time": turn.duration_s}


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _lost(outline: Outline, said: int) -> Iterator[tuple[int, str]]:
    started, ended, turns = outline.started, outline.ended, outline.turns
    if started is not None:
        yield bool(started.system_prompt), "the system prompt"
        yield started.task_prompt != started.spec.task, "the task as it was put to the model"
        yield bool(started.spec.model.name), "which model it was, and how it was asked"
    yield said, "messages to the model"
    yield sum(turn.reply.usage is not None for turn in turns), "tokens and prices of replies"
    yield outline.started_at > 0, "when it all happened"
    if ended is not None:
        yield ended.answer is not None, "the answer, which that program keeps in a file beside"
        yield ended.status != "submitted", "why the run ended"
    yield from always(outline)
    yield other_fields(outline, _WRITTEN_AGAIN)
