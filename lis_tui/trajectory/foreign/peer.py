"""Reads `trajectory.json` of llm-in-sandbox: one run, or a benchmark's dictionary of problems."""

import re
from itertools import islice

from msgspec.structs import replace

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall
from lis_tui.trajectory.foreign.building import Builder
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
from lis_tui.trajectory.foreign.translating import encoded

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
    for number, step in enumerate(items(steps), 1):
        if isinstance(step, dict):
            _step(builder, step, where, number)
        else:
            builder.problem(f"{where}[{number - 1}]", "is no object")


def _step(builder: Builder, step: Json, where: str, number: int) -> None:
    metadata, call = mapping(step.get("metadata")), _call(step.get("action"), number)
    turn = builder.reply(
        text=text(step.get("thought")),
        reasoning=text(step.get("reasoning_content")),
        calls=[] if call is None else [call],
        duration_s=duration(metadata.get("exec_time")),  # it is the model's: measured around its request
    )
    address = StepAddress(turn)
    for key, value in unknown(step, _STEP):
        builder.keep(f"{where}.{key}", value, address)
    for key, value in unknown(metadata, _METADATA):
        builder.keep(f"{where}.metadata.{key}", value, address)
    for name, value in (("action", step.get("action")), ("metadata", step.get("metadata"))):
        if not isinstance(value, dict):
            builder.problem(f"{where}[{number - 1}].{name}", "is no object")
    _observe(builder, step, call)


def _call(action: object, number: int) -> ToolCall | None:
    """An empty name means that the model called nothing."""
    data = mapping(action)
    name = word(data.get("function"))
    return ToolCall(f"step-{number}", name, encoded(data.get("parameters", {}))) if name else None


def _observe(builder: Builder, step: Json, call: ToolCall | None) -> None:
    seen = text(step.get("observation"))
    if call is None:
        if seen:
            builder.say(seen, "nudge")
        return
    exit_code, output = _told(seen)
    if exit_code is not None:
        builder.observe(seen, exit_code=exit_code, output=output)
    else:
        builder.observe(seen, status=_status(seen), output=output)


def _told(seen: str) -> tuple[int | None, str | None]:
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


def _status(seen: str) -> StepStatus:
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
