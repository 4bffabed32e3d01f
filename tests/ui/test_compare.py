import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from lis_tui.core.events import Record, StepAddress
from lis_tui.core.manifest import Manifest, Node
from lis_tui.core.view import RunView
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.compared import Compared
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.notes import Notes
from lis_tui.ui.app import LisApp
from lis_tui.ui.screens.compare import CompareScreen, OutcomesScreen, screen_of
from lis_tui.ui.screens.diff import DiffScreen
from lis_tui.ui.themes import read_themes
from tests import branches, story
from tests.screens import pressing, settle, text_of

PLOT = story.PLOT
Compare = Callable[..., bool]
"""The plugin's: draws the app and compares it with the stored picture."""


def app_of(*runs: Compared) -> LisApp:
    themes, _ = read_themes()
    return LisApp(lambda app: screen_of(runs, app.paint), themes)


def run(name: str, records: list[Record], verdict: str = "") -> Compared:
    view = RunView().apply_all(records)
    return Compared(name, view, notes=Notes(verdict=verdict))  # type: ignore[arg-type]


def keep(one: Compared, root: Path, blobs: Blobs, files: dict[StepAddress, dict[str, bytes]]) -> None:
    manifests = Manifests(root / one.name, blobs)
    (root / one.name).mkdir()
    for address, contents in files.items():
        nodes = [node(path, data, blobs) for path, data in contents.items()]
        manifest = Manifest(
            address=address, at=1.0, workdir="/testbed", nodes={each.path: each for each in nodes}
        )
        manifests.save(manifest)
    one.files.keep(Manifests(root / one.name, blobs))


def node(path: str, data: bytes, blobs: Blobs) -> Node:
    digest, _ = blobs.put(data)
    return Node(f"/testbed/{path}", "file", 0o644, "0:0", len(data), "1.5", "2.5", 7, digest=digest)


def two(root: Path) -> tuple[Compared, Compared]:
    """The story, and its fork, with files after some of their steps."""
    left, right = run("mandelbrot-3", branches.parent(), "good"), run("mandelbrot-4", branches.fork())
    blobs = Blobs(root)
    early = {"plot.py": PLOT.encode(), "documents/grid.csv": b"x,y\n"}
    mended = {
        **early,
        "plot.py": PLOT.replace("WIDTH + 1", "WIDTH").encode(),
        "output/set.png": b"\x89PNG\0a",
    }
    done = {**mended, "answer.txt": b"1.507\n", "output/set.png": b"\x89PNG\0bb"}
    other = {**mended, "answer.txt": b"1.51\n", "notes.md": b"# Notes\n"}
    other["plot.py"] = mended["plot.py"].replace(b"200", b"400")
    common = {StepAddress(3, 1): early, StepAddress(5, 1): mended}
    keep(left, root, blobs, {**common, StepAddress(6, 1): done})
    keep(
        right,
        root,
        blobs,
        {**common, StepAddress(7, 1): {**mended, "notes.md": b"# Notes\n"}, StepAddress(8, 1): other},
    )
    return left, right


def many() -> list[Compared]:
    names = ("qwen3-coder", "claude-sonnet-4-5", "gpt-5-mini")
    runs = [
        run("mandelbrot-qwen3-coder", branches.parent(), "good"),
        run("mandelbrot-sonnet", branches.fork(), "mixed"),
        run("mandelbrot-mini", story.running()),
        run("mandelbrot-again", branches.parent()),
    ]
    for one, name in zip(runs, names, strict=False):
        assert one.view.model is not None
        one.view.model = replace(one.view.model, name=f"provider/{name}")
    return runs


async def quiet(pilot: Pilot[int]) -> None:
    """Let files be read and drawn."""
    await settle(pilot)
    await asyncio.gather(
        *[task for task in asyncio.all_tasks() if task.get_name() in ("files that differ", "diff")]
    )
    await settle(pilot)


SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
def test_the_table_of_outcomes_looks_as_it_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app_of(*many()), terminal_size=size, run_before=pressing("space", "j", settled=quiet))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "keys",
    [(), ("j", "enter"), ("G", "tab"), ("G", "tab", "j", "j", "j", "enter")],
    ids=["columns", "step", "files", "file"],
)
def test_two_runs_side_by_side_look_as_they_did(
    snap_compare: Compare, tmp_path: Path, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    assert snap_compare(app_of(*two(tmp_path)), terminal_size=size, run_before=pressing(*keys, settled=quiet))


async def test_the_cursor_begins_at_the_first_difference_and_goes_to_the_next(tmp_path: Path) -> None:
    app = app_of(*two(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        screen = app.screen
        assert isinstance(screen, CompareScreen)
        places = []
        for key in ("", "right_square_bracket", "n", "n", "n", "left_square_bracket"):
            if key:
                await pilot.press(key)
            line = screen.pairs.line
            assert line is not None
            assert line.step is not None
            step = line.step.left or line.step.right
            assert step is not None
            places.append((str(step.address), line.sign))
        assert places == [("6.1", "≠"), ("6.2", "←"), ("7.1", "≠"), ("8.1", "→"), ("8.2", "→"), ("8.1", "→")]
        await pilot.press("n", "n")
        await settle(pilot)
        assert "no further difference there" in text_of(app)


async def test_files_are_those_of_the_steps_under_the_cursor_unless_a_side_is_held(tmp_path: Path) -> None:
    app = app_of(*two(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        screen = app.screen
        assert isinstance(screen, CompareScreen)

        def files() -> dict[str, str]:
            return {file.path: file.kind for file in screen.files.files}

        assert "after 6.1 and after 5.1" in text_of(app)
        assert files() == {"answer.txt": "gone", "output/set.png": "changed"}
        await pilot.press("G")
        await quiet(pilot)
        assert files() == {
            "answer.txt": "changed",
            "notes.md": "new",
            "output/set.png": "changed",
            "plot.py": "changed",
        }
        await pilot.press("r", "g", "j")
        await quiet(pilot)
        assert "mandelbrot-3 has no checkpoint at or before 1.1" in text_of(app)
        await pilot.press("r")
        await quiet(pilot)
        await pilot.press("j", "j", "j", "j")
        await quiet(pilot)
        assert "after 3.1 and after 3.1" in text_of(app)
        assert "no file differs" in text_of(app)


async def test_enter_opens_the_diff_of_a_step_and_of_a_file(tmp_path: Path) -> None:
    app = app_of(*two(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("enter")
        await quiet(pilot)
        assert isinstance(app.screen, DiffScreen)
        assert "-python3 label.py --font 18 && cp area.txt answer.txt" in text_of(app)
        await pilot.press("q", "G", "2", "G", "enter")
        await quiet(pilot)
        assert isinstance(app.screen, DiffScreen)
        assert "+WIDTH, HEIGHT, LIMIT = 800, 600, 400" in text_of(app)
        await pilot.press("escape", "k", "enter")
        await quiet(pilot)
        assert "Binary: 7 → 6 bytes" in text_of(app)


async def test_two_of_many_are_put_side_by_side(tmp_path: Path) -> None:
    app = app_of(*many())
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("enter")
        await quiet(pilot)
        assert "choose two of them with space" in text_of(app)
        await pilot.press("j", "space", "k", "enter")
        await quiet(pilot)
        assert isinstance(app.screen, CompareScreen)
        shown = text_of(app)
        assert shown.index("mandelbrot-qwen3-coder") < shown.index("mandelbrot-sonnet")
        await pilot.press("q")
        await quiet(pilot)
        assert isinstance(app.screen, OutcomesScreen)
        await pilot.press("q")
    assert app.return_value == 0


async def test_what_a_sandbox_says_reaches_the_comparison_as_plain_text(tmp_path: Path) -> None:
    def hostile(name: str, output: str) -> Compared:
        made = story.Story()
        made.begin(mode="auto")
        call = story.bash("echo \x1b]0;title\x07 [red]x")
        made.think(1, "\x1b[2J[bold]gone", [call])
        made.run(StepAddress(1, 1), call, output)
        return run(name, made.records)

    left, right = hostile("a", "\x1b[31mone\u202e"), hostile("b", "\x1b[31mtwo")
    blobs = Blobs(tmp_path)
    keep(left, tmp_path, blobs, {StepAddress(1, 1): {"\x1b[31m[red].txt": b"\x1b]0;x\x07\n"}})
    keep(right, tmp_path, blobs, {StepAddress(1, 1): {}})
    app = app_of(left, right)
    app.get_line_filters = list  # type: ignore[method-assign]
    async with app.run_test(size=(120, 40)) as pilot:
        for keys in (("G",), ("enter",), ("q", "tab", "enter")):
            await pilot.press(*keys)
            await quiet(pilot)
            shown = text_of(app)
            assert not {"\x1b", "\x07", "\u202e"} & set(shown)
        assert "[red].txt" in shown
