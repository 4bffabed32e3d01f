"""What groups of actions share: the workbench they act on, the gate that is painted, a question in words."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lis_tui.core.events import StepAddress
from lis_tui.ui.widgets.blocks import BlockList

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench

GRACE_S = 0.4
"""Keys that come sooner after a gate appeared were meant for something else."""
BLINK_S = 0.15


class Group:
    """Some actions of the table, a method each, for one workbench."""

    def __init__(self, screen: "Workbench") -> None:
        self.screen = screen

    def painted(self) -> StepAddress | None:
        """Give the gate that the person saw when they pressed the key; else say why the key did nothing."""
        commands = self.screen.commands
        address = commands.painted_gate
        if address is None:
            self.focus(commands)
            commands.show_gate()
            self.screen.hint("this is what waits; press again to decide")
            return None
        return None if self.is_too_soon(commands.gate_age_s) else address

    def is_too_soon(self, age_s: float) -> bool:
        """Whether the key was pressed before what appeared could be read; then that is said."""
        if age_s < GRACE_S:
            self._blink()
        return age_s < GRACE_S

    def _blink(self) -> None:
        self.screen.commands.blink(is_on=True)
        self.screen.hint("typed before this could be read; nothing was decided")
        self.screen.set_timer(BLINK_S, self._end_blink)

    def _end_blink(self) -> None:
        self.screen.commands.blink(is_on=False)

    @property
    def pane(self) -> BlockList:
        """The pane that has the focus."""
        focused = self.screen.focused
        return focused if isinstance(focused, BlockList) else self.screen.commands

    def focus(self, pane: BlockList) -> None:
        """Bring a pane to the front and give it the focus."""
        self.screen.arrangement.show(pane.id or "")
        pane.focus()

    def ask(
        self,
        title: str,
        note: str,
        answer: Callable[[str], None],
        *,
        verb: str = "say",
        is_empty_fine: bool = False,
    ) -> None:
        """Ask for some words; `verb` says what enter does with them."""
        from lis_tui.ui.screens.dialogs import AskDialog

        def answered(text: str | None) -> None:
            if text is not None:
                answer(text)

        dialog = AskDialog(title, note, verb=verb, is_empty_fine=is_empty_fine)
        self.screen.app.push_screen(dialog, answered)

    def edit_texts(
        self,
        title: str,
        note: str,
        texts: dict[str, tuple[str, str]],
        answer: Callable[[tuple[str, ...]], None],
        *,
        way: str,
        must_differ: bool = True,
    ) -> None:
        """Have texts edited: by their heading, each with its language."""
        from lis_tui.ui.screens.editor import Text, TextsDialog

        def answered(found: tuple[str, ...] | None) -> None:
            if found is not None:
                answer(found)

        parts = tuple(Text(text, heading, language) for heading, (text, language) in texts.items())
        dialog = TextsDialog(title, note, parts, self.screen.paint, way=way, must_differ=must_differ)
        self.screen.app.push_screen(dialog, answered)
