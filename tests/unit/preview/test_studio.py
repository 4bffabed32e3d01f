"""Previews are made one after the other beside the screen, whatever becomes of the workers."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lis_tui.core.bus import spawn
from lis_tui.core.content import Content
from lis_tui.preview import starting
from lis_tui.preview import studio as studio_module
from lis_tui.preview.child import WorkerLost
from lis_tui.preview.frames import MOST_INLINE, Asked
from lis_tui.preview.parts import CannotShow, Preview, Wanted
from lis_tui.preview.starting import start
from lis_tui.preview.studio import Overtaken, Studio
from tests.workers import evil_command, honest_worker


class Hand:
    """A worker whose answers a test gives; it blocks its thread until then."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_spent = False
        self.is_killed = False
        self.is_closed = False
        self.is_dead = False
        self.has_begun = threading.Event()
        self.may_answer = threading.Event()
        self.read: list[bytes] = []

    def preview(self, request: Asked, descriptor: int | None = None) -> Preview:
        if self.is_dead:
            self.is_spent = True
            raise WorkerLost("gone", has_begun=False)
        self.read.append(request.data if request.data is not None else os.pread(descriptor or -1, 100, 0))
        self.has_begun.set()
        assert self.may_answer.wait(20)
        if self.is_killed:
            self.is_spent = True
            raise WorkerLost("killed")
        if request.wanted.name == "crash":
            self.is_spent = True
            raise WorkerLost("crashed")
        if request.wanted.name == "bug":
            raise ZeroDivisionError
        return Preview(kind="text", called=f"hand {self.number}", facts=(self.read[-1].decode(),))

    def kill(self) -> None:
        self.is_killed = True
        self.may_answer.set()

    def close(self) -> None:
        self.is_closed = True


class Hands:
    """Starts them, and knows each."""

    def __init__(self, *, is_quick: bool = True) -> None:
        self.all: list[Hand] = []
        self.is_quick = is_quick
        self.most = 99

    def __call__(self) -> Hand:
        if len(self.all) >= self.most:
            raise WorkerLost("It did not start.", has_begun=False)
        hand = Hand(len(self.all))
        if self.is_quick:
            hand.may_answer.set()
        self.all.append(hand)
        return hand

    async def begun(self, number: int) -> Hand:
        """Wait until a worker is on a file."""
        await until(lambda: len(self.all) > number and self.all[number].has_begun.is_set())
        return self.all[number]


async def until(claim: Callable[[], bool]) -> None:
    """Wait for something that other threads bring about."""
    async with asyncio.timeout(20):
        while not claim():
            await asyncio.sleep(0)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def made(hands: Hands) -> AsyncIterator[Studio]:
    studio = Studio(hands)
    yield studio
    for hand in hands.all:
        hand.may_answer.set()
    await studio.close()
    assert all(hand.is_closed for hand in hands.all), "no worker outlives its studio"


def asked(studio: Studio, data: bytes, name: str = "", asker: str | None = None) -> "asyncio.Task[Preview]":
    """Ask in the background."""
    return asyncio.ensure_future(studio.preview(data, Wanted(name=name), asker=asker))


async def test_one_warm_worker_reads_one_file_after_the_other(hands: Hands, made: Studio) -> None:
    for text in (b"one", b"two", b"three"):
        found = await made.preview(text, Wanted())
        assert (found.called, found.facts) == ("hand 0", (text.decode(),))
    await until(lambda: len(hands.all) == 2)
    assert hands.all[1].read == [], "the second only waits"


async def test_they_are_read_in_the_order_they_were_asked_for_and_never_two_at_once(
    hands: Hands, made: Studio
) -> None:
    hands.is_quick = False
    wanted = [asked(made, data) for data in (b"one", b"two", b"three")]
    hand = await hands.begun(0)
    await asyncio.sleep(0)
    assert sum(len(one.read) for one in hands.all) == 1
    hand.may_answer.set()
    await asyncio.gather(*wanted)
    assert hand.read == [b"one", b"two", b"three"]


async def test_the_newest_wish_of_an_asker_wins_and_waits_for_no_other(
    hands: Hands, made: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_module, "GRACE_S", 0.0)
    await made.preview(b"first", Wanted())
    await until(lambda: len(hands.all) == 2)
    hands.all[0].may_answer.clear()
    hands.all[0].has_begun.clear()
    old = asked(made, b"old", asker="pane")
    await hands.begun(0)
    between = asked(made, b"between", asker="pane")
    new = asked(made, b"new", asker="pane")
    assert (await new).facts == ("new",)
    for task in (old, between):
        with pytest.raises(Overtaken):
            await task
    assert hands.all[0].is_killed
    assert hands.all[1].read == [b"new"], "the one that waited was warm, and what was between never began"
    await until(lambda: len(hands.all) == 3)


async def test_what_is_given_up_and_soon_done_costs_no_worker(hands: Hands, made: Studio) -> None:
    hands.is_quick = False
    old = asked(made, b"old")
    hand = await hands.begun(0)
    old.cancel()
    new = asked(made, b"new")
    with pytest.raises(asyncio.CancelledError):
        await old
    hand.may_answer.set()
    assert (await new).called == "hand 0"
    assert not hand.is_killed


async def test_what_is_given_up_before_its_worker_runs_is_never_read(hands: Hands, made: Studio) -> None:
    holding = threading.Event()
    begun = threading.Event()

    def slowly() -> Hand:
        begun.set()
        assert holding.wait(20)
        return hands()

    studio = Studio(slowly)
    old = asked(studio, b"old")
    await until(begun.is_set)
    old.cancel()
    await asyncio.wait([old])
    holding.set()
    assert (await studio.preview(b"new", Wanted())).facts == ("new",)
    assert hands.all[0].read == [b"new"]
    await studio.close()


async def test_workers_that_died_waiting_are_replaced_without_a_word(hands: Hands, made: Studio) -> None:
    await made.preview(b"one", Wanted())
    await until(lambda: len(hands.all) == 2)
    for hand in hands.all:
        hand.is_dead = True
    assert (await made.preview(b"two", Wanted())).called == "hand 2"
    assert [hand.is_closed for hand in hands.all[:2]] == [True, True]


async def test_a_file_that_ends_its_worker_is_not_tried_again(hands: Hands, made: Studio) -> None:
    with pytest.raises(WorkerLost, match="crashed"):
        await made.preview(b"one", Wanted(name="crash"))
    assert sum(len(hand.read) for hand in hands.all) == 1
    assert (await made.preview(b"two", Wanted())).facts == ("two",)


async def test_it_says_when_no_worker_starts(hands: Hands, made: Studio) -> None:
    hands.most = 0
    with pytest.raises(CannotShow, match="did not start"):
        await made.preview(b"one", Wanted())
    hands.most = 9
    assert (await made.preview(b"two", Wanted())).facts == ("two",)


async def test_a_bug_leaves_nobody_waiting(
    hands: Hands, made: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CannotShow, match="could not"):
        await made.preview(b"one", Wanted(name="bug"))
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert (await made.preview(b"two", Wanted())).facts == ("two",)


async def test_closing_ends_what_is_under_way_and_refuses_the_rest(hands: Hands) -> None:
    hands.is_quick = False
    studio = Studio(hands)
    running, waiting = asked(studio, b"one"), asked(studio, b"two")
    await hands.begun(0)
    await studio.close()
    for task in (running, waiting):
        with pytest.raises(CannotShow):
            await task
    with pytest.raises(CannotShow, match="closed"):
        await studio.preview(b"three", Wanted())
    assert all(hand.is_closed for hand in hands.all)
    await studio.close()


def test_a_loop_that_ends_does_not_wait_for_what_hangs(hands: Hands) -> None:
    hands.is_quick = False

    async def left() -> None:
        asked(Studio(hands), b"one")
        await hands.begun(0)

    asyncio.run(left())
    assert hands.all[0].is_killed
    assert all(hand.is_closed for hand in hands.all)


async def test_an_open_file_may_be_closed_as_soon_as_it_was_asked_for(
    hands: Hands, made: Studio, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"inside")
    before = len(os.listdir("/dev/fd"))
    hands.is_quick = False
    content = Content(descriptor=os.open(tmp_path / "file", os.O_RDONLY))
    task = asyncio.ensure_future(made.preview(content, Wanted()))
    hand = await hands.begun(0)
    content.close()
    hand.may_answer.set()
    assert (await task).facts == ("inside",)
    await until(lambda: len(os.listdir("/dev/fd")) == before)


async def test_names_that_cannot_be_written_and_contents_too_large_for_memory_are_answered(
    hands: Hands, made: Studio
) -> None:
    assert (await made.preview(b"x", Wanted(name="\ud800"))).facts == ("x",)
    with pytest.raises(CannotShow, match="too large"):
        await made.preview(bytes(MOST_INLINE + 1), Wanted())


async def test_a_real_worker_is_started_again_after_what_ended_it() -> None:
    """With real processes: a crash, one that hangs and is given up, and one that is fine."""
    studio = Studio(lambda: start(evil_command("bare")))
    try:
        with pytest.raises(WorkerLost):
            await studio.preview(b"x", Wanted(name="crash"), asker="pane")
        spawn(_given_up(studio), "given up")
        found = await studio.preview(b"x", Wanted(name="environment"))
        assert "PATH" in found.facts[0]
    finally:
        await studio.close()


async def _given_up(studio: Studio) -> None:
    task = asked(studio, b"x", "hang", "pane")
    await asyncio.sleep(0)
    task.cancel()


def test_it_tells_why_there_is_no_bubblewrap_and_what_confines_a_worker_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for program, why in ((None, "not installed"), ("/bin/false", "does not work here")):
        monkeypatch.setattr(starting, "bubblewrap", lambda program=program: program)
        begin = starting.Starting()
        worker = begin()
        worker.close()
        assert why in begin.why_bare
        assert "bubblewrap" not in worker.barriers
        found = starting.confinement()
        assert why in found.sentence
        assert found.is_confined is ({"files", "writing", "network", "processes"} <= set(worker.barriers))


def test_what_a_worker_without_barriers_could_do_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "bubblewrap", lambda: None)
    monkeypatch.setattr(starting, "start_bare", lambda clock: honest_worker("unconfined"))
    found = starting.confinement()
    assert not found.is_confined
    assert "read your files, change files, use the network, start programs" in found.sentence
