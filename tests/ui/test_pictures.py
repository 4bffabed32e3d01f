"""Every screen at 80×24 and 120×40, the workbench in each theme."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lis_tui.trajectory.marks import Marks
from tests import changed, story
from tests.families import FIFTH, app_of, eventful, kept, parent
from tests.screens import FakeSource, family_runs, pressing, some_runs, start_app, story_app, workbench_app

Compare = Callable[..., bool]
"""The plugin's: draws the app and compares it with the stored picture."""
SIZES = [(80, 24), (120, 40)]
NOT_READY = "No key for openai/qwen3-coder: set OPENAI_API_KEY, or put it into the keyring."


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("moment", ["waiting", "thinking", "running", "ended"])
def test_the_workbench_looks_as_it_did(
    snap_compare: Compare, moment: str, theme: str, size: tuple[int, int]
) -> None:
    records = getattr(story, moment)()
    assert snap_compare(story_app(records, theme), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", [(70, 24), (58, 20)])
def test_narrow_terminals_get_tabs_or_a_sentence(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(story_app(story.waiting()), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "keys",
    [
        ("e",),
        ("x",),
        ("question_mark",),
        ("colon",),
        ("q",),
        ("v",),
        ("L",),
        ("z",),
        ("left_square_bracket", "enter"),
    ],
    ids=["edit", "reject", "help", "palette", "quit", "sent", "limits", "zoom", "output"],
)
def test_dialogs_and_other_screens_look_as_they_did(
    snap_compare: Compare, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    app = story_app(story.waiting())
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES)
def test_the_middle_of_a_recording_looks_as_it_did(
    snap_compare: Compare, size: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "plot.py").write_text(story.PLOT)
    source = FakeSource(story.ended(), worktree=tmp_path, is_recorded=True)
    source.marks = Marks.of_run(tmp_path, tmp_path)
    app = workbench_app(source)
    keys = ("g", "right_square_bracket", "m", "slash", *"plot", "enter", "apostrophe")
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES)
def test_a_search_looks_as_it_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = story_app(story.ended(), is_recorded=True)
    assert snap_compare(app, terminal_size=size, run_before=pressing("g", "slash", *"plot"))


@pytest.mark.parametrize("size", SIZES)
def test_a_recording_says_that_it_is_one(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = story_app(story.ended(), is_recorded=True)
    assert snap_compare(app, terminal_size=size, run_before=pressing("1", "g", "enter"))


@pytest.mark.parametrize("size", SIZES)
def test_the_start_screen_looks_as_it_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = start_app(some_runs(), NOT_READY)
    assert snap_compare(app, terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "keys",
    [("k", "r"), ("k", "f"), ("k", "f", "right"), ("O",), ("k", "f", "enter", "q")],
    ids=["rewind", "fork", "fork_before", "runs", "quit_two"],
)
def test_time_travel_looks_as_it_did(
    snap_compare: Compare, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    source = parent()
    source.family = family_runs()
    assert snap_compare(app_of(source), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES)
def test_a_rewind_without_a_checkpoint_looks_as_it_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(parent(kept(story.waiting(), FIFTH)))
    assert snap_compare(app, terminal_size=size, run_before=pressing("k", "r"))


@pytest.mark.parametrize("size", SIZES)
def test_the_resumption_of_a_run_looks_as_it_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(parent(is_recorded=True))
    assert snap_compare(app, terminal_size=size, run_before=pressing("U"))


@pytest.mark.parametrize("size", SIZES)
def test_a_long_run_with_forks_looks_as_it_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    source = FakeSource(eventful())
    app = workbench_app(source, now=eventful()[-1].at + 3)
    assert snap_compare(app, terminal_size=size, run_before=pressing("k", "k"))


@pytest.mark.parametrize("size", SIZES)
def test_families_on_the_start_screen_look_as_they_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = start_app(family_runs())
    assert snap_compare(app, terminal_size=size, run_before=pressing("tab", "tab", "down"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "moment",
    ["amended", "injected", "versions", "job", "cut_off", "submitting", "after_step"],
)
def test_what_a_person_changed_stands_beside_what_the_model_wrote(
    snap_compare: Compare, moment: str, size: tuple[int, int]
) -> None:
    records = getattr(changed, moment)()
    assert snap_compare(story_app(records), terminal_size=size, run_before=pressing())


WRONG_FILTER = ("b", "end", *("space", "o", "u", "t", "exclamation_mark", "equals_sign", "x"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("moment", "keys"),
    [
        ("stopped", ("B",)),
        ("stopped", ("b",)),
        ("stopped", WRONG_FILTER),
        ("stopped", ("A",)),
        ("amended", ("i",)),
        ("own", ("exclamation_mark",)),
        ("amended", ("E",)),
        ("amended", ("at",)),
    ],
    ids=["breakpoints", "breakpoint", "wrong filter", "always", "inject", "own shell", "words", "model"],
)
def test_the_dialogs_of_decisions_look_as_they_did(
    snap_compare: Compare, moment: str, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    records = getattr(changed, moment)()
    assert snap_compare(story_app(records), terminal_size=size, run_before=pressing(*keys))
