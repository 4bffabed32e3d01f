"""Reads ATIF, the Agent Trajectory Interchange Format of Harbor: one trajectory, or one on each line."""

from functools import partial

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.events import TrajectoryImported
from lis_tui.trajectory.foreign.atif_marks import entry_of, has_marks, imported_of
from lis_tui.trajectory.foreign.atif_steps import StepReader
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import tools_of
from lis_tui.trajectory.foreign.fields import (
    Found,
    is_lines,
    items,
    mapping,
    number,
    seconds,
    short,
    unknown,
    whole,
    word,
)
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, name_of
from lis_tui.trajectory.foreign.wording import told

FORMAT = "ATIF"
_TAG = "ATIF-v"
_SOURCES = ("system", "user", "agent")
_ROOT = frozenset(["schema_version", "agent", "steps", "subagent_trajectories"])
_AGENT = frozenset(["model_name", "tool_definitions"])
_MOST_DEPTH = 20
"""Trajectories of subagents inside those of subagents."""


class _Atif:
    format = FORMAT

    def recognise(self, material: Material) -> Found | None:
        """Look for the tag of the format, or for steps of its shape."""
        if not material.head.startswith((b"{", b"[")) or b'"steps"' not in material.data:
            return None
        whole_ones = [one for one in _documents(material) if _is_atif(one)]
        documents = [inner for one in whole_ones for inner in _with_subagents(one)]
        if not documents:
            return None
        name = name_of(material.path)
        entries = tuple(_entry(document, name, len(documents) > 1) for document in documents)
        reader = partial(_read, documents, entries, material.path.name)
        return Found(FORMAT, _version(documents[0]), entries, reader)


ATIF = _Atif()


def _documents(material: Material) -> list[Json]:
    if is_lines(material):
        return [mapping(value) for _, value in material.lines]
    value = material.json
    return [mapping(one) for one in value] if isinstance(value, list) else [mapping(value)]


def _is_atif(document: Json) -> bool:
    steps = document.get("steps")
    if not isinstance(steps, list):
        return False
    if word(document.get("schema_version")).startswith(_TAG):
        return True
    first = mapping(steps[0]) if steps else {}
    return bool(mapping(document.get("agent"))) and "step_id" in first and first.get("source") in _SOURCES


def _with_subagents(document: Json, depth: int = 0) -> list[Json]:
    inner = items(document.get("subagent_trajectories")) if depth < _MOST_DEPTH else []
    found = [mapping(one) for one in inner if isinstance(mapping(one).get("steps"), list)]
    return [document, *(each for one in found for each in _with_subagents(one, depth + 1))]


def _version(document: Json) -> str:
    return word(document.get("schema_version")).removeprefix(_TAG)


def _entry(document: Json, name: str, is_one_of_many: bool) -> Entry:
    steps = [mapping(step) for step in items(document.get("steps"))]
    metrics = mapping(document.get("final_metrics"))
    agent = mapping(document.get("agent"))
    own = word(document.get("trajectory_id")) or word(document.get("session_id"))
    prompt, completion = (whole(metrics.get(f"total_{kind}_tokens")) for kind in ("prompt", "completion"))
    times = (seconds(step.get("timestamp")) for step in steps)
    entry = Entry(
        name=own if is_one_of_many and own else name,
        task=short(next((told(step.get("message")) for step in steps if step.get("source") == "user"), "")),
        model=word(agent.get("model_name")),
        turns=sum(step.get("source") == "agent" for step in steps),
        tokens=None if prompt is None and completion is None else (prompt or 0) + (completion or 0),
        cost_usd=number(metrics.get("total_cost_usd")),
        started_at=next((at for at in times if at), None),
    )
    return entry_of(document, entry) if has_marks(document) else entry


def _read(documents: list[Json], entries: tuple[Entry, ...], file: str, index: int) -> Imported:
    document = documents[index]
    name = entries[index].name
    found = items(document.get("steps"))
    if not found:
        raise NoTrajectory(f"{file} is an ATIF file without a step.")
    entry = name if len(documents) > 1 else ""
    builder = Builder(FORMAT, _version(document), name=name, file=file, entry=entry)
    if has_marks(document):
        told = TrajectoryImported(format=FORMAT, version=_version(document), file=file, entry=entry)
        try:
            return imported_of(document, told)
        except (ValueError, OverflowError, RecursionError):
            builder.problem("extra.lis_tui", "does not fit the steps, which are read without it")
    agent = mapping(document.get("agent"))
    tools = tools_of(agent.get("tool_definitions"))
    builder.begin(model=word(agent.get("model_name")) or None, tools=tools or None)
    steps = StepReader(builder)
    for place, step in enumerate(found):
        if isinstance(step, dict):
            steps.read(f"steps[{place}]", step)
        else:
            builder.problem(f"steps[{place}]", "is no object")
    steps.close()
    _keep_rest(builder, document)
    return builder.finish()


def _keep_rest(builder: Builder, document: Json) -> None:
    if document.get("subagent_trajectories"):
        builder.note("the trajectories of its subagents are entries of their own")
    if document.get("continued_trajectory_ref"):
        builder.notice("the trajectory goes on in another file, which is not read")
    for name, value in unknown(document, _ROOT):
        builder.keep(name, value)
    for name, value in unknown(mapping(document.get("agent")), _AGENT):
        builder.keep(f"agent.{name}", value)
