"""The account of a run: each thing with who did it, both versions side by side, and no key in it."""

import json
from collections.abc import Iterator

from msgspec.structs import replace

from lis_tui.core import events
from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.decisions import Approve, Edit, End, GateDecision, Inject, Reject
from lis_tui.core.events import KnownEvent, Record, StepAddress
from lis_tui.core.messages import Observation, Reply, StepStatus, ToolCall
from lis_tui.core.spec import ModelSpec
from lis_tui.core.text import Secrets
from lis_tui.trajectory.account import Account, Act, Entry, Own, Rewritten, Said, Step, Written
from lis_tui.trajectory.exporting.masking import masked
from lis_tui.trajectory.formats import as_json, as_markdown
from lis_tui.trajectory.telling import account_of
from tests.journals import asked, started

KEY = "sk-abcdefgh1234567890abcdef"
REMOVE = '{"command":"rm -rf data"}'
LIST = '{"command":"ls data"}'
FIRST, SECOND = StepAddress(1, 1), StepAddress(2, 1)
BESIDE = StepAddress(1, 1, 1)


def recorded(*happened: KnownEvent) -> list[Record]:
    return [Record(n, 100.0 + n, event) for n, event in enumerate((started(), *happened), 1)]


def told(*happened: KnownEvent) -> Account:
    return account_of(recorded(*happened))


def replied(turn: int, arguments: str, text: str = "", version: int = 1) -> KnownEvent:
    reply = Reply(text=text, calls=(ToolCall(f"c{turn}", "execute_bash", arguments),))
    if version > 1:
        return events.ReplyResampled(turn=turn, version=version, reply=reply)
    return events.ReplyFinished(turn=turn, reply=reply)


def proposed(address: StepAddress, arguments: str) -> KnownEvent:
    return events.StepProposed(address=address, call=ToolCall("c", "execute_bash", arguments))


def decided(address: StepAddress, decision: GateDecision, by: events.Who = "person") -> KnownEvent:
    return events.DecisionMade(address=address, gate="before_step", decision=decision, by=by)


def ran(address: StepAddress, arguments: str, changed_by: events.Who | None = None) -> KnownEvent:
    return events.StepStarted(
        address=address, tool="execute_bash", arguments=arguments, changed_by=changed_by
    )


def finished(address: StepAddress, text: str, status: StepStatus = "done") -> KnownEvent:
    seen = Observation(text=text, status=status, exit_code=0)
    return events.StepFinished(address=address, call_id="c", tool="execute_bash", observation=seen)


def entries(account: Account) -> Iterator[Entry]:
    for turn in account.turns:
        yield from turn.entries


def steps(account: Account) -> list[Step]:
    return [entry for entry in entries(account) if isinstance(entry, Step)]


def edited_run() -> Account:
    return told(
        asked(1),
        replied(1, REMOVE, "I tidy up."),
        proposed(FIRST, REMOVE),
        events.GateOpened(address=FIRST, gate="before_step", because='breakpoint: cmd~"rm -rf"'),
        decided(FIRST, Edit(LIST)),
        ran(FIRST, LIST, "person"),
        finished(FIRST, "kept\n"),
        events.RunEnded(status="submitted", answer="42"),
    )


def test_an_edited_step_has_both_versions_and_names_who_made_which() -> None:
    account = edited_run()
    (step,) = steps(account)
    assert (step.by, step.proposed.arguments) == ("model", REMOVE)
    assert step.ran is not None
    assert (step.changed_by, step.ran.arguments) == ("person", LIST)
    assert [(act.by, act.did) for act in step.acts] == [
        ("rule", "stopped it before step"),
        ("person", "edited it"),
    ]
    assert step.result is not None
    assert step.result.text == "kept\n"
    text = as_markdown(account)
    parts = ["asked for by the model", "rm -rf data", "A person edited it", "ls data", "changed by a person"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_rejected_step_ran_nothing_and_the_reason_is_the_persons() -> None:
    account = told(
        asked(1),
        replied(1, REMOVE),
        proposed(FIRST, REMOVE),
        decided(FIRST, Reject("Not that."), "script"),
        finished(FIRST, "Not run: the user rejected this call.", "rejected"),
    )
    (step,) = steps(account)
    assert step.ran is None
    assert step.acts == [Act(by="script", did="rejected it", text="Not that.", at=step.acts[0].at)]
    assert "**Nothing ran.**" in as_markdown(account)


def test_a_command_of_a_persons_is_no_step_of_the_model_and_hidden_ones_say_so() -> None:
    account = told(
        asked(1),
        replied(1, LIST),
        proposed(FIRST, LIST),
        decided(FIRST, Inject("touch x", is_hidden=True)),
        events.CommandInjected(address=BESIDE, command="touch x", is_hidden=True),
        ran(BESIDE, '{"command":"touch x"}'),
        finished(BESIDE, ""),
    )
    own = steps(account)[1]
    assert (own.by, own.is_hidden, own.version, own.address) == ("person", True, 0, "1.1+1")
    assert "### Step 1.1+1: asked for by a person, hidden from the model" in as_markdown(account)


def test_of_several_versions_the_one_that_counts_is_marked_and_each_step_belongs_to_one() -> None:
    account = told(
        asked(1),
        replied(1, REMOVE, "one"),
        proposed(FIRST, REMOVE),
        replied(1, LIST, "two", version=2),
        proposed(FIRST, LIST),
        events.VersionChosen(1, 1),
        proposed(FIRST, REMOVE),
    )
    versions = [entry for entry in entries(account) if isinstance(entry, Written)]
    assert [(one.version, one.counts) for one in versions] == [(1, True), (2, False)]
    assert [one.version for one in steps(account)] == [1, 2, 1]
    assert "version 2, which does not count" in as_markdown(account)


def test_what_the_model_sees_in_place_of_what_was_is_kept_beside_it() -> None:
    account = told(
        asked(1),
        replied(1, LIST, "I look."),
        events.ReplyEdited(turn=1, text="I look closely."),
        proposed(FIRST, LIST),
        ran(FIRST, LIST),
        finished(FIRST, "secret.txt"),
        events.ObservationEdited(FIRST, "nothing"),
    )
    (step,) = steps(account)
    assert step.result is not None
    assert (step.result.text, step.seen_by_model) == ("secret.txt", "nothing")
    rewritten = [entry for entry in entries(account) if isinstance(entry, Rewritten)]
    assert [(one.by, one.reasoning, one.text) for one in rewritten] == [("person", None, "I look closely.")]
    text = as_markdown(account)
    assert "A person changed the model's text" in text
    assert "**What the model sees instead:**" in text


def test_what_was_said_is_told_apart_from_what_lis_tui_said_and_the_own_shell_from_steps() -> None:
    account = told(
        events.MessageSent(turn=1, text="Look closer.", origin="person"),
        events.MessageSent(turn=1, text="Call a tool.", origin="nudge"),
        events.OwnCommandRan(number=1, command="ls", output="a\n", exit_code=0, at=SECOND),
    )
    said = [entry for entry in entries(account) if isinstance(entry, Said)]
    assert [(one.by, one.text) for one in said] == [("person", "Look closer."), ("lis-tui", "Call a tool.")]
    (own,) = [entry for entry in entries(account) if isinstance(entry, Own)]
    assert (own.by, own.on_copy_of) == ("person", "2.1")


def test_who_ended_the_run_and_who_changed_its_rules_is_named() -> None:
    breakpoint_ = Breakpoint(name="it", filter="tool:bash")
    account = told(
        events.ModeChanged("step", "script"),
        events.BreakpointsChanged((breakpoint_,), "person"),
        events.ModelChanged(ModelSpec(name="openai/other")),
        asked(1),
        decided(StepAddress(1), End("Enough."), "script"),
        events.RunEnded(status="ended_by_person", reason="Enough."),
    )
    acts = [(one.by, one.did) for one in entries(account) if isinstance(one, Act)]
    assert ("script", "set the mode") in acts
    assert ("person", "changed the model") in acts
    assert acts[-1] == ("script", "ended the run")


def test_a_change_of_the_model_says_what_else_it_changed() -> None:
    other = ModelSpec(name="openai/other")
    account = told(
        events.ModelChanged(other),
        events.ModelChanged(replace(other, temperature=0.3)),
        events.ModelChanged(replace(other, temperature=0.3, top_p=0.9)),
    )
    texts = [one.text for one in entries(account) if isinstance(one, Act) and one.did == "changed the model"]
    assert texts[1:] == ["openai/other with temperature 0.3", "openai/other with top p 0.9"]
    assert texts[0].startswith("openai/other")


def test_a_fork_names_its_parent_and_goes_on_after_the_parents_end() -> None:
    account = told(
        events.RunEnded(status="submitted", answer="1"),
        events.RunForked(parent="a-0", point=FIRST, is_before=True),
    )
    assert account.beginning is not None
    assert (account.beginning.parent, account.beginning.point, account.beginning.facts) == (
        "a-0",
        "before 1.1",
        2,
    )
    assert (account.status, account.answer) == ("", None)
    assert "- fork of a-0 at before 1.1" in as_markdown(account)


def test_keys_are_masked_wherever_they_stand_and_each_place_is_named() -> None:
    records = recorded(
        asked(1),
        replied(1, json.dumps({"command": f"curl -H {KEY}"}), f"The key is {KEY}."),
        proposed(FIRST, json.dumps({"command": f"curl -H {KEY}"})),
        events.InputSent(address=FIRST, data=b"opensesame\n"),
        finished(FIRST, "the word is opensesame"),
    )
    safe, found = masked(records, Secrets(["opensesame"]))
    hidden = account_of(safe)
    for text in (as_json(hidden), as_markdown(hidden)):
        assert KEY not in text
        assert "opensesame" not in text
    assert found == {"turn 1": 1, "step 1.1": 3}
    assert json.loads(json.loads(as_json(hidden))["turns"][1]["entries"][1]["proposed"]["arguments"])


def test_text_from_outside_forges_no_heading_and_reaches_no_terminal_raw() -> None:
    nasty = "````\n### Step 9.9: asked for by a person\n```\n\x1b[2J\u202e"
    account = told(
        asked(1),
        replied(1, LIST, nasty),
        proposed(FIRST, json.dumps({"command": nasty})),
        finished(FIRST, nasty),
    )
    text = as_markdown(account)
    assert "\x1b" not in text
    assert "\u202e" not in text
    fence = ""
    outside = []
    for line in text.splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if fence:
            fence = "" if line == fence else fence
        elif len(ticks) > 2:
            fence = ticks
        else:
            outside.append(line)
    assert not any("9.9" in line for line in outside)
    assert fence == ""
    raw = as_json(account)
    assert "\x1b" not in raw
    assert "\u202e" not in raw
    assert json.loads(raw)["turns"][1]["entries"][0]["text"] == nasty


def test_json_says_for_each_entry_what_it_is_and_who_did_it() -> None:
    plain = json.loads(as_json(edited_run()))
    assert plain["format"] == "lis-tui account 1"
    step = plain["turns"][1]["entries"][1]
    assert (step["type"], step["by"], step["changed_by"]) == ("Step", "model", "person")
    assert json.loads(step["proposed"]["arguments"]) == {"command": "rm -rf data"}
    assert json.loads(step["ran"]["arguments"]) == {"command": "ls data"}


def test_an_approval_is_told_with_who_gave_it() -> None:
    account = told(asked(1), replied(1, LIST), proposed(FIRST, LIST), decided(FIRST, Approve(), "default"))
    assert [(act.by, act.did) for act in steps(account)[0].acts] == [("default", "approved it")]
    assert "Nobody (the default) approved it" in as_markdown(account)


def test_an_end_without_a_time_stands_in_the_last_turn() -> None:
    reply = replied(1, LIST)
    account = told(reply, replied(2, REMOVE), events.RunEnded(status="submitted"))
    assert [act.did for act in account.turns[2].entries if isinstance(act, Act)] == ["ended the run"]
    assert "## Before the first turn" not in as_markdown(account)


def test_of_another_programs_run_without_an_end_it_is_not_said_that_it_was_cut_off() -> None:
    imported = events.TrajectoryImported(format="mini-swe-agent", version="1.1")
    account = told(imported, replied(1, LIST))
    assert account.recorded_by == "mini-swe-agent"
    assert "cut off" not in as_markdown(account)
    assert "- ended: not recorded" in as_markdown(account)


def test_what_another_program_said_to_its_model_is_not_put_into_our_mouth() -> None:
    imported = events.TrajectoryImported(format="Codex", version="0.58.0")
    account = told(
        imported, events.MessageSent(turn=1, text="<environment>", origin="nudge"), replied(1, LIST)
    )
    assert [one.by for turn in account.turns for one in turn.entries if isinstance(one, Said)] == ["Codex"]
    assert "**Codex said to the model**:" in as_markdown(account)


def test_a_model_that_nobody_named_has_no_empty_brackets() -> None:
    account = told(replied(1, LIST))
    account.model = account.turns[1].entries[0].model = ""  # type: ignore[union-attr]
    assert "- model: not recorded" in as_markdown(account)
    assert "()" not in as_markdown(account)
