"""The reasoning: what the model thinks and says turn by turn, and what was said to it."""

from collections.abc import Hashable

from lis_tui.core.messages import Reply
from lis_tui.core.parts import Said, TurnView
from lis_tui.core.text import clean, one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.calls import without_remarks
from lis_tui.ui.human import struck
from lis_tui.ui.markdown import markdown_rows
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.widgets.blocks import BlockList

LIVE_CHARACTERS = 6000
"""While it streams only the end is drawn; all of it once the block is finished."""
_ORIGINS = {
    "person": ("you: ", "human"),
    "follow_up": ("you, after the end: ", "human"),
    "nudge": ("lis-tui: ", "muted"),
    "limits": ("lis-tui: ", "muted"),
    "command": ("✎ ", "human"),
    "notice": ("", "muted"),
    "warning": ("! ", "warning"),
    "error": ("✗ ", "error"),
    "trim": ("", "warning"),
    "retry": ("↻ ", "warning"),
}
_ORIGINS_ELSEWHERE = _ORIGINS | {
    "person": ("a person: ", "human"),
    "follow_up": ("a person, after the end: ", "human"),
    "nudge": ("to the model: ", "muted"),
    "limits": ("to the model: ", "muted"),
}
"""In what another program recorded neither this one spoke nor who reads it."""


class ReasoningPane(BlockList):
    """One block a turn; a finished one folds when the next begins, unless a person opened it."""

    def __init__(self, paint: Paint, view: RunView) -> None:
        super().__init__(paint, id="reasoning")
        self._view = view
        self._wished: dict[int, bool] = {}
        self._read: int | None = None

    def block_count(self) -> int:
        """Turns; before the first has come there is nothing to show."""
        return len(self._view.turns) if self._view.started is not None else 0

    def block_version(self, number: int) -> Hashable:
        """Differs with what is drawn of the turn: its steps, which change far more often, are not."""
        turn = self._view.turns[number]
        has_words = bool(turn.reasoning.length or turn.text.length)
        return (
            (turn.reasoning.version, turn.text.version, len(turn.said)),
            (turn.is_streaming, turn.cut_off, turn.usage, turn.finished_at),
            (turn.chosen, len(turn.replies), turn.is_edited),
            0 if has_words else len(turn.steps),
            self._is_open(number),
            number == 0 and bool(self._view.started),
        )

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a turn's rows."""
        turn = self._view.turns[number]
        is_open = self._is_open(number)
        rows = self._task_rows(is_open=is_open) if number == 0 else self._turn_rows(turn, is_open=is_open)
        return rows + self._said_rows(turn) + ([Row([])] if is_open or number == 0 else [])

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the pane."""
        return [(" 1 Reasoning", "accent bold" if self.has_focus else "muted")], []

    def toggle(self, number: int) -> None:
        """Open or fold a turn; it stays so."""
        self._wished[number] = not self._is_open(number)
        self.update_blocks(is_whole=True)

    def read(self, turn: int | None) -> None:
        """Open the turn of the step that a person looks at (None: the newest) and bring it into sight."""
        if turn != self._read:
            self._read = turn
            self.is_held = turn is not None
            self.is_following = self.is_following and not self.is_held
            self.update_blocks(is_whole=True)
        self.move_to(len(self._view.turns) - 1 if turn is None else turn)

    def show_turn(self, first: int) -> None:
        """Show another place of a recording: its newest turn is open."""
        self._read = None
        self.show_place(first)
        self.cursor = max(self.block_count() - 1, 0)

    def follow(self) -> None:
        """Go to the newest turn."""
        self._read = None
        self.update_blocks(is_whole=True)
        super().follow()

    def text_of_turn(self, number: int) -> str:
        """Give a turn's text raw, to copy."""
        view = self._view
        if number == 0:
            return view.started.task_prompt if view.started is not None else ""
        turn = view.turns[number]
        return "\n\n".join(part for part in (str(turn.reasoning), str(turn.text)) if part)

    def _is_open(self, number: int) -> bool:
        shown = len(self._view.turns) - 1 if self._read is None else self._read
        return self._wished.get(number, number > 0 and number == shown)

    # ---- rows

    def _task_rows(self, *, is_open: bool) -> list[Row]:
        started = self._view.started
        if started is None:
            return []
        head: list[Ink] = [(f" 0 {'▾' if is_open else '▸'} ", "muted")]
        task = started.task_prompt if is_open else started.spec.task
        first, *rest = clean(task.strip() or started.spec.task.strip()).expandtabs(4).split("\n")
        rows = [Row([(first, "human")], lead=head, most=200 if is_open else 3, is_prose=True)]
        if not is_open:
            return rows
        lead: list[Ink] = [("     ", "")]
        rows += [Row([(line, "human")], lead=lead, most=200, is_prose=True) for line in rest]
        rows += [Row([]), Row([("system prompt", "muted bold")], lead=lead)]
        return rows + markdown_rows(started.system_prompt.strip(), "reasoning", lead)

    def _turn_rows(self, turn: TurnView, *, is_open: bool) -> list[Row]:
        width = 1 + len(str(turn.number))
        sign = "▾" if is_open else "▸"
        head: list[Ink] = [(f" {turn.number} ", "muted"), (f"{sign} ", "muted")]
        lead: list[Ink] = [(" " * (width + 3), "")]
        if not is_open:
            mark: list[Ink] = [("✎ ", "human")] if turn.is_edited else []
            return [Row([*mark, (self._first_line(turn), "reasoning")], lead=head)]
        rows = _body(turn, lead)
        if turn.cut_off:
            rows.append(
                Row([(f"✗ {one_line(turn.cut_off, 120)}", "error")], lead=lead, most=3, is_prose=True)
            )
        if not rows:
            note = "…" if turn.is_streaming else "(no text, only calls)"
            rows = [Row([(note, "muted")], lead=lead)]
        rows[0].lead, rows[0].hang = [*head, *rows[0].lead[1:]], rows[0].lead
        return [*rows, *_usage(turn, lead), *_version_rows(turn, lead)]

    def _first_line(self, turn: TurnView) -> str:
        text = (str(turn.reasoning) or str(turn.text)).strip()
        if text:
            return one_line(text.split("\n", 1)[0].lstrip("# "), 300)
        return f"({words.plural(len(turn.steps), 'call')}, no text)" if not turn.is_streaming else "…"

    def _said_rows(self, turn: TurnView) -> list[Row]:
        rows: list[Row] = []
        origins = _ORIGINS if self._view.imported is None else _ORIGINS_ELSEWHERE
        for said in _newest_retries(turn.said):
            label, tone = origins[said.origin]
            lines = clean(without_remarks(said.text.strip())).expandtabs(4).split("\n")
            lead: list[Ink] = [("     ", "")]
            rows.append(Row([(label, f"{tone} bold"), (lines[0], tone)], lead=lead, most=50, is_prose=True))
            rows += [Row([(line, tone)], lead=lead, most=50, is_prose=True) for line in lines[1:50]]
        return rows


def _body(turn: TurnView, lead: list[Ink]) -> list[Row]:
    reasoning, text = str(turn.reasoning), str(turn.text)
    if turn.is_streaming:
        rows = _streaming(reasoning, "reasoning", lead)
        return rows + (_labelled(rows, lead) + _streaming(text, "output", lead) if text else [])
    rows = markdown_rows(reasoning.strip(), "reasoning", lead) if reasoning.strip() else []
    if text.strip():
        rows += [*_labelled(rows, lead), *markdown_rows(text.strip(), "output", lead)]
    return rows


def _labelled(before: list[Row], lead: list[Ink]) -> list[Row]:
    """Say where the hidden reasoning ends and the reply begins."""
    return [Row([("reply", "muted bold")], lead=lead)] if before else []


def _streaming(text: str, tone: str, lead: list[Ink]) -> list[Row]:
    rows: list[Row] = []
    text = text.lstrip("\n")
    if len(text) > LIVE_CHARACTERS:
        cut_at = text.find("\n", len(text) - LIVE_CHARACTERS)
        place = cut_at + 1 if cut_at >= 0 else len(text) - LIVE_CHARACTERS
        rows.append(Row([(f"… {place:,} characters above", "muted")], lead=lead))
        text = text[place:]
    lines = clean(text).expandtabs(4).split("\n") if text else []
    return rows + [Row([(line, tone)], lead=lead, most=200, is_prose=True) for line in lines]


def _usage(turn: TurnView, lead: list[Ink]) -> list[Row]:
    if turn.usage is None or turn.usage.completion_tokens is None or turn.finished_at is None:
        return []
    parts = [f"{words.count(turn.usage.completion_tokens)} tok"]
    if turn.first_piece_at is not None and turn.finished_at - turn.first_piece_at > 0.2:
        parts.append(f"{turn.usage.completion_tokens / (turn.finished_at - turn.first_piece_at):.0f} tok/s")
    return [Row([(" · ".join(parts), "muted")], lead=lead)]


def _version_rows(turn: TurnView, lead: list[Ink]) -> list[Row]:
    """Say which of the model's replies counts, and keep what it wrote beside what a person made of it."""
    rows: list[Row] = []
    if turn.is_edited and turn.chosen:
        reply = turn.replies[turn.chosen - 1]
        said = "✎ you edited this; the model takes it for its own. It wrote:"
        rows.append(Row([(said, "human")], lead=lead, most=3, is_prose=True))
        changed = [old for old, new in _words(turn, reply) if old.strip() and old.strip() != new.strip()]
        rows += [row for old in changed for row in struck(old.strip(), lead, is_prose=True)]
    if len(turn.replies) > 1:
        count = f"version {turn.chosen} of {len(turn.replies)}"
        line: list[Ink] = [(count, "human"), (" · the others are kept", "muted")]
        rows.append(Row(line, lead=lead, most=2, is_prose=True))
    return rows


def _words(turn: TurnView, reply: Reply) -> list[tuple[str, str]]:
    return [(reply.reasoning, str(turn.reasoning)), (reply.text, str(turn.text))]


def _newest_retries(said: list[Said]) -> list[Said]:
    """Of tries in a row only the newest matters."""
    return [
        entry
        for place, entry in enumerate(said)
        if entry.origin != "retry" or place + 1 == len(said) or said[place + 1].origin != "retry"
    ]
