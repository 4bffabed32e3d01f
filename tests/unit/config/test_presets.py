"""Presets are read as they ship, a broken one says so, and what they suggest gives way to a user's word."""

import re
from pathlib import Path

import pytest

from lis_tui.config.load import load
from lis_tui.config.presets import SHIPPED, Preset, preset_names, read_preset, read_presets
from lis_tui.core.errors import SettingsInvalid, UsageWrong

DOMAINS = {"maths", "physics", "chemistry", "biomedicine", "long-context", "instructions"}
SHOWCASES = {"tokyo-map", "conference-poster", "birthday-video", "piano-piece"}
SUGGESTS = Preset(
    name="p", title="T", sentence="S.", task="t", limits={"limits.max_turns": 7, "limits.max_cost_usd": 1.0}
)


def test_the_showcases_come_first_then_a_task_of_each_domain() -> None:
    names = [preset.name for preset in read_presets()]
    assert set(names[:4]) == SHOWCASES
    assert set(names[4:]) == DOMAINS


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_says_what_it_is_and_its_inputs_are_the_files_it_names(name: str) -> None:
    preset = read_preset(name)
    assert preset.title
    assert preset.sentence.endswith(".")
    assert "\n" not in preset.sentence
    assert "answer.txt" in preset.task
    assert all(path.is_file() and path.stat().st_size < 4000 for path in preset.inputs)
    named = [path.name for path in preset.inputs if f"documents/{path.name}" in preset.task]
    assert len(named) == len(preset.inputs) or "documents/ holds" in preset.task
    assert ("documents/" in preset.task) == bool(preset.inputs)
    assert not preset.answer or preset.answer not in preset.task


def test_a_preset_that_is_not_there_names_the_one_that_was_meant() -> None:
    with pytest.raises(UsageWrong, match=r"no preset 'tokio-map'\. Did you mean tokyo-map\?") as caught:
        read_preset("tokio-map")
    assert caught.value.exit_code == 2
    with pytest.raises(UsageWrong, match="There are biomedicine, "):
        read_preset("../../etc")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [", "is no preset"),
        ("title: T\nsentence: S.\ntask: ' '\n", "its task is empty"),
        ("title: T\nsentence: S.\ntask: t\nlimits: {max_turn: 3}\n", "Did you mean max_turns"),
        ("title: T\nsentence: S.\ntask: t\nlimits: {max_turns: 0}\n", "max_turns = 0 cannot be used"),
        ("title: T\nsentence: S.\ntask: t\nmodel: x\n", "is no preset"),
    ],
)
def test_a_broken_preset_is_a_sentence_that_names_its_file(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "preset.yaml").write_text(text)
    with pytest.raises(SettingsInvalid, match=said) as caught:
        read_preset("own", tmp_path)
    assert str(tmp_path / "own" / "preset.yaml") in caught.value.sentence


def test_what_a_preset_suggests_is_weaker_than_file_variable_and_flag(tmp_path: Path) -> None:
    plain = load({}, {}, tmp_path, preset=SUGGESTS)
    assert (plain.settings.limits.max_turns, plain.origins["limits.max_turns"]) == (7, "preset p")
    assert load({"max_turns": "9"}, {}, tmp_path, preset=SUGGESTS).settings.limits.max_turns == 9
    assert load({}, {"LIS_TUI_MAX_TURNS": "8"}, tmp_path, preset=SUGGESTS).settings.limits.max_turns == 8
    (tmp_path / "config.toml").write_text("[limits]\nmax_cost_usd = 0.25\n")
    loaded = load({}, {}, tmp_path, preset=SUGGESTS)
    assert (loaded.settings.limits.max_cost_usd, loaded.settings.limits.max_turns) == (0.25, 7)


def test_presets_lie_in_the_package_so_that_a_wheel_has_them() -> None:
    import lis_tui

    assert SHIPPED.is_relative_to(Path(lis_tui.__file__).parent)


def test_the_page_about_presets_names_each_of_them() -> None:
    page = (Path(__file__).parents[3] / "docs" / "presets.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)) == set(preset_names())
