from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

import pytest

from lis_tui.core.events import NoticeGiven, RunEnded, SandboxStopped
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.host import alone
from lis_tui.host.alone import Alone
from lis_tui.host.runs import Wired
from tests.runs import FakeHouse

SPEC = RunSpec(task="one", model=ModelSpec(name="script/none"))


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHouse:
    async def no_orphans(data: Path) -> list[str]:
        return []

    monkeypatch.setattr(alone, "remove_orphans", no_orphans)
    return FakeHouse(tmp_path)


def alone_in(house: FakeHouse) -> Alone:
    def wire(data: Path, spec: RunSpec, secrets: Mapping[str, str]) -> Wired:
        return house.wire(spec, secrets)

    return Alone(house.folder, wire)


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
