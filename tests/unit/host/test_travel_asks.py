"""Forks and taken-up runs through client, socket and host; who makes them is a fake."""

from pathlib import Path

import pytest

from lis_tui.client import Client
from lis_tui.core import wire
from lis_tui.core.errors import RunIsLive, UsageWrong
from lis_tui.core.events import StepAddress
from lis_tui.core.link import AskRefused
from lis_tui.core.normalising import Rule
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.host.runs import LiveRun, Runs, Wired
from tests.runs import FakeHouse
from tests.unit.host.test_server import SPEC, places_in, serving, until_caught_up


class FakeTravel:
    """Makes a run named after the ask, and remembers what it was asked."""

    def __init__(self, house: FakeHouse) -> None:
        self.house = house
        self.asked: list[tuple[wire.Fork | wire.Reexecute | wire.TakeUp, str]] = []

    async def fork(self, ask: wire.Fork, parent: LiveRun | None) -> Wired:
        """Refuse turn 9, as a run that is not so long."""
        self.asked.append((ask, "" if parent is None else parent.name))
        if ask.point.turn == 9:
            raise UsageWrong("No step 9.1 of this run has ended.")
        return self._wired(f"{ask.kind}-of-{ask.run}")

    async def reexecute(self, ask: wire.Reexecute, parent: LiveRun | None) -> Wired:
        """Remember it."""
        self.asked.append((ask, "" if parent is None else parent.name))
        return self._wired(f"{ask.run}-again")

    async def take_up(self, ask: wire.TakeUp) -> Wired:
        """Refuse what is live."""
        self.asked.append((ask, ""))
        if ask.run == "live":
            raise RunIsLive("The run live is live in another process.")
        return self._wired(ask.run)

    def _wired(self, name: str) -> Wired:
        return self.house.wire(RunSpec(task=name, model=ModelSpec(name="script/none")), {})


async def test_a_live_run_is_forked_where_it_lives_and_a_refusal_is_told(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    travel = FakeTravel(house)
    house.runs = Runs(house.wire, lambda: travel)
    async with serving(tmp_path, house):
        house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        changes = wire.Changes(mode="step", message="Look again.")
        name = await client.fork(
            "one", StepAddress(3, 1), is_before=True, kind="rewind", changes=changes, secrets={"api_key": "k"}
        )
        assert name == "rewind-of-one"
        ask, parent = travel.asked[0]
        assert isinstance(ask, wire.Fork)
        assert (ask.point, ask.is_before, ask.changes, ask.secrets) == (
            StepAddress(3, 1),
            True,
            changes,
            {"api_key": "k"},
        )
        assert parent == "one"
        assert set(await client.live_runs()) == {"one", "rewind-of-one"}
        with pytest.raises(AskRefused, match=r"No step 9\.1"):
            await client.fork("one", StepAddress(9, 1))
        house.made["rewind-of-one"].end()
        stream = client.attach("rewind-of-one")
        early = await until_caught_up(stream)
        assert early
        await client.close()


async def test_a_run_that_no_process_has_is_taken_up_in_the_own_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = FakeHouse(tmp_path)
    travel = FakeTravel(house)
    house.runs = Runs(house.wire, lambda: travel)
    async with serving(tmp_path, house) as path:

        async def own(*_: object) -> Path:
            return path

        monkeypatch.setattr("lis_tui.client.start_host", own)
        client = await Client.connect(places_in(tmp_path))
        assert await client.take_up("old", wire.Changes(message="Go on.")) == "old"
        assert await client.fork("older", StepAddress(1, 1)) == "fork-of-older"
        with pytest.raises(AskRefused, match="live in another process"):
            await client.take_up("live")
        assert [parent for _, parent in travel.asked] == ["", "", ""]
        await client.close()


async def test_a_host_that_only_starts_runs_says_so(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    async with serving(tmp_path, house):
        house.runs.start(SPEC, {})
        client = await Client.connect(places_in(tmp_path), may_start=False)
        with pytest.raises(AskRefused, match="only start runs"):
            await client.fork("one", StepAddress(1, 1))
        await client.close()


async def test_a_run_is_re_executed_in_the_own_host_with_the_rules_of_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = FakeHouse(tmp_path)
    travel = FakeTravel(house)
    house.runs = Runs(house.wire, lambda: travel)
    async with serving(tmp_path, house) as path:

        async def start(places: object, folder: Path) -> Path:
            return path

        monkeypatch.setattr("lis_tui.client.start_host", start)
        client = await Client.connect(places_in(tmp_path))
        rules = (Rule(name="build", pattern="b[0-9]+", instead="b"),)
        asked = wire.Reexecute(id=0, run="one", last=StepAddress(2, 1), is_stopping=True, rules=rules)
        assert await client.reexecute(asked) == "one-again"
        ask, _ = travel.asked[0]
        assert isinstance(ask, wire.Reexecute)
        assert (ask.run, ask.last, ask.is_stopping, ask.rules) == ("one", StepAddress(2, 1), True, rules)
        house.made["one-again"].end()
        await client.close()
