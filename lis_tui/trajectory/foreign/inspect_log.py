"""Recognises the logs of Inspect, `.eval` and JSON, and gives their samples."""

from collections.abc import Callable

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.text import one_line
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.fields import (
    Found,
    items,
    mapping,
    number,
    score_of,
    seconds,
    short,
    text,
    whole,
    word,
)
from lis_tui.trajectory.foreign.inspect_archive import LogArchive
from lis_tui.trajectory.foreign.inspect_sample import SampleReader
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported
from lis_tui.trajectory.foreign.translating import encoded
from lis_tui.trajectory.foreign.wording import told

FORMAT = "Inspect"
_HEADER = ("eval", "plan", "results", "stats", "tags", "metadata", "error")


class _Inspect:
    format = FORMAT

    def recognise(self, material: Material) -> Found | None:
        """A zip with Inspect's members, or its JSON. Raises NoTrajectory for a log without a sample."""
        if material.archive is not None:
            log = LogArchive(material.archive, material.data)
            return _archive(material, log) if log.is_log else None
        if not material.head.startswith(b"{") or b'"eval"' not in material.data:
            return None
        header = mapping(material.json)
        return _document(material, header) if _is_log(header) else None


INSPECT = _Inspect()


def _is_log(header: Json) -> bool:
    told_of = mapping(header.get("eval"))
    return "task" in told_of and "model" in told_of and ("status" in header or "version" in header)


def _archive(material: Material, log: LogArchive) -> Found:
    header, samples = log.header, log.samples()
    names = [name for name, _ in samples]
    return _found(material, header, [summary for _, summary in samples], lambda n: log.sample(names[n]))


def _document(material: Material, header: Json) -> Found:
    samples = [mapping(sample) for sample in items(header.get("samples"))]
    return _found(material, header, samples, lambda n: samples[n])


def _found(material: Material, header: Json, summaries: list[Json], sample: Callable[[int], Json]) -> Found:
    task = one_line(text(mapping(header.get("eval")).get("task")))
    if not summaries:
        raise NoTrajectory(f"{material.path} is an Inspect log of {task or 'a task'} without a sample.")
    several = len({text(summary.get("epoch")) for summary in summaries}) > 1
    entries = tuple(_entry(summary, header, several) for summary in summaries)

    def read(index: int) -> Imported:
        return _read(material.path.name, header, entries[index].name, sample(index))

    return Found(FORMAT, text(header.get("version")), entries, read)


def _entry(summary: Json, header: Json, several: bool) -> Entry:
    """A summary has the fields of its sample, or fewer."""
    usages = [mapping(usage) for usage in mapping(summary.get("model_usage")).values()]
    tokens = [count for usage in usages if (count := whole(usage.get("total_tokens"))) is not None]
    costs = [cost for usage in usages if (cost := number(usage.get("total_cost"))) is not None]
    epoch = f" epoch {text(summary.get('epoch'))}" if several else ""
    return Entry(
        name=f"{text(summary.get('id'))}{epoch}",
        task=short(_asked(summary.get("input"), mapping(summary.get("attachments")))),
        outcome=_outcome(summary),
        score=_score(mapping(summary.get("scores")) or {"score": summary.get("score")}),
        model=word(mapping(header.get("eval")).get("model")),
        turns=_turns(summary),
        tokens=sum(tokens) if tokens else None,
        cost_usd=sum(costs) if costs else None,
        started_at=seconds(summary.get("started_at")) or None,
    )


def _asked(given: object, attachments: Json) -> str:
    """The words of the input; the first that are a user's, where it is a conversation."""
    messages = [mapping(one) for one in items(given)]
    first = next((one.get("content") for one in messages if one.get("role") == "user"), None)
    words = told(first) if messages else told(given)
    return text(attachments.get(words.removeprefix("attachment://"), words))


def _outcome(summary: Json) -> str:
    if summary.get("error"):
        return "error"
    limit = summary.get("limit")
    if limit:
        return f"{text(mapping(limit).get('type')) or text(limit)} limit"
    return "completed"


def _score(scores: Json) -> float | str | None:
    """The first score; what is neither a number nor a word is given as its JSON."""
    first = next((mapping(score).get("value") for score in scores.values() if score), None)
    return score_of(first) if not isinstance(first, list | dict) else short(encoded(first))


def _turns(summary: Json) -> int | None:
    roles = [mapping(message).get("role") for message in items(summary.get("messages"))]
    return roles.count("assistant") if roles else whole(summary.get("turn_count"))


def _read(file: str, header: Json, entry: str, sample: Json) -> Imported:
    told_of = mapping(header.get("eval"))
    task = text(told_of.get("task"))
    builder = Builder(
        FORMAT, text(header.get("version")), name=f"{task} {entry}".strip(), file=file, entry=entry
    )
    SampleReader(builder, sample, word(told_of.get("model"))).read()
    for name in _HEADER:
        if header.get(name):
            builder.keep(name, header[name])
    return builder.finish()
