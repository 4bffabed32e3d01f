"""The file tree: whole at first, then only what changed, never two walks at a time."""

import asyncio
from pathlib import Path

from lis_tui.core.bus import Bus, Listener
from lis_tui.core.events import FileEntry, FilesChanged, NoticeGiven
from lis_tui.engine.tree import Tree
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

    async def walk(self) -> list[FileEntry]:
        """Walk slowly."""
        self.walks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.walking.set()
        await self.go.wait()
        self.at_once -= 1
        return []


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
        async def walk(self) -> list[FileEntry]:
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
