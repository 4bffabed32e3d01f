"""What a run's sandbox may write: where it is more, what writes is stopped, and both are told in words."""

import asyncio
from pathlib import Path

import pytest

from lis_tui.core.command import CommandEnd
from lis_tui.core.decisions import Resume, SetLimits, ToBackground
from lis_tui.core.events import JobEnded, MessageSent, NoticeGiven, PauseAsked, StepAddress, StepFinished
from lis_tui.core.ports import Load, Space
from lis_tui.core.spec import Limits
from lis_tui.engine.bounds import Bound
from lis_tui.engine.room import GAP_S, LONGEST_GAP_S, MB, MOST_DOUBTS, MOST_STOPS, RESERVE, SETTLE_S, Room
from tests.fakes import FakeClock, MemorySandbox, Played, Turn, bash, calls, submit
from tests.playing import Game, make_spec

SMALL = Limits(max_cost_usd=None, disk_mb=20, files=100)
FULL = Space(30 * MB, 10)
QUIET = Load(memory_bytes=1, memory_limit_bytes=100, pids=1)


class Watched:
    """A run that plays, and its room, which looks when the test says so."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.room: Room = game.run._computer._room
        self.clock = FakeClock()
        self.room._clock = self.clock

    async def look(self, written: Space | None = None, load: Load = QUIET) -> None:
        """Have it measured, and judged."""
        self.game.sandbox.written = written or self.game.sandbox.written
        self.clock.forward(GAP_S)
        self.room.look(load)
        await self.game.pass_by()
        self.room.look(load)
        await self.game.pass_by()

    async def settle(self) -> None:
        """What was stopped is still."""
        self.clock.forward(SETTLE_S)
        await self.look()


async def running(
    tmp_path: Path, played: Played, *more: Turn, is_headless: bool = False, limits: Limits = SMALL
) -> Watched:
    """Play until a long command runs."""
    spec = make_spec(is_headless=is_headless, limits=limits)
    sandbox = MemorySandbox({"long": played})
    game = Game(tmp_path, calls(bash("long", "1")), *more, spec=spec, sandbox=sandbox)
    game.start()
    await played.reached.wait()
    return Watched(game)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param(FULL, "what the sandbox has written takes 30 MB; the limit is 20 MB", id="disk"),
        pytest.param(Space(0, 101), "the sandbox has written 101 files; the limit is 100", id="files"),
    ],
)
async def test_what_writes_too_much_is_stopped_and_the_run_pauses(
    tmp_path: Path, written: Space, said: str
) -> None:
    watched = await running(
        tmp_path, Played(blocks=True), calls(bash("echo cleaned", "2")), calls(submit("42"))
    )
    game = watched.game
    await watched.look(Space(19 * MB, 100))
    assert game.all(StepFinished) == []
    await watched.look(written)
    seen = game.observation(1, 1)
    assert (seen.status, seen.ended_by) == ("failed", "limit")
    assert f"[stopped: {said}. Delete what is not needed" in seen.text
    assert any(said in notice.text and notice.level == "warning" for notice in game.all(NoticeGiven))
    (pause,) = game.all(PauseAsked)
    assert pause.by == "rule"
    assert said[1:] in pause.reason
    assert game.sandbox.rests_stopped == 1
    assert game.sandbox.own_interrupts == 1
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert game.observation(2, 1).text.startswith("cleaned")
    game.check_history()


async def test_what_cleans_up_is_not_stopped_again_and_what_writes_on_is(tmp_path: Path) -> None:
    more = Played(blocks=True)
    watched = await running(tmp_path, Played(blocks=True), calls(bash("more", "2")), calls(submit("42")))
    game = watched.game
    game.sandbox.commands["more"] = more
    await watched.look(FULL)
    await watched.settle()
    game.decide(Resume())
    await more.reached.wait()
    await watched.look(Space(31 * MB, 10))
    assert len(game.all(PauseAsked)) == 1
    await watched.look(Space(33 * MB, 10))
    assert len(game.all(PauseAsked)) == 2
    assert game.observation(2, 1).ended_by == "limit"
    game.decide(Resume())
    await game.ended()


async def test_room_that_one_step_has_made_is_not_taken_again_by_the_next(tmp_path: Path) -> None:
    turns = calls(bash("echo cleaned", "2")), calls(bash("more", "3")), calls(submit("42"))
    watched = await running(tmp_path, Played(blocks=True), *turns)
    game, more = watched.game, Played(blocks=True)
    game.sandbox.commands["more"] = more
    await watched.look(FULL)
    await watched.settle()
    game.sandbox.written = Space(1 * MB, 10)  # nobody looks while it is so
    game.decide(Resume())
    await more.reached.wait()
    await watched.look(FULL)
    assert game.observation(3, 1).ended_by == "limit"
    game.decide(Resume())
    await game.ended()


async def test_what_a_step_waits_for_is_measured_once(tmp_path: Path) -> None:
    watched = await running(
        tmp_path, Played(blocks=True), calls(bash("echo cleaned", "2")), calls(submit("42"))
    )
    game = watched.game
    await watched.look(FULL)
    await watched.settle()
    measured = game.sandbox.holds_space = asyncio.Event()
    before = game.sandbox.spaces_measured
    game.decide(Resume())
    await game.pass_by()
    assert len(game.all(StepFinished)) == 2
    assert game.sandbox.spaces_measured == before + 1
    watched.clock.forward(LONGEST_GAP_S)
    watched.room.look(QUIET)
    await game.pass_by()
    assert game.sandbox.spaces_measured == before + 1
    game.sandbox.written = Space(1 * MB, 10)
    measured.set()
    await game.ended()


async def next_runs(watched: Watched, first: Played, second: Played, command: str) -> None:
    """Have the first command end, and the second begin."""
    watched.game.sandbox.commands[command] = second
    first.release()
    await second.reached.wait()


async def test_no_command_is_stopped_for_what_was_measured_before_it_began(tmp_path: Path) -> None:
    cleans, innocent = Played(blocks=True), Played(blocks=True)
    watched = await running(tmp_path, cleans, calls(bash("innocent", "2")), calls(submit("42")))
    game = watched.game
    measured = game.sandbox.holds_space = asyncio.Event()
    watched.clock.forward(GAP_S)
    watched.room.look(QUIET)
    await game.pass_by()
    assert game.sandbox.spaces_measured == 1
    await next_runs(watched, cleans, innocent, "innocent")
    game.sandbox.written = FULL  # as it was when that began to be measured
    measured.set()
    await game.pass_by()
    game.sandbox.written = Space(1 * MB, 10)
    watched.room.look(QUIET)
    await game.pass_by()
    assert game.sandbox.spaces_measured == 2
    watched.room.look(QUIET)
    innocent.release()
    await game.ended()
    assert game.all(PauseAsked) == []
    assert game.observation(2, 1).status == "done"


async def test_what_goes_on_writing_is_stopped_once_it_was_measured_again(tmp_path: Path) -> None:
    first, second = Played(blocks=True), Played(blocks=True)
    watched = await running(tmp_path, first, calls(bash("second", "2")), calls(submit("42")))
    game = watched.game
    await watched.look(Space(19 * MB, 10))
    await next_runs(watched, first, second, "second")
    watched.room.space = game.sandbox.written = FULL
    watched.room.look(QUIET)
    assert game.all(PauseAsked) == []
    await game.pass_by()
    watched.room.look(QUIET)
    assert len(game.all(PauseAsked)) == 1
    await game.pass_by()
    assert game.observation(2, 1).ended_by == "limit"
    game.decide(Resume())
    await game.ended()


async def test_commands_shorter_than_a_measurement_do_not_write_without_end(tmp_path: Path) -> None:
    many = [Played(blocks=True) for _ in range(MOST_DOUBTS + 2)]
    turns = [calls(bash(f"c{n}", str(n))) for n in range(1, len(many))]
    watched = await running(tmp_path, many[0], *turns, calls(submit("42")))
    game = watched.game
    game.sandbox.written = FULL
    for n in range(1, len(many)):
        assert game.all(PauseAsked) == []
        measured = game.sandbox.holds_space = asyncio.Event()
        watched.clock.forward(GAP_S if n == 1 else 0.0)
        watched.room.look(QUIET)
        await game.pass_by()
        await next_runs(watched, many[n - 1], many[n], f"c{n}")
        measured.set()
        await game.pass_by()
    watched.room.look(QUIET)
    assert len(game.all(PauseAsked)) == 1
    game.decide(Resume())
    await game.ended()


async def test_nothing_is_judged_or_begun_before_all_that_was_to_be_stopped_is(tmp_path: Path) -> None:
    second = Played(blocks=True)
    watched = await running(tmp_path, Played(blocks=True), calls(bash("second", "2")), calls(submit("42")))
    game = watched.game
    game.sandbox.commands["second"] = second
    stopped = game.sandbox.holds_stop = asyncio.Event()
    await watched.look(FULL)
    game.decide(Resume())
    await watched.settle()
    await watched.look(Space(90 * MB, 10))
    assert game.sandbox.ran == ["long"]
    stopped.set()
    await second.reached.wait()
    await watched.settle()
    assert len(game.all(PauseAsked)) == 1
    second.release()
    await game.ended()
    assert game.observation(2, 1).status == "done"


async def test_a_higher_limit_lets_it_write_more(tmp_path: Path) -> None:
    played = Played(blocks=True)
    watched = await running(tmp_path, played, calls(submit("42")))
    watched.game.decide(SetLimits(Limits(max_cost_usd=None, disk_mb=40, files=None)))
    await watched.look(Space(39 * MB, 1_000))
    assert watched.game.all(PauseAsked) == []
    played.release()
    await watched.game.ended()


async def test_once_less_is_written_the_limit_is_the_same_as_before(tmp_path: Path) -> None:
    watched = await running(tmp_path, Played(blocks=True), calls(submit("42")))
    await watched.look(FULL)
    await watched.settle()
    await watched.look(Space(1 * MB, 10))
    await watched.look(Space(21 * MB, 10))
    assert len([one for one in watched.game.all(NoticeGiven) if "21 MB" in one.text]) == 1
    watched.game.decide(Resume())
    await watched.game.ended()


async def test_a_run_that_nobody_watches_is_told_goes_on_and_ends_in_the_end(tmp_path: Path) -> None:
    again = [Played(blocks=True) for _ in range(MOST_STOPS)]
    turns = [calls(bash(f"fill {n}", f"f{n}")) for n in range(1, MOST_STOPS)]
    watched = await running(tmp_path, again[0], *turns, is_headless=True)
    game = watched.game
    game.sandbox.commands |= {f"fill {n}": again[n] for n in range(1, MOST_STOPS)}
    for number, played in enumerate(again):
        await played.reached.wait()
        await watched.look(Space((30 + 10 * number) * MB, 10))
        if number < MOST_STOPS - 1:
            await watched.settle()
    ended = await game.ended()
    assert (ended.status, ended.exit_code) == ("disk_limit", 3)
    assert ended.reason == (
        "It was stopped 3 times: what the sandbox has written takes 50 MB; the limit is 20 MB."
    )
    assert game.all(PauseAsked) == []
    game.check_history()


async def test_room_of_this_machine_is_kept_free(tmp_path: Path) -> None:
    watched = await running(tmp_path, Played(blocks=True), calls(submit("42")))
    await watched.look(Space(0, 0), Load(memory_bytes=1, memory_limit_bytes=9, free_bytes=3 * RESERVE))
    await watched.look(Space(0, 0), Load(memory_bytes=1, memory_limit_bytes=9, free_bytes=RESERVE - MB))
    (pause,) = watched.game.all(PauseAsked)
    assert pause.reason.startswith(
        "This machine's disk is nearly full: only 1,023 MB are left on this machine's disk, where 1,024 MB "
        "stay free. What wrote was stopped."
    )
    watched.game.decide(Resume())
    await watched.game.ended()


async def test_who_begins_with_little_room_is_not_stopped_for_that(tmp_path: Path) -> None:
    played = Played(blocks=True)
    watched = await running(tmp_path, played, calls(submit("42")))
    await watched.look(Space(0, 0), Load(memory_bytes=1, memory_limit_bytes=9, free_bytes=100 * MB))
    await watched.look(Space(0, 0), Load(memory_bytes=1, memory_limit_bytes=9, free_bytes=60 * MB))
    assert watched.game.all(PauseAsked) == []
    played.release()
    await watched.game.ended()


async def test_where_no_group_limits_the_memory_the_command_is_stopped_all_the_same(tmp_path: Path) -> None:
    watched = await running(tmp_path, Played(blocks=True), calls(submit("42")))
    await watched.look(Space(0, 0), Load(memory_bytes=5000 * MB, pids=3))
    assert (await watched.game.ended()).status == "submitted"
    text = watched.game.observation(1, 1).text
    assert "[stopped: its processes use 5,000 MB of memory; the limit is 4,096 MB.]" in text


async def test_jobs_are_stopped_too_and_the_model_is_told_why(tmp_path: Path) -> None:
    played, waits = Played(blocks=True), Played(blocks=True)
    watched = await running(tmp_path, played, calls(bash("wait", "2")), calls(submit("42")))
    game = watched.game
    game.sandbox.commands["wait"] = waits
    game.decide(ToBackground(), (1, 1))
    await waits.reached.wait()
    await watched.look(FULL)
    assert [one.address for one in game.all(JobEnded)] == [StepAddress(1, 1)]
    assert game.observation(2, 1).ended_by == "limit"
    game.decide(Resume())
    await game.ended()
    assert any("was stopped after" in one.text and "30 MB" in one.text for one in game.all(NoticeGiven))


async def test_what_is_hit_while_no_command_runs_is_told_before_the_next_turn(tmp_path: Path) -> None:
    played = Played(blocks=True)
    watched = await running(tmp_path, played, calls(submit("42")))
    hit = "the sandbox's memory limit of 4096 MB was hit: the kernel killed a process"
    await watched.look(Space(0, 0), Load(memory_bytes=1, memory_limit_bytes=9, hits=(hit,)))
    played.release()
    await watched.game.ended()
    assert f"[{hit}]" in [one.text for one in watched.game.all(MessageSent)]


async def test_what_a_command_hit_is_told_to_both(tmp_path: Path) -> None:
    hit = "the sandbox's limit of 512 processes was hit: the kernel let no more begin"
    played = Played([b"fork: retry\n"], end=CommandEnd(exit_code=254, hits=(hit,)))
    game = Game(
        tmp_path, calls(bash("bomb", "1")), calls(submit("42")), sandbox=MemorySandbox({"bomb": played})
    )
    await game.play()
    assert f"[exit code 254]\n[{hit}]" in game.observation(1, 1).text
    assert game.observation(1, 1).notes == (hit,)
    (notice,) = game.all(NoticeGiven)
    assert (notice.text, notice.level, notice.address) == (
        f"T{hit[1:]}.",
        "warning",
        StepAddress(1, 1),
    )


async def test_a_command_that_prints_too_much_is_stopped_and_no_more_is_kept(tmp_path: Path) -> None:
    played = Played([b"x" * MB, b"y" * 600_000], blocks=True)
    limits = Limits(max_cost_usd=None, output_mb=1)
    spec = make_spec(limits=limits)
    sandbox = MemorySandbox({"long": played})
    game = Game(tmp_path, calls(bash("long", "1")), calls(submit("42")), spec=spec, sandbox=sandbox)
    await game.play()
    seen = game.observation(1, 1)
    assert "[stopped: it printed more than 1 MB, which is the most that one command may print." in seen.text
    assert (tmp_path / "1.1.txt").stat().st_size == MB
    assert any("Step 1.1 was stopped: it printed more than 1 MB" in one.text for one in game.all(NoticeGiven))


async def test_a_job_that_prints_too_much_is_stopped(tmp_path: Path) -> None:
    played, waits = Played(blocks=True), Played(blocks=True)
    limits = Limits(max_cost_usd=None, output_mb=1)
    watched = await running(tmp_path, played, calls(bash("wait", "2")), calls(submit("42")), limits=limits)
    game = watched.game
    game.sandbox.commands["wait"] = waits
    game.decide(ToBackground(), (1, 1))
    await waits.reached.wait()
    for _ in range(3):
        played.prints(b"z" * 600_000)
    await game.next(JobEnded)
    waits.release()
    await game.ended()
    assert (tmp_path / "1.1.txt").stat().st_size == MB
    assert any(
        "was stopped" in text and "1 MB" in text for text in [one.text for one in game.all(MessageSent)]
    )


def test_what_may_pass_falls_with_what_is_used() -> None:
    bound = Bound()
    assert bound.is_over(101, 100)
    bound.ease(160, 100, 10)
    assert not bound.is_over(165, 100), "what deletes may write a little"
    assert not bound.is_over(120, 100)
    assert bound.is_over(131, 100), "and not up to where it was"
    assert not bound.is_over(90, 100)
    assert bound.is_over(101, 100)
