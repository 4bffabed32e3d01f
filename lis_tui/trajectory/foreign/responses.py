"""Reads what OpenAI's Responses protocol writes: lists of items, whole responses, or lines of either."""

from lis_tui.core.events import StepAddress
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import content_of, tools_of
from lis_tui.trajectory.foreign.fields import (
    Found,
    first_of,
    is_lines,
    items,
    mapping,
    seconds,
    short,
    unknown,
    usage_of,
    word,
)
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, name_of
from lis_tui.trajectory.foreign.response_items import ItemTalk, is_item

FORMAT = "OpenAI Responses"
_LISTS = ("items", "data")
_TOLD = frozenset(["object", "output", "input", "instructions", "model", "tools"])
_KNOWN = frozenset([*_TOLD, "usage", "created_at", "status", "items", "data"])
_MOST_LOOKED_AT = 50
Placed = list[tuple[str, object]]


class Responses:
    """The importer of Responses items."""

    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """Items have types that no other protocol has."""
        if not material.head.startswith((b"{", b"[")):
            return None
        has_lines = is_lines(material)
        if has_lines and not _is_part(first_of(material)) and b"_call" not in material.head:
            return None
        parts = _in_lines(material) if has_lines else _in_document(material.json)
        if not any(_is_part(value) for _, value in parts[:_MOST_LOOKED_AT]):
            return None
        entry = _entry(parts, name_of(material.path))
        return Found(FORMAT, "", (entry,), lambda _: _read(material, entry.name, parts))


RESPONSES = Responses()


def is_response(value: object) -> bool:
    """Whether this is a whole response, or a request with items in it."""
    data = mapping(value)
    if data.get("object") == "response" and isinstance(data.get("output"), list):
        return True
    return any(
        is_item(item) for key in ("output", "input") for item in items(data.get(key))[:_MOST_LOOKED_AT]
    )


def _is_part(value: object) -> bool:
    return is_item(value) or is_response(value)


def _in_lines(material: Material) -> Placed:
    return [(f"line {number}", value) for number, value in material.lines]


def _in_document(data: object) -> Placed:
    if isinstance(data, list):
        return [(f"[{number}]", value) for number, value in enumerate(data)]
    if is_response(data):
        return [("", data)]
    key = next((key for key in _LISTS if isinstance(mapping(data).get(key), list)), "")
    return [(f"{key}[{number}]", value) for number, value in enumerate(items(mapping(data).get(key)))]


def _entry(parts: Placed, name: str) -> Entry:
    """Turns are counted only by reading."""
    responses: list[Json] = []
    values: list[object] = []
    for _, value in parts:
        if is_response(value):
            responses.append(mapping(value))
            values += _asked(mapping(value))
        else:
            values.append(value)
    usages = [found for one in responses if (found := usage_of(one.get("usage")))]
    tokens = sum((one.prompt_tokens or 0) + (one.completion_tokens or 0) for one in usages)
    task = next((content_of(mapping(one).get("content")).text for one in values if _is_user(one)), "")
    return Entry(
        name=name,
        task=short(task),
        model=next((model for one in responses if (model := word(one.get("model")))), ""),
        tokens=tokens if usages else None,
        started_at=next((at for one in responses if (at := seconds(one.get("created_at")))), None),
    )


def _is_user(value: object) -> bool:
    return mapping(value).get("role") == "user"


def _asked(response: Json) -> list[object]:
    """The input of a response, where it is kept with it; a text alone is a user message."""
    given = response.get("input")
    return [{"role": "user", "content": given}] if isinstance(given, str) else items(given)


def _read(material: Material, name: str, parts: Placed) -> Imported:
    builder = Builder(FORMAT, name=name, file=str(material.path))
    if is_lines(material):
        for number in material.broken_lines:
            builder.problem(f"line {number}", "is no JSON")
    reader = _Reader(builder)
    for place, value in parts:
        if is_response(value):
            reader.take(place, mapping(value))
        else:
            reader.talk.take_all([(place, value)])
    reader.talk.close()
    if isinstance(material.json, dict) and not is_response(material.json):
        for key, value in unknown(material.json, _KNOWN):
            builder.keep(key, value)
    return builder.finish()


class _Reader:
    """Takes whole responses; what each repeats of the one before it is taken once."""

    def __init__(self, builder: Builder) -> None:
        self.builder, self.talk = builder, ItemTalk(builder)
        self._before: list[object] = []

    def take(self, place: str, response: Json) -> None:
        """Take what was asked, then what came."""
        asked, given = _asked(response), items(response.get("output"))
        is_repeated = bool(self._before) and asked[:1] == self._before[:1]
        start = len(self._before) if is_repeated else 0
        self._before = asked + given
        self.talk.close()
        self._begin(response)
        prefix = f"{place}." if place else ""
        fresh = list(enumerate(asked))[start:]
        self.talk.take_all((f"{prefix}input[{number}]", item) for number, item in fresh)
        if given:
            self.talk.close()
        self.talk.take_all((f"{prefix}output[{number}]", item) for number, item in enumerate(given))
        if given:
            status = word(response.get("status"))
            at = seconds(response.get("created_at"))
            self.talk.close(usage=usage_of(response.get("usage")), finish_reason=status, at=at)
        for key, value in unknown(response, _KNOWN):
            self.builder.keep(key, value, StepAddress(self.builder.turn))

    def _begin(self, response: Json) -> None:
        if self.builder.turn:
            return
        told = response.get("tools")
        self.builder.begin(
            model=word(response.get("model")) or None,
            system=content_of(response.get("instructions")).text or None,
            tools=tools_of(told) if told else None,
        )
