"""Reads SWE-agent's `.traj` files: steps beside the history that the model saw, or the history alone."""

from itertools import islice

from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.decoding import decoded
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
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, name_of
from lis_tui.trajectory.foreign.swe_talk import History, SweTalk, is_step, state_of
from lis_tui.trajectory.foreign.talk import is_message

FORMAT = "SWE-agent"
_KNOWN = frozenset(["trajectory", "history", "info", "attempts"])
_INFO = frozenset(["exit_status", "submission"])
_MARKS = frozenset(["message_type", "agent", "thought", "action", "is_demo", "tool_call_ids"])
_MOST_LOOKED_AT = 50


class SweAgent:
    """The importer of SWE-agent."""

    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """A file holds steps with action and observation, or a history whose messages name their agent."""
        if not material.head.startswith(b"{") or is_lines(material):
            return None
        data = mapping(material.json)
        if not (_has_steps(data) or _has_history(data)):
            return None
        runs = _runs(data)
        name = name_of(material.path)
        entries = tuple(
            _entry(run, f"{name} {n}" if len(runs) > 1 else name) for n, run in enumerate(runs, 1)
        )
        version = word(mapping(data.get("info")).get("swe_agent_version"))
        return Found(FORMAT, version, entries, lambda n: _read(material, version, entries[n].name, runs[n]))


SWE_AGENT = SweAgent()


def _has_steps(data: Json) -> bool:
    steps = data.get("trajectory")
    if not isinstance(steps, list):
        return False
    return any(map(is_step, islice(steps, _MOST_LOOKED_AT))) or (
        not steps and isinstance(data.get("history"), list) and isinstance(data.get("info"), dict)
    )


def _has_history(data: Json) -> bool:
    messages = [mapping(one) for one in items(data.get("history"))[:_MOST_LOOKED_AT] if is_message(one)]
    return any(_MARKS & message.keys() for message in messages) and "trajectory" not in data


def _runs(data: Json) -> list[Json]:
    """A run that was tried several times holds each attempt; one of them is the run itself."""
    attempts = [mapping(one) for one in items(data.get("attempts")) if _has_steps(mapping(one))]
    return attempts if len(attempts) > 1 else [data]


def _entry(data: Json, name: str) -> Entry:
    info = mapping(data.get("info"))
    stats, steps = mapping(info.get("model_stats")), items(data.get("trajectory"))
    history = History.of(data)
    sent, received = whole(stats.get("tokens_sent")), whole(stats.get("tokens_received"))
    cost = number(stats.get("instance_cost"))
    return Entry(
        name=word(data.get("instance_id")) or name,
        task=short(history.task),
        outcome=text(info.get("exit_status")),
        model=_model(data),
        turns=len(steps) if "trajectory" in data else len(history.replies),
        tokens=(sent + received) or None if sent is not None and received is not None else None,
        cost_usd=cost or None,  # 0 stands for a price that is not known, too
    )


def _config(data: Json) -> Json:
    told = data.get("replay_config")
    return mapping(decoded(told.encode(errors="replace"))[0] if isinstance(told, str) else told)


def _model(data: Json) -> str:
    return word(mapping(mapping(_config(data).get("agent")).get("model")).get("name"))


# ---- reading


def _read(material: Material, version: str, name: str, data: Json) -> Imported:
    builder = Builder(FORMAT, version, name=name, file=str(material.path))
    history = History.of(data)
    info = mapping(data.get("info"))
    for key in ("trajectory", "history"):
        if data.get(key) is not None and not isinstance(data[key], list):
            builder.problem(key, "is no list")
    for place in history.broken:
        builder.problem(place, "is no message")
    _begin(builder, data, history)
    SweTalk(builder, data, history).read()
    for demonstration in history.demonstrations:
        builder.keep("history.is_demo", demonstration)
    if history.demonstrations:
        builder.note(
            "Demonstrations at the beginning of the history are kept aside: they are no part of the run."
        )
    for key, value in unknown(data, _KNOWN):
        builder.keep(key, value)
    for key, value in unknown(info, _INFO):
        builder.keep(f"info.{key}", value)
    _end(builder, info)
    return builder.finish()


def _begin(builder: Builder, data: Json, history: History) -> None:
    home = mapping(_config(data).get("env"))
    image = word(mapping(home.get("deployment")).get("image"))
    repository = word(mapping(home.get("repo")).get("repo_name"))
    workdir = f"/{repository}" if repository else _first_folder(items(data.get("trajectory")))
    builder.begin(
        task=history.task,
        system=history.system,
        model=_model(data) or None,
        image=image or None,
        workdir=workdir or None,
    )


def _first_folder(steps: list[object]) -> str:
    states = (state_of(mapping(step).get("state")) for step in steps[:_MOST_LOOKED_AT])
    return next((found for state in states if (found := word(state.get("working_dir")))), "")


def _end(builder: Builder, info: Json) -> None:
    status, submission = text(info.get("exit_status")), info.get("submission")
    answer = None if submission is None else text(submission)
    if status == "submitted":
        builder.end("submitted", answer=answer)
    elif status:
        builder.end("elsewhere", status, answer=answer)
