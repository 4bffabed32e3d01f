import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from lis_tui.client import Client
from lis_tui.config.places import Places
from lis_tui.core.decisions import Approve, FollowUp
from lis_tui.core.errors import DecisionRefused, HostUnreachable, LisError
from lis_tui.core.events import (
    FileEntry,
    FilesChanged,
    ModelAsked,
    NoticeGiven,
    OutputArrived,
    Record,
    RunContinued,
    RunEnded,
    SandboxStopped,
    StepAddress,
    TextArrived,
)
from lis_tui.core.link import Link
from lis_tui.core.meeting import socket_path
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.wire import CaughtUp, StartRun
from lis_tui.host import session
from lis_tui.host.server import Server
from tests.runs import FakeHouse

SPEC = RunSpec(task="one", model=ModelSpec(name="script/none"))


def places_in(folder: Path) -> Places:
    return Places(folder / "data", folder / "config", folder / "run")


async def no_warmth() -> None:
    return


@asynccontextmanager
async def serving(folder: Path, house: FakeHouse, grace_s: float = 60) -> AsyncIterator[Path]:
    path = socket_path(places_in(folder).make_runtime(), "01234567")
    server = Server(house.runs, no_warmth, grace_s)
    ready = asyncio.Event()
    task = asyncio.ensure_future(server.serve(path, ready.set))
    await ready.wait()
    try:
        yield path
    finally:
        server.stop()
        await house.runs.terminate("test over")
        await task


async def until_caught_up(stream: AsyncIterator[Record | CaughtUp]) -> list[Record]:
    found: list[Record] = []
    async for item in stream:
        if isinstance(item, CaughtUp):
            return found
        found.append(item)
    raise AssertionError("the stream ended before it was caught up")


async def rest_of(stream: AsyncIterator[Record | CaughtUp]) -> list[Record]:
    return [item async for item in stream if isinstance(item, Record)]


def names(records: list[Record]) -> list[str]:
    return [type(record.event).__name__ for record in records]


async def test_a_late_watcher_gets_the_journal_the_present_and_the_stream_without_gap_or_double(
    tmp_path: Path,
) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        run = house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        while "one" not in await client.live_runs():
            pass
        fake = house.made["one"]
        fake.say(FilesChanged((FileEntry("a.txt"),), is_whole=True))
        fake.say(FilesChanged((FileEntry("b.txt"),)))
        fake.say(ModelAsked(turn=1, model="m", message_count=2, prompt_tokens_estimate=9))
        fake.say(TextArrived(1, "Hel"))
        fake.say(TextArrived(1, "lo"))
        stream = client.attach("one")
        early = await until_caught_up(stream)
        assert names(early) == ["NoticeGiven", "ModelAsked", "FilesChanged", "TextArrived"]
        assert [record.n for record in early] == [1, 2, 0, 0]
        assert early[2].event == FilesChanged((FileEntry("a.txt"), FileEntry("b.txt")), is_whole=True)
        assert early[3].event == TextArrived(1, "Hello")
        fake.say(TextArrived(1, "!"))
        fake.end()
        assert (await anext(stream)).event == TextArrived(1, "!")  # type: ignore[union-attr]  # a Record
        assert isinstance((await anext(stream)).event, RunEnded)  # type: ignore[union-attr]  # a Record
        await client.close_run("one")
        assert names(await rest_of(stream)) == ["SandboxStopped"]
        assert run.is_closed
        await client.close()


async def test_an_ended_run_keeps_its_sandbox_while_someone_watches_and_a_follow_up_continues_it(
    tmp_path: Path,
) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        run = house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        stream = client.attach("one")
        await until_caught_up(stream)
        fake = house.made["one"]
        fake.end()
        while not isinstance((await anext(stream)).event, RunEnded):  # type: ignore[union-attr]  # a Record
            pass
        assert not fake.is_closed
        await client.decide("one", FollowUp("and now?"))
        assert isinstance((await anext(stream)).event, RunContinued)  # type: ignore[union-attr]  # a Record
        fake.end()
        await client.leave("one")
        assert names(await rest_of(stream))[-1:] in (["RunEnded"], [])
        await run.close()
        assert fake.is_closed
        await client.close()


async def test_a_run_that_ends_unwatched_is_closed_and_reads_whole_afterwards(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house) as path:
        link = await Link.open(path, "0.1.0")
        await link.ask(lambda number: StartRun(id=number, spec=SPEC, secrets={"api_key": "k"}))
        assert house.secrets == {"api_key": "k"}
        house.made["one"].end()
        await house.runs.find("one").close()
        feed = house.runs.find("one").attach()
        assert feed.facts == 3
        assert [record async for record in feed.listener] == []
        await link.close()


async def test_two_watchers_see_the_same(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        house.runs.start(SPEC, {})
        first, second = [await Client.connect(places_in(tmp_path), may_start=False) for _ in range(2)]
        streams = first.attach("one"), second.attach("one")
        heads = [await until_caught_up(stream) for stream in streams]
        for number in range(100):
            house.made["one"].say(NoticeGiven(f"notice {number}"))
        house.made["one"].end()
        tails: list[list[Record]] = []
        for stream in streams:
            tail: list[Record] = []
            while not tail or not isinstance(tail[-1].event, RunEnded):
                item = await anext(stream)
                assert isinstance(item, Record)
                tail.append(item)
            tails.append(tail)
        assert heads[0] + tails[0] == heads[1] + tails[1]
        await first.close()
        await second.close()
        assert names(await rest_of(streams[0])) == []


async def test_a_decision_reaches_the_run_with_its_address_and_a_late_one_is_refused(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        await client.decide("one", Approve(), StepAddress(3, 1))
        assert house.made["one"].decisions == [(Approve(), StepAddress(3, 1))]
        with pytest.raises(DecisionRefused, match="Step 99 is over"):
            await client.decide("one", Approve(), StepAddress(99, 1))
        await client.close()


async def test_a_watcher_that_does_not_read_holds_up_nobody_and_misses_no_fact(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        lazy, keen = client.attach("one"), client.attach("one")
        for stream in (lazy, keen):
            await until_caught_up(stream)
        fake = house.made["one"]
        for _ in range(2000):
            fake.say(TextArrived(1, "x" * 4096))
            fake.say(TextArrived(1, "y" * 4096))
        fake.say(NoticeGiven("a fact"))
        size = 0
        async for item in keen:
            assert isinstance(item, Record)
            if isinstance(item.event, NoticeGiven):
                break
            assert isinstance(item.event, TextArrived)
            size += len(item.event.text)
        assert size == 2000 * 2 * 4096
        count = 0
        async for item in lazy:
            assert isinstance(item, Record)
            count += 1
            if isinstance(item.event, NoticeGiven):
                break
        assert count < 100
        await client.close()


async def test_a_fact_behind_a_flood_of_output_is_not_held_up_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "FLOOD_PAUSE_S", 3600.0)
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        stream = client.attach("one")
        await until_caught_up(stream)
        flood = OutputArrived(StepAddress(1, 1), b"x" * session.FLOOD_BYTES)
        house.made["one"].say(flood)
        first = await anext(stream)
        assert isinstance(first, Record)
        assert first.event == flood
        house.made["one"].say(NoticeGiven("a fact"))
        async with asyncio.timeout(20):
            second = await anext(stream)
        assert isinstance(second, Record)
        assert second.event == NoticeGiven("a fact")
        await client.close()


async def test_a_host_that_nobody_needs_ends_and_takes_its_socket_with_it(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    path = socket_path(places_in(tmp_path).make_runtime(), "01234567")
    async with asyncio.timeout(10):
        await Server(house.runs, no_warmth, grace_s=0).serve(path, lambda: None)
    assert list(path.parent.iterdir()) == []


async def test_a_host_stays_while_a_run_lives_without_any_client(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    run = house.runs.start(SPEC, {})
    path = socket_path(places_in(tmp_path).make_runtime(), "01234567")
    server = asyncio.ensure_future(Server(house.runs, no_warmth, grace_s=0).serve(path, lambda: None))
    link = None
    while link is None:
        try:
            link = await Link.open(path, "0.1.0")
        except OSError:
            await asyncio.sleep(0)
    await link.close()
    assert not server.done()
    house.made["one"].end()
    async with asyncio.timeout(10):
        await server
    assert run.is_closed


async def ask_on(path: Path) -> NoReturn:
    """Come and go, again and again."""
    while True:
        await (await Link.open(path, "0.1.0")).close()


async def test_who_only_asks_keeps_no_idle_host_alive(tmp_path: Path) -> None:
    async with serving(tmp_path, FakeHouse(tmp_path), grace_s=0.05) as path, asyncio.timeout(20):
        with pytest.raises((OSError, LisError)):
            await ask_on(path)


async def test_the_socket_is_closed_to_others(tmp_path: Path) -> None:
    async with serving(tmp_path, FakeHouse(tmp_path)) as path:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_host_of_another_version_is_not_talked_to(tmp_path: Path) -> None:
    async with serving(tmp_path, FakeHouse(tmp_path)) as path:
        with pytest.raises(Exception, match="use the same version"):
            await Link.open(path, "9.9.9")


async def test_a_stale_socket_is_recognised_and_removed(tmp_path: Path) -> None:
    folder = places_in(tmp_path).make_runtime()
    server = await asyncio.start_unix_server(lambda reader, writer: None, path=folder / "other")
    (folder / "other").rename(socket_path(folder, "dead0000"))
    server.close()
    await server.wait_closed()
    client = await Client.connect(places_in(tmp_path), may_start=False)
    assert await client.live_runs() == ()
    assert list(folder.iterdir()) == []
    with pytest.raises(HostUnreachable, match="may not start"):
        await client.start_run(SPEC, {})
    await client.close()


async def test_a_watcher_learns_that_the_host_has_vanished(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    path = socket_path(places_in(tmp_path).make_runtime(), "01234567")
    server = asyncio.ensure_future(Server(house.runs, no_warmth).serve(path, lambda: None))
    house.runs.start(SPEC, {})
    while not path.exists():
        await asyncio.sleep(0)
    client = await Client.connect(places_in(tmp_path), may_start=False)
    stream = client.attach("one")
    await until_caught_up(stream)
    server.cancel()
    await asyncio.wait([server])
    with pytest.raises(HostUnreachable, match="is gone"):
        await rest_of(stream)
    await client.close()
    await house.runs.terminate("test over")


async def test_closing_a_run_tells_its_watchers_that_the_sandbox_is_gone(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        stream = client.attach("one")
        await until_caught_up(stream)
        house.made["one"].end()
        await client.close_run("one")
        events = [record.event for record in await rest_of(stream)]
        assert isinstance(events[-1], SandboxStopped)
        await client.close()
