"""What the start screen's wishes lead to: a run is started, a run is shown, the demo is played."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lis_tui.client import Client
from lis_tui.config.load import Loaded
from lis_tui.config.places import Places
from lis_tui.config.secrets import find_secrets
from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.core.spec import RunSpec
from lis_tui.trajectory.store import Store
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.asking import settings_line, spec_of
from lis_tui.ui.bridge import LiveSource
from lis_tui.ui.screens.start import StartScreen, engine_note

if TYPE_CHECKING:
    from lis_tui.ui.app import LisApp


class Home:
    """One start screen and the client behind it; the host is started while the screen paints."""

    def __init__(self, places: Places, loaded: Loaded) -> None:
        self._places = places
        self._loaded = loaded
        self._store = Store(places.data)
        self._client: Client | None = None
        self.wants_demo = False

    def screen(self, app: "LisApp") -> StartScreen:
        """Give the start screen."""
        return StartScreen(
            app.paint,
            settings=settings_line(self._loaded),
            make_spec=lambda task, line: spec_of(task, line, self._loaded, self._places),
            list_runs=self._store.list,
            check=self.check,
            on_ready=self.warm_up,
            on_run=lambda spec: self.run(app, spec),
            on_run_chosen=lambda run: self.show(app, run),
            on_demo=lambda: self.demo(app),
        )

    async def client(self) -> Client:
        """Give the client, connected once."""
        if self._client is None:
            self._client = await Client.connect(self._places)
        return self._client

    def warm_up(self) -> None:
        """Have a host started; should that fail, the run that needs it says so."""

        async def warm() -> None:
            await (await self.client()).warm_up()

        spawn(warm(), "warm up", self._not_warm)

    def _not_warm(self, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error

    def check(self, line: str) -> str:
        """Say in one line what is not ready, and how to mend it."""
        if note := engine_note(os.environ, Path.home()):
            return note
        try:
            spec = spec_of("?", line, self._loaded, self._places)
            find_secrets(spec, os.environ, Path.cwd())
        except LisError as error:
            return error.sentence
        return ""

    def run(self, app: "LisApp", spec: RunSpec) -> None:
        """Start a run and show it; the host works while the workbench paints. Raises LisError."""
        secrets = find_secrets(spec, os.environ, Path.cwd())
        started: asyncio.Future[tuple[Client, str]] = asyncio.get_running_loop().create_future()

        async def start() -> None:
            client = await self.client()
            started.set_result((client, await client.start_run(spec, secrets)))

        async def known() -> tuple[Client, str]:
            return await started

        spawn(start(), "start the run", started.set_exception)
        self._open(app, LiveSource(known, self._store.find, owns_client=False))

    def show(self, app: "LisApp", run: RunSummary) -> None:
        """Attach to a live run, else open its recording."""
        from lis_tui.ui.app import recorded, workbench

        if not run.is_live:
            app.push_screen(workbench(app, recorded(self._places, run.path), self._loaded))
            return

        async def attach() -> tuple[Client, str]:
            return await self.client(), run.name

        self._open(app, LiveSource(attach, self._store.find, owns_client=False))

    def _open(self, app: "LisApp", source: LiveSource) -> None:
        from lis_tui.ui.app import workbench

        app.push_screen(workbench(app, source, self._loaded))

    def demo(self, app: "LisApp") -> None:
        """Leave the screen for the demo."""
        self.wants_demo = True
        app.exit(0)

    def play_demo(self) -> int:
        """Play the demo as its command does."""
        return subprocess.call([sys.executable, "-m", "lis_tui", "demo"])
