"""Opens a file for the person: by the desktop as a private copy, or in a browser by way of the viewer."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import Struct

from lis_tui.core.errors import FileRefused, LisError
from lis_tui.preview.copies import Copies
from lis_tui.preview.desktop import Desktop, find_desktop, hand_over
from lis_tui.preview.exhibit import Fetch, file_of
from lis_tui.preview.file import File
from lis_tui.preview.medium import Medium, medium_of
from lis_tui.preview.programs import why_only_saved
from lis_tui.preview.viewer import Viewer


class Opened(Struct, frozen=True):
    """What became of a file that was to be opened."""

    how: Literal["program", "browser", "served"]
    """A program of the desktop has its copy, a browser its address; or the address is only there."""
    called: str
    address: str = ""
    why_served: str = ""
    """Why no program opened it."""
    is_page: bool = False
    has_network: bool = False


class Opener:
    """What the screen opens files with: one desktop, one viewer, one folder of copies, until `close`."""

    def __init__(
        self,
        folder: Callable[[], Path],
        environ: Mapping[str, str] | None = None,
        platform: str = sys.platform,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._platform = platform
        self._copies: Copies | None = None
        self._folder = folder
        self.viewer = Viewer()
        self._allowed: set[tuple[str, str]] = set()

    @cached_property
    def desktop(self) -> Desktop:
        """The person's desktop."""
        return find_desktop(self._environ, self._platform)

    @property
    def is_remote(self) -> bool:
        """The person sits at another machine."""
        return bool(self._environ.get("SSH_CONNECTION") or self._environ.get("SSH_TTY"))

    # ---- the network

    def allow(self, run: str, path: str) -> None:
        """Let the page use the network from now on."""
        self._allowed.add((run, path))

    def is_allowed(self, run: str, path: str) -> bool:
        """Whether the person allowed it."""
        return (run, path) in self._allowed

    # ---- opening

    async def is_page(self, path: str, fetch: Fetch) -> bool:
        """Tell whether it is a page, which might want the network. Raises LisError."""
        medium, _ = await asyncio.to_thread(_looked_at, path, fetch)
        return medium.way == "page"

    async def open(self, run: str, path: str, fetch: Fetch) -> Opened:
        """Open a file; what programs would run is refused. Raises LisError."""
        medium, why = await asyncio.to_thread(_looked_at, path, fetch)
        if why:
            raise FileRefused(why)
        desktop = self.desktop
        if _is_for_browser(medium) or not desktop.command:
            return await self._show(run, path, fetch, medium, desktop)
        copy = await asyncio.to_thread(self._copied, path, fetch)
        await hand_over(desktop, str(copy))
        return Opened("program", medium.format.called)

    async def show_all(self, title: str, files: Sequence[tuple[str, str]], fetch: Fetch) -> Opened:
        """Give one address that leads to all of these: a path and its size in words each. Raises LisError."""
        address = await self.viewer.show_all(title, files, fetch)
        return await self._led_to(Opened("served", "files", address), self.desktop)

    async def close(self) -> None:
        """Show nothing any more, and remove the copies."""
        await self.viewer.close()
        if self._copies is not None:
            await asyncio.to_thread(self._copies.close)

    async def _show(self, run: str, path: str, fetch: Fetch, medium: Medium, desktop: Desktop) -> Opened:
        is_page = medium.way == "page"
        has_network = is_page and self.is_allowed(run, path)
        address = await self.viewer.show(path, fetch, has_network=has_network)
        shown = Opened("served", medium.format.called, address, is_page=is_page, has_network=has_network)
        return await self._led_to(shown, desktop)

    async def _led_to(self, shown: Opened, desktop: Desktop) -> Opened:
        """Have a browser open the address; where none does, it is still there."""
        if not desktop.command:
            return _with(shown, "served", desktop.why_not)
        try:
            await hand_over(desktop, shown.address)
        except LisError as error:
            return _with(shown, "served", error.sentence)
        return _with(shown, "browser", "")

    def _copied(self, path: str, fetch: Fetch) -> Path:
        if self._copies is None:
            self._copies = Copies(self._folder())
        name = path.rpartition("/")[2]
        with fetch(path) as content:
            return self._copies.make(content, name, lambda copy: _ending(copy, name))


def _with(shown: Opened, how: Literal["browser", "served"], why_served: str) -> Opened:
    return Opened(
        how, shown.called, shown.address, why_served, is_page=shown.is_page, has_network=shown.has_network
    )


def _looked_at(path: str, fetch: Fetch) -> tuple[Medium, str]:
    """Give what a file is, and why it is not opened; slow, for a thread."""
    with fetch(path) as content:
        return _judged(file_of(content), path.rpartition("/")[2])


def _judged(file: File, name: str) -> tuple[Medium, str]:
    medium = medium_of(file, name)
    return medium, why_only_saved(file, name, medium.format)


def _is_for_browser(medium: Medium) -> bool:
    """Whether it may hold scripts or lead elsewhere, so that only the viewer's policy keeps it quiet."""
    return medium.way == "page" or medium.format.kind == "svg"


def _ending(copy: File, name: str) -> str:
    """Say how a program may know the copy. Raises FileRefused where none should have it."""
    medium, why = _judged(copy, name)
    if why or _is_for_browser(medium):
        raise FileRefused(why or "The file changed while it was opened; try again.")
    if not medium.ending:
        raise FileRefused(f"No program is known that opens {medium.format.called}. It can be saved.")
    return medium.ending
