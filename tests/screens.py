"""What screen tests and pictures share: a source that tells given records, and apps that show them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from textual.app import App
from textual.filter import LineFilter
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from lis_tui.config.load import load
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import Gate, Record, StepAddress
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.wire import Changes, Reexecute
from lis_tui.trajectory.marks import Marks
from lis_tui.trajectory.notes import Notes
from lis_tui.trajectory.past_files import Past
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.app import LisApp
from lis_tui.ui.asking import with_preset
from lis_tui.ui.bridge import AS_IT_WAS, NO_SECRETS, Kind, Source
from lis_tui.ui.screens.start import StartScreen
from lis_tui.ui.screens.workbench import Workbench
from lis_tui.ui.series import Series
from lis_tui.ui.themes import read_themes
from tests import story

NOW = story.START + 3600


class FakeSource:
    """Tells records at once, then what a test adds; remembers decisions."""

    def __init__(
        self,
        records: Sequence[Record],
        *,
        is_recorded: bool = False,
        worktree: Path | None = None,
        name: str = "mandelbrot-3",
    ) -> None:
        self.name = name
        self.is_recorded = is_recorded
        self.worktree = worktree
        self.outputs: Path | None = None
        self.past: Past | None = None
        self.marks: Marks | None = None
        self.series: Series | None = None
        self.decisions: list[tuple[Decision, StepAddress | None]] = []
        self.refusal = ""
        self.has_left = False
        self.is_closed = False
        self.forks: list[tuple[StepAddress, bool, str, Changes, Mapping[str, str]]] = []
        self.rebuilt: list[bool] = []
        """Of each fork, whether its sandbox comes about by re-execution."""
        self.reexecuted: list[Reexecute] = []
        self.taken_up: list[tuple[Changes, Mapping[str, str]]] = []
        self.others: dict[str, FakeSource] = {}
        """By the names that forks get, in this order."""
        self.family: list[RunSummary] = []
        self.first: list[Record] = []
        self.has_whole = asyncio.Event()
        self.has_whole.set()
        self._more: asyncio.Queue[Record] = asyncio.Queue()
        for record in records:
            self._more.put_nowait(record)

    def add(self, *records: Record) -> None:
        """Tell more."""
        for record in records:
            self._more.put_nowait(record)

    async def beginning(self) -> list[Record]:
        """Give what a test says can be looked at first."""
        return self.first

    async def records(self) -> AsyncIterator[Record]:
        """Tell everything, for ever; a recording ends."""
        await self.has_whole.wait()
        while not self.is_recorded or not self._more.empty():
            yield await self._more.get()

    async def decide(
        self, decision: Decision, address: StepAddress | None = None, gate: Gate | None = None
    ) -> None:
        """Remember."""
        if self.refusal:
            raise DecisionRefused(self.refusal)
        self.decisions.append((decision, address))

    async def close_run(self) -> None:
        """Remember."""
        self.is_closed = True

    async def leave(self) -> None:
        """Remember."""
        self.has_left = True

    async def fork(
        self,
        point: StepAddress,
        *,
        is_before: bool = False,
        kind: Kind = "fork",
        rebuild: bool = False,
        changes: Changes = AS_IT_WAS,
        secrets: Mapping[str, str] = NO_SECRETS,
    ) -> str:
        """Remember; the new run is the first of the others that was not given yet."""
        if self.refusal:
            raise DecisionRefused(self.refusal)
        self.forks.append((point, is_before, kind, changes, secrets))
        self.rebuilt.append(rebuild)
        return list(self.others)[len(self.forks) - 1]

    async def take_up(self, changes: Changes = AS_IT_WAS, secrets: Mapping[str, str] = NO_SECRETS) -> str:
        """Remember; the run goes on under its name."""
        if self.refusal:
            raise DecisionRefused(self.refusal)
        self.taken_up.append((changes, secrets))
        return self.name

    async def reexecute(self, ask: Reexecute) -> str:
        """Remember; the new run is the first of the others that was not given yet."""
        if self.refusal:
            raise DecisionRefused(self.refusal)
        self.reexecuted.append(ask)
        return list(self.others)[len(self.reexecuted) - 1]

    def other(self, name: str) -> Source:
        """Give one of the others."""
        return self.others[name]

    def runs(self) -> list[RunSummary]:
        """Give the family."""
        return self.family


class NetlessApp(LisApp):
    """An app without the second net, to test what comes before it."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let everything pass."""
        return []


class Clock:
    """Time that stands still until it is told otherwise."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        """Give the time."""
        return self.at


class Ticking:
    """Time that goes on by a second with each look."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        """Give the time."""
        self.at += 1.0
        return self.at


def workbench_app(
    source: Source,
    theme: str = "dark",
    *,
    now: float | None = None,
    monotonic: Callable[[], float] | None = None,
    is_netted: bool = True,
) -> LisApp:
    """Give an app that shows the source."""
    themes, _ = read_themes()
    clock = Clock(NOW if now is None else now)

    def first(app: LisApp) -> Workbench:
        return Workbench(source, app.paint, now=clock, monotonic=monotonic or Clock(0.0), interval_s=0.0)

    return (LisApp if is_netted else NetlessApp)(first, themes, theme)


def story_app(records: list[Record], theme: str = "dark", *, is_recorded: bool = False) -> LisApp:
    """Give an app that shows the records three seconds after the last; whatever waits has long been seen."""
    worktree = Path(__file__).parent / "recordings" / "worktree"
    source = FakeSource(records, worktree=worktree, is_recorded=is_recorded)
    return workbench_app(source, theme, now=records[-1].at + 3, monotonic=Ticking())


async def settle(pilot: Pilot[int]) -> None:
    """Let everything arrive and be drawn."""
    for _ in range(4):
        await pilot.pause()
    # A preview is read in a thread or by a process, and where it comes too late another is asked for.
    names = ("preview", "output", "recent runs")
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() in names]:
        await asyncio.gather(*tasks)
        await pilot.pause()
    await pilot.pause()


def pressing(
    *keys: str, settled: Callable[[Pilot[int]], Awaitable[None]] = settle
) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Give what presses the keys before a picture is taken, each when everything has come to rest."""

    async def run_before(pilot: Pilot[int]) -> None:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        hold_still(pilot.app)
        await settled(pilot)

    return run_before


@asynccontextmanager
async def shown(app: LisApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[LisApp, Pilot[int]]]:
    """Run an app, from when everything has arrived and is drawn."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield app, pilot


def bench(app: LisApp) -> Workbench:
    """Give the workbench of an app."""
    return next(screen for screen in app.screen_stack if isinstance(screen, Workbench))


def text_of(app: LisApp) -> str:
    """Give what is on the screen as plain text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text[:width] for strip in lines[:height])


def start_app(
    runs: list[RunSummary],
    problem: str = "",
    asked: list[object] | None = None,
    *,
    is_netted: bool = True,
    check: Callable[[str], str] | None = None,
) -> LisApp:
    """Give an app that shows the start screen."""
    themes, _ = read_themes()
    made: list[object] = [] if asked is None else asked

    def spec(task: str, line: str) -> RunSpec:
        return RunSpec(task=task, model=ModelSpec(name=line))

    def first(app: LisApp) -> StartScreen:
        return StartScreen(
            app.paint,
            settings="model=openai/qwen3-coder  mode=auto  network=bridge  turns=100  cost=5  input=",
            make_spec=spec,
            list_runs=lambda: runs,
            check=check or (lambda line: problem),
            on_ready=lambda: None,
            on_run=made.append,
            on_run_chosen=made.append,
            on_resume=lambda run: made.append(("resume", run.name)),
            on_demo=lambda: made.append("demo"),
            on_open=made.append,
            with_preset=lambda line, preset: with_preset(line, preset, load({}, {}, Path("nowhere"))),
            now=Clock(NOW),
        )

    return (LisApp if is_netted else NetlessApp)(first, themes)


def some_runs() -> list[RunSummary]:
    """Give a list as the store does."""

    def run(name: str, **rest: object) -> RunSummary:
        return RunSummary(name=name, path=Path(name), worktree=Path(name), **rest)  # type: ignore[arg-type]

    return [
        run(
            "primes-12",
            task="Sum the primes below two million",
            turns=4,
            started_at=NOW - 400,
            last_at=NOW - 300,
            end="submitted",
            answer_head="142913828922",
        ),
        run("mandelbrot-3", task=story.TASK, turns=6, started_at=NOW - 900, last_at=NOW - 5, is_live=True),
        run(
            "scrape-2",
            task="Collect the tables of five pages",
            turns=31,
            started_at=NOW - 90_000,
            last_at=NOW - 86_400,
            end="turn_limit",
        ),
        run(
            "notes-1", task="Sort my notes by topic", turns=2, started_at=NOW - 200_000, last_at=NOW - 200_000
        ),
    ]


def family_runs() -> list[RunSummary]:
    """Give runs of which some are forks of others."""

    def fork(name: str, parent: str, at: StepAddress, **rest: object) -> RunSummary:
        made: dict[str, object] = {"task": story.TASK, "turns": 5, "started_at": NOW - 900}
        made |= {"parent": parent, "parent_step": at, **rest}
        return RunSummary(name=name, path=Path(name), worktree=Path(name), **made)  # type: ignore[arg-type]

    return [
        *some_runs(),
        fork("mandelbrot-4", "mandelbrot-3", StepAddress(3, 2), last_at=NOW - 60, end="rewound"),
        fork("mandelbrot-5", "mandelbrot-4", StepAddress(2, 1), last_at=NOW - 9, is_live=True),
        fork(
            "mandelbrot-svg",
            "mandelbrot-3",
            StepAddress(5, 1),
            last_at=NOW - 200,
            end="submitted",
            answer_head="The area is 1.507.",
            notes=Notes(verdict="good", tags=("svg",)),
        ),
        fork("other-7", "gone-1", StepAddress(2, 1), last_at=NOW - 50_000, end="turn_limit"),
    ]


def hold_still(app: App[int]) -> None:
    """Have nothing on the screens flash or blink while a picture is taken."""
    for screen in app.screen_stack:
        if isinstance(screen, Workbench):
            screen.files.end_flash()
        for field in screen.query(Input):
            field.cursor_blink = False
        for area in screen.query(TextArea):
            area._pause_blink(visible=area.has_focus)
