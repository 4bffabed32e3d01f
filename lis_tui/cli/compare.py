"""Runs side by side, printed: how each came out; of two, also where they differ."""

from collections.abc import Iterator, Sequence

from lis_tui.cli.printer import call_words
from lis_tui.cli.recorded import Recorded, recorded
from lis_tui.config.places import Places
from lis_tui.core.compare import MOST_RUNS, align
from lis_tui.core.errors import StorageFailed, UsageWrong
from lis_tui.core.parts import StepView
from lis_tui.core.text import clean, one_line
from lis_tui.core.view import RunView
from lis_tui.trajectory.compared import Compared, files_between, load_compared
from lis_tui.trajectory.store import Store
from lis_tui.ui.outcomes import HEADS, NUMBERS, answers, cells, count_words, shared_words

MOST_FILES = 50
_SIGNS = {"new": "→", "gone": "←", "changed": "≠"}


def found(places: Places, names: Sequence[str]) -> list[Compared]:
    """Read the runs, or trajectories in files, that are to be compared. Raises LisError."""
    runs = [recorded(places, name) for name in names]
    if not 2 <= len(runs) <= MOST_RUNS:
        raise UsageWrong(f"Two to {MOST_RUNS} runs can be compared, not {len(runs)}.")
    if len({run.place for run in runs}) < len(runs):
        raise UsageWrong("One of these runs is named twice.")
    return [_compared(places, run) for run in runs]


def _compared(places: Places, run: Recorded) -> Compared:
    if run.folder is None:
        return Compared(run.name, RunView().apply_all(run.records()))
    folder = run.folder
    name = folder.name if folder.path.parent == places.data / "runs" else str(folder.path)
    return load_compared(Store(places.data).summary(name))


def show(compared: Sequence[Compared]) -> int:
    """Print the table of outcomes, and of two runs their steps and the files that differ at their ends."""
    for line in table(compared):
        print(line)
    if len(compared) == 2:
        for line in (*_steps(compared[0], compared[1]), *_files(compared[0], compared[1])):
            print(clean(line))
    return 0


def table(runs: Sequence[Compared]) -> Iterator[str]:
    """Give the table of outcomes, a line a run, then their answers."""
    outcomes = [run.outcome for run in runs]
    rows = [tuple(head.upper() for head in HEADS), *map(cells, outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    for row in rows:
        yield "  ".join(
            cell.rjust(width) if head in NUMBERS else cell.ljust(width)
            for cell, width, head in zip(row, widths, HEADS, strict=True)
        ).rstrip()
    yield ""
    for one, answer in zip(outcomes, answers(outcomes), strict=True):
        said = answer or one_line(one.reason, 200) or "no answer"
        model = f" ({one_line(one.model, 40)})" if one.model else ""
        yield f"{one_line(one.run, 40)}{model}: {said}"


def _steps(left: Compared, right: Compared) -> Iterator[str]:
    alignment = align(left.view, right.view)
    yield f"\n{shared_words(alignment)} · {count_words(alignment)}"
    for pair in alignment.pairs:
        if pair.is_shared and pair.sign == "=":
            continue
        one, other = _call(pair.left), _call(pair.right)
        yield f"  {pair.sign} {one or '–'}"
        if one != other:
            yield f"    {other or '–'}"


def _call(step: StepView | None) -> str:
    if step is None:
        return ""
    return f"{step.address} {one_line(call_words(step.tool, step.arguments), 160)}"


def _files(left: Compared, right: Compared) -> Iterator[str]:
    try:
        one, other, differing = files_between(left, right, (None, None))
    except StorageFailed as error:
        yield f"\nFiles are not compared: {error.sentence}"
        return
    yield f"\nFiles that differ after {one.address} and after {other.address}: {len(differing)}"
    for file in differing[:MOST_FILES]:
        yield f"  {_SIGNS[file.kind]} {one_line(file.path, 200)} {file.about}".rstrip()
    if len(differing) > MOST_FILES:
        yield f"  … and {len(differing) - MOST_FILES:,} more"
