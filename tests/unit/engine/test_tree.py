"""The file tree: whole at first, then only what changed, never two walks at a time."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lis_tui.core.bus import Bus, Listener
from lis_tui.core.events import FilesChanged, NoticeGiven, TreeFollowed
from lis_tui.core.ports import Walked
from lis_tui.engine.tree import CALM_S, Tree
from tests.fakes import FakeClock, ListKeeper, MemorySandbox, bash, calls, submit
from tests.playing import Game


async def next_change(listener: Listener) -> FilesChanged:
    """Wait for the next announcement."""
    event = (await asyncio.wait_for(anext(listener), 5)).event
    assert isinstance(event, FilesChanged)
    return event


async def test_the_tree_is_told_whole_and_then_as_the_difference() -> None:
    sandbox = MemorySandbox(files={"/testbed/a.txt": b"1"})
    await sandbox.start()
    bus = Bus(ListKeeper(), FakeClock())
    listener = bus.listen()
    tree = Tree(sandbox, bus, gap_s=0)
    tree.start()
    first = await next_change(listener)
    assert first.is_whole
    assert [entry.path for entry in first.changed] == ["a.txt"]
    sandbox.put("/testbed/out/b.txt", b"22")
    second = await next_change(listener)
    assert not second.is_whole
    assert {entry.path: entry.kind for entry in second.changed} == {"out": "folder", "out/b.txt": "file"}
    del sandbox.files["/testbed/a.txt"]
    tree.note_change()
    assert (await next_change(listener)).gone == ("a.txt",)
    assert {entry.path for entry in tree.whole().changed} == {"out", "out/b.txt"}
    await tree.stop()


class SlowWalks(MemorySandbox):
    """A sandbox whose walks take until the test lets go, and which counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = 0
        self.most_at_once = 0
        self.walking = asyncio.Event()
        self.go = asyncio.Event()

    async def walk(self) -> Walked:
        """Walk slowly."""
        self.walks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.walking.set()
        await self.go.wait()
        self.at_once -= 1
        return Walked([], 0)


async def test_walks_never_overlap_and_many_changes_are_one_walk() -> None:
    sandbox = SlowWalks()
    await sandbox.start()
    bus = Bus(ListKeeper(), FakeClock())
    tree = Tree(sandbox, bus, gap_s=0)
    tree.start()
    await sandbox.walking.wait()
    for number in range(100):
        sandbox.put(f"/testbed/{number}", b"")
    sandbox.walking.clear()
    sandbox.go.set()
    await sandbox.walking.wait()
    await tree.stop()
    assert sandbox.walks == 2
    assert sandbox.most_at_once == 1


async def test_a_walk_that_fails_is_told_and_ends_nothing() -> None:
    class Odd(MemorySandbox):
        async def walk(self) -> Walked:
            raise OSError("odd")

    sandbox = Odd()
    await sandbox.start()
    keeper = ListKeeper()
    bus = Bus(keeper, FakeClock())
    listener = bus.listen()
    tree = Tree(sandbox, bus, gap_s=0)
    tree.start()
    told = (await asyncio.wait_for(anext(listener), 5)).event
    assert isinstance(told, NoticeGiven)
    assert "odd" in told.text
    await tree.stop()


async def test_a_step_that_makes_a_file_shows_in_the_tree(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("echo 1 > new.txt")), calls(submit("x")))
    game.start()
    await game.next(FilesChanged, lambda change: any(e.path == "new.txt" for e in change.changed))
    await game.ended()
    await game.run.close()


async def followed(
    sandbox: MemorySandbox,
    keeper: ListKeeper | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> tuple[Tree, Listener]:
    """Begin to follow, and take the first tree."""
    await sandbox.start()
    bus = Bus(keeper or ListKeeper(), FakeClock())
    listener = bus.listen()
    tree = Tree(sandbox, bus, gap_s=0, monotonic=monotonic)
    tree.start()
    assert (await next_change(listener)).is_whole
    return tree, listener


async def test_a_change_that_is_named_is_looked_at_and_nothing_is_walked() -> None:
    sandbox = MemorySandbox(files={"/testbed/out/a": b"1"})
    tree, listener = await followed(sandbox)
    walks = sandbox.walks
    sandbox.touch("/testbed/out/a", b"12")
    told = await next_change(listener)
    assert [(entry.path, entry.size_bytes) for entry in told.changed] == [("out/a", 2)]
    sandbox.touch("/testbed/out/b", b"")
    assert [entry.path for entry in (await next_change(listener)).changed] == ["out/b"]
    sandbox.touch("/testbed/out/b", None)
    assert (await next_change(listener)).gone == ("out/b",)
    assert sandbox.walks == walks
    assert sandbox.looks == [(("out", "out/a"), False), (("out", "out/b"), False), (("out", "out/b"), False)]
    await tree.stop()


async def test_a_new_folder_is_told_with_all_that_came_in_it_and_goes_with_all_that_was_in_it() -> None:
    sandbox = MemorySandbox(files={"/testbed/a": b"1"})
    tree, listener = await followed(sandbox)
    sandbox.files |= {"/testbed/new/in/b": b"1", "/testbed/new/c": b"2"}
    tree.note_change(["new"])
    assert [entry.path for entry in (await next_change(listener)).changed] == [
        "new", "new/c", "new/in", "new/in/b",
    ]  # fmt: skip
    del sandbox.files["/testbed/new/in/b"], sandbox.files["/testbed/new/c"]
    tree.note_change(["new"])
    assert sorted((await next_change(listener)).gone) == ["new", "new/c", "new/in", "new/in/b"]
    await tree.stop()


async def test_what_changed_while_a_walk_was_under_way_is_not_taken_back_by_it() -> None:
    sandbox = SlowWalks()
    sandbox.go.set()
    tree, listener = await followed(sandbox)
    sandbox.go.clear()
    sandbox.walking.clear()
    tree.note_change()
    await sandbox.walking.wait()
    sandbox.touch("/testbed/a", b"1")
    assert [entry.path for entry in (await next_change(listener)).changed] == ["a"]
    walks = sandbox.walks
    sandbox.go.set()
    await tree.look()
    assert sandbox.walks == walks + 1
    assert (await next_change(listener)).gone == ("a",)  # by the second walk, which began after it
    await tree.stop()


async def test_of_a_tree_that_is_only_listed_in_part_it_is_said_how_much_there_is() -> None:
    class Huge(MemorySandbox):
        async def walk(self) -> Walked:
            return Walked((await super().walk()).entries[:1], 1_000_000)

    sandbox = Huge(files={"/testbed/a": b"1", "/testbed/b": b"2"})
    tree, listener = await followed(sandbox)
    told = (await asyncio.wait_for(anext(listener), 5)).event
    assert told == TreeFollowed(total=1_000_000)
    del sandbox.files["/testbed/a"]
    tree.note_change()
    again = await next_change(listener)
    assert (again.is_whole, again.gone) == (True, ())
    await tree.stop()


async def test_where_nobody_tells_of_changes_the_tree_is_looked_through_and_that_is_said_once() -> None:
    sandbox = MemorySandbox(files={"/testbed/a": b"1"})
    keeper = ListKeeper()
    tree, listener = await followed(sandbox, keeper)
    assert sandbox.on_blind is not None
    sandbox.on_blind("the system has no watches left")
    told = [(await asyncio.wait_for(anext(listener), 5)).event for _ in range(2)]
    assert told[0] == NoticeGiven(
        "The file tree is looked through every 2 s or more seldom: the system has no watches left."
    )
    assert told[1] == TreeFollowed(every_s=2.0, why="the system has no watches left")
    await tree.stop()
    tree.start()
    sandbox.on_blind("the system has no watches left")
    assert (await next_change(listener)).is_whole
    await tree.look()
    await tree.stop()
    assert [type(record.event) for record in keeper.records] == [NoticeGiven]


async def test_the_journal_keeps_nothing_of_the_tree() -> None:
    sandbox = MemorySandbox(files={f"/testbed/{number}": b"" for number in range(50)})
    keeper = ListKeeper()
    tree, _ = await followed(sandbox, keeper)
    await tree.look()
    await tree.stop()
    assert not keeper.records


async def test_after_a_new_folder_came_everything_is_walked_for_what_nobody_told_of() -> None:
    sandbox = MemorySandbox(files={"/testbed/a": b"1"})
    tree, listener = await followed(sandbox)
    sandbox.files["/testbed/new/told"] = b""
    tree.note_change(["new"])
    assert [entry.path for entry in (await next_change(listener)).changed] == ["new", "new/told"]
    sandbox.files["/testbed/new/untold"] = b""
    assert [entry.path for entry in (await next_change(listener)).changed] == ["new/untold"]
    await tree.stop()


async def test_while_something_goes_on_no_walk_is_made_only_to_make_sure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lis_tui.engine.tree.SETTLE_S", 0.0)
    now = [100.0]
    sandbox = MemorySandbox(files={"/testbed/a": b"1"})
    tree, listener = await followed(sandbox, monotonic=lambda: now[0])
    sandbox.files["/testbed/new/told"] = b""
    tree.note_change(["new"])
    assert [entry.path for entry in (await next_change(listener)).changed] == ["new", "new/told"]
    sandbox.files["/testbed/new/untold"] = b""
    for number in range(20):
        sandbox.files[f"/testbed/{number}"] = b""
        tree.note_change([str(number)])
        assert [entry.path for entry in (await next_change(listener)).changed] == [str(number)]
    now[0] += CALM_S
    assert [entry.path for entry in (await next_change(listener)).changed] == ["new/untold"]
    await tree.stop()
