"""Looking at more of what is shown, and arranging it; the keys, and leaving."""

from lis_tui.core.events import FileEntry
from lis_tui.core.paths import pasteable, unescape_path
from lis_tui.core.text import one_line
from lis_tui.ui.again import difference
from lis_tui.ui.calls import command_of
from lis_tui.ui.deeds.group import Group
from lis_tui.ui.widgets.lines import ThemeAsked


class Looking(Group):
    """Opens, copies, arranges."""

    def open(self) -> None:
        """Open what is under the cursor."""
        pane, screen = self.pane, self.screen
        if pane is screen.reasoning:
            screen.reasoning.toggle(pane.cursor)
        elif pane is screen.files:
            entry = screen.files.selected()
            if entry is not None and entry.kind == "folder":
                screen.files.toggle(pane.cursor)
            else:
                self._whole()
        elif pane is screen.preview and not screen.preview.toggle(screen.preview.cursor):
            self._whole()
        elif pane is screen.commands and screen.commands.step is not None:
            if (again := difference(screen.commands.step, screen.paint)) is not None:
                screen.app.push_screen(again)
                return
            from lis_tui.ui.screens.output import OutputScreen

            screen.app.push_screen(OutputScreen(screen.commands.step, screen.source.outputs, screen.paint))

    def _whole(self) -> None:
        """Show the file that is previewed on a screen of its own."""
        wish = self.screen.filing.previewing.wished
        if wish is None:
            self.screen.hint("no file is here yet")
            return
        from lis_tui.ui.screens.preview import PreviewScreen

        def newest() -> FileEntry | None:
            is_now = wish.address is None and not self.screen.source.is_recorded
            return self.screen.view.files.get(wish.entry.path) if is_now else None

        self.screen.app.push_screen(PreviewScreen(wish, self.screen.paint, newest))

    def sent(self) -> None:
        """Show what was sent in the turn under the cursor."""
        from lis_tui.ui.screens.request import RequestScreen

        step = self.screen.commands.step
        turn = len(self.screen.view.turns) - 1 if step is None else step.address.turn
        if self.pane is self.screen.reasoning:
            turn = self.screen.reasoning.cursor
        self.screen.app.push_screen(RequestScreen(self.screen.facts, max(turn, 1), self.screen.paint))

    def copy(self) -> None:
        """Copy the block under the cursor."""
        pane, screen = self.pane, self.screen
        if pane is screen.reasoning:
            text = screen.reasoning.text_of_turn(pane.cursor)
        elif pane is screen.files or pane is screen.preview:
            entry = screen.preview.entry if pane is screen.preview else screen.files.selected()
            text = pasteable(unescape_path(entry.path)) if entry is not None else ""
        else:
            step = screen.commands.step
            text = command_of(step) if step is not None else ""
        screen.app.copy_to_clipboard(text)
        screen.hint(f"copied: {one_line(text, 60)}" if text else "nothing to copy here")

    def pane_1(self) -> None:
        """To the reasoning."""
        self.focus(self.screen.reasoning)

    def pane_2(self) -> None:
        """To the commands."""
        self.focus(self.screen.commands)

    def pane_3(self) -> None:
        """To the files."""
        self.focus(self.screen.files)

    def pane_4(self) -> None:
        """To the preview."""
        self.focus(self.screen.preview)

    def zoom(self) -> None:
        """One pane alone."""
        self.screen.arrangement.zoom()

    def narrower(self) -> None:
        """Make the pane narrower."""
        self.screen.arrangement.resize(-1)

    def wider(self) -> None:
        """Make the pane wider."""
        self.screen.arrangement.resize(1)

    def theme(self) -> None:
        """Take the next theme."""
        self.screen.post_message(ThemeAsked())

    def help(self) -> None:
        """Show all keys."""
        from lis_tui.ui.screens.help import HelpDialog

        self.screen.app.push_screen(HelpDialog(self.screen.view, self.screen.where, self.screen.paint))

    def palette(self) -> None:
        """Search all actions."""
        from lis_tui.ui.screens.help import PaletteDialog

        def chosen(action_id: str | None) -> None:
            if action_id is not None:
                self.screen.action_do(action_id)

        self.screen.app.push_screen(
            PaletteDialog(self.screen.view, self.screen.where, self.screen.paint), chosen
        )

    def quit(self) -> None:
        """Leave; of a live run it is asked what becomes of it."""
        self.screen.post_message(self.screen.LeaveAsked())
