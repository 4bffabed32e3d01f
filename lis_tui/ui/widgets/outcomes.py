"""The table of outcomes: a line a run, and below it its answer."""

from collections.abc import Callable, Hashable, Sequence

from lis_tui.core.compare import Outcome
from lis_tui.core.text import one_line
from lis_tui.ui.outcomes import DISPENSABLE, HEADS, NUMBERS, answers, cells, state
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row, cut
from lis_tui.ui.widgets.blocks import BlockList

_TONES = {"run": "command", "failed": "error", "by you": "human"}
_VERDICTS = {"good": "ok", "bad": "error", "mixed": "warning"}


def outcome_lines(runs: Sequence[Outcome], width: int, *, has_answers: bool = True) -> list[list[Ink]]:
    """Give head and lines, with as many columns as there is room for."""
    shown = _columns(runs, width)
    lines: list[list[Ink]] = [_line(HEADS, shown, lambda _: "muted")]
    for one, answer in zip(runs, answers(runs), strict=True):
        lines.append(_line(cells(one), shown, _tone(one)))
        if has_answers:
            lines.append(cut([("   ", ""), *_answer(one, answer)], width))
    return lines


def _columns(runs: Sequence[Outcome], width: int) -> dict[int, int]:
    """Give the columns that are shown, and how wide each is."""
    rows = [HEADS, *map(cells, runs)]
    widths = {column: max(len(row[column]) for row in rows) for column in range(len(HEADS))}
    for head in DISPENSABLE:
        if sum(widths.values()) + 2 * len(widths) <= width:
            break
        del widths[HEADS.index(head)]
    over = sum(widths.values()) + 2 * len(widths) - width
    if over > 0:
        widths[0] = max(widths[0] - over, 8)
    return widths


def _line(texts: Sequence[str], columns: dict[int, int], tone: Callable[[str], str]) -> list[Ink]:
    line: list[Ink] = [(" ", "")]
    for column, width in columns.items():
        head = HEADS[column]
        text = one_line(texts[column], width)
        line.append((f"{text:>{width}}  " if head in NUMBERS else f"{text:<{width}}  ", tone(head)))
    return line


def _tone(one: Outcome) -> Callable[[str], str]:
    def tone(head: str) -> str:
        if head == "state":
            return state(one)[1]
        if head == "verdict":
            return _VERDICTS.get(one.verdict, "muted")
        is_nothing = (head == "failed" and not one.failures) or (head == "by you" and not one.human_changes)
        return "muted" if is_nothing else _TONES.get(head, "output")

    return tone


def _answer(one: Outcome, answer: str) -> list[Ink]:
    model: Ink = (f"{one_line(one.model.rpartition('/')[2] or one.model, 30)}  ", "muted")
    if answer:
        return [model, (answer, "output")]
    why = "no answer yet" if one.state == "live" else "no answer"
    return [model, (one_line(one.reason, 200) or why, "muted")]


class OutcomeList(BlockList):
    """The outcomes of several runs, two of which can be chosen."""

    has_bar = False

    def __init__(self, paint: Paint, runs: Sequence[Outcome]) -> None:
        super().__init__(paint, id="outcome-list")
        self.runs = tuple(runs)
        self.chosen: list[int] = []
        self.is_following = False

    def toggle(self, number: int) -> None:
        """Choose a run, or do not."""
        if number in self.chosen:
            self.chosen.remove(number)
        else:
            self.chosen = [*self.chosen[-1:], number]
        self.update_blocks(is_whole=True)

    def block_count(self) -> int:
        """Runs."""
        return len(self.runs)

    def block_version(self, number: int) -> Hashable:
        """Differs with being chosen."""
        return number in self.chosen

    def is_countable(self, number: int) -> bool:
        """Nothing arrives."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the columns."""
        width = self.size.width
        return [("  ", ""), *outcome_lines(self.runs, width - 4)[0]], []

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a run's two lines."""
        lines = outcome_lines(self.runs, max(self.size.width - 4, 20))
        sign = "◆ " if number in self.chosen else "  "
        first, second = lines[1 + 2 * number : 3 + 2 * number]
        return [Row(first, lead=[(sign, "accent")]), Row(second, lead=[("  ", "")])]
