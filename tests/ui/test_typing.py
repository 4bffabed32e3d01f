import json

import pytest
from msgspec.structs import replace
from textual.events import Key

from lis_tui.core.decisions import Edit, Reject
from lis_tui.core.events import Record, StepAddress, StepProposed
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


def waiting(command: str) -> list[Record]:
    """The story with another command waiting."""
    records = []
    for record in story.waiting():
        event = record.event
        if isinstance(event, StepProposed) and event.address == StepAddress(6, 1):
            call = replace(event.call, arguments=json.dumps({"command": command}))
            record = replace(record, event=replace(event, call=call))
        records.append(record)
    return records


@pytest.mark.parametrize(("command", "edited"), [("ls", "lsZ"), ("ls\nid", "Zls\nid")])
async def test_a_line_is_edited_from_its_end_and_a_longer_text_from_its_beginning(
    command: str, edited: str
) -> None:
    source, clock = FakeSource(waiting(command)), Clock(0.0)
    app = workbench_app(source, monotonic=clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        clock.at += GRACE_S * 2
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("Z", "ctrl+s")
        await settle(pilot)
    ((decision, _),) = source.decisions
    assert isinstance(decision, Edit)
    assert json.loads(decision.arguments) == {"command": edited}
