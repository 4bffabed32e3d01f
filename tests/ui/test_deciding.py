import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, TextArea

from lis_tui.config.breakpoints import read_breakpoints, save_breakpoints
from lis_tui.core import events
from lis_tui.core.breakpoints import SHIPPED, AllowRule, Breakpoint
from lis_tui.core.decisions import (
    Amend,
    ApproveRule,
    ChangeModel,
    ChooseVersion,
    ContinueFrom,
    Decision,
    Edit,
    EditObservation,
    EditReply,
    End,
    Inject,
    Resample,
    RunOwn,
    SetAllowRules,
    SetBreakpoints,
    SetTimeout,
    ShareOwn,
    Skip,
    ToBackground,
    Withdraw,
)
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import Reply
from lis_tui.ui.actions import ACTIONS
from lis_tui.ui.app import LisApp
from lis_tui.ui.deeds import GROUPS
from lis_tui.ui.screens.choosing import read_time
from tests import changed, story
from tests.changed import HERE
from tests.screens import FakeSource, Ticking, bench, settle, text_of, workbench_app

SIZE = (120, 40)
Said = tuple[Decision, StepAddress | None]


@asynccontextmanager
async def shown(records: list[Record], *keys: str) -> AsyncIterator[tuple[Pilot[int], LisApp, list[Said]]]:
    """Show the records to a person who has long looked at them, and press keys."""
    source = FakeSource(records)
    app = workbench_app(source, now=records[-1].at + 3, monotonic=Ticking())
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        yield pilot, app, source.decisions


def told(records: list[Record], *more: events.Event) -> list[Record]:
    at = records[-1].at
    return [*records, *(Record(900 + n, at + n, event) for n, event in enumerate(more))]


async def write(pilot: Pilot[int], text: str, *keys: str) -> None:
    pilot.app.screen.query(TextArea).first().text = text
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def test_every_action_of_the_table_is_done_by_exactly_one_group() -> None:
    for action in ACTIONS:
        name = {"continue": "continue_"}.get(action.id, action.id)
        assert sum(name in vars(group) for group in GROUPS) == 1, action.id


def test_no_key_means_two_things() -> None:
    keys = [key for action in ACTIONS for key in action.keys.split(",") if key]
    assert len(keys) == len(set(keys))


# ---- changing what waits


async def test_an_edit_can_be_kept_waiting() -> None:
    async with shown(story.waiting(), "e") as (pilot, _, decisions):
        await write(pilot, "ls output", "f2")
        assert decisions == [(Amend('{"command": "ls output"}'), HERE)]


async def test_a_changed_step_is_edited_on_from_what_it_is_now_and_shown_beside_the_models() -> None:
    async with shown(changed.amended(), "e") as (pilot, app, decisions):
        area = app.screen.query_one(TextArea)
        assert area.text == changed.LABEL
        await write(pilot, "ls", "ctrl+s")
        assert decisions == [(Edit('{"command": "ls"}'), HERE)]
        assert "you changed it; the model wrote:" in text_of(app)
        assert "--font 14" in text_of(app)
        assert "--font 18" in text_of(app)


async def test_a_change_is_undone_as_long_as_it_waits() -> None:
    async with shown(changed.amended(), "u") as (_, _, decisions):
        assert decisions == [(Amend(None), HERE)]


async def test_without_a_change_there_is_nothing_to_undo() -> None:
    async with shown(story.waiting(), "u") as (_, app, decisions):
        assert decisions == []
        assert "no change of yours waits" in text_of(app)


async def test_what_was_said_last_is_taken_back_word_for_word() -> None:
    records = told(story.waiting(), events.MessageQueued("one"), events.MessageQueued("two"))
    async with shown(records, "u") as (_, _, decisions):
        assert decisions == [(Withdraw("two"), None)]


async def test_the_final_answer_is_edited_where_it_waits() -> None:
    async with shown(changed.submitting()) as (pilot, app, decisions):
        assert "1.507" in text_of(app)
        assert "a submit" in text_of(app)
        await pilot.press("e")
        await settle(pilot)
        assert app.screen.query_one(TextArea).text.startswith("The area")
        await write(pilot, "1.5066", "ctrl+s")
        assert decisions == [(Edit('{"answer": "1.5066"}'), StepAddress(7, 1))]


async def test_after_a_step_what_the_model_sees_of_it_is_edited_and_can_be_restored() -> None:
    step = StepAddress(6, 2)
    async with shown(changed.after_step(), "e") as (pilot, app, decisions):
        seen = app.screen.query_one(TextArea).text
        await write(pilot, "nothing of note", "ctrl+s")
        assert decisions == [(EditObservation("nothing of note"), step)]
    records = told(changed.after_step(), events.ObservationEdited(step, "nothing of note"))
    async with shown(records, "u") as (_, app, decisions):
        assert "you changed what the model sees of it" in text_of(app)
        assert decisions == [(EditObservation(seen), step)]


async def test_after_a_step_nothing_is_offered_that_comes_too_late() -> None:
    async with shown(changed.after_step(), "x") as (_, app, decisions):
        assert decisions == []
        text = text_of(app)
        assert "a go on" in text
        assert "x reject" not in text
        assert "+ resample" not in text


async def test_a_cut_reply_goes_on_from_what_a_person_makes_of_it() -> None:
    async with shown(changed.cut_off(), "e") as (pilot, app, decisions):
        areas = list(app.screen.query(TextArea))
        areas[0].text = "The picture lacks axes."
        areas[1].text = "I add them"
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert decisions == [(ContinueFrom("I add them", "The picture lacks axes."), StepAddress(6))]


async def test_before_the_model_is_asked_there_is_nothing_to_edit_unless_a_reply_was_cut() -> None:
    opened = events.GateOpened(address=StepAddress(1), gate="before_model", because="step mode")
    async with shown(told(story.waiting()[:3], opened), "e") as (_, app, decisions):
        assert decisions == []
        assert "nothing is there to change yet" in text_of(app)


# ---- refusing, adding, asking again


async def test_a_step_is_skipped_without_a_reason() -> None:
    async with shown(story.waiting(), "X") as (_, _, decisions):
        assert decisions == [(Skip(), HERE)]


@pytest.mark.parametrize(
    ("keys", "is_hidden", "is_after"),
    [((), False, False), (("f2",), True, False), (("f2", "f3"), True, True), (("f2", "f2"), False, False)],
)
async def test_a_command_is_injected(keys: tuple[str, ...], is_hidden: bool, is_after: bool) -> None:
    async with shown(story.waiting(), "i") as (pilot, _, decisions):
        await write(pilot, "ls -l", *keys, "enter")
        assert decisions == [(Inject("ls -l", is_hidden, is_after), HERE)]


async def test_while_nothing_waits_an_injected_command_runs_when_it_can() -> None:
    async with shown(story.thinking(), "i") as (pilot, app, decisions):
        assert "as soon as nothing else does" in text_of(app)
        assert "right after it" not in text_of(app)
        await write(pilot, "ls", "enter")
        assert decisions == [(Inject("ls"), None)]


async def test_an_empty_command_is_not_injected() -> None:
    async with shown(story.waiting(), "i", "enter") as (_, app, decisions):
        assert decisions == []
        assert "write the command" in text_of(app)


@pytest.mark.parametrize("is_hidden", [True, False])
async def test_an_injected_step_says_who_ran_it_and_whether_the_model_knows(is_hidden: bool) -> None:
    async with shown(changed.injected(is_hidden=is_hidden)) as (_, app, _):
        text = text_of(app)
        assert "6.0+1" in text
        assert "you ran this" in text
        assert ("not shown to the model" in text) == is_hidden
        assert bench(app).commands.painted_gate == HERE


async def test_the_cursor_stays_on_the_step_that_is_read_when_another_comes_before_it() -> None:
    records = changed.injected()
    place = next(n for n, one in enumerate(records) if isinstance(one.event, events.DecisionMade) and n > 60)
    async with shown(records[:place], "G", "k") as (pilot, app, _):
        read = bench(app).commands.step
        assert read is not None
        source = bench(app).source
        assert isinstance(source, FakeSource)
        source.add(*records[place:])
        await settle(pilot)
        assert bench(app).commands.step is read


async def test_another_reply_is_asked_for_and_chosen_from() -> None:
    async with shown(story.waiting(), "plus") as (_, _, decisions):
        assert decisions == [(Resample(), HERE)]
    async with shown(changed.versions(), "comma", "full_stop") as (_, app, decisions):
        assert "version 2 of 3" in text_of(app)
        assert decisions == [(ChooseVersion(1), HERE), (ChooseVersion(3), HERE)]


async def test_a_reply_of_which_a_call_has_run_cannot_be_asked_for_again() -> None:
    records = changed.submitting()
    last = next(n for n, one in enumerate(records) if _finishes(one.event, HERE))
    async with shown(told(records[: last + 1], waits(StepAddress(6, 2))), "plus") as (_, app, decisions):
        assert decisions == []
        assert "something of this reply is decided already" in text_of(app)


def _finishes(event: events.Event, address: StepAddress) -> bool:
    return isinstance(event, events.StepFinished) and event.address == address


def waits(address: StepAddress) -> events.GateOpened:
    return events.GateOpened(address=address, gate="before_step", because="confirm mode")


async def test_the_models_words_are_changed_and_kept_beside_the_change() -> None:
    async with shown(story.waiting(), "E") as (pilot, _, decisions):
        await write(pilot, "I check the fonts first.", "ctrl+s")
        assert decisions == [(EditReply("I check the fonts first.", None), HERE)]
    async with shown(changed.versions()) as (_, app, _):
        text = text_of(app)
        assert "you edited this" in text
        assert "I look" in text
        assert "ImageMagick can write" in text


async def test_signed_reasoning_is_not_changed_and_the_reason_is_said() -> None:
    call = story.bash("ls")
    reply = Reply(reasoning="hm", calls=(call,), thinking_json='{"thinking_blocks": [{}]}')
    more = (
        events.ReplyFinished(turn=1, reply=reply),
        events.StepProposed(address=StepAddress(1, 1), call=call),
        waits(StepAddress(1, 1)),
    )
    async with shown(told(story.waiting()[:3], *more), "E") as (_, app, decisions):
        assert decisions == []
        assert "signed" in text_of(app)


async def test_another_model_is_asked_from_the_next_request_on() -> None:
    async with shown(story.waiting(), "at") as (pilot, app, decisions):
        app.screen.query_one(Input).value = "openai/qwen3-coder temperature=hot"
        await pilot.press("enter")
        await settle(pilot)
        assert "temperature needs a number" in text_of(app)
        app.screen.query_one(Input).value = "openai/qwen3-coder temperature=0.2"
        await pilot.press("enter")
        await settle(pilot)
        ((decision, _),) = decisions
        assert isinstance(decision, ChangeModel)
        assert (decision.model.name, decision.model.temperature) == ("openai/qwen3-coder", 0.2)


# ---- rules and the end


async def test_the_exact_rule_is_shown_before_it_allows_a_call_for_good() -> None:
    async with shown(changed.stopped(), "A") as (pilot, app, decisions):
        assert decisions == []
        assert "exactly this call" in text_of(app)
        assert "rm -rf data" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        rule = AllowRule("execute_bash", json.dumps({"command": "rm -rf data"}))
        assert decisions == [(ApproveRule(rule), StepAddress(3, 1))]


async def test_a_call_that_a_person_changed_is_not_allowed_for_good() -> None:
    async with shown(changed.amended(), "A") as (_, app, decisions):
        assert decisions == []
        assert "a rule would be about what the model wrote" in text_of(app)


async def test_allowed_calls_are_listed_and_revoked() -> None:
    rules = tuple(AllowRule("execute_bash", json.dumps({"command": one})) for one in ("ls", "pwd"))
    records = told(story.waiting(), events.AllowRulesChanged(rules))
    async with shown(records) as (pilot, app, decisions):
        bench(app).action_do("rules")
        await settle(pilot)
        assert "$ pwd" in text_of(app)
        await pilot.press("x", "escape")
        await settle(pilot)
        assert decisions == [(SetAllowRules(rules[1:]), None)]


@pytest.mark.parametrize(("words", "answer"), [("42", "42"), ("", None)])
async def test_a_run_is_ended_with_an_answer_or_without(words: str, answer: str | None) -> None:
    async with shown(story.waiting()) as (pilot, app, decisions):
        bench(app).action_do("end")
        await settle(pilot)
        await write(pilot, words, "enter")
        assert decisions == [(End(answer=answer), None)]


# ---- commands


async def test_a_running_command_offers_what_can_be_done_to_it() -> None:
    second = StepAddress(1, 2)
    async with shown(changed.job(), "ampersand", "l") as (pilot, app, decisions):
        app.screen.query_one(Input).value = "30m"
        await pilot.press("enter")
        await settle(pilot)
        assert decisions == [(ToBackground(), second), (SetTimeout(1800.0), second)]
        text = text_of(app)
        assert "runs in the background" in text
        assert "interrupting: INT → TERM" in text
        assert "limit 20:00" in text


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("", None), ("-1", None)]
)
def test_times_are_read(text: str, seconds: float | None) -> None:
    assert read_time(text) == seconds


async def test_the_own_shell_runs_lines_recalls_them_and_shares_the_last() -> None:
    async with shown(changed.own(), "exclamation_mark") as (pilot, app, decisions):
        assert "No such file" in text_of(app)
        await pilot.press("p", "w", "d", "enter")
        await settle(pilot)
        await pilot.press("up", "up")
        await settle(pilot)
        assert app.screen.query_one(Input).value == "ls output"
        await pilot.press("down", "down", "ctrl+s")
        await settle(pilot)
        assert app.screen.query_one(Input).value == ""
        assert decisions == [(RunOwn("pwd"), None), (ShareOwn(2), None)]
        source = bench(app).source
        assert isinstance(source, FakeSource)
        source.add(Record(0, records_end(), events.OwnOutputArrived(3, b"/testbed\x1b[2J\n")))
        await settle(pilot)
        assert "/testbed" in text_of(app)


async def test_after_the_end_the_own_shell_is_there_as_long_as_the_sandbox_is() -> None:
    async with shown(story.ended(), "exclamation_mark") as (pilot, _, decisions):
        await pilot.press("l", "s", "enter")
        await settle(pilot)
        assert decisions == [(RunOwn("ls"), None)]
    async with shown(told(story.ended(), events.SandboxStopped()), "exclamation_mark") as (_, app, _):
        assert "its sandbox is gone" in text_of(app)


def records_end() -> float:
    return changed.own()[-1].at + 1


# ---- breakpoints


async def test_a_breakpoint_is_made_from_the_step_under_the_cursor() -> None:
    async with shown(changed.stopped(), "b") as (pilot, app, decisions):
        assert app.screen.query_one("#filter", Input).value == 'cmd~"rm -rf"'
        assert "means 1 of the 3 steps" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        ((decision, _),) = decisions
        assert isinstance(decision, SetBreakpoints)
        assert decision.breakpoints[-1] == Breakpoint(name="rm", filter='cmd~"rm -rf"')
        assert decision.breakpoints[:-1] == (changed.DANGER, changed.SETS, *SHIPPED)


async def test_an_error_in_a_filter_is_pointed_at_and_keeps_the_dialog_open() -> None:
    async with shown(changed.stopped(), "b") as (pilot, app, decisions):
        app.screen.query_one("#filter", Input).value = "tool:bash exit!=x"
        await settle(pilot)
        lines = text_of(app).split("\n")
        place = next(n for n, line in enumerate(lines) if "▲" in line)
        assert "column 17" in lines[place + 1]
        assert lines[place - 1].index("exit!=x") + len("exit!=") == lines[place].index("▲")
        await pilot.press("enter")
        await settle(pilot)
        assert decisions == []
        assert app.screen.query("#filter")


async def test_a_new_breakpoint_is_named_after_its_filter_until_a_person_names_it() -> None:
    async with shown(changed.stopped(), "b") as (pilot, app, _):
        field, name = app.screen.query_one("#filter", Input), app.screen.query_one("#name", Input)
        field.value = 'cmd~"curl -s" or net'
        await settle(pilot)
        assert name.value == "curl"
        name.value = "mine"
        await settle(pilot)
        field.value = "exit!=0"
        await settle(pilot)
        assert name.value == "mine"


async def test_breakpoints_are_listed_with_their_hits_and_switched() -> None:
    async with shown(changed.stopped(), "B") as (pilot, app, decisions):
        text = text_of(app)
        assert "waits · this run · 1 hit" in text
        assert "notes · once · this run · 1 hit" in text
        assert "destructive" in text
        await pilot.press("space")
        await settle(pilot)
        ((decision, _),) = decisions
        assert isinstance(decision, SetBreakpoints)
        assert [one.is_on for one in decision.breakpoints] == [False, True, False, False, False]
        await pilot.press("x")
        await settle(pilot)
        last = decisions[-1][0]
        assert isinstance(last, SetBreakpoints)
        assert last.breakpoints[0] == changed.SETS


async def test_all_breakpoints_are_switched_off_and_those_that_were_on_back_on() -> None:
    async with shown(changed.stopped(), "I") as (pilot, app, decisions):
        decision = decisions[-1][0]
        assert isinstance(decision, SetBreakpoints)
        assert not any(one.is_on for one in decision.breakpoints)
        source = bench(app).source
        assert isinstance(source, FakeSource)
        source.add(*told(changed.stopped(), events.BreakpointsChanged(decision.breakpoints))[-1:])
        await settle(pilot)
        await pilot.press("I")
        await settle(pilot)
        last = decisions[-1][0]
        assert isinstance(last, SetBreakpoints)
        assert [one.is_on for one in last.breakpoints] == [True, True, False, False, False]


async def test_a_breakpoint_for_every_run_is_kept_and_one_that_is_deleted_is_not(tmp_path: Path) -> None:
    save_breakpoints(tmp_path, [changed.DANGER])
    async with shown(changed.stopped()) as (pilot, app, _):
        bench(app).config_folder = tmp_path
        await pilot.press("B")
        await settle(pilot)
        assert "waits · every run" in text_of(app)
        await pilot.press("x", "e")
        await settle(pilot)
        await choose(pilot, "scope", 2)
        await pilot.press("enter")
        await settle(pilot)
    assert read_breakpoints(tmp_path).user == (changed.SETS,)


async def choose(pilot: Pilot[int], name: str, number: int) -> None:
    from lis_tui.ui.widgets.choice import Choice

    pilot.app.screen.query_one(f"#{name}", Choice).choose(number)
    await settle(pilot)


# ---- the mouse


async def click(pilot: Pilot[int], find: Callable[[str], int]) -> None:
    """Press the mouse where a line says so."""
    for y, line in enumerate(text_of_app(pilot).split("\n")):
        x = find(line)
        if x >= 0:
            await pilot.click(offset=(x, y))
            await settle(pilot)
            return
    raise AssertionError(text_of_app(pilot))


def text_of_app(pilot: Pilot[int]) -> str:
    app = pilot.app
    assert isinstance(app, LisApp)
    return text_of(app)


async def test_the_keys_in_the_box_and_in_the_footer_can_be_pressed_with_the_mouse() -> None:
    async with shown(story.waiting()) as (pilot, app, decisions):
        await click(pilot, lambda line: line.find("X skip"))
        assert decisions == [(Skip(), HERE)]
        await click(pilot, lambda line: line.find("? keys"))
        assert len(app.screen_stack) == 2


async def test_the_keys_of_a_dialog_can_be_pressed_with_the_mouse() -> None:
    async with shown(changed.stopped(), "B") as (pilot, app, decisions):
        await click(pilot, lambda line: line.find("space on, off"))
        assert len(decisions) == 1
        await click(pilot, lambda line: line.find("esc back"))
        assert len(app.screen_stack) == 1
        assert not app.screen.query(OptionList)
