import io
import json

import pytest

from lis_tui.cli.printer import MOST_PRINTED, JsonPrinter, Printer
from lis_tui.core import events
from lis_tui.core.breakpoints import AllowRule
from lis_tui.core.decisions import ApproveRule
from lis_tui.core.events import (
    BreakpointHit,
    DecisionMade,
    Event,
    GateOpened,
    ModelAsked,
    ModelRetried,
    NoticeGiven,
    ObservationEdited,
    OutputArrived,
    ReasoningArrived,
    Record,
    ReplyCutOff,
    ReplyFinished,
    RunEnded,
    StepAddress,
    StepFinished,
    StepStarted,
    TextArrived,
)
from lis_tui.core.messages import Observation, Reply
from lis_tui.core.spec import ModelSpec

HERE = StepAddress(1, 1)
ASKED = ModelAsked(turn=1, model="m", message_count=2, prompt_tokens_estimate=9)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(*events: Event, out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    printer = Printer(out)
    for event in events:
        printer.feed(Record(0, 1.0, event))
    printer.finish()
    return out.getvalue()


def test_a_step_reads_as_prompt_output_and_result() -> None:
    assert printed(
        ASKED,
        StepStarted(address=HERE, tool="execute_bash", arguments='{"command": "echo a\\necho b"}'),
        OutputArrived(HERE, b"a\nb"),
        StepFinished(
            address=HERE,
            call_id="c",
            tool="execute_bash",
            observation=Observation(text="a\nb", exit_code=0, duration_s=0.25),
        ),
    ).splitlines() == [
        "── turn 1 ──",
        "1.1 $ echo a",
        "    > echo b",
        "    a",
        "    b",
        "1.1 ✓ exit 0 · 0.2 s",
    ]


def test_streams_that_arrive_in_pieces_are_printed_by_line_and_kept_apart() -> None:
    assert printed(
        ReasoningArrived(1, "I thi"), ReasoningArrived(1, "nk.\nSo"), TextArrived(1, "Done.")
    ).splitlines() == ["  ┊ I think.", "  ┊ So", "  Done."]


def test_a_recording_shows_the_reply_that_was_streamed_when_it_was_live() -> None:
    finished = ReplyFinished(turn=1, reply=Reply(reasoning="I think.", text="Done."))
    assert printed(finished).splitlines() == ["  ┊ I think.", "  Done."]
    live = printed(ReasoningArrived(1, "I think."), TextArrived(1, "Done."), finished)
    assert live.splitlines() == ["  ┊ I think.", "  Done."]


def test_a_recording_shows_the_outputs_that_were_streamed_when_it_was_live() -> None:
    text = "\n".join(f"line {number}" for number in range(30))
    finished = StepFinished(
        address=HERE, call_id="c", tool="execute_bash", observation=Observation(text=text, exit_code=0)
    )
    shown = printed(finished).splitlines()
    assert (shown[0], shown[19], shown[20]) == ("    line 0", "    line 19", "    … 10 more lines")
    assert printed(OutputArrived(HERE, b"line 0\n"), finished).count("line") == 1


def test_a_request_that_was_refused_is_told_once_by_the_end() -> None:
    refused = "401: no such key."
    text = printed(
        ASKED, ReplyCutOff(turn=1, reason=refused), RunEnded(status="model_failed", reason=refused)
    )
    assert text.splitlines()[1] == f"■ model failed: {refused}"
    assert text.count(refused) == 1
    assert "cut off" not in text


def test_a_reply_that_was_cut_off_in_mid_stream_says_so_and_shows_what_came() -> None:
    cut = ReplyCutOff(turn=1, text="The ans", reason="The stream ended.")
    ended = RunEnded(status="model_failed", reason="The stream ended.")
    live = printed(TextArrived(1, "The ans"), cut, ended).splitlines()
    assert live[:3] == ["  The ans", "  ! the reply was cut off", "■ model failed: The stream ended."]
    assert printed(cut, ended).splitlines()[:3] == live[:3]


def test_a_reply_that_was_cut_by_a_person_says_so() -> None:
    cut = ReplyCutOff(turn=1, reason="Cut by the user.")
    assert printed(cut, ASKED).splitlines() == ["  ! no reply came: Cut by the user.", "── turn 1 ──"]
    assert printed(cut).splitlines() == ["  ! no reply came: Cut by the user."]


def test_nothing_that_a_terminal_would_obey_is_printed() -> None:
    evil = "a\x1b]0;title\x07b\x9b31mc\x1b[2Jd"
    text = printed(
        OutputArrived(HERE, evil.encode("latin-1")),
        ReasoningArrived(1, evil),
        NoticeGiven(evil),
        StepStarted(address=HERE, tool=evil, arguments=json.dumps({"command": evil})),
        RunEnded(status="submitted", reason=evil),
        ModelRetried(turn=1, attempt=2, max_attempts=6, wait_s=1, reason=evil),
        GateOpened(address=HERE, gate="before_step", because=evil),
    )
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "\x07" not in text
    assert "\x1b" in evil


def test_colours_are_for_terminals_only() -> None:
    assert "\x1b[1m" in printed(ASKED, out=Screen())
    assert "\x1b" not in printed(ASKED)


def test_json_is_one_event_a_line_and_pure_ascii_on_a_terminal() -> None:
    record = Record(3, 1.5, NoticeGiven("ä\x9b\x7f😀"))
    plain, screen = io.StringIO(), Screen()
    JsonPrinter(plain).feed(record)
    JsonPrinter(screen).feed(record)
    assert json.loads(plain.getvalue()) == json.loads(screen.getvalue())
    assert json.loads(plain.getvalue())["n"] == 3
    assert screen.getvalue().isascii()
    assert "\x7f" not in screen.getvalue()
    assert plain.getvalue().count("\n") == 1


def test_a_run_that_ended_before_any_reply_cost_nothing() -> None:
    ended = RunEnded(status="sandbox_failed", reason="No engine answers.")
    assert printed(ASKED, ended).splitlines()[-1].startswith("1 turn · 0 tokens · $0 · ")


def test_breakpoints_and_decisions_are_told() -> None:
    told = printed(
        ASKED,
        BreakpointHit(HERE, "rm", "rm -rf data"),
        DecisionMade(
            address=HERE, gate="before_step", decision=ApproveRule(AllowRule("submit", "{}")), by="script"
        ),
        ObservationEdited(HERE, "x"),
    )
    assert told.splitlines()[1:] == [
        "  ! 1.1 breakpoint rm: rm -rf data",
        "  ! 1.1: approve rule by script",
        "  ! 1.1: what the model sees of it was changed by a person",
    ]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (events.PauseAsked(), "paused by a person"),
        (
            events.PauseAsked("rule", "The sandbox is lost: gone.\nResume brings it back."),
            "paused by a rule: The sandbox is lost: gone. Resume brings it back.",
        ),
        (events.PauseLifted("script"), "let go on by a script"),
        (events.ModeChanged("step"), "mode step, set by a person"),
        (events.BreakpointsChanged(()), "breakpoints were changed by a person"),
        (events.ModelChanged(ModelSpec(name="openai/x")), "from now on openai/x is asked"),
        (events.CommandInjected(address=HERE, command="ls", is_hidden=True), "hidden from the model"),
        (events.StepAmended(HERE, '{"command":"ls"}'), 'changed by a person: {"command":"ls"}'),
        (events.StepAmended(HERE, None), "as the model proposed it, again"),
        (events.ReplyEdited(turn=1, text="x"), "own words was changed by a person"),
        (events.OwnCommandRan(number=1, command="ls\x1b[2J", output="", exit_code=2), "(exit 2): ls␛"),
        (events.TimeoutChanged(HERE, 9.0), "1.1 may take 9 s"),
        (events.SentToBackground(HERE, "script"), "in the background, sent there by a script"),
        (events.JobEnded(address=HERE, exit_code=0), "background job has ended with exit code 0"),
        (events.RunForked(parent="a", point=HERE, is_before=True), "fork of a before 1.1"),
    ],
)
def test_what_people_did_is_said_in_a_line(event: Event, said: str) -> None:
    text = printed(ASKED, event)
    assert said in text
    assert "\x1b" not in text


def test_which_version_of_a_reply_counts_is_said() -> None:
    text = printed(
        ASKED,
        ReplyFinished(turn=1, reply=Reply(text="one")),
        events.ReplyResampled(turn=1, version=2, reply=Reply(text="two")),
        events.VersionChosen(1, 1),
    )
    assert "version 2 of the reply counts" in text
    assert "version 1 of the reply counts, chosen by a person" in text


def test_tokens_that_nobody_counted_are_not_zero() -> None:
    told = ReplyFinished(turn=1, reply=Reply(text="a"))
    last = printed(ASKED, told, RunEnded(status="answered")).splitlines()[-1]
    assert "tokens unknown · price unknown" in last
    assert "0 tokens" not in last


def test_what_a_command_wrote_comes_before_the_words_around_it_that_the_model_saw() -> None:
    seen = Observation(text="Exit code: 0\na", output="a", exit_code=0)
    told = printed(ASKED, StepFinished(address=HERE, call_id="c", tool="execute_bash", observation=seen))
    assert "    a\n" in told
    assert "Exit code" not in told


def test_of_a_flood_only_the_beginning_is_printed_and_that_is_said_once() -> None:
    for size in (MOST_PRINTED // 2, 100_000, 2 * MOST_PRINTED):
        flood = [OutputArrived(HERE, b"y\n" * (size // 2)) for _ in range(3 * MOST_PRINTED // size + 1)]
        lines = printed(*flood, OutputArrived(StepAddress(1, 2), b"next\n")).splitlines()
        assert lines.count("    y") == MOST_PRINTED // 2
        assert lines[-2:] == ["    … more of it is kept with the run, and not printed here", "    next"]
