"""Reads trajectories of mini-swe-agent: bare lists of messages, formats 1 and 1.1, text and tool calls."""

from itertools import islice

from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import content_of
from lis_tui.trajectory.foreign.fields import (
    Found,
    is_lines,
    items,
    mapping,
    number,
    short,
    text,
    unknown,
    whole,
    word,
)
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.mini_talk import MARKS, MiniTalk, told_by
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, name_of
from lis_tui.trajectory.foreign.talk import MODEL, at_of, is_message, role_of

FORMAT = "mini-swe-agent"
_PREFIX = "mini-swe-agent-"
_SIGNS = ("mswea_bash_command", *MARKS)
_KNOWN = frozenset(["info", "messages", "trajectory_format"])
_INFO = frozenset(["exit_status", "submission"])
_MOST_LOOKED_AT = 12


class Mini:
    """The importer of mini-swe-agent."""

    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """A file names its format; a bare list shows it by the words around a command."""
        if not material.head.startswith((b"{", b"[")) or is_lines(material):
            return None
        data = material.json
        document = mapping(data)
        messages = items(data) if isinstance(data, list) else items(document.get("messages"))
        if not (_names_itself(document) or _has_signs(messages)):
            return None
        version = word(document.get("trajectory_format")).removeprefix(_PREFIX)
        entry = _entry(document, messages, name_of(material.path))
        return Found(FORMAT, version, (entry,), lambda _: _read(material, version, entry.name))


MINI = Mini()


def _names_itself(data: Json) -> bool:
    named = word(data.get("trajectory_format")).startswith(_PREFIX)
    return isinstance(data.get("messages"), list) and (named or "mini_version" in mapping(data.get("info")))


def _has_signs(messages: list[object]) -> bool:
    """Whether somebody speaks of commands, or shows one's result, in this program's words."""
    for message in islice(messages, _MOST_LOOKED_AT):
        if not is_message(message):
            continue
        said = content_of(mapping(message).get("content")).text
        if any(sign in said for sign in _SIGNS) or told_by(said)[0] is not None:
            return True
        if {"actions", "raw_output"} & mapping(mapping(message).get("extra")).keys():
            return True
    return False


def _entry(data: Json, messages: list[object], name: str) -> Entry:
    info = mapping(data.get("info"))
    told = [mapping(message) for message in messages]
    user = next((one for one in told if role_of(one) == "user"), {})
    cost = number(mapping(info.get("model_stats")).get("instance_cost"))
    return Entry(
        name=word(data.get("instance_id")) or name,
        task=short(content_of(user.get("content")).text),
        outcome=word(info.get("exit_status")),
        model=_model(info),
        turns=sum(role_of(one) in MODEL or one.get("object") == "response" for one in told),
        cost_usd=cost or None,  # 0.0 stands for a price that is not known, too
        started_at=_at(told[0]) or None if told else None,
    )


def _at(message: Json) -> float:
    return at_of(message) or at_of(mapping(message.get("extra")))


def _model(info: Json) -> str:
    return word(mapping(mapping(info.get("config")).get("model")).get("model_name"))


# ---- reading


def _read(material: Material, version: str, name: str) -> Imported:
    data = material.json
    document = mapping(data)
    info = mapping(document.get("info"))
    messages = items(data) if isinstance(data, list) else items(document.get("messages"))
    builder = Builder(FORMAT, version, name=name, file=str(material.path))
    _begin(builder, info)
    if not isinstance(data, list) and not isinstance(document.get("messages"), list):
        builder.problem("messages", "is no list")
    where = "" if isinstance(data, list) else "messages"
    talk = MiniTalk(builder, [(f"{where}[{place}]", message) for place, message in enumerate(messages)])
    talk.read(word(info.get("exit_status")))
    for key, value in unknown(document, _KNOWN):
        builder.keep(key, value)
    for key, value in unknown(info, _INFO):
        builder.keep(f"info.{key}", value)
    _end(builder, talk, info)
    return builder.finish()


def _begin(builder: Builder, info: Json) -> None:
    config = mapping(info.get("config"))
    agent, home = mapping(config.get("agent")), mapping(config.get("environment"))
    limit = whole(agent.get("step_limit"))
    builder.begin(
        model=_model(info) or None,
        image=word(home.get("image")) or None,
        workdir=word(home.get("cwd")) or None,
        max_turns=limit if limit is not None and limit > 0 else None,
    )


def _end(builder: Builder, talk: MiniTalk, info: Json) -> None:
    """`Submitted` is this program's word for it; others stand as they are."""
    status = word(info.get("exit_status")) or talk.exit_status
    submission = info.get("submission", talk.submission)
    answer = None if submission is None else text(submission)
    if talk.end.end is not None:
        builder.end(talk.end.end, talk.end.reason, answer=answer or None, at=talk.ended_at)
    elif status.casefold() == "submitted":
        builder.end("submitted", answer=answer, at=talk.ended_at)
    elif status:
        builder.end("elsewhere", status, answer=answer or None, at=talk.ended_at)
