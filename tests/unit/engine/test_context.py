"""The window: old observations are shortened, visibly, and a run never crashes on its own length."""

from pathlib import Path

from lis_tui.core.errors import ModelRefused
from lis_tui.core.events import ContextTrimmed, ModelAsked, ModelRetried, StepAddress
from lis_tui.engine.context import is_context_overflow, room_for, shorten
from tests.fakes import MemorySandbox, Played, bash, calls, says, submit
from tests.playing import Game, make_spec

LONG = {"long": Played([b"x" * 20_000])}


def test_a_reply_always_has_room() -> None:
    assert room_for(128_000, 8000) == 120_000
    assert room_for(4096, 65_536) == 3072


def test_a_shortened_text_says_how_much_is_gone_and_keeps_both_ends() -> None:
    short = shorten("a" * 500 + "b" * 500, 100)
    assert short.startswith("a" * 50)
    assert short.endswith("b" * 50)
    assert "900 characters were cut" in short
    assert shorten("short", 100) == "short"


async def test_the_oldest_observations_are_shortened_first_and_that_is_told(tmp_path: Path) -> None:
    turns = [calls(bash("long"))] * 4
    game = Game(tmp_path, *turns, calls(submit("x")), sandbox=MemorySandbox(LONG), window=18_000)
    assert (await game.play()).status == "submitted"
    trimmed = game.all(ContextTrimmed)[0]
    assert trimmed.trims[0].address == StepAddress(1, 1)
    assert StepAddress(4, 1) not in [trim.address for trim in trimmed.trims]
    assert "characters were cut here to fit" in str(game.model.asked[-1].messages)
    assert all(game.model.count_tokens(request) <= 17_000 for request in game.model.asked)
    game.check_history()


async def test_several_turns_fit_after_one_trim(tmp_path: Path) -> None:
    sandbox = MemorySandbox({"long": Played([b"x" * 8000])})
    game = Game(tmp_path, *[calls(bash("long"))] * 20, calls(submit("x")), sandbox=sandbox, window=24_000)
    await game.play()
    assert 1 <= len(game.all(ContextTrimmed)) <= 8
    game.check_history()


async def test_one_observation_that_fills_the_window_is_shortened_too(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("long")), calls(submit("x")), sandbox=MemorySandbox(LONG), window=4000)
    assert (await game.play()).status == "submitted"
    assert game.all(ContextTrimmed)[0].trims[0].address == StepAddress(1, 1)


async def test_a_conversation_that_cannot_be_shortened_ends_honestly(tmp_path: Path) -> None:
    game = Game(tmp_path, says("y" * 20_000), window=4000)
    ended = await game.play()
    assert (ended.status, ended.exit_code) == ("context_limit", 3)
    assert "no longer fits the window" in ended.reason
    game.check_history()


async def test_a_task_that_does_not_fit_at_all_ends_honestly(tmp_path: Path) -> None:
    game = Game(tmp_path, window=100)
    assert (await game.play()).status == "context_limit"
    assert game.model.asked == []


async def test_a_server_that_counts_more_than_we_do_is_asked_again_with_less(tmp_path: Path) -> None:
    refused = ModelRefused("This model's maximum context length is 8192 tokens.", status=400)
    game = Game(tmp_path, calls(bash("long")), refused, calls(submit("x")), sandbox=MemorySandbox(LONG))
    assert (await game.play()).status == "submitted"
    assert [asked.turn for asked in game.all(ModelAsked)] == [1, 2, 2]
    assert "too long" in game.all(ModelRetried)[0].reason
    first, second = (game.model.count_tokens(request) for request in game.model.asked[1:])
    assert second <= first // 2 + 1
    game.check_history()


async def test_a_server_that_goes_on_refusing_ends_the_run(tmp_path: Path) -> None:
    refused = ModelRefused("The prompt is too long.", status=400)
    spec = make_spec(is_headless=True)
    game = Game(tmp_path, calls(bash("long")), refused, refused, sandbox=MemorySandbox(LONG), spec=spec)
    assert (await game.play()).status == "model_failed"


def test_only_words_about_the_window_count_as_too_long() -> None:
    assert is_context_overflow("context_length_exceeded")
    assert not is_context_overflow("Your key is invalid.")
