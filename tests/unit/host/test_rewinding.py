"""A rewind on fakes: what goes wrong half-way leaves the run as it was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lis_tui.core import wire
from lis_tui.core.bus import Bus
from lis_tui.core.errors import DecisionRefused, ImageMissing, SandboxFailed, UsageWrong
from lis_tui.core.events import (
    CheckpointTaken,
    Event,
    ModelAsked,
    Record,
    ReplyFinished,
    RunStarted,
    SandboxStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
)
from lis_tui.core.manifest import Manifest
from lis_tui.core.messages import Observation, Reply
from lis_tui.core.ports import ManifestKeeper, OnProgress, Restored
from lis_tui.core.spec import Limits, ModelSpec, RunSpec
from lis_tui.core.wire import Changes
from lis_tui.host import origin as origins
from lis_tui.host.origin import check_arguments, must_have_image, origin_of, spec_of
from lis_tui.host.rewinding import Rewind
from lis_tui.host.runs import LiveRun, Wired
from lis_tui.host.travel import Forking
from lis_tui.host.wiring import Home
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.forking import Point
from lis_tui.trajectory.journal import Journal, read
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder, Store
from tests.fakes import MemorySandbox, bash
from tests.runs import FakeRun

AT = StepAddress(1, 1)
STARTED = SandboxStarted(
    kind="memory", image="some:tag", image_id="sha256:1", container="c", network="none", took_s=0
)


class Computer(MemorySandbox):
    """A sandbox in memory that remembers where it was taken, and fails where it is told to."""

    can_checkpoint = True

    def __init__(self, keeper: Manifests) -> None:
        super().__init__()
        self.keeper: ManifestKeeper = keeper
        self.went: list[StepAddress] = []
        self.owners: list[str] = []
        self.fails: dict[StepAddress, Exception] = {}
        self.on_hand_over: Callable[[], None] = lambda: None

    async def checkpoint(self, address: StepAddress) -> CheckpointTaken:
        """Keep nothing but where it was."""
        self.keeper.save(manifest(address))
        return CheckpointTaken(address=address, entries=0, bytes_new=0, took_s=0)

    async def restore(self, manifest: Manifest, on_progress: OnProgress | None = None) -> Restored:
        """Go there."""
        self.went.append(manifest.address)
        if manifest.address in self.fails:
            raise self.fails[manifest.address]
        return Restored(written=1, deleted=0, took_s=0.1)

    async def hand_over(
        self, run: str, worktree: Path, outputs_dir: Path, manifests: ManifestKeeper | None
    ) -> None:
        """Belong to another run."""
        self.owners.append(run)
        self.on_hand_over()


class Moving(FakeRun):
    """A run that stands still at once."""

    def __init__(self, bus: Bus, sandbox: Computer) -> None:
        super().__init__(bus)
        self.sandbox = sandbox
        self.is_held = False
        self.stayed = 0
        self.gave_away = ""

    async def kept(self) -> None:
        """Nothing is being kept."""

    async def hold_still(self) -> Computer:
        """It does."""
        return self.sandbox

    def stay(self) -> None:
        """Count."""
        self.stayed += 1

    async def give_away(self, reason: str) -> None:
        """Remember why."""
        self.gave_away = reason


def manifest(address: StepAddress) -> Manifest:
    return Manifest(address=address, at=1.0, workdir="/testbed", nodes={}, image_id="sha256:1")


class Scene:
    """A run on disk of one step, with a checkpoint after it, that goes on here."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.folder: RunFolder = Store(data).create("a task")
        self.journal = Journal.create(self.folder)
        call = bash("echo a")
        events: list[Event] = [
            RunStarted(
                run=self.folder.name,
                spec=RunSpec(task="a task", model=ModelSpec(name="script/demo"), output_dir="/out"),
                system_prompt="s",
                task_prompt="t",
                tools=(),
            ),
            ModelAsked(turn=1, model="m", message_count=1, prompt_tokens_estimate=1),
            STARTED,
            ReplyFinished(turn=1, reply=Reply(calls=(call,))),
            StepProposed(address=AT, call=call),
            StepStarted(address=AT, tool=call.name, arguments=call.arguments),
            StepFinished(address=AT, call_id=call.id, tool=call.name, observation=Observation(text="a")),
        ]
        for n, event in enumerate(events, start=1):
            self.journal.append(Record(n, float(n), event))
        self.manifests = Manifests(self.folder.path, Blobs(data))
        self.manifests.save(manifest(AT))
        (self.folder.worktree / "file").write_text("parent")
        (self.folder.outputs_dir / "1.1.txt").write_text("out")
        self.sandbox = Computer(self.manifests)
        bus = Bus(self.journal, lambda: 1.0, 8)
        self.run = Moving(bus, self.sandbox)
        self.live = LiveRun(
            Wired(self.folder.name, self.run, bus, self.folder.journal_path, lambda: 1.0, self._release)
        )

    async def _release(self) -> None:
        self.journal.close()

    def rewind(self, changes: Changes | None = None) -> tuple[Rewind, Forking]:
        point = Point(AT)
        ask = wire.Fork(id=1, run=self.folder.name, point=AT, kind="rewind", changes=changes or Changes())
        origin = origin_of(self.data, self.folder, point)
        fork = Forking(self.data, origin, ask, is_headless=False)
        return Rewind(self.data, origin, point, self.live, self.run), fork

    def names(self) -> list[str]:
        return sorted(path.name for path in (self.data / "runs").iterdir())


async def test_a_rewind_hands_folder_outputs_and_sandbox_over(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    rewind, fork = scene.rewind()
    home, past, sandbox = await rewind.carry_out(fork.make)
    assert sandbox is scene.sandbox
    assert scene.sandbox.went == [AT]
    assert scene.sandbox.owners == [home.folder.name] == ["task-2"]
    assert (home.folder.worktree / "file").read_text() == "parent"
    assert not scene.folder.worktree.exists()
    for folder in (scene.folder, home.folder):
        assert (folder.outputs_dir / "1.1.txt").read_text() == "out"
    assert (past.is_up, past.restored and past.restored.started) == (True, STARTED)
    first, *rest = read(home.folder)
    assert isinstance(first.event, RunStarted)
    assert (first.event.run, first.event.parent, first.event.parent_step) == ("task-2", "task-1", AT)
    assert first.event.spec.output_dir is None
    assert [record.event for record in rest] == [record.event for record in list(read(scene.folder))[1:]]
    await rewind.finish("task-2")
    assert scene.run.gave_away == "It goes on as task-2, from after 1.1."
    home.leave()


async def test_a_sandbox_that_cannot_go_back_is_what_it_was_and_the_run_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.sandbox.fails[AT] = SandboxFailed("No room.")
    rewind, fork = scene.rewind()
    with pytest.raises(SandboxFailed, match=r"No room\. The sandbox of task-1 is as it was"):
        await rewind.carry_out(fork.make)
    assert scene.sandbox.went == [AT, StepAddress(1, 1, 1)]
    assert (scene.run.stayed, scene.run.gave_away) == (1, "")
    assert scene.names() == ["task-1"]
    assert [path.name for path in (tmp_path / "worktrees").iterdir()] == ["task-1"]
    assert (scene.folder.worktree / "file").read_text() == "parent"


async def test_folders_that_cannot_change_hands_are_the_run_s_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)

    def spoil() -> None:
        (tmp_path / "runs" / "task-2" / "outputs.seen").write_text("in the way")

    scene.sandbox.on_hand_over = spoil
    rewind, fork = scene.rewind()
    with pytest.raises(SandboxFailed, match="is as it was"):
        await rewind.carry_out(fork.make)
    assert scene.sandbox.owners == ["task-2", "task-1"]
    assert (scene.folder.worktree / "file").read_text() == "parent"
    assert (scene.folder.outputs_dir / "1.1.txt").read_text() == "out"
    assert scene.names() == ["task-1"]


async def test_without_a_checkpoint_nothing_is_touched(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    (scene.folder.checkpoints_dir / "1.1.json").unlink()
    rewind, fork = scene.rewind()
    with pytest.raises(DecisionRefused, match="fork there instead"):
        await rewind.carry_out(fork.make)
    assert (scene.sandbox.went, scene.names()) == ([], ["task-1"])


def test_a_fork_without_its_checkpoint_says_what_is_gone(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    (scene.folder.checkpoints_dir / "1.1.json").unlink()
    _, fork = scene.rewind()
    home, past = fork.make()
    opening = past.opening
    assert not getattr(opening, "has_files", True)
    assert "no checkpoint" in past.note
    home.leave()


def test_changes_are_in_the_spec_and_said_in_the_journal(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    model, limits = ModelSpec(name="script/failing"), Limits(max_turns=7)
    changes = Changes(model=model, mode="step", limits=limits, system_prompt="Be kind.", name="mine")
    _, fork = scene.rewind(changes)
    home, past = fork.make()
    started = next(iter(read(home.folder))).event
    assert isinstance(started, RunStarted)
    assert home.folder.name == "mine"
    assert (started.spec.model, started.spec.mode, started.spec.limits) == (model, "step", limits)
    assert started.system_prompt == "Be kind."
    assert [type(change).__name__ for change in past.changes] == [
        "ModelChanged",
        "ModeChanged",
        "LimitsChanged",
    ]
    home.leave()


@pytest.mark.parametrize(
    ("arguments", "is_before", "why"),
    [
        ('{"command": "ls"}', False, "fork before a step"),
        ("{", True, "no JSON object"),
        ("{}", True, "execute_bash cannot run that"),
    ],
)
def test_what_the_next_step_cannot_run_is_refused(
    tmp_path: Path, arguments: str, is_before: bool, why: str
) -> None:
    scene = Scene(tmp_path)
    point = Point(AT, is_before)
    origin = origin_of(tmp_path, scene.folder, point)
    check_arguments(origin, point, None)
    with pytest.raises(UsageWrong, match=why):
        check_arguments(origin, point, arguments)


async def test_an_image_that_is_gone_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path)
    origin = origin_of(tmp_path, scene.folder, Point(AT))
    monkeypatch.setattr(origins, "has_image", lambda name: name != "sha256:1")
    with pytest.raises(ImageMissing, match=r"some:tag .* is gone.*lis-tui reexecute"):
        await must_have_image(origin)
    assert spec_of(origin, Changes(), is_headless=True).is_headless


def test_a_home_that_is_left_can_be_had_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.journal.close()
    home = Home.of_old(tmp_path, scene.folder)
    assert home.journal.next_n == 8
    home.leave()
    Home.of_old(tmp_path, scene.folder).leave()
