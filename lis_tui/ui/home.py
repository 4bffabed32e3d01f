"""What the start screen's wishes lead to: a run is started, a run is shown, the demo is played."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lis_tui.config.load import Loaded
from lis_tui.config.places import Places
from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.core.namespaces import why_not_here
from lis_tui.core.spec import RunSpec, SandboxSpec
from lis_tui.core.text import plural
from lis_tui.core.view import RunView
from lis_tui.core.wire import Changes
from lis_tui.ui.asking import secrets_of, settings_line, spec_of, with_preset
from lis_tui.ui.bridge import Source
from lis_tui.ui.departure import secrets_for
from lis_tui.ui.runs import Runs
from lis_tui.ui.screens.start import StartScreen, engine_note
from lis_tui.ui.sources import LiveSource

if TYPE_CHECKING:
    from lis_tui.trajectory.summary import RunSummary
    from lis_tui.ui.app import LisApp

EMBEDDED_NOTE = (
    "Runs get an embedded sandbox, weaker than a container: it shares this machine's kernel. "
    "{network} `lis-tui doctor` says more."
)


class Home:
    """One start screen; the host is started while the screen paints."""

    def __init__(self, places: Places, loaded: Loaded, runs: Runs) -> None:
        self._places = places
        self._loaded = loaded
        self._runs = runs
        self.wants_demo = False

    def screen(self, app: "LisApp") -> StartScreen:
        """Give the start screen."""
        return StartScreen(
            app.paint,
            settings=settings_line(self._loaded),
            make_spec=lambda task, line: spec_of(task, line, self._loaded, self._places),
            list_runs=self._runs.list,
            check=self.check,
            on_ready=self.warm_up,
            on_run=lambda spec: self.run(app, spec),
            on_run_chosen=lambda run: self.show(app, run),
            on_resume=lambda run: self.ask_to_resume(app, run),
            on_demo=lambda: self.demo(app),
            on_open=lambda path: self.open_path(app, path),
            with_preset=lambda line, preset: with_preset(line, preset, self._loaded),
        )

    def warm_up(self) -> None:
        """Have a host started; should that fail, the run that needs it says so."""

        async def warm() -> None:
            await (await self._runs.client()).warm_up()

        spawn(warm(), "warm up", self._not_warm)

    def _not_warm(self, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error

    def check(self, line: str) -> str:
        """Say in one line what is not ready, and how to mend it; or that sandboxes will be weaker."""
        note = engine_note(os.environ, Path.home())
        if note and (why_not_here() or self._loaded.settings.sandbox.kind == "docker"):
            return f"{note} `lis-tui doctor` says how to mend it; f2 shows a demo."
        try:
            spec = spec_of("?", line, self._loaded, self._places)
            secrets_of(spec, os.environ, Path.cwd())
        except LisError as error:
            return error.sentence
        if spec.sandbox.kind == "embedded" or (note and spec.sandbox.kind == "auto"):
            return f"{note} {EMBEDDED_NOTE.format(network=network_sentence(spec.sandbox))}".strip()
        return ""

    def run(self, app: "LisApp", spec: RunSpec) -> None:
        """Start a run and show it; the host works while the workbench paints. Raises LisError."""
        secrets = secrets_of(spec, os.environ, Path.cwd())
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def start() -> None:
            started.set_result(await (await self._runs.client()).start_run(spec, secrets))

        async def known() -> str:
            return await started

        spawn(start(), "start the run", started.set_exception)
        self._open(app, LiveSource(known, self._runs))

    def show(self, app: "LisApp", run: "RunSummary") -> None:
        """Attach to a live run, else open its recording. Raises RunNotFound."""
        self._open(app, self._runs.live(run.name) if run.is_live else self._runs.recorded(run.path))

    def ask_to_resume(self, app: "LisApp", run: "RunSummary") -> None:
        """Ask with what a run goes on that no process has, then go on with it."""

        async def ask() -> None:
            view = await asyncio.to_thread(_folded, run)
            from lis_tui.ui.screens.resume import ResumeDialog

            def chosen(changes: Changes | None) -> None:
                if changes is not None:
                    self._resume(app, run, view, changes)

            dialog = ResumeDialog(view, app.paint, run.name, look=lambda: self.show(app, run))
            app.push_screen(dialog, chosen)

        spawn(ask(), "resume", lambda error: _said_on(app, error))

    def _resume(self, app: "LisApp", run: "RunSummary", view: RunView, changes: Changes) -> None:
        async def known() -> str:
            secrets = secrets_for(view, changes, is_live=False)
            return await (await self._runs.client()).take_up(run.name, changes, secrets)

        self._open(app, LiveSource(known, self._runs, run.name))

    def _open(self, app: "LisApp", source: Source) -> None:
        from lis_tui.ui.app import workbench

        app.push_screen(workbench(app, source, self._loaded))

    def open_path(self, app: "LisApp", path: Path) -> None:
        """Show what any program recorded at a path."""
        from lis_tui.ui.gathering import Gathering
        from lis_tui.ui.opening import table

        def fail(error: LisError) -> None:
            app.pop_screen()
            _said_on(app, error)

        app.push_screen(table(app, Gathering(path, self._runs), self._loaded, fail))

    def demo(self, app: "LisApp") -> None:
        """Leave the screen for the demo."""
        self.wants_demo = True
        app.exit(0)

    def play_demo(self) -> int:
        """Play the demo as its command does."""
        return subprocess.call([sys.executable, "-m", "lis_tui", "demo"])


def network_sentence(sandbox: SandboxSpec) -> str:
    """Say what an embedded sandbox will reach."""
    if sandbox.network == "none":
        return "It has no network."
    if sandbox.network == "bridge":
        return "network=bridge gives it this machine's own network, with its local services."
    if "*" in sandbox.allow:
        return "Its network is a proxy to all hosts but local ones."
    return f"Its network is a proxy to {plural(len(sandbox.allow), 'host')}."


def _folded(run: "RunSummary") -> RunView:
    from lis_tui.trajectory.reading import read

    return RunView().apply_all(read(run.path))


def _said_on(app: "LisApp", error: Exception) -> None:
    """Say on the start screen why something cannot be done."""
    if not isinstance(error, LisError):
        raise error
    if isinstance(app.screen, StartScreen):
        app.screen.say(error.sentence, "error")
