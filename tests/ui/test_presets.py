"""A task that is ready is chosen on the start screen: it fills in task and settings, and leaves with them."""

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, TextArea

from lis_tui.config.load import load
from lis_tui.config.places import Places
from lis_tui.config.presets import read_preset, read_presets
from lis_tui.core.errors import UsageWrong
from lis_tui.core.spec import RunSpec
from lis_tui.ui.asking import settings_line, spec_of, with_preset
from tests.screens import settle, start_app, text_of


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "data", tmp_path / "config", tmp_path / "run")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_one_key_lists_the_presets_and_enter_fills_one_in(size: tuple[int, int]) -> None:
    asked: list[object] = []
    app = start_app([], asked=asked)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "f4 presets" in text_of(app)
        assert "esc leave" in text_of(app)
        await pilot.press("f4")
        await settle(pilot)
        for preset in read_presets():
            assert preset.name in text_of(app)
        app.screen.query_one(OptionList).highlighted = [one.name for one in read_presets()].index("maths")
        await pilot.press("enter")
        await settle(pilot)
        preset = read_preset("maths")
        assert app.screen.query_one(TextArea).text == preset.task
        settings = app.screen.query_one("#settings", Input)
        assert settings.value.startswith("preset=maths  model=openai/qwen3-coder  ")
        assert settings.value[: settings.cursor_position].endswith("qwen3-coder"), "behind the model"
        await pilot.press("enter")
        await settle(pilot)
        assert "preset=" not in app.screen.query_one("#settings", Input).value
    (spec,) = asked
    assert isinstance(spec, RunSpec)
    assert spec.task == preset.task
    assert "preset=maths" in spec.model.name


async def test_a_preset_that_is_not_taken_changes_nothing() -> None:
    app = start_app([])
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*"add", "f4")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.query_one(TextArea).text == "add"
        assert "preset=" not in app.screen.query_one("#settings", Input).value


def test_the_line_names_the_preset_and_the_run_gets_its_files_and_limits(places: Places) -> None:
    loaded = load({"model.name": "script/demo"}, {}, places.config)
    preset = read_preset("long-context")
    line = with_preset(settings_line(loaded), preset, loaded)
    assert line.startswith("preset=long-context  model=script/demo")
    spec = spec_of(preset.task, line, loaded, places)
    assert spec.inputs == tuple(map(str, preset.inputs))
    assert (spec.limits.max_turns, spec.limits.max_cost_usd, spec.name) == (20, 1, "long-context")


def test_what_a_user_has_set_stays_and_another_preset_takes_the_place_of_the_first(places: Places) -> None:
    loaded = load({"model.name": "m", "max_turns": "33"}, {}, places.config)
    plain = settings_line(loaded)
    first = with_preset(plain, read_preset("maths"), loaded)
    assert "turns=33  cost=1 " in first
    second = with_preset(first, read_preset("tokyo-map"), loaded)
    assert second == f"preset=tokyo-map  {plain}"
    assert with_preset(second, None, loaded) == plain


def test_a_preset_that_is_not_there_is_a_sentence_and_can_be_replaced(places: Places) -> None:
    loaded = load({"model.name": "m"}, {}, places.config)
    with pytest.raises(UsageWrong, match="no preset 'nowhere'"):
        spec_of("t", "preset=nowhere model=m", loaded, places)
    assert with_preset("preset=nowhere model=m", None, loaded) == "model=m"
