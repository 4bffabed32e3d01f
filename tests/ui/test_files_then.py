import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lis_tui.core.beneath import FilePart
from lis_tui.core.content import Content
from lis_tui.core.differing import TextDiff
from lis_tui.core.events import FileEntry, StepAddress
from lis_tui.core.manifest import Difference, Manifest, Node
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.past_files import FilesThen, Past, PastFiles
from lis_tui.ui.app import LisApp
from lis_tui.ui.screens.file_diff import FileDiffScreen
from lis_tui.ui.screens.steps import StepDialog
from lis_tui.ui.sources import RecordedSource
from tests import story
from tests.screens import FakeSource, bench, pressing, settle, text_of, workbench_app

Compare = Callable[..., bool]
"""The plugin's: draws the app and compares it with the stored picture."""
SIZES = [(80, 24), (120, 40)]
MENDED = story.PLOT.replace("WIDTH + 1", "WIDTH")
STEPS: dict[StepAddress, dict[str, bytes]] = {
    StepAddress(0): {"documents/grid.csv": b"x,y\n"},
    StepAddress(1, 1): {"documents/grid.csv": b"x,y\n"},
    StepAddress(2, 1): {
        "documents/grid.csv": b"x,y\n",
        "plot.py": story.PLOT.encode(),
        "notes.md": b"# Notes\n",
    },
    StepAddress(4, 1): {"documents/grid.csv": b"x,y\n", "plot.py": MENDED.encode(), "area.txt": b"1.5\n"},
}
"""The files after some steps of the story; 3.1 has no checkpoint."""


def kept(root: Path) -> PastFiles:
    blobs = Blobs(root)
    manifests = Manifests(root / "run", blobs)
    (root / "run").mkdir()
    for address, contents in STEPS.items():
        nodes = [node(path, data, blobs, 1.0 + address.turn) for path, data in contents.items()]
        nodes.append(Node("/testbed/documents", "folder", 0o755, "0:0", 0, "1.5", "2.5", 7))
        manifests.save(
            Manifest(address=address, at=1.0, workdir="/testbed", nodes={each.path: each for each in nodes})
        )
    past = PastFiles("mandelbrot-3")
    past.keep(manifests)
    return past


def node(path: str, data: bytes, blobs: Blobs, mtime: float) -> Node:
    digest, _ = blobs.put(data)
    return Node(f"/testbed/{path}", "file", 0o644, "0:0", len(data), str(mtime), "2.5", 7, digest=digest)


def app_of(past: Past | None, worktree: Path | None = None) -> LisApp:
    source = RecordedSource(
        "mandelbrot-3", story.ended, worktree, kept=(lambda _: past) if past is not None else None
    )
    return workbench_app(source, now=story.ended()[-1].at + 3)


async def quiet(pilot: Pilot[int]) -> None:
    """Let files be read and drawn."""
    names = ("feed", "files then", "preview", "steps", "diff")
    await settle(pilot)
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() in names]:
        await asyncio.gather(*tasks)
        await settle(pilot)


async def go(pilot: Pilot[int], address: StepAddress) -> None:
    assert bench(app := pilot.app).walk.go_to_step(address), app  # type: ignore[arg-type]
    await quiet(pilot)


def pane(app: LisApp) -> dict[str, str]:
    """What the files pane shows: each path, and its mark."""
    files = bench(app).files
    return {path: files.marks.get(path, "") for path in sorted({*files.files, *files.marks})}


async def test_the_files_are_those_after_the_step_one_is_at_with_what_it_changed(tmp_path: Path) -> None:
    app = app_of(kept(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await go(pilot, StepAddress(2, 1))
        new = {"documents": "", "documents/grid.csv": "", "notes.md": "new", "plot.py": "new"}
        assert pane(app) == new
        await go(pilot, StepAddress(4, 1))
        assert pane(app) == {
            "area.txt": "new",
            "documents": "",
            "documents/grid.csv": "",
            "notes.md": "gone",
            "plot.py": "changed",
        }
        await go(pilot, StepAddress(2, 1))
        assert pane(app) == new


async def test_the_preview_shows_the_content_after_that_step(tmp_path: Path) -> None:
    app = app_of(kept(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await go(pilot, StepAddress(2, 1))
        bench(app).files.select("plot.py")
        bench(app).files.has_chosen = True
        bench(app).filing.choose()
        bench(app).preview.focus()
        await pilot.press("z")
        await quiet(pilot)
        assert "np.linspace(-2.2, 0.8, WIDTH + 1)" in text_of(app)
        await go(pilot, StepAddress(4, 1))
        assert "np.linspace(-2.2, 0.8, WIDTH)" in text_of(app)


async def test_between_checkpoints_it_is_said_which_one_is_shown(tmp_path: Path) -> None:
    app = app_of(kept(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await go(pilot, StepAddress(3, 1))
        assert "after 2.1, not 3.1" in text_of(app)
        assert set(pane(app).values()) == {""}
        await go(pilot, StepAddress(2, 1))
        assert "after 2.1 " in text_of(app)
        assert "not" not in text_of(app).splitlines()[2]


async def test_a_reply_shows_the_files_that_the_step_before_it_left(tmp_path: Path) -> None:
    app = app_of(kept(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await go(pilot, StepAddress(3))
        assert "after 2.1 " in text_of(app)
        assert pane(app)["plot.py"] == "new"
        await pilot.press("g")
        await quiet(pilot)
        assert pane(app) == {"documents": "", "documents/grid.csv": ""}


async def test_without_checkpoints_the_edits_tell_and_the_tree_of_now_is_shown_at_the_end_only(
    tmp_path: Path,
) -> None:
    (tmp_path / "made.txt").write_text("now")
    app = app_of(None, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        assert "as it is now" in text_of(app)
        assert "made.txt" in pane(app)
        await go(pilot, StepAddress(2, 1))
        assert "inferred" in text_of(app)
        assert "made.txt" not in pane(app)
        await pilot.press("G")
        await quiet(pilot)
        assert "as it is now" in text_of(app)


class Slow:
    """Files that take as long as a test says; remembers what was asked for."""

    is_inferred = False

    def __init__(self) -> None:
        self.asked: list[StepAddress] = []
        self.may_go_on = threading.Event()
        self.has_begun = threading.Event()

    def addresses(self) -> list[StepAddress]:
        return [StepAddress(1, 1)]

    def then(self, address: StepAddress) -> FilesThen:
        self.asked.append(address)
        self.has_begun.set()
        assert self.may_go_on.wait(20)
        return FilesThen(entries=(FileEntry(f"{address}.txt"),), marks={}, shown=address)

    def part(self, shown: StepAddress, path: str, most_bytes: int) -> FilePart:
        return FilePart(b"", 0)

    def open(self, shown: StepAddress, path: str) -> Content:
        return Content(b"")

    def changes(self, left: StepAddress, right: StepAddress) -> dict[str, Difference]:
        return {}

    def diff(self, path: str, left: StepAddress, right: StepAddress) -> TextDiff:
        return TextDiff()


async def test_keys_never_wait_for_files_and_the_newest_wish_wins() -> None:
    past = Slow()
    app = app_of(past)
    async with app.run_test(size=(120, 40)) as pilot:
        await asyncio.to_thread(past.has_begun.wait, 20)
        await settle(pilot)
        for address in (StepAddress(4, 1), StepAddress(3, 1), StepAddress(2, 1)):
            assert bench(app).walk.go_to_step(address)
            await settle(pilot)
            assert bench(app).walk.address == address
        past.may_go_on.set()
        await quiet(pilot)
        assert len(past.asked) == 2
        assert past.asked[-1] == StepAddress(2, 1)
        assert list(pane(app)) == ["2.1.txt"]


# ---- comparing a file with what it was


async def test_a_file_is_compared_with_the_step_before_and_the_next_file_is_one_key_away(
    tmp_path: Path,
) -> None:
    app = app_of(kept(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await go(pilot, StepAddress(4, 1))
        bench(app).files.select("plot.py")
        await pilot.press("3", "d")
        await quiet(pilot)
        assert isinstance(app.screen, StepDialog)
        await pilot.press("enter")
        await quiet(pilot)
        assert isinstance(app.screen, FileDiffScreen)
        assert "3 of 3 that differ · after 2.1 → after 4.1" in text_of(app)
        assert "-x = np.linspace(-2.2, 0.8, WIDTH + 1)" in text_of(app)
        assert "+x = np.linspace(-2.2, 0.8, WIDTH)" in text_of(app)
        await pilot.press("n")
        await quiet(pilot)
        assert "area.txt" in text_of(app)
        assert "+1.5" in text_of(app)
        await pilot.press("escape")
        await quiet(pilot)
        assert app.screen is bench(app)


async def test_any_other_step_can_be_chosen_by_its_number(tmp_path: Path) -> None:
    app = app_of(kept(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await go(pilot, StepAddress(4, 1))
        bench(app).files.select("plot.py")
        await pilot.press("3", "d", "1")
        await quiet(pilot)
        await pilot.press("enter")
        await quiet(pilot)
        assert "after 1.1 → after 4.1" in text_of(app)


async def test_where_no_other_step_is_known_it_is_said() -> None:
    app = workbench_app(FakeSource(story.ended()))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("3", "d")
        await settle(pilot)
        assert app.screen is bench(app)
        assert "no files of other steps are known" in text_of(app)


# ---- pictures


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "keys",
    [(*"NNNNN", "3"), (*"NNNN", "3"), (*"NNNNN", "3", "d"), (*"NNNNN", "3", "G", "d", "enter")],
    ids=["step", "between", "choice", "diff"],
)
def test_the_files_of_a_step_look_as_they_did(
    snap_compare: Compare, tmp_path: Path, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    assert snap_compare(app_of(kept(tmp_path)), terminal_size=size, run_before=pressing(*keys, settled=quiet))
