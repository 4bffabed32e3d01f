import io
import json

from lis_tui.cli.printer import JsonPrinter, Printer
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
