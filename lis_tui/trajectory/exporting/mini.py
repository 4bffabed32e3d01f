"""A run as mini-swe-agent's trajectory 1.1: the messages as the model saw them, with what ran in `extra`."""

import msgspec

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import EndStatus, RunEnded, RunStarted
from lis_tui.core.messages import Reply, ToolCall, Usage
from lis_tui.core.spec import Limits, SandboxSpec
from lis_tui.trajectory.beside_step import Asked, BesideStep, written
from lis_tui.trajectory.exporting.exporter import Exportable, Exported
from lis_tui.trajectory.exporting.losses import always, counted, other_fields
from lis_tui.trajectory.exporting.outline import Deed, Heard, Outline, Turned
from lis_tui.trajectory.foreign.translating import as_ours, bash

Json = dict[str, object]
_VERSION = "mini-swe-agent-1.1"
_STATUSES: dict[EndStatus, str] = {
    "submitted": "Submitted",
    "turn_limit": "LimitsExceeded",
    "token_limit": "LimitsExceeded",
    "cost_limit": "LimitsExceeded",
    "time_limit": "TimeExceeded",
    "disk_limit": "LimitsExceeded",
}
"""Its words for how a run ends."""


def to_mini(run: Exportable) -> Exported:
    """Write it."""
    outline = Outline(run.records)
    draft = _Draft(outline)
    document: Json = {
        "info": _info(outline),
        "messages": draft.messages,
        "trajectory_format": _VERSION,
    }
    data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    return Exported(data, counted(draft.lost()))


class _Draft:
    """Writes the messages, and counts what they cannot hold."""

    def __init__(self, outline: Outline) -> None:
        self.messages: list[Json] = []
        self._outline = outline
        self._untold: list[str] = []
        """Commands of a person's that are told already, so that the words that told the model are not."""
        self._hidden = self._foreign = self._reworded = 0
        if outline.started is not None:
            self._begin(outline.started, outline.started_at)
        for item in outline.items:
            match item:
                case Turned():
                    self._turn(item)
                case Deed():
                    self._command(item)
                case Heard():
                    self._hear(item)
        if outline.ended is not None:
            self.messages.append(_exit(outline.ended, outline.ended_at))

    def lost(self) -> list[tuple[int, str]]:
        """Say what has no place."""
        outline, started = self._outline, self._outline.started
        is_worded = started is not None and started.task_prompt != started.spec.task
        usages = [turn.reply.usage for turn in outline.turns]
        return [
            (int(is_worded), "the task as the person wrote it"),
            (len(started.tools) if started is not None else 0, "descriptions of tools"),
            (self._hidden, "a person's commands that the model was not told of, or that did not run"),
            (self._reworded, "the words in which the model was told of a person's commands"),
            (sum(bool(use and use.is_estimated) for use in usages), "which token counts are estimates"),
            (sum(turn.duration_s is not None for turn in outline.turns), "how long replies took"),
            (sum(bool(turn.reply.thinking_json) for turn in outline.turns), "signed thinking"),
            *always(outline),
            other_fields(outline),
        ]

    def _begin(self, started: RunStarted, at: float) -> None:
        if started.system_prompt:
            self.messages.append({"role": "system", "content": started.system_prompt} | _extra(_at(at)))
        self.messages.append({"role": "user", "content": started.task_prompt} | _extra(_at(at)))

    def _turn(self, turn: Turned) -> None:
        reply = turn.reply
        actions = [action for deed in turn.deeds if (action := _action(deed.call)) is not None]
        is_text = reply.calls_in_text and len(actions) == len(turn.deeds) and _is_in_order(turn.deeds)
        ids = [_id(deed, number, turn.number) for number, deed in enumerate(turn.deeds, 1)]
        message: Json = {"role": "assistant", "content": reply.text}
        if reply.reasoning:
            message["reasoning_content"] = reply.reasoning
        if turn.deeds and not is_text:
            message["tool_calls"] = [_call(deed.call, id_) for deed, id_ in zip(turn.deeds, ids, strict=True)]
        extra: Json = {
            "actions": actions
            if is_text
            else [
                action | {"tool_call_id": id_}
                for deed, id_ in zip(turn.deeds, ids, strict=True)
                if (action := _action(deed.call)) is not None
            ],
            "response": _response(reply),
            "cost": _cost(reply.usage),
            **_at(turn.at),
            **written(BesideStep(rewritten_by=turn.rewritten_by, wrote=turn.wrote)),
        }
        self.messages.append(message | {"extra": extra})
        for deed, id_ in zip(turn.deeds, ids, strict=True):
            if deed.seen is not None:
                self.messages.append(_result(deed, "" if is_text else id_))

    def _command(self, deed: Deed) -> None:
        """A person's command stands as one given in the human mode of that program."""
        action = _action(deed.call)
        if deed.is_hidden or deed.seen is None or action is None:
            self._hidden += 1
            return
        command = str(action["command"])
        content = f"User command: \n```bash\n{command}\n```"
        mark = written(BesideStep(by=deed.by)) if deed.by != "person" else {}
        self.messages.append(
            {"role": "user", "content": content, "extra": {"actions": [action], **_at(deed.at), **mark}}
        )
        self.messages.append(_result(deed, ""))
        self._untold.append(command)

    def _hear(self, heard: Heard) -> None:
        said = heard.message
        if said.origin == "command":
            told = next((command for command in self._untold if command in said.text), None)
            if told is not None:
                self._untold.remove(told)
                self._reworded += 1
                return
        extra = _at(heard.at) | written(BesideStep(origin=said.origin))
        if said.origin in ("person", "follow_up"):
            extra["interrupt_type"] = "UserInterruption"
        self.messages.append({"role": "user", "content": said.text, "extra": extra})


# ---- messages


def _is_in_order(deeds: list[Deed]) -> bool:
    """Results without ids find their commands only where all before them have one."""
    seen = [deed.seen is not None for deed in deeds]
    return seen == sorted(seen, reverse=True)


def _id(deed: Deed, number: int, turn: int) -> str:
    return deed.call.id or f"call-{turn}-{number}"


def _action(call: ToolCall) -> Json | None:
    """A command of the one tool that this program has."""
    command = (arguments_of(call.arguments) or {}).get("command")
    return {"command": command} if call.name == "execute_bash" and isinstance(command, str) else None


def _call(call: ToolCall, id_: str) -> Json:
    name = "bash" if _action(call) is not None else call.name
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": call.arguments}}


def _result(deed: Deed, id_: str) -> Json:
    seen = deed.seen
    if seen is None:
        return {}
    code = {} if seen.exit_code is None else {"returncode": seen.exit_code}
    told = "unknown" if seen.exit_code is None else "failed" if seen.exit_code else "done"
    is_other = deed.ran is not None and _plain(deed.ran) != _plain(_understood(deed.call))
    mark = BesideStep(
        status=seen.status if seen.status != told else None,
        ran=Asked(deed.ran.name, deed.ran.arguments) if deed.ran is not None and is_other else None,
        changed_by=deed.changed_by,
        edited_by=deed.edited_by,
        really=deed.really,
    )
    raw = seen.text if seen.output is None else seen.output
    extra: Json = {"raw_output": raw, **code, **_at(deed.at), "exception_info": "", **written(mark)}
    where: Json = {"role": "tool", "tool_call_id": id_} if id_ else {"role": "user"}
    return where | {"content": deed.text, "extra": extra}


def _understood(call: ToolCall) -> ToolCall:
    """Give the call as whoever reads the file takes it: of a command's arguments only the command counts."""
    action = _action(call)
    return bash(call.id, str(action["command"])) if action is not None else as_ours(call)


def _plain(call: ToolCall) -> tuple[str, object]:
    found = arguments_of(call.arguments)
    return call.name, call.arguments if found is None else found


def _exit(ended: RunEnded, at: float) -> Json:
    mark = BesideStep(end=ended.status, reason=ended.reason)
    extra = {"exit_status": _status(ended), "submission": ended.answer or "", **_at(at), **written(mark)}
    return {"role": "exit", "content": ended.answer or _status(ended), "extra": extra}


def _status(ended: RunEnded) -> str:
    if ended.status == "elsewhere":
        return ended.reason or ended.status
    return _STATUSES.get(ended.status, ended.status)


def _at(at: float) -> Json:
    return {"timestamp": at} if at else {}


def _extra(extra: Json) -> Json:
    return {"extra": extra} if extra else {}


def _response(reply: Reply) -> Json:
    """The server's reply where it was kept; else what is known of it."""
    raw = arguments_of(reply.raw_json) if reply.raw_json else None
    usage = _usage(reply.usage)
    if raw is not None:
        return raw if "usage" in raw or not usage else raw | {"usage": usage}
    found: Json = {"choices": [{"finish_reason": reply.finish_reason}]} if reply.finish_reason else {}
    return found | ({"usage": usage} if usage else {})


def _usage(usage: Usage | None) -> Json:
    if usage is None:
        return {}
    found: Json = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    if usage.cached_tokens is not None:
        found["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens is not None:
        found["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return {key: value for key, value in found.items() if value is not None}


def _cost(usage: Usage | None) -> float:
    """0.0 stands there for a price that is not known, too."""
    return (usage.cost_usd or 0.0) if usage is not None else 0.0


# ---- around them


def _info(outline: Outline) -> Json:
    usages = [turn.reply.usage for turn in outline.turns]
    ended = outline.ended
    return {
        "model_stats": {
            "instance_cost": sum(_cost(usage) for usage in usages),
            "api_calls": len(usages) + outline.cut_offs,
        },
        "config": _config(outline),
        "exit_status": "" if ended is None else _status(ended),
        "submission": "" if ended is None else ended.answer or "",
    }


def _config(outline: Outline) -> Json:
    """Of a run that another program recorded, only what that said; the rest are our defaults."""
    if outline.started is None:
        return {}
    spec = outline.started.spec
    given = (
        ("agent", "step_limit", spec.limits.max_turns, Limits().max_turns),
        ("agent", "cost_limit", spec.limits.max_cost_usd, Limits().max_cost_usd),
        ("model", "model_name", spec.model.name, ""),
        ("environment", "image", spec.sandbox.image, SandboxSpec().image),
        ("environment", "cwd", spec.sandbox.workdir, SandboxSpec().workdir),
    )
    config: dict[str, Json] = {"agent": {}, "model": {}, "environment": {}}
    for room, name, value, default in given:
        if value not in (None, "") and not (outline.is_imported and value == default):
            config[room][name] = value
    return {room: values for room, values in config.items() if values}
