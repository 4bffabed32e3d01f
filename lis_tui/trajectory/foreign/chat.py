"""Reads conversations as OpenAI's chat protocol writes them: a list of messages, many, or lines of either."""

from itertools import islice

from msgspec import Struct

from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import content_of, tools_of
from lis_tui.trajectory.foreign.fields import (
    Found,
    firsts_of,
    is_lines,
    items,
    mapping,
    score_of,
    short,
    unknown,
    whole,
    word,
)
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, name_of
from lis_tui.trajectory.foreign.talk import MODEL, USER, Talk, at_of, is_message, role_of, said_in

FORMAT = "OpenAI chat"
_LISTS = ("messages", "conversation", "conversations", "traj", "trajectory", "history")
_IDS = ("id", "instance_id", "conversation_id", "task_id", "problem_id", "sample_id", "name")
_SCORES = ("reward", "score", "resolved")
_KNOWN = frozenset(["model", "tools", "functions", "system"])
_MOST_LOOKED_AT = 50


class Talked(Struct):
    """One conversation: its messages, each with its place in the file, and what is said around them."""

    name: str
    messages: list[tuple[str, object]]
    around: Json = {}


class Conversations(Struct):
    """What a file holds, and which parts of it could not be read."""

    talks: list[Talked]
    problems: list[tuple[str, str]] = []


class Chat:
    """The importer of chat messages."""

    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """A message has a role and a content."""
        if not material.head.startswith((b"{", b"[")):
            return None
        found = _in_lines(material) if is_lines(material) else _in_document(material)
        if found is None:
            return None
        entries = tuple(map(_entry, found.talks))
        return Found(FORMAT, "", entries, lambda n: _read(material, found, n))


CHAT = Chat()


# ---- finding conversations


def _in_document(material: Material) -> Conversations | None:
    data, name = material.json, name_of(material.path)
    if isinstance(data, dict):
        talk = _talked(data, name, "")
        return None if talk is None else Conversations([talk])
    listed = items(data)
    if _are_messages(listed):
        return Conversations([Talked(name, _placed(listed, ""))])
    return _many([(f"[{number}]", value) for number, value in enumerate(listed)])


def _in_lines(material: Material) -> Conversations | None:
    firsts = firsts_of(material)
    sign = next((value for value in firsts if is_message(value) or _talked(value, "", "")), None)
    if sign is None:
        return None
    lines = [(f"line {number}", value) for number, value in material.lines]
    broken = [(f"line {number}", "is no JSON") for number in material.broken_lines]
    found = Conversations([Talked(name_of(material.path), lines)]) if is_message(sign) else _many(lines)
    if found is not None:
        found.problems = broken + found.problems
    return found


def _many(values: list[tuple[str, object]]) -> Conversations | None:
    """Many conversations; what is none of them is named. None where there is none."""
    found = Conversations([])
    for place, value in values:
        talk = _talked(value, place, place)
        if talk is None:
            found.problems.append((place, "is no conversation"))
        else:
            found.talks.append(talk)
        if not found.talks and len(found.problems) > _MOST_LOOKED_AT:
            return None
    return found if found.talks else None


def _talked(value: object, name: str, place: str) -> Talked | None:
    """Read a value as a conversation: a list of messages, or an object with one."""
    if isinstance(value, list):
        return Talked(name, _placed(value, place)) if _are_messages(value) else None
    around = mapping(value)
    where = next((key for key in _LISTS if _are_messages(items(around.get(key)))), None)
    if where is None:
        return None
    named = next((_name(key, around[key]) for key in _IDS if key in around), "")
    messages = _placed(items(around[where]), f"{place}.{where}" if place else where)
    answers = _answers(around)
    left_out = {where, "choices", "usage"} if answers else {where}
    rest: Json = {key: one for key, one in around.items() if key not in left_out}
    return Talked(named or name, messages + answers, rest)


def _name(key: str, value: object) -> str:
    """A number alone would be taken for the place in the table."""
    return word(value) or (f"{key} {value}" if whole(value) is not None else "")


def _answers(around: Json) -> list[tuple[str, object]]:
    """A log of requests has the reply beside the messages."""
    told = around if "choices" in around else mapping(around.get("response"))
    answer = mapping(next(iter(items(told.get("choices"))), None))
    message = mapping(answer.get("message"))
    if not is_message(message):
        return []
    said = {"finish_reason": answer.get("finish_reason"), "usage": told.get("usage"), **message}
    return [("choices[0].message", said)]


def _are_messages(values: list[object]) -> bool:
    return any(is_message(value) for value in islice(values, _MOST_LOOKED_AT))


def _placed(values: list[object], place: str) -> list[tuple[str, object]]:
    return [(f"{place}[{number}]", value) for number, value in enumerate(values)]


# ---- reading


def _entry(talk: Talked) -> Entry:
    messages = [mapping(message) for _, message in talk.messages]
    task = next((said_in(one).text for one in messages if _is_user(one)), "")
    score = next((talk.around[key] for key in _SCORES if key in talk.around), None)
    return Entry(
        name=talk.name,
        task=short(task),
        score=score_of(score),
        model=word(talk.around.get("model")),
        turns=sum(role_of(message) in MODEL for message in messages),
        started_at=at_of(messages[0]) or None if messages else None,
    )


def _is_user(message: Json) -> bool:
    return role_of(message) in USER


def _read(material: Material, found: Conversations, index: int) -> Imported:
    chosen = found.talks[index]
    entry = chosen.name if len(found.talks) > 1 else ""
    builder = Builder(FORMAT, name=chosen.name, file=str(material.path), entry=entry)
    for place, why in found.problems:
        builder.problem(place, why)
    around = chosen.around
    told = around.get("tools", around.get("functions"))
    builder.begin(model=word(around.get("model")), tools=tools_of(told) if told else None)
    talk = Talk(builder)
    if around.get("system"):
        talk.rule(content_of(around["system"]).text, 0.0)
    talk.take_all(chosen.messages)
    for key, value in unknown(around, _KNOWN):
        builder.keep(key, value)
    return builder.finish()
