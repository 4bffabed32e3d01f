"""Where a run is forked: which of its facts and files belong to the new one."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from lis_tui.core.errors import StorageFailed, UsageWrong
from lis_tui.core.events import (
    CheckpointTaken,
    CommandInjected,
    DecisionMade,
    Event,
    GateOpened,
    ModelAsked,
    ObservationEdited,
    Record,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    VersionChosen,
)
from lis_tui.core.private import private_folder
from lis_tui.core.removal import remove_tree
from lis_tui.trajectory.keeping_apart import linking
from lis_tui.trajectory.store import RunFolder

_ADDRESS = re.compile(r"(\d+)\.(\d+)(?:\+(\d+))?\.")
START = StepAddress(0)
_FIRST = StepAddress(1)
_TURN_BEGINS = (ModelAsked, ReplyFinished)
"""What comes first of a turn; other programs do not write down that the model was asked."""


class Point(Struct, frozen=True):
    """A place in a run: after a step or before it. 0.0: the start; T.0: the reply of turn T, or before it."""

    address: StepAddress
    is_before: bool = False

    def includes(self, address: StepAddress) -> bool:
        """Tell whether what was kept of this step belongs to what came up to here."""
        at = self.address
        if at == START:
            return address <= _FIRST
        if self.is_before and at.step == at.extra == 0:
            return address <= at
        return address < at if self.is_before else address <= at

    def __str__(self) -> str:
        return f"{'before' if self.is_before else 'after'} {self.address}"


def facts_up_to(records: Sequence[Record], point: Point) -> list[Record]:
    """Give what of a run's facts belongs to a fork at this point, but for its first. Raises UsageWrong."""
    facts = [record for record in records if record.n and not isinstance(record.event, RunStarted)]
    end = _end(facts, point)
    kept = [record for record in facts[:end] if not _is_gate_of_the_turn(record.event, point)]
    # what is said of a step after it: the checkpoint is taken beside what follows
    return kept + [record for record in facts[end:] if _is_about_before(record.event, point)]


def nearest(addresses: Iterable[StepAddress], point: Point) -> StepAddress | None:
    """Give the newest checkpoint that is not after the point."""
    return max((one for one in addresses if point.includes(one)), default=None)


def link_files(parent: RunFolder, child: RunFolder, point: Point) -> None:
    """Give the child the parent's outputs and checkpoints up to the point, as hard links where that works.

    Not while somebody prunes, so that all contents are there still. Raises StorageFailed.
    """
    with linking(child.path.parent.parent):
        _link_files(parent, child, point)


def _link_files(parent: RunFolder, child: RunFolder, point: Point) -> None:
    for source, target in (
        (parent.outputs_dir, child.outputs_dir),
        (parent.checkpoints_dir, child.checkpoints_dir),
    ):
        try:
            link_folder(source, target, lambda name: _belongs(name, point))
        except OSError as error:
            raise StorageFailed(f"{source} cannot be linked to {target}: {error.strerror}.") from error


def link_folder(source: Path, target: Path, wants: Callable[[str], bool] = lambda _: True) -> None:
    """Link the wanted files of a folder into another. Raises OSError, StorageFailed."""
    private_folder(target)
    with suppress(FileNotFoundError):
        for path in source.iterdir():
            if path.is_file() and not path.is_symlink() and wants(path.name):
                _link(path, target / path.name)


def swap_outputs(parent: RunFolder, child: RunFolder, point: Point) -> None:
    """Give the child the folder itself, which its sandbox sees, and the parent another with the same files.

    Raises OSError.
    """
    kept, seen = parent.path / "outputs.kept", child.path / "outputs.seen"
    link_folder(parent.outputs_dir, kept)
    parent.outputs_dir.rename(seen)
    kept.rename(parent.outputs_dir)
    for path in seen.iterdir():
        if not _belongs(path.name, point):
            path.unlink()
    old = child.path / "outputs.old"
    child.outputs_dir.rename(old)
    seen.rename(child.outputs_dir)
    shutil.rmtree(old)


def put_outputs_right(folder: RunFolder) -> None:
    """Finish or undo what `swap_outputs` was in the middle of, in a parent or a child.

    Raises StorageFailed.
    """
    places = [folder.path / f"outputs.{part}" for part in ("seen", "kept", "old")]
    try:
        for place in places:
            if place.exists() and not folder.outputs_dir.exists():
                place.rename(folder.outputs_dir)
    except OSError as error:
        raise StorageFailed(f"The outputs of {folder.name} are not whole: {error.strerror}.") from error
    for place in places:
        remove_tree(place)


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy)


def _belongs(name: str, point: Point) -> bool:
    match = _ADDRESS.match(name)
    if match is None:
        return True
    return point.includes(StepAddress(int(match[1]), int(match[2]), int(match[3] or 0)))


def _end(facts: Sequence[Record], point: Point) -> int:
    """Find how many of the facts count. Raises UsageWrong where there is no such place."""
    at = point.address
    if at == START:
        return _first(facts, lambda event: isinstance(event, _TURN_BEGINS), len(facts))
    if at.step == at.extra == 0:
        return _end_at_turn(facts, point)
    if point.is_before:
        begins = [n for n, one in enumerate(facts) if _begins(one.event, at)]
        if begins:
            return begins[-1]
    else:
        ends = [n for n, one in enumerate(facts) if _is_of(one.event, StepFinished, at)]
        if ends:
            return ends[-1] + 1
    raise UsageWrong(_no_such_step(facts, point))


def _end_at_turn(facts: Sequence[Record], point: Point) -> int:
    turn = point.address.turn
    if point.is_before:
        place = _first(facts, lambda event: isinstance(event, _TURN_BEGINS) and event.turn == turn, -1)
    else:
        kinds = ReplyFinished | ReplyResampled | VersionChosen | ReplyEdited
        ends = [n for n, one in enumerate(facts) if isinstance(one.event, kinds) and one.event.turn == turn]
        place = ends[-1] + 1 if ends else -1
    if place < 0:
        raise UsageWrong(_no_such_step(facts, point))
    return place


def _first(facts: Sequence[Record], is_it: Callable[[Event], bool], otherwise: int) -> int:
    return next((number for number, record in enumerate(facts) if is_it(record.event)), otherwise)


def _begins(event: Event, address: StepAddress) -> bool:
    return _is_of(event, StepProposed, address) or _is_of(event, CommandInjected, address)


def _is_of(event: Event, kind: type[StepProposed | CommandInjected | StepFinished], at: StepAddress) -> bool:
    return isinstance(event, kind) and event.address == at


def _is_gate_of_the_turn(event: Event, point: Point) -> bool:
    """The gate before the turn that is next: it opens again."""
    at = _FIRST if point.address == START else point.address
    if at.step or not (point.is_before or point.address == START):
        return False
    return isinstance(event, GateOpened | DecisionMade) and event.address == at


def _is_about_before(event: Event, point: Point) -> bool:
    return isinstance(event, CheckpointTaken | ObservationEdited) and point.includes(event.address)


def _no_such_step(facts: Sequence[Record], point: Point) -> str:
    done = [one.event.address for one in facts if isinstance(one.event, StepFinished)]
    last = f"its last step is {max(done)}" if done else "no step of it has ended"
    if point.is_before:
        return f"There is no step {point.address} in this run to begin before: {last}."
    return f"No step {point.address} of this run has ended: {last}."
