from pathlib import Path

import pytest

from lis_tui.config.places import Places
from lis_tui.core import events
from lis_tui.core.errors import RunNotFound
from lis_tui.core.events import Record, StepAddress
from lis_tui.trajectory.store import Store
from lis_tui.ui.runs import Runs
from lis_tui.ui.sources import LiveSource, RecordedSource
from tests import story


def runs_of(tmp_path: Path, records: list[Record]) -> tuple[Runs, str]:
    folder = Store(tmp_path / "data").create("Plot the set", "plot")
    folder.journal_path.write_bytes(b"".join(events.encode(record) + b"\n" for record in records))
    return Runs(Places(tmp_path / "data", tmp_path / "config", tmp_path / "run")), folder.name


def facts() -> list[Record]:
    return [record for record in story.ended() if record.n]


def test_a_run_that_a_process_has_is_live_and_known_by_name_at_once(tmp_path: Path) -> None:
    runs, name = runs_of(tmp_path, facts())
    with runs.find(name).lock():
        source = runs.other(name)
    assert isinstance(source, LiveSource)
    assert source.name == name


def test_a_run_that_no_process_has_is_a_recording(tmp_path: Path) -> None:
    runs, name = runs_of(tmp_path, facts())
    assert isinstance(runs.other(name), RecordedSource)


def test_where_a_run_left_its_parent_is_listed(tmp_path: Path) -> None:
    started, *rest = facts()
    event = started.event
    assert isinstance(event, events.RunStarted)
    forked = events.RunStarted(
        run="plot",
        spec=event.spec,
        system_prompt="",
        task_prompt="",
        tools=(),
        parent="mandelbrot-3",
        parent_step=StepAddress(3, 2),
    )
    runs, _ = runs_of(tmp_path, [Record(1, started.at, forked), *rest])
    (summary,) = runs.list()
    assert (summary.parent, summary.parent_step) == ("mandelbrot-3", StepAddress(3, 2))


async def test_a_journal_from_elsewhere_has_no_family_and_cannot_be_forked() -> None:
    source = RecordedSource("sample", facts)
    assert source.runs() == []
    with pytest.raises(RunNotFound, match="not among your runs"):
        await source.fork(StepAddress(1, 1))
