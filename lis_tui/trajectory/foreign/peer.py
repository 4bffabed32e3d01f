"""Reads `trajectory.json` of llm-in-sandbox: one run, or a benchmark's dictionary of problems."""

import re
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from lis_tui.core.arguments import arguments_of as given
from lis_tui.core.events import ObservationEdited, ReplyEdited, StepAddress
from lis_tui.core.messages import StepStatus, ToolCall
from lis_tui.trajectory.beside_step import BesideStep, Wrote, beside, known
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import arguments
from lis_tui.trajectory.foreign.fields import (
    Found,
    duration,
    is_lines,
    items,
    mapping,
    score_of,
    short,
    text,
    unknown,
    word,
)
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, name_of
from lis_tui.trajectory.foreign.translating import as_ours

FORMAT = "llm-in-sandbox"
_EXIT = re.compile(r"Exit code: (?:Error: Exit code )?(-?\d{1,9})\n")
_SAID, _STDOUT, _STDERR = "Execution output of \\[execute_bash]:\n", "\\[STDOUT]\n", "\n\\[STDERR]\n"
_FAILURES = ("Error", "ERROR:", "Unknown ")
_SUCCESSES = ("<<< Finished >>>", "File created at ", "The file ", "Here's the ", "(empty ")
_RUN = frozenset(["problem_statement", "steps", "metadata"])
_PROBLEM = frozenset(["problem_statement", "trajectory", "reward", "agent_answer", "ground_truth"])
_METADATA = frozenset(["step", "exec_time"])
_STEP = frozenset(["thought", "reasoning_content", "action", "observation", "metadata"])
_MOST_LOOKED_AT = 50


class Peer:
    """The importer of llm-in-sandbox."""

    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """Both layouts hold steps with a thought, an action and an observation."""
        if not material.head.startswith(b"{") or is_lines(material):
            return None
        data = mapping(material.json)
        if _is_run(data):
            entry = _entry(data, name_of(material.path), items(data["steps"]))
            return Found(FORMAT, "", (entry,), lambda _: _run(material, entry.name, data))
        if not _is_benchmark(data):
            return None
        names = list(data)
        entries = tuple(_problem_entry(name, mapping(data[name])) for name in names)
        return Found(
            FORMAT, "benchmark", entries, lambda n: _problem(material, entries[n].name, data[names[n]])
        )


PEER = Peer()


def _is_run(data: Json) -> bool:
    steps = data.get("steps")
    if "problem_statement" not in data or not isinstance(steps, list):
        return False
    return not steps or any(_is_step(step) for step in islice(steps, _MOST_LOOKED_AT))


def _is_benchmark(data: Json) -> bool:
    return any(_is_problem(problem) for problem in islice(data.values(), _MOST_LOOKED_AT))


def _is_problem(problem: object) -> bool:
    """A problem that failed has no steps; the fields around them are the sign."""
    data = mapping(problem)
    return isinstance(data.get("trajectory"), list) and (
        {"problem_statement", "reward"} <= data.keys() or any(map(_is_step, items(data["trajectory"])[:1]))
    )


def _is_step(step: object) -> bool:
    return isinstance(step, dict) and {"thought", "action", "observation"} <= step.keys()


def _entry(data: Json, name: str, steps: list[object]) -> Entry:
    has_submitted = bool(steps) and _function(steps[-1]) == "submit"
    return Entry(
        name=name,
        task=short(word(data.get("problem_statement"))),
        outcome="submitted" if has_submitted else "",
        turns=len(steps),
    )


def _problem_entry(name: str, data: Json) -> Entry:
    entry = _entry(data, name, items(data.get("trajectory")))
    return replace(entry, score=score_of(data.get("reward")))


def _function(step: object) -> str:
    return word(mapping(mapping(step).get("action")).get("function"))


# ---- reading


def _run(material: Material, name: str, data: Json) -> Imported:
    builder = Builder(FORMAT, name=name, file=str(material.path))
    _begin(builder, data, _RUN)
    for key, value in mapping(data.get("metadata")).items():
        builder.keep(f"metadata.{key}", value)
    _steps(builder, data.get("steps"), "steps")
    _end(builder, items(data.get("steps")), None)
    return builder.finish()


def _problem(material: Material, name: str, value: object) -> Imported:
    builder = Builder(FORMAT, "benchmark", name=name, file=str(material.path), entry=name)
    if not isinstance(value, dict):
        builder.problem(name, "is no object")
    data = mapping(value)
    _begin(builder, data, _PROBLEM)
    for key in ("reward", "ground_truth"):
        if key in data:
            builder.keep(key, data[key])
    _steps(builder, data.get("trajectory"), "trajectory")
    answer = data.get("agent_answer")
    _end(builder, items(data.get("trajectory")), None if answer is None else text(answer))
    return builder.finish()


def _begin(builder: Builder, data: Json, known: frozenset[str]) -> None:
    builder.begin(task=text(data.get("problem_statement")))
    for key, value in unknown(data, known):
        builder.keep(key, value)


def _steps(builder: Builder, steps: object, where: str) -> None:
    if not isinstance(steps, list):
        builder.problem(where, "is no list")
    turn: list[Place] = []
    for number, step in enumerate(items(steps), 1):
        if not isinstance(step, dict):
            builder.problem(f"{where}[{number - 1}]", "is no object")
            continue
        place = Place(step, number, beside(mapping(step.get("metadata"))))
        if turn and (not place.mark.continues or place.mark.by or turn[0].mark.by):
            _turn(builder, where, turn)
            turn = []
        turn.append(place)
    if turn:
        _turn(builder, where, turn)


class Place(Struct):
    """A step of the file, where it stands, and what we wrote beside it."""

    step: Json
    number: int
    mark: BesideStep


def _turn(builder: Builder, where: str, places: list[Place]) -> None:
    """A step is a turn; only where we wrote it, several may be one."""
    first = places[0]
    if first.mark.by is not None:
        _injected(builder, where, first)
        return
    asked = [_asked(place) for place in places]
    said = Wrote(text(first.step.get("thought")), text(first.step.get("reasoning_content")))
    wrote = first.mark.wrote or said
    turn = builder.reply(
        text=wrote.text,
        reasoning=wrote.reasoning,
        calls=[call for call in asked if call is not None],
        duration_s=duration(mapping(first.step.get("metadata")).get("exec_time")),
        # the time is the model's: measured around its request
        ours=_ours,
    )
    by = first.mark.rewritten_by
    if by is not None:
        builder.add(ReplyEdited(turn=turn, text=said.text, reasoning=said.reasoning, by=by))
    for place, call in zip(places, asked, strict=True):
        _keep(builder, where, place, StepAddress(turn))
        _observe(builder, place, call)


def _ours(call: ToolCall) -> ToolCall:
    """Its shell has our tool's name and arguments; nothing of them is left out."""
    is_ours = call.name == "execute_bash" and isinstance(mapping(given(call.arguments)).get("command"), str)
    return call if is_ours else as_ours(call)


def _injected(builder: Builder, where: str, place: Place) -> None:
    """A person's command, which has a place in the file only as a step."""
    call, mark = _call(place.step.get("action"), place.number), place.mark
    command = word(mapping(mapping(place.step.get("action")).get("parameters")).get("command"))
    address = builder.inject(command, is_hidden=mark.is_hidden, by=mark.by or "person")
    _keep(builder, where, place, address)
    _observe(builder, place, call, is_next=True)


def _keep(builder: Builder, where: str, place: Place, address: StepAddress) -> None:
    step, metadata = place.step, mapping(place.step.get("metadata"))
    for key, value in unknown(step, _STEP):
        builder.keep(f"{where}.{key}", value, address)
    for key, value in unknown(metadata, _METADATA | known(metadata)):
        builder.keep(f"{where}.metadata.{key}", value, address)
    for name, value in (("action", step.get("action")), ("metadata", step.get("metadata"))):
        if not isinstance(value, dict):
            builder.problem(f"{where}[{place.number - 1}].{name}", "is no object")


def _call(action: object, number: int) -> ToolCall | None:
    """An empty name means that the model called nothing."""
    data = mapping(action)
    name = word(data.get("function"))
    return ToolCall(f"step-{number}", name, arguments(data.get("parameters", {}))) if name else None


def _asked(place: Place) -> ToolCall | None:
    """What the model asked for: what ran, unless somebody changed that."""
    asked = place.mark.asked
    if asked is not None:
        return ToolCall(f"step-{place.number}", asked.tool, asked.arguments)
    return _call(place.step.get("action"), place.number)


def _observe(builder: Builder, place: Place, call: ToolCall | None, *, is_next: bool = False) -> None:
    seen, mark = text(place.step.get("observation")), place.mark
    if call is None:
        if seen:
            builder.say(seen, "nudge")
        return
    if mark.status == "asked":
        return
    exit_code, output = told(seen)
    address = builder.observe(
        seen if mark.really is None else mark.really,
        call_id=None if is_next else call.id,
        exit_code=mark.exit_code if mark.status is not None else exit_code,
        status=mark.status or ("unknown" if exit_code is not None else status_of(seen)),
        output=output if mark.really is None else None,
        ran=None if mark.asked is None else _call(place.step.get("action"), place.number),
        changed_by=mark.changed_by,
    )
    if address is not None and mark.edited_by is not None:
        builder.add(ObservationEdited(address, seen, mark.edited_by))


def told(seen: str) -> tuple[int | None, str | None]:
    """Exit code and output, as the format writes them before and after a command's text."""
    found = _EXIT.match(seen)
    if found is None or not seen.startswith(_SAID, found.end()):
        return None, None
    code, start = int(found[1]), found.end() + len(_SAID)
    if not seen.startswith(_STDOUT, start):  # before the two streams were told apart
        return code, seen[start:]
    start += len(_STDOUT)
    end = seen.find(_STDERR, start)
    if end < 0:
        return code, "" if seen[start : start + 2] in ("", "\n") else seen[start:]
    out, err = seen[start:end], seen[end + len(_STDERR) :]
    return code, err if out.isspace() else out + err


def status_of(seen: str) -> StepStatus:
    """Other tools have no code; their own words say how it went."""
    said = seen.removeprefix("Execution output of \\[str_replace_editor]:\n")
    if said.startswith(_FAILURES):
        return "failed"
    return "done" if said.startswith(_SUCCESSES) else "unknown"


def _end(builder: Builder, steps: list[object], answer: str | None) -> None:
    """A file is written when a run is over; it does not say why one without a submission ended."""
    if steps and _function(steps[-1]) == "submit":
        builder.end("submitted", answer=answer)
    else:
        builder.end("elsewhere", "the last step is no submission" if steps else "no steps", answer=answer)
