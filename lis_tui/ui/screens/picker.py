"""Choosing runs out of all: words or a filter narrow the list, tab marks several, enter takes them."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.core.errors import FilterInvalid
from lis_tui.core.run_filter import parse_run_filter
from lis_tui.core.text import one_line
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui import words
from lis_tui.ui.labels import content_of, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.widgets.beside import move_beside


class RunPicker(ModalScreen[tuple[RunSummary, ...] | None]):
    """Gives the runs that a person chose, at most so many; None where they chose none."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("down", "move(1)", "down", priority=True),
        Binding("up", "move(-1)", "up", priority=True),
        Binding("tab", "mark", "mark", priority=True),
    ]

    def __init__(self, title: str, runs: Sequence[RunSummary], paint: Paint, *, most: int) -> None:
        super().__init__()
        self._title = title
        self._runs = {run.name: run for run in runs}
        self._paint = paint
        self._most = most
        self._marked: dict[str, None] = {}

    def compose(self) -> ComposeResult:
        """Draw the field and the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = label(one_line(self._title, 80))
            box.border_subtitle = label("enter take it · tab mark several · esc cancel")
            yield Input(placeholder="words, or a filter: tag:x verdict:good model~qwen", id="search")
            yield OptionList(*self._options(""), id="actions", markup=False)
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(Input).focus()
        self.query_one(OptionList).highlighted = 0 if self._runs else None

    def _options(self, wanted: str) -> list[Option]:
        is_wanted = parse_run_filter(wanted) if wanted.strip() else lambda _: True
        return [self._option(run) for run in self._runs.values() if is_wanted(run.facts())]

    def _option(self, run: RunSummary) -> Option:
        state, tone = ("live", "accent") if run.status == "live" else words.end_words(run.status)
        sign = "◆" if run.name in self._marked else " "
        line: list[Ink] = [
            (f"{sign} ", "accent"),
            (f"{one_line(run.name, 26):<26} ", "command"),
            (f"{state:<14} ", tone),
            (f"{words.plural(run.turns, 'turn'):>9}  ", "muted"),
        ]
        tags = " ".join([run.notes.verdict, *(f"#{tag}" for tag in run.notes.tags)]).strip()
        line += [(f"{one_line(tags, 60)}  ", "human")] if tags else []
        line.append((one_line(run.answer_head or run.task, 120), "muted"))
        return Option(content_of([line], self._paint), id=run.name)

    @on(Input.Changed)
    def _search(self) -> None:
        self._fill()

    def _fill(self) -> None:
        problem = self.query_one(Static)
        try:
            found = self._options(self.query_one(Input).value)
        except FilterInvalid as error:
            problem.update(error.sentence)
            return
        problem.update("" if found else "No run is like this.")
        options = self.query_one(OptionList)
        place = options.highlighted or 0
        options.clear_options()
        options.add_options(found)
        options.highlighted = min(place, len(found) - 1) if found else None

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        names = list(self._marked) or ([message.option_id] if message.option_id else [])
        self.dismiss(tuple(self._runs[name] for name in names))

    def action_mark(self) -> None:
        """Mark the run under the cursor, or do not."""
        options = self.query_one(OptionList)
        place = options.highlighted
        name = options.get_option_at_index(place).id if place is not None else None
        if name is None:
            return
        if name in self._marked:
            del self._marked[name]
        elif len(self._marked) < self._most:
            self._marked[name] = None
        else:
            self.query_one(Static).update(f"At most {self._most} of them.")
            return
        self._fill()

    def action_move(self, direction: int) -> None:
        """To the run beside."""
        move_beside(self.query_one(OptionList), direction)

    def action_cancel(self) -> None:
        """Take none."""
        self.dismiss(None)
