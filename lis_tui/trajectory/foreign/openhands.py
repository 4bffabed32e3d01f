"""Recognises what OpenHands writes: lists of events, of both its generations, and its evaluations' output."""

from itertools import islice

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.text import one_line
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.fields import (
    Found,
    is_lines,
    mapping,
    number,
    score_of,
    short,
    text,
    unknown,
    whole,
    word,
)
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.members import Members
from lis_tui.trajectory.foreign.openhands_archive import archived
from lis_tui.trajectory.foreign.openhands_events import EventReader
from lis_tui.trajectory.foreign.openhands_numbers import Prices, Zone
from lis_tui.trajectory.foreign.openhands_sdk import SdkReader
from lis_tui.trajectory.foreign.openhands_shapes import (
    LISTS,
    LOOKED_AT,
    documents_of,
    events_of,
    has_finished,
    is_run,
    is_sdk,
    turns_of,
)
from lis_tui.trajectory.foreign.recording import Entry, Imported, name_of
from lis_tui.trajectory.foreign.wording import told

FORMAT = "OpenHands"
_KNOWN = frozenset([*LISTS, "instruction", "error", "metrics"])
_SIGNS = (b'"action"', b'"observation"', b'"kind"')


class _OpenHands:
    format = FORMAT

    def recognise(self, material: Material) -> Found | None:
        """A list of events, one event a line, objects with such a list, or a zip with a file for each."""
        documents = _documents(material)
        if not documents or not any(map(is_run, documents[:LOOKED_AT])):
            return None
        name = name_of(material.path)
        several = len(documents) > 1
        entries = tuple(
            _entry(run, f"{name} {place}" if several else name) for place, run in enumerate(documents, 1)
        )

        def read(index: int) -> Imported:
            entry = entries[index].name
            return _read(documents[index], material.path.name, entry, several)

        return Found(FORMAT, _version(documents), entries, read)


OPENHANDS = _OpenHands()


def _documents(material: Material) -> list[Json]:
    if material.archive is not None:
        return archived(Members(material.archive, material.data))
    if not material.head.startswith((b"{", b"[")) or not any(sign in material.data for sign in _SIGNS):
        return []
    if is_lines(material):
        return documents_of([value for _, value in material.lines])
    value = material.json
    return documents_of(value) if isinstance(value, list) else [mapping(value)]


def _version(documents: list[Json]) -> str:
    return "V1" if any(map(is_sdk, islice(events_of(documents[0]), LOOKED_AT))) else "V0"


def _entry(run: Json, name: str) -> Entry:
    result = mapping(run.get("test_result"))
    resolved = mapping(result.get("report")).get("resolved", result.get("resolved"))
    events = events_of(run)
    return Entry(
        name=text(run.get("instance_id")) or name,
        task=short(text(run.get("instruction")) or _asked(events)),
        outcome="error" if run.get("error") else "finished" if has_finished(events) else "",
        score=score_of(resolved),
        model=_model(run),
        turns=turns_of(events),
        tokens=_tokens(mapping(mapping(run.get("metrics")).get("accumulated_token_usage"))),
        cost_usd=number(mapping(run.get("metrics")).get("accumulated_cost")),
        started_at=next((at for at in map(Zone(events).at, events[:LOOKED_AT]) if at), None),
    )


def _tokens(used: Json) -> int | None:
    counts = [whole(used.get(f"{what}_tokens")) for what in ("prompt", "completion")]
    return None if counts == [None, None] else sum(count or 0 for count in counts)


def _asked(events: list[object]) -> str:
    """What a person said first."""
    for event in map(mapping, events[:LOOKED_AT]):
        if event.get("source") == "user":
            given = mapping(event.get("args")).get("content")
            return text(given) or told(mapping(event.get("llm_message")).get("content"))
    return ""


def _read(run: Json, file: str, name: str, is_one_of_many: bool) -> Imported:
    events = events_of(run)
    if not events:
        raise NoTrajectory(f"{one_line(name)} in {one_line(file)} has no event.")
    builder = Builder(FORMAT, _version([run]), name=name, file=file, entry=name if is_one_of_many else "")
    _begin(builder, run)
    zone, prices = Zone(events), Prices(run.get("metrics"))
    reader = (
        SdkReader(builder, zone, prices, events)
        if any(map(is_sdk, events[:LOOKED_AT]))
        else EventReader(builder, zone, prices)
    )
    for place, event in enumerate(events):
        if isinstance(event, dict):
            reader.read(f"event {place}", event)
        else:
            builder.problem(f"event {place}", "is no object")
    if zone.is_guessed:
        builder.note("the times name no zone: they are read as UTC")
    _end(builder, reader, run)
    return builder.finish()


def _begin(builder: Builder, run: Json) -> None:
    metadata = mapping(run.get("metadata"))
    builder.begin(model=_model(run) or None, max_turns=whole(metadata.get("max_iterations")))


def _model(run: Json) -> str:
    """The model of an evaluation, or of the first reply that names one."""
    metadata = mapping(run.get("metadata"))
    for config in ("llm_config", "llm"):
        if word(mapping(metadata.get(config)).get("model")):
            return word(mapping(metadata[config]).get("model"))
    told_of = (mapping(mapping(event).get("tool_call_metadata")) for event in events_of(run))
    return next(
        (name for one in told_of if (name := word(mapping(one.get("model_response")).get("model")))), ""
    )


def _end(builder: Builder, reader: EventReader | SdkReader, run: Json) -> None:
    if run.get("error"):
        builder.end("elsewhere", text(run["error"]))
    else:
        reader.close()
    for name, value in unknown(run, _KNOWN):
        builder.keep(name, value)
