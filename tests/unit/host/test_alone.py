from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path

import pytest

from lis_tui import __version__
from lis_tui.config.places import Places
from lis_tui.core.events import NoticeGiven, RunEnded, SandboxStopped
from lis_tui.core.link import Link
from lis_tui.core.meeting import sockets
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.wire import StartRun
from lis_tui.host import alone
from lis_tui.host.alone import Alone
from lis_tui.host.runs import Wired
from tests.runs import FakeHouse

SPEC = RunSpec(task="one", model=ModelSpec(name="script/none"))
OTHER = RunSpec(task="other", model=SPEC.model)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHouse:
    async def no_orphans(data: Path) -> list[str]:
        return []

    monkeypatch.setattr(alone, "remove_orphans", no_orphans)
    return FakeHouse(tmp_path)


def alone_in(
    house: FakeHouse, *, runtime: Path | None = None, note: Callable[[str], None] = lambda _: None
) -> Alone:
    def wire(data: Path, spec: RunSpec, secrets: Mapping[str, str]) -> Wired:
        return house.wire(spec, secrets)

    return Alone(house.folder, wire, runtime=runtime, note=note)


async def test_a_run_is_told_to_its_end_and_its_sandbox_is_removed_at_once(house: FakeHouse) -> None:
    seen = []
    async with aclosing(alone_in(house).records(SPEC, {})) as records:
        async for record in records:
            seen.append(record.event)
            if isinstance(record.event, NoticeGiven):
                house.made["one"].end()
    assert [type(event) for event in seen] == [NoticeGiven, RunEnded, SandboxStopped]
    assert house.made["one"].is_closed


async def test_a_run_that_is_told_to_end_ends_and_says_so(house: FakeHouse) -> None:
    host = alone_in(house)
    seen = []
    async with aclosing(host.records(SPEC, {})) as records:
        async for record in records:
            seen.append(record.event)
            if isinstance(record.event, NoticeGiven):
                host.end("SIGTERM")
    ended = next(event for event in seen if isinstance(event, RunEnded))
    assert ended.status == "terminated"
    assert isinstance(seen[-1], SandboxStopped)


async def test_leaving_early_ends_the_run(house: FakeHouse) -> None:
    async with aclosing(alone_in(house).records(SPEC, {})) as records:
        async for _ in records:
            break
    assert house.made["one"].is_closed


async def test_where_no_socket_can_be_made_the_run_goes_on_and_that_is_said(house: FakeHouse) -> None:
    notes: list[str] = []
    host = alone_in(house, runtime=house.folder / "missing", note=notes.append)
    async with aclosing(host.records(SPEC, {})) as records:
        async for record in records:
            if isinstance(record.event, NoticeGiven):
                house.made["one"].end()
    assert house.made["one"].is_closed
    assert [note.startswith("Nobody can attach to this run") for note in notes] == [True]


async def test_a_run_that_a_visitor_began_is_waited_for(house: FakeHouse) -> None:
    places = Places(house.folder / "data", house.folder / "config", house.folder / "run")
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        house.made["other"].end()

    host = alone_in(house, runtime=places.make_runtime(), note=note)
    async with aclosing(host.records(SPEC, {})) as records:
        async for record in records:
            if isinstance(record.event, NoticeGiven):
                (path,) = sockets(places.runtime)
                link = await Link.open(path, __version__)
                await link.ask(lambda number: StartRun(id=number, spec=OTHER))
                await link.close()
                house.made["one"].end()
    assert notes == ["other, which a visitor began here, goes on; this process waits for it."]
    assert house.made["other"].is_closed
    assert sockets(places.runtime) == []
