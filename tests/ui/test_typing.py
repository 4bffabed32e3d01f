from textual.events import Key

from lis_tui.core.decisions import Reject
from lis_tui.core.events import StepAddress
from lis_tui.ui.deeds.group import GRACE_S
from tests import story
from tests.screens import Clock, FakeSource, settle, workbench_app


async def test_enter_pressed_right_behind_the_last_letter_gives_all_that_was_typed() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    app = workbench_app(source, monotonic=clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        clock.at += GRACE_S * 2
        await pilot.press("x")
        await settle(pilot)
        for letter in "not now":
            app.post_message(Key("space" if letter == " " else letter, letter))
        app.post_message(Key("enter", "\r"))
        await settle(pilot)
    assert source.decisions == [(Reject("not now"), StepAddress(6, 1))]


async def test_a_key_of_the_field_itself_is_not_overtaken_by_the_letters_after_it() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    app = workbench_app(source, monotonic=clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        clock.at += GRACE_S * 2
        await pilot.press("x")
        await settle(pilot)
        for key in ("a", "b", "backspace", "c", "home", "d", "delete", "ctrl+e", "e"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        app.post_message(Key("enter", "\r"))
        await settle(pilot)
    assert source.decisions == [(Reject("dce"), StepAddress(6, 1))]
