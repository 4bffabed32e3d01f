"""Handing files to the person: opens them, copies their path, saves them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lis_tui.core.bus import spawn
from lis_tui.core.events import FileEntry
from lis_tui.core.paths import pasteable, unescape_path
from lis_tui.core.text import one_line
from lis_tui.ui import words
from lis_tui.ui.deeds.group import Group

if TYPE_CHECKING:
    from lis_tui.preview.exhibit import Fetch
    from lis_tui.preview.opener import Opened, Opener
    from lis_tui.ui.screens.made import Chosen
    from lis_tui.ui.screens.save import Target
    from lis_tui.ui.screens.workbench import Workbench

MOST_TOLD = 3


class Handing(Group):
    """About the file under the cursor, or all that the run made."""

    def __init__(self, screen: "Workbench") -> None:
        super().__init__(screen)
        self._copied = ""

    # ---- opening

    def open_file(self) -> None:
        """Open the file, as far as the person allowed."""
        if (entry := self.screen.filing.chosen) is not None:
            spawn(self._open(entry.path), "open file", self.screen.refused)

    def open_networked(self) -> None:
        """Open the page with the network; the first time it is asked."""
        if (entry := self.screen.filing.chosen) is not None:
            spawn(self._ask_and_open(entry.path), "open file", self.screen.refused)

    async def _open(self, path: str) -> None:
        self._tell(path, await self._opener.open(self._run, path, self._fetch))

    async def _ask_and_open(self, path: str) -> None:
        opener, run = self._opener, self._run
        if not await opener.is_page(path, self._fetch):
            self.screen.hint("only a page uses the network; o opens this")
        elif opener.is_allowed(run, path):
            await self._open(path)
        else:
            self._ask(path)

    def _ask(self, path: str) -> None:
        from lis_tui.ui.screens.address import NetworkDialog

        def answered(is_allowed: bool | None) -> None:
            if is_allowed:
                self._opener.allow(self._run, path)
                spawn(self._open(path), "open file", self.screen.refused)

        self.screen.app.push_screen(NetworkDialog(path), answered)

    def _tell(self, path: str, opened: "Opened") -> None:
        """Say what became of it; an address that no browser took is shown."""
        name = one_line(path.rpartition("/")[2], 40)
        if opened.how == "program":
            self.screen.hint(f"{name} is opened: a copy of it, {opened.called}")
        elif opened.how == "browser":
            network = "with the network" if opened.has_network else "without network; H allows it"
            self.screen.hint(f"{name} is in your browser{f', {network}' if opened.is_page else ''}")
        else:
            self._show_address(path, opened)

    def _show_address(self, path: str, opened: "Opened") -> None:
        from lis_tui.ui.screens.address import AddressDialog

        def answered(wants_network: bool | None) -> None:
            if wants_network:
                self.open_networked_path(path)

        dialog = AddressDialog(path, opened, is_remote=self._opener.is_remote)
        self.screen.app.push_screen(dialog, answered)

    def open_networked_path(self, path: str) -> None:
        """Open this page with the network; the first time it is asked."""
        spawn(self._ask_and_open(path), "open file", self.screen.refused)

    # ---- its path

    def copy_path(self) -> None:
        """Copy the path in the sandbox, then the one on this machine; both can be pasted into a shell."""
        entry = self.screen.filing.chosen
        if entry is None:
            return
        inside, here = self._paths(entry)
        text = here if self._copied == inside and here else inside
        self._copied = text
        self.screen.app.copy_to_clipboard(text)
        again = " · Y again: its path here" if text == inside and here else ""
        self.screen.hint(f"copied: {one_line(text, 200)}{again}")

    def _paths(self, entry: FileEntry) -> tuple[str, str]:
        started, worktree = self.screen.view.started, self.screen.source.worktree
        workdir = started.spec.sandbox.workdir if started is not None else "/"
        path = unescape_path(entry.path)
        inside = pasteable(bytes(PurePosixPath(workdir)) + b"/" + path.removeprefix(b"/"))
        filing = self.screen.filing
        is_as_shown = filing.is_now and not filing.is_copied and not path.startswith(b"/")
        if worktree is None or not is_as_shown:
            return inside, ""
        return inside, pasteable(bytes(worktree) + b"/" + path)

    # ---- saving

    def save_file(self) -> None:
        """Save the file, or what is in the folder."""
        entry = self.screen.filing.chosen
        if entry is None:
            return
        if entry.kind == "folder":
            from lis_tui.preview.saving import plain

            inside = f"{entry.path}/"
            found = [one for one in self.screen.filing.entries if one.path.startswith(inside)]
            self._save_all(plain(found))
        else:
            self._save(entry)

    def _save(self, entry: FileEntry) -> None:
        from lis_tui.preview.saving import safe_name
        from lis_tui.ui.screens.save import SaveDialog

        def chosen(target: "Target | None") -> None:
            if target is not None:
                spawn(self._written(entry.path, target), "save", self.screen.refused)

        title = f"Save {one_line(entry.path, 60)}"
        path = str(Path.cwd() / safe_name(entry.path))
        dialog = SaveDialog(self.screen.view, self.screen.paint, title, path, is_folder=False)
        self.screen.app.push_screen(dialog, chosen)

    async def _written(self, path: str, target: "Target") -> None:
        from lis_tui.preview.saving import save

        fetch = self._fetch

        def write() -> None:
            with fetch(path) as content:
                save(content, target.path, is_replacing=target.is_replacing)

        await asyncio.to_thread(write)
        self.screen.hint(f"saved: {target.path}")

    def _save_all(self, entries: Sequence[FileEntry]) -> None:
        from lis_tui.ui.screens.save import SaveDialog

        if not entries:
            self.screen.hint("no plain file is in it")
            return

        def chosen(target: "Target | None") -> None:
            if target is not None:
                spawn(self._all_written(entries, target.path), "save", self.screen.refused)

        title = f"Save {told(entries)}"
        path = str(Path.cwd() / (self.screen.source.name or "files"))
        dialog = SaveDialog(self.screen.view, self.screen.paint, title, path, is_folder=True)
        self.screen.app.push_screen(dialog, chosen)

    async def _all_written(self, entries: Sequence[FileEntry], folder: Path) -> None:
        from lis_tui.preview.saving import save_all

        saved, problems = await asyncio.to_thread(
            save_all, [one.path for one in entries], self._fetch, folder
        )
        sentence = f"saved: {words.plural(saved, 'file')} below {folder}"
        if not problems:
            self.screen.hint(sentence)
            return
        more = f" And {len(problems) - MOST_TOLD} more." if len(problems) > MOST_TOLD else ""
        self.screen.refuse(f"{sentence}. Not saved: {' '.join(problems[:MOST_TOLD])}{more}")

    def extract(self) -> None:
        """Extract an archive into a new folder."""
        from lis_tui.preview.saving import safe_name
        from lis_tui.ui.screens.save import SaveDialog

        entry = self.screen.filing.chosen
        if entry is None:
            return

        def chosen(target: "Target | None") -> None:
            if target is not None:
                spawn(self._extracted(entry.path, target.path), "extract", self.screen.refused)

        title = f"Extract {one_line(entry.path, 60)}"
        path = str(Path.cwd() / safe_name(entry.path).partition(".")[0])
        dialog = SaveDialog(self.screen.view, self.screen.paint, title, path, is_folder=True)
        self.screen.app.push_screen(dialog, chosen)

    async def _extracted(self, path: str, into: Path) -> None:
        from lis_tui.preview.extracting import Extracted, extract_content, said_of

        fetch = self._fetch

        def write() -> Extracted:
            with fetch(path) as content:
                return extract_content(content, into, name=path.rpartition("/")[2])

        sentence, problems = said_of(await asyncio.to_thread(write), into)
        if problems:
            self.screen.refuse(f"{sentence}. Not extracted: {'; '.join(problems)}.")
        else:
            self.screen.hint(sentence)

    # ---- all of them

    def made(self) -> None:
        """List what the run made."""
        from lis_tui.preview.saving import made
        from lis_tui.ui.screens.made import MadeDialog

        entries = made(self.screen.filing.entries)
        if not entries:
            self.screen.hint("no file is in the output folder, and no answer was written")
            return

        def chosen(chosen: "Chosen | None") -> None:
            if chosen is None:
                return
            if chosen.what == "save":
                self._save_all(entries)
            elif chosen.what == "open":
                spawn(self._open(chosen.path), "open file", self.screen.refused)
            else:
                spawn(self._open_all(entries), "open files", self.screen.refused)

        self.screen.app.push_screen(MadeDialog(entries, self.screen.paint), chosen)

    async def _open_all(self, entries: Sequence[FileEntry]) -> None:
        files = [(one.path, words.size(one.size_bytes)) for one in entries]
        title = f"{one_line(self._run, 60)}: {told(entries)}"
        opened = await self._opener.show_all(title, files, self._fetch)
        if opened.how == "browser":
            self.screen.hint("a page in your browser leads to all of them")
        else:
            self._show_address(told(entries), opened)

    # ---- what it is done with

    @property
    def _opener(self) -> "Opener":
        from lis_tui.ui.app import LisApp

        app = self.screen.app
        assert isinstance(app, LisApp)
        return app.opener

    @property
    def _run(self) -> str:
        return self.screen.source.name

    @property
    def _fetch(self) -> "Fetch":
        """Open files of the tree as it is shown now, whatever is shown later."""
        opened = self.screen.filing.opened
        return lambda path: opened(FileEntry(path))


def told(entries: Sequence[FileEntry]) -> str:
    """Say how many there are and how large they are."""
    total = sum(max(one.size_bytes, 0) for one in entries)
    return f"{words.plural(len(entries), 'file')}, {words.size(total)}"
