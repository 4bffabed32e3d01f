"""What is drawn, without a terminal: rows, strip, status line, words, themes, actions."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lis_tui.core import events
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import Observation, Usage
from lis_tui.core.parts import StepView, Totals
from lis_tui.core.spec import Limits
from lis_tui.core.text import clean
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.actions import ACTIONS, Focus, key_table, why_not
from lis_tui.ui.calls import call_rows, result_rows
from lis_tui.ui.highlight import highlight, plain
from lis_tui.ui.markdown import markdown_rows
from lis_tui.ui.offers import footer
from lis_tui.ui.rows import Row, cells, text_of
from lis_tui.ui.screens.edit import part_of, with_part
from lis_tui.ui.screens.limits import read_limits, write_limits
from lis_tui.ui.status import Moment, state_words, status_line
from lis_tui.ui.strip import step_at, strip_inks
from lis_tui.ui.themes import read_theme, read_themes
from tests import story

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Mn", "Me", "Zl", "Zp"]), max_size=120
)


@given(TEXT, st.integers(8, 60), st.integers(1, 6), st.booleans())
def test_a_row_is_as_tall_as_it_said_and_never_too_wide(
    text: str, width: int, most: int, is_prose: bool
) -> None:
    row = Row([(clean(text), "output")], lead=[("  ", "")], most=most, is_prose=is_prose)
    lines = row.lines(width)
    assert len(lines) == row.height(width) <= most
    assert all(cells(line) <= max(width, 10) for line in lines)


@given(TEXT)
def test_folding_at_any_character_loses_nothing(text: str) -> None:
    row = Row([(text[:3], "a"), (text[3:], "b")], most=1000)
    assert "".join(text_of(line) for line in row.lines(20)) == text


def test_what_does_not_fit_ends_in_a_sign() -> None:
    assert text_of(Row([("x" * 50, "a")]).lines(10)[0]) == "x" * 9 + "…"


@given(st.text(max_size=300))
def test_colouring_changes_no_text_so_that_heights_stay_true(text: str) -> None:
    coloured = [text_of(line) for line in highlight(text, "bash")]
    assert coloured == [text_of(line) for line in plain(text)]


def strip_of(view: RunView, cursor: int, width: int, *forks: StepAddress) -> str:
    return "".join(sign for sign, tone in strip_inks(view, cursor, width, forks) if tone != "rule")


def kept(count: int, *without: int) -> RunView:
    """A run of so many steps, one a turn; all but some were kept."""
    view = RunView().apply_all(story.long(count))
    for step in view.steps:
        if step.address.turn not in without:
            taken = events.CheckpointTaken(address=step.address, entries=1, bytes_new=1, took_s=0.1)
            view.apply(Record(view.version, view.last_at, taken))
    return view


def test_the_strip_marks_forks_missing_checkpoints_and_what_a_person_did() -> None:
    view = kept(8, 3, 8)
    view.apply(Record(900, view.last_at, events.RunForked(parent="other", point=StepAddress(2, 1))))
    view.apply(Record(901, view.last_at, events.CommandInjected(address=StepAddress(4, 1, 1), command="ls")))
    view.steps[5].changed_by = "person"
    assert strip_of(view, 0, 40, StepAddress(7, 1)) == "◉⑂○●+✎●⑂●"


def test_a_fork_before_a_step_is_marked_at_the_step_before() -> None:
    view = kept(4)
    forked = events.RunForked(parent="other", point=StepAddress(3, 1), is_before=True)
    view.apply(Record(900, view.last_at, forked))
    assert strip_of(view, 3, 40) == "●⑂●◉"


@pytest.mark.parametrize("width", [8, 20, 60, 110])
def test_of_many_steps_the_worst_mark_of_a_bucket_is_shown(width: int) -> None:
    view = kept(240)
    view.steps[120].changed_by = "person"
    inks = strip_inks(view, 0, width, [StepAddress(101, 1)])
    assert sum(cell_len(text) for text, _ in inks) == width
    marks = [sign for sign, _ in inks]
    assert marks[0] == "◉"
    assert "✎" in marks
    assert "✗" in marks
    assert ("⑂" in marks) == (width >= 60)
    assert step_at(width - 1, 240, width) >= 240 - 240 // width - 1


@pytest.mark.parametrize("count", [1, 7, 40, 99, 500])
def test_the_strip_is_as_wide_as_asked_and_shows_a_failure_among_many(count: int) -> None:
    view = RunView().apply_all(story.long(count))
    inks = strip_inks(view, count - 1, 60)
    assert sum(cell_len(text) for text, _ in inks) == 60
    assert any(sign == "✗" for sign, _ in inks) == (count >= 9)
    assert step_at(0, count, 60) == 0


def moment(view: RunView) -> Moment:
    return Moment(view.last_at + 43)


def test_the_status_line_begins_with_the_state_and_keeps_the_key_for_help() -> None:
    view = RunView().apply_all(story.waiting())
    for width in (60, 80, 120, 200):
        line = text_of(status_line(view, moment(view), footer(view, Focus()), width))
        assert line.startswith(" ‖ waiting for you")
        assert "? keys" in line
        assert cell_len(line) <= width


def test_the_status_says_how_far_a_sandbox_was_brought_back_also_after_the_end() -> None:
    view = RunView().apply_all(story.ended())
    view.apply(Record(0, view.last_at, events.RestoreProgressed(34, 100)))
    assert state_words(view, moment(view)) == ("▶ bringing back files 34%", "accent")
    view.apply(Record(0, view.last_at, events.RestoreProgressed(100, 100)))
    assert state_words(view, moment(view)) == ("■ submitted", "ok")


def test_a_fork_has_not_ended_because_its_parent_had() -> None:
    started, *past = story.ended()
    assert isinstance(started.event, events.RunStarted)
    event = msgspec.structs.replace(started.event, parent="mandelbrot-3", parent_step=StepAddress(3, 1))
    view = RunView().apply_all([Record(1, started.at, event), *past])
    assert state_words(view, moment(view)) == ("▶ bringing back the sandbox", "accent")
    view.apply(Record(99, view.last_at, events.RunForked(parent="mandelbrot-3", point=StepAddress(3, 1))))
    assert state_words(view, moment(view))[0] == "▶ working 43 s"


def test_a_long_reason_of_the_end_leaves_room_for_the_keys() -> None:
    view = RunView().apply_all(story.waiting())
    end = events.RunEnded(status="model_failed", reason="The model server answered nothing. " * 5)
    view.apply(Record(99, view.last_at, end))
    line = text_of(status_line(view, moment(view), footer(view, Focus()), 80))
    assert "? keys" in line
    assert "try now" in line


def test_a_try_that_is_under_way_counts_up() -> None:
    view = RunView().apply_all(story.waiting()[:4])
    retried = events.ModelRetried(turn=1, attempt=2, max_attempts=6, wait_s=10.0, reason="busy")
    view.apply(Record(9, story.START + 9, retried))
    assert state_words(view, Moment(story.START + 12))[0] == "▶ try 2 of 6 in 7 s"
    assert state_words(view, Moment(story.START + 24))[0] == "▶ try 2 of 6: waiting for first token 5 s"


def test_waiting_for_the_first_token_is_told_with_its_time() -> None:
    view = RunView().apply_all(story.waiting()[:4])
    view.apply(
        Record(
            9,
            story.START + 9,
            events.ModelAsked(turn=1, model="m", message_count=1, prompt_tokens_estimate=1),
        )
    )
    assert state_words(view, moment(view))[0] == "▶ waiting for first token 43 s"


def test_each_end_of_a_run_has_words() -> None:
    for status in events.EXIT_CODES:
        assert "_" not in words.end_words(status)[0]


def test_an_unknown_cost_is_called_unknown() -> None:
    totals = Totals()
    totals.add(Usage(prompt_tokens=5))
    assert words.cost(totals) == "cost unknown"
    totals.add(Usage(cost_usd=0.5))
    assert words.cost(totals) == "$0.500+?"


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0s"), (43, "43s"), (134, "2:14"), (3734, "1:02:14")])
def test_times_are_short(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (84_112, "84 kB"), (999_700, "1.0 MB"), (5_400_000_000, "5.4 GB")]
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert words.size(size) == text


def test_keys_are_unique_and_listed_for_the_readme() -> None:
    keys = [key for action in ACTIONS for key in action.keys.split(",") if key]
    assert len(keys) == len(set(keys))
    table = key_table()
    assert all(f"| {action.tip} |" in table for action in ACTIONS if action.keys)


def test_an_action_says_why_it_cannot_run() -> None:
    view = RunView().apply_all(story.running())
    assert why_not("approve", view, Focus()) == "nothing waits for you"
    assert why_not("pause", view, Focus()) == ""
    assert why_not("pause", view, Focus(is_recorded=True)) == "this is a recording"


def test_our_themes_are_legible() -> None:
    themes, problems = read_themes()
    assert problems == []
    assert {"dark", "light"} <= themes.keys()
    for palette in themes.values():
        colours = palette.colours()
        ground = colours.pop("background")
        for name in ("surface", "cursor", "selection", "rule", "terminal-0"):
            colours.pop(name)
        for name, colour in colours.items():
            assert contrast(colour, ground) >= 4.5, f"{palette.name}: {name}"


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_theme_of_ones_own_replaces_and_a_broken_one_is_named(tmp_path: Path) -> None:
    dark = (Path("themes") / "dark.toml").read_text()
    (tmp_path / "mine.toml").write_text(dark.replace('name = "dark"', 'name = "mine"'))
    (tmp_path / "bad.toml").write_text(dark.replace("#15171c", "black"))
    themes, problems = read_themes(tmp_path)
    assert "mine" in themes
    (problem,) = problems
    assert "bad.toml" in problem
    assert "background" in problem


def test_a_theme_with_an_unknown_role_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text((Path("themes") / "dark.toml").read_text().replace("muted =", "mutde ="))
    with pytest.raises(SettingsInvalid, match="mutde"):
        read_theme(path)


def test_an_edit_changes_one_argument_and_keeps_the_others() -> None:
    arguments = '{"command": "str_replace", "path": "/a.py", "old_str": "x", "new_str": "y"}'
    part = part_of("str_replace_editor", arguments)
    assert (part.key, part.text) == ("new_str", "y")
    assert with_part(arguments, part, "z") == arguments.replace('"y"', '"z"')


def test_broken_arguments_can_be_mended_by_hand() -> None:
    part = part_of("execute_bash", '{"command": "ls')
    assert part.key == ""
    with pytest.raises(ValueError, match="no JSON object"):
        with_part('{"command": "ls', part, "[]")
    assert with_part('{"command": "ls', part, '{"command": "ls"}') == '{"command": "ls"}'


def test_limits_are_read_as_they_are_written() -> None:
    limits = Limits(max_turns=7, max_cost_usd=None, timeout_s=90.5)
    assert read_limits(write_limits(limits), Limits()) == limits
    for wrong in ("turns=none", "turns=1.5", "cost=-1", "colour=3", "turns"):
        assert isinstance(read_limits(wrong, limits), str)


def test_markdown_keeps_what_it_does_not_know() -> None:
    text = "# Head\n\n1. one\n- *two*\n\n```python\nx = 1\n```\n**open\n[a](b)"
    drawn = [text_of([*row.lead, *row.inks]) for row in markdown_rows(text, "reasoning", [])]
    assert drawn == ["Head", "", "1. one", "• two", "", "  x = 1", "**open", "[a](b)"]


def test_remarks_for_the_model_are_not_shown_as_output() -> None:
    view = RunView().apply_all(story.long(1))
    step = view.steps[0]
    step.tail.clear()
    step.observation = Observation(
        text="one\n[exit code 3]\n[turn 1 of 9: 8 left]", status="failed", exit_code=3
    )
    assert [text_of(row.inks) for row in result_rows(step, [("  ", "")])] == ["one"]
    step.observation = Observation(text="[no output]\n[turn 1 of 9: 8 left]")
    assert result_rows(step, [("  ", "")]) == []


def test_what_waits_for_a_person_is_shown_to_its_last_character() -> None:
    command = "true " + "; ".join(f"echo {number}" for number in range(600)) + "; rm -rf /last"
    call = story.bash(command)
    step = StepView(StepAddress(1, 1), call.name, call.arguments, call.arguments, status="waiting")
    drawn = [
        text_of(line) for row in call_rows(step, [("  ", "")], [], is_lit=True) for line in row.lines(60)
    ]
    assert "".join(line.strip() for line in drawn).endswith("rm -rf /last")
    step.status = "done"
    assert len(call_rows(step, [("  ", "")], [], is_lit=True)[0].lines(60)) == 6
