from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from lis_tui.ui.screens.numbers import NumbersScreen
from tests import story
from tests.screens import FakeSource, bench, settle, story_app, text_of, workbench_app

SIZES = [(80, 24), (120, 40)]


async def _counted(pilot: Pilot[int]) -> None:
    await settle(pilot)
    await pilot.press("percent_sign")
    for _ in range(200):
        if isinstance(pilot.app.screen, NumbersScreen):
            break
        await settle(pilot)
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
def test_the_numbers_look_as_they_did(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    assert snap_compare(story_app(story.ended()), terminal_size=size, run_before=_counted)


async def test_a_live_run_is_counted_as_far_as_it_is_and_one_comes_back_to_it() -> None:
    app = workbench_app(FakeSource(story.waiting()))
    async with app.run_test(size=(120, 40)) as pilot:
        await _counted(pilot)
        told = text_of(app)
        assert "in numbers" in told
        assert f"steps               {len(bench(app).view.steps)}" in told
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is bench(app)
