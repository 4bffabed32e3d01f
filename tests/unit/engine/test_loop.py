"""The story of a run: turns, calls, answers, ends."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lis_tui.core.errors import FileRefused, ImageMissing, ModelRefused, ModelUnreachable
from lis_tui.core.events import (
    MessageSent,
    ModelAsked,
    NoticeGiven,
    OutputsSaved,
    ReplyCutOff,
    ReplyFinished,
    RunEnded,
    RunStarted,
    SandboxStarted,
    SandboxStopped,
    StepProposed,
    StepStarted,
    TextArrived,
)
from lis_tui.core.messages import (
    CallPiece,
    Observation,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    RetryPiece,
    TextPiece,
    ToolCall,
    ToolSchema,
    Usage,
)
from lis_tui.core.ports import SavedOutputs, StepContext
from lis_tui.core.spec import Limits
from tests.fakes import MemorySandbox, Turn, bash, call, calls, says, submit
from tests.playing import Game, make_spec

ANSWER = {"/testbed/answer.txt": b"42\n"}


async def test_a_run_tells_its_whole_story_in_order(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("echo 42 > answer.txt")), calls(submit()))
    ended = await game.play()
    assert (ended.status, ended.answer, ended.exit_code) == ("submitted", "42", 0)
    step = ["ModelAsked", "ReplyFinished", "StepProposed", "StepStarted", "StepFinished"]
    end = ["OutputsSaved", "RunEnded", "SandboxStopped"]
    kinds = [kind for kind in game.kinds() if kind != "SandboxStarted"]
    assert kinds == ["RunStarted", *step, *step, *end]
    game.check_history()


async def test_the_model_is_asked_while_the_sandbox_starts_and_the_first_step_waits_for_it(
    tmp_path: Path,
) -> None:
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")))
    await game.play()
    kinds = game.kinds()
    assert kinds.index("ModelAsked") < kinds.index("SandboxStarted") < kinds.index("StepStarted")


async def test_the_first_event_holds_prompts_and_schemas(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("1")))
    await game.play()
    started = game.all(RunStarted)[0]
    assert started.task_prompt == "Count the words."
    assert "/testbed/answer.txt" in started.system_prompt
    assert [tool.name for tool in started.tools] == ["execute_bash", "str_replace_editor", "submit"]
    assert game.model.asked[0].tools == started.tools


async def test_all_calls_of_a_reply_run_in_order_and_each_is_answered(tmp_path: Path) -> None:
    reply = calls(bash("echo a", "1"), call("nope", "{}", "2"), bash("echo b", "3"))
    game = Game(tmp_path, reply, calls(submit("x")))
    await game.play()
    assert game.sandbox.ran == ["echo a", "echo b"]
    assert [game.observation(1, step).status for step in (1, 2, 3)] == ["done", "malformed", "done"]
    game.check_history()


async def test_the_journal_is_synced_before_a_command_runs(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")))
    await game.play()
    written = game.syncs[0]
    assert isinstance(game.keeper.events[written - 1], StepStarted)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (call("run_code", "{}"), "no tool 'run_code'"),
        (call("execute_bash", '{"command": "ls'), "cut off"),
        (call("execute_bash", "[1]"), "no whole JSON object"),
        (call("execute_bash", '{"command": 5}'), "must be text, not the number 5"),
        (call("execute_bash", "{}"), "`command` is missing"),
        (call("execute_bash", '{"command": null}'), "`command` is missing"),
        (call("execute_bash", '{"command": "ls", "timeout": "soon"}'), "must be a number"),
        (call("str_replace_editor", '{"command": "view"}'), "`path` is missing"),
        (call("str_replace_editor", '{"command": "look", "path": "/a"}'), "no command 'look'"),
        (call("submit", '{"answer": 7}'), "must be text"),
    ],
)
async def test_a_malformed_call_becomes_a_tool_error(tmp_path: Path, made: ToolCall, said: str) -> None:
    game = Game(tmp_path, calls(made), calls(submit("x")))
    ended = await game.play()
    assert ended.status == "submitted"
    observation = game.observation(1, 1)
    assert observation.status == "malformed"
    assert said in observation.text
    assert game.all(StepProposed)[0].problem in observation.text
    assert len(game.all(StepStarted)) == 1
    game.check_history()


async def test_every_call_of_a_run_has_an_id_of_its_own(tmp_path: Path) -> None:
    first = calls(bash("true", ""), bash("true", "a"), bash("false", "a"))
    game = Game(tmp_path, first, calls(bash("true", "a")), calls(submit("x")))
    await game.play()
    ids = [made.id for event in game.all(ReplyFinished) for made in event.reply.calls]
    assert ids == ["call_1_1", "a", "call_1_3", "call_2_1", "done"]
    game.check_history()


async def test_calls_after_a_submit_are_answered_and_not_run(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x"), bash("echo late", "2")))
    ended = await game.play()
    assert ended.status == "submitted"
    assert game.sandbox.ran == []
    assert game.observation(1, 2).text == "Not run: the answer was already submitted."
    game.check_history()


async def test_the_answer_file_counts_before_the_argument(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("argument")), sandbox=MemorySandbox(files=ANSWER))
    assert (await game.play()).answer == "42"


async def test_a_missing_answer_is_said_once_and_then_believed(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit()), calls(submit()))
    ended = await game.play()
    assert "answer.txt is missing or empty" in game.observation(1, 1).text
    assert (ended.status, ended.answer) == ("submitted", "")
    assert "without an answer" in ended.reason


async def test_a_reply_without_a_call_is_nudged(tmp_path: Path) -> None:
    game = Game(tmp_path, says("I think it is 42."), calls(submit("42")))
    ended = await game.play()
    nudge = game.all(MessageSent)[0]
    assert (nudge.origin, nudge.turn) == ("nudge", 2)
    assert "called no tool" in nudge.text
    assert ended.status == "submitted"
    game.check_history()


async def test_a_reply_cut_at_its_length_is_told_so(tmp_path: Path) -> None:
    game = Game(tmp_path, Reply(text="so", finish_reason="length"), calls(submit("42")))
    await game.play()
    assert "was cut off" in game.all(MessageSent)[0].text


async def test_three_replies_without_a_call_end_the_run_honestly(tmp_path: Path) -> None:
    game = Game(tmp_path, says("a"), says(""), says("c"))
    ended = await game.play()
    assert (ended.status, ended.exit_code, ended.answer) == ("no_action", 3, "c")
    assert len(game.all(MessageSent)) == 2


async def test_a_call_between_makes_silence_count_from_zero(tmp_path: Path) -> None:
    silent = says("hm")
    game = Game(tmp_path, silent, silent, calls(bash("true")), silent, silent, calls(submit("x")))
    assert (await game.play()).status == "submitted"


async def test_the_model_is_told_how_many_turns_are_left(tmp_path: Path) -> None:
    spec = make_spec(limits=Limits(max_turns=8))
    turns = [calls(bash("echo a", "1"), bash("echo b", "2")), *[calls(bash("true"))] * 2, calls(submit("x"))]
    game = Game(tmp_path, *turns, spec=spec)
    await game.play()
    assert game.observation(1, 1).text == "a\n"
    assert game.observation(1, 2).text == "b\n[turn 1 of 8: 7 left]"
    assert game.observation(3, 1).text.startswith("[no output]\n[turn 3 of 8: 5 left] Few turns are left")


async def test_a_plain_run_is_one_reply_without_a_sandbox(tmp_path: Path) -> None:
    game = Game(tmp_path, says("It is 42."), spec=make_spec(tool_style="none"))
    ended = await game.play()
    assert (ended.status, ended.answer, ended.exit_code) == ("answered", "It is 42.", 0)
    assert game.sandbox.starts == 0
    assert game.model.asked[0].tools == ()
    assert "/testbed" not in game.all(RunStarted)[0].system_prompt
    assert game.kinds() == ["RunStarted", "ModelAsked", "ReplyFinished", "RunEnded"]


async def test_the_stream_is_shown_piece_by_piece_and_kept_whole(tmp_path: Path) -> None:
    reply = calls(submit("x"), text="Done now")
    pieces: Turn = [
        ReasoningPiece("Hm. "),
        TextPiece("Done "),
        TextPiece("now"),
        CallPiece(0, "done", "submit", "{}"),
        ReplyEnded(reply),
    ]
    game = Game(tmp_path, pieces)
    await game.play()
    assert [piece.text for piece in game.fragments(TextArrived)] == ["Done ", "now"]
    assert game.all(ReplyFinished)[0].reply.text == "Done now"


async def test_usage_that_the_server_did_not_send_is_estimated_and_marked(tmp_path: Path) -> None:
    known = Reply(calls=(bash("true"),), usage=Usage(prompt_tokens=7, completion_tokens=2, cost_usd=0.1))
    game = Game(tmp_path, known, calls(submit("x"), text="some words"))
    await game.play()
    first, second = (event.reply.usage for event in game.all(ReplyFinished))
    assert first == known.usage
    assert second is not None
    assert second.is_estimated
    assert second.prompt_tokens
    assert second.completion_tokens
    assert second.cost_usd is None


async def test_a_cost_limit_that_cannot_count_is_said_once(tmp_path: Path) -> None:
    priced = Reply(calls=(bash("true"),), usage=Usage(cost_usd=0.0))
    spec = make_spec(limits=Limits(max_cost_usd=5))
    game = Game(tmp_path, priced, calls(bash("true")), calls(submit("x")), spec=spec)
    await game.play()
    notices = [notice.text for notice in game.all(NoticeGiven)]
    assert notices == ["No price is known for scripted: the cost limit of $5 cannot count."]


async def test_a_retry_is_told_and_voids_what_was_streamed(tmp_path: Path) -> None:
    retry = RetryPiece(attempt=2, max_attempts=6, wait_s=1.5, reason="429", status=429)
    game = Game(
        tmp_path,
        [TextPiece("half"), retry, TextPiece("whole"), ModelUnreachable("The line broke.")],
        spec=make_spec(is_headless=True),
    )
    ended = await game.play()
    assert game.all(ReplyCutOff)[0].text == "whole"
    assert "ModelRetried" in game.kinds()
    assert (ended.status, ended.reason, ended.exit_code) == ("model_failed", "The line broke.", 5)


async def test_a_stream_that_just_stops_is_no_reply(tmp_path: Path) -> None:
    game = Game(tmp_path, [TextPiece("The answ")], spec=make_spec(is_headless=True))
    ended = await game.play()
    assert ended.status == "model_failed"
    assert game.all(ReplyCutOff)[0].text == "The answ"
    game.check_history()


async def test_a_refusing_model_ends_the_run_with_its_sentence(tmp_path: Path) -> None:
    game = Game(tmp_path, ModelRefused("The key is wrong.", status=401), spec=make_spec(is_headless=True))
    ended = await game.play()
    assert (ended.status, ended.reason, ended.exit_code) == ("model_failed", "The key is wrong.", 5)
    assert game.sandbox.stops == len(game.all(SandboxStarted))


async def test_a_sandbox_that_does_not_start_ends_the_run(tmp_path: Path) -> None:
    sandbox = MemorySandbox(start_fails_with=ImageMissing("No such image: build it."))
    game = Game(tmp_path, calls(bash("true")), sandbox=sandbox, spec=make_spec(is_headless=True))
    ended = await game.play()
    assert (ended.status, ended.reason) == ("sandbox_failed", "No such image: build it.")
    assert ended.exit_code == 6
    assert "StepStarted" not in game.kinds()
    assert game.kinds()[-1] == "RunEnded"


class Broken:
    """A tool with a bug."""

    schema = ToolSchema("broken", "Breaks.", "{}")

    def problem(self, arguments: dict[str, object]) -> str:
        """Nothing is wrong with any arguments."""
        return ""

    async def run(self, arguments: dict[str, object], context: StepContext) -> Observation:
        """Break."""
        raise ZeroDivisionError("a bug")


async def test_a_bug_is_written_down_and_raised(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(call("broken", "{}")), tools=[Broken()])
    with pytest.raises(ZeroDivisionError):
        await game.run.play()
    ended = game.all(RunEnded)[0]
    assert (ended.status, ended.exit_code) == ("bug", 1)
    assert game.observation(1, 1).status == "interrupted"
    game.check_history()
    await game.run.close()


async def test_outputs_are_saved_before_the_end_is_told(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")))
    game.sandbox.saved = SavedOutputs(("plot.png",), ("fifo is no regular file.",))
    await game.play()
    saved = game.all(OutputsSaved)[0]
    assert (saved.files, saved.problems) == (("plot.png",), ("fifo is no regular file.",))
    assert saved.folder == str(tmp_path / "results")


async def test_outputs_that_cannot_be_saved_are_named_and_the_end_stays(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")))
    game.sandbox.saved = OSError("No space left on device")
    assert (await game.play()).status == "submitted"
    assert game.all(OutputsSaved)[0].problems == ("No space left on device",)


async def test_inputs_are_put_and_named_in_the_prompt(tmp_path: Path) -> None:
    source = tmp_path / "data one.csv"
    source.write_bytes(b"a,b\n")
    game = Game(tmp_path, calls(submit("x")), spec=make_spec(inputs=(str(source),)))
    await game.play()
    assert game.sandbox.files["/testbed/documents/data one.csv"] == b"a,b\n"
    assert "- /testbed/documents/data one.csv" in game.all(RunStarted)[0].task_prompt


async def test_inputs_that_are_refused_end_the_run_with_the_reason(tmp_path: Path) -> None:
    class Refusing(MemorySandbox):
        async def put_inputs(self, sources: Sequence[Path]) -> list[str]:
            raise FileRefused("data.csv cannot be read: permission denied.")

    spec = make_spec(inputs=("/root/data.csv",))
    game = Game(tmp_path, spec=spec, sandbox=Refusing())
    ended = await game.play()
    assert (ended.status, ended.reason) == ("sandbox_failed", "data.csv cannot be read: permission denied.")
    assert game.model.asked == []


async def test_inline_files_stand_in_the_prompt_and_what_is_missing_is_said(tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    source.write_bytes(b"caf\xc3\xa9 \xff")
    spec = make_spec(inline=(str(source), str(tmp_path / "gone.txt")))
    game = Game(tmp_path, calls(submit("x")), spec=spec)
    await game.play()
    assert '<document name="note.txt">\ncafé �\n</document>' in game.all(RunStarted)[0].task_prompt
    assert "gone.txt could not be read" in game.all(NoticeGiven)[0].text


async def test_a_lone_surrogate_from_the_model_does_no_harm(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("echo \ud800"), text="\udfff"), calls(submit("x")))
    assert (await game.play()).status == "submitted"
    game.check_history()


async def test_closing_twice_stops_the_sandbox_once(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")))
    await game.play()
    await game.run.close()
    assert len(game.all(SandboxStopped)) == 1


async def test_the_request_asks_for_no_longer_a_reply_than_fits(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")), spec=make_spec(max_tokens=65_536), window=4000)
    await game.play()
    asked = game.all(ModelAsked)[0]
    assert asked.max_tokens == game.model.asked[0].model.max_tokens
    assert asked.max_tokens + asked.prompt_tokens_estimate <= 4000
