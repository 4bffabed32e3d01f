from pathlib import Path

import pytest
from msgspec.structs import replace

from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.notes import Notes, read_notes, write_notes
from lis_tui.trajectory.store import Store
from lis_tui.ui.app import LisApp
from lis_tui.ui.comparing import by_kinship
from lis_tui.ui.screens.compare import CompareScreen, OutcomesScreen
from lis_tui.ui.screens.judge import JudgeDialog
from tests import branches, story
from tests.screens import FakeSource, bench, pressing, some_runs, text_of, workbench_app
from tests.ui.test_compare import SIZES, Compare, quiet


def recorded(root: Path) -> tuple[Store, LisApp, FakeSource]:
    """The story and its fork on disk, and a workbench that shows the story."""
    store = Store(root)
    for name, records in (
        ("mandelbrot-3", branches.parent()),
        ("mandelbrot-4", branches.fork()),
        ("mandelbrot-5", story.running()),
    ):
        folder = store.create("task", name)
        journal = Journal.create(folder)
        for record in records:
            if record.n:
                journal.append(record)
        journal.close()
    source = FakeSource(branches.parent(), is_recorded=True)
    source.family = store.list()
    return store, workbench_app(source), source


def shown(app: LisApp) -> object:
    return app.screen


async def test_a_run_is_compared_with_one_that_is_chosen(tmp_path: Path) -> None:
    _, app, _ = recorded(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("=")
        await quiet(pilot)
        assert "Compare mandelbrot-3 with" in text_of(app)
        await pilot.press(*"name:*4")
        await quiet(pilot)
        await pilot.press("enter")
        await quiet(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert "6 steps shared" in text_of(app) or "= 6" in text_of(app)
        await pilot.press("q")
        await quiet(pilot)
        assert shown(app) is bench(app)


async def test_what_another_program_recorded_is_compared_with_a_run(tmp_path: Path) -> None:
    _, app, source = recorded(tmp_path)
    source.name = "session of another"
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("=")
        await quiet(pilot)
        assert "Compare session of another with" in text_of(app)
        await pilot.press(*"name:*4")
        await quiet(pilot)
        await pilot.press("enter")
        await quiet(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert "session of another" in text_of(app)


async def test_a_run_is_compared_with_several_that_are_marked(tmp_path: Path) -> None:
    _, app, _ = recorded(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        await pilot.press("=")
        await quiet(pilot)
        await pilot.press("tab", "down", "tab", "enter")
        await quiet(pilot)
        assert isinstance(app.screen, OutcomesScreen)
        assert app.screen.runs[0].name == "mandelbrot-3"
        assert len(app.screen.runs) == 3


async def test_a_filter_that_cannot_be_read_is_said_and_the_list_stays(tmp_path: Path) -> None:
    _, app, _ = recorded(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("=")
        await quiet(pilot)
        await pilot.press("(")
        await quiet(pilot)
        assert "A condition is missing" in text_of(app)
        assert "mandelbrot-4" in text_of(app)
        await pilot.press("escape")
        await quiet(pilot)
        assert shown(app) is bench(app)


async def test_a_verdict_tags_and_a_note_are_kept_beside_the_journal(tmp_path: Path) -> None:
    store, app, source = recorded(tmp_path)
    write_notes(store.find("mandelbrot-3").path, Notes(tags=("old",)))
    source.family = store.list()
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("V")
        await quiet(pilot)
        assert isinstance(app.screen, JudgeDialog)
        await pilot.press("down", "tab", "end", "space", "n", "e", "w", "tab", "O", "k", ".", "enter")
        await quiet(pilot)
        assert "kept: good #old #new" in text_of(app)
    assert read_notes(store.find("mandelbrot-3").path) == Notes(
        verdict="good", tags=("old", "new"), note="Ok."
    )


async def test_what_is_no_verdict_is_said_and_nothing_is_kept(tmp_path: Path) -> None:
    store, app, _ = recorded(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("V")
        await quiet(pilot)
        await pilot.press("x", "enter")
        await quiet(pilot)
        assert "A verdict is good, bad, mixed or none" in text_of(app)
        await pilot.press("escape")
        await quiet(pilot)
    assert not read_notes(store.find("mandelbrot-3").path)


async def test_where_there_is_no_other_run_that_is_said() -> None:
    app = workbench_app(FakeSource(branches.parent(), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("=")
        await quiet(pilot)
        assert "there is no other run to compare this one with" in text_of(app)


def test_the_family_comes_first_then_the_same_task(tmp_path: Path) -> None:
    runs = some_runs()
    fork = replace(runs[2], name="fork", parent="mandelbrot-3", started_at=1.0)
    twin = replace(runs[1], name="twin", started_at=2.0, parent=None)
    names = [run.name for run in by_kinship("mandelbrot-3", [*runs, fork, twin])]
    assert names == ["fork", "twin", "primes-12", "scrape-2", "notes-1"]
    assert by_kinship("fork", [*runs, fork])[0].name == "mandelbrot-3"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [("=", "tab", "down"), ("V", "down")], ids=["picker", "verdict"])
def test_the_dialogs_look_as_they_did(
    snap_compare: Compare, tmp_path: Path, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    _, app, source = recorded(tmp_path)
    write_notes(source.family[0].path, Notes(verdict="mixed", tags=("paper",)))
    source.family = Store(tmp_path).list()
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys, settled=quiet))
