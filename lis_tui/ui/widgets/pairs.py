"""Two runs in two columns: turns and steps beside their like, with a mark between them."""

from collections.abc import Hashable

from msgspec import Struct

from lis_tui.core.compare import Alignment, StepPair, TurnPair
from lis_tui.core.parts import StepView, TurnView
from lis_tui.core.sameness import Sign, normalised
from lis_tui.core.text import one_line
from lis_tui.ui.calls import NO_OUTPUT, result_sign, short, without_remarks
from lis_tui.ui.outcomes import count_words, shared_words
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row, cells, cut
from lis_tui.ui.widgets.blocks import BlockList

TONES: dict[str, str] = {
    "=": "muted",
    "≈": "output",
    "≠": "warning bold",
    "←": "file-gone bold",
    "→": "file-new bold",
}
_MIDDLE = 5
_INDENT = " " * 7


class Line(Struct, frozen=True):
    """What one block shows: the replies of a turn, or a pair of steps."""

    turn: TurnPair
    step: StepPair | None = None

    @property
    def sign(self) -> Sign:
        """How the two compare."""
        return self.turn.reasoning if self.step is None else self.step.sign


class Pairs(BlockList):
    """One block a pair. `pins` hold one side at a step while the cursor moves on."""

    def __init__(self, paint: Paint, alignment: Alignment, names: tuple[str, str]) -> None:
        super().__init__(paint, id="pairs")
        self.alignment = alignment
        self._names = names
        self.pins: list[StepView | None] = [None, None]
        self.lines: list[Line] = []
        for turn in alignment.turns:
            self.lines.append(Line(turn))
            self.lines += [Line(turn, step) for step in turn.steps]
        self.is_following = False

    @property
    def line(self) -> Line | None:
        """What the cursor is on."""
        return self.lines[min(self.cursor, len(self.lines) - 1)] if self.lines else None

    def sides(self) -> tuple[StepView | None, StepView | None]:
        """Give the two steps whose files are compared: pinned, else the last up to the cursor."""
        return self._side(0), self._side(1)

    def _side(self, side: int) -> StepView | None:
        pinned = self.pins[side]
        if pinned is not None:
            return pinned
        for line in reversed(self.lines[: self.cursor + 1]):
            step = None if line.step is None else (line.step.left, line.step.right)[side]
            if step is not None:
                return step
        return None

    def pin(self, side: int) -> StepView | None:
        """Hold a side where it is, or let it go; gives the step that is held."""
        self.pins[side] = None if self.pins[side] is not None else self._side(side)
        self.update_blocks(is_whole=True)
        return self.pins[side]

    def next_difference(self, direction: int) -> int | None:
        """Find the next line that differs: a step, or a turn that has none."""
        place = self.cursor + direction
        while 0 <= place < len(self.lines):
            line = self.lines[place]
            is_step = line.step is not None or not line.turn.steps
            if is_step and line.sign not in ("=", "≈"):
                return place
            place += direction
        return None

    # ---- blocks

    def block_count(self) -> int:
        """Pairs."""
        return len(self.lines)

    def block_version(self, number: int) -> Hashable:
        """Differs with being pinned."""
        step = self.lines[number].step
        return step is not None and any(
            pin is not None and pin in (step.left, step.right) for pin in self.pins
        )

    def is_countable(self, number: int) -> bool:
        """Nothing arrives."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the two runs, and count."""
        tone = "accent bold" if self.has_focus else "muted"
        left, right = self._halves()
        name = [(f" 1 {one_line(self._names[0], left - 4)}", tone)]
        other = [(one_line(self._names[1], right), tone)]
        count = count_words(self.alignment)
        about = f"{shared_words(self.alignment)} · {count} "
        head = [*_padded(name, left), (" " * _MIDDLE, ""), *other]
        room = self.size.width - cells(head) - 1
        return head, [(about if len(about) <= room else f"{count} " if len(count) < room else "", "muted")]

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a pair's rows."""
        line = self.lines[number]
        if line.step is None:
            turn = line.turn
            return [self._row(_turn(turn.left), line.sign, _turn(turn.right), turn.is_shared)]
        pair = line.step
        rows = [
            self._row(
                self._step(pair.left, 0), pair.sign, self._step(pair.right, 1), pair.is_shared, pair=pair
            )
        ]
        if pair.left is not None and pair.right is not None and pair.observation in ("≈", "≠"):
            texts = _text(pair.left), _text(pair.right)
            if texts[0] == texts[1]:  # the sign of the result says what differs
                return rows
            one, other = first_difference(*texts, is_loose=pair.observation == "≠")
            rows.append(self._row([(_INDENT, ""), (one, "output")], "", [(_INDENT, ""), (other, "output")]))
        return rows

    def _step(self, step: StepView | None, side: int) -> list[Ink]:
        if step is None:
            return []
        pinned = "⚑" if self.pins[side] is step else " "
        who = [("✎ ", "human")] if step.changed_by is not None or step.is_injected else []
        call = one_line(short(step.tool, step.arguments), 300)
        return [
            (f" {pinned}{step.address!s:<5}", "accent" if pinned == "⚑" else "muted"),
            *who,
            (call, "command"),
        ]

    def _row(
        self,
        left: list[Ink],
        sign: str,
        right: list[Ink],
        is_shared: bool = False,
        pair: StepPair | None = None,
    ) -> Row:
        widths = self._halves()
        results: list[list[Ink]] = [[], []]
        if pair is not None:
            results = [[] if step is None else result_sign(step, 0.0) for step in (pair.left, pair.right)]
        if is_shared and sign == "=":
            left, right = _muted(left), _muted(right)
        tone = TONES.get(sign, "")
        middle: list[Ink] = [("  ", ""), (sign or " ", tone), ("  ", "")]
        inks = [*_column(left, results[0], widths[0]), *middle, *_column(right, results[1], widths[1])]
        return Row(inks)

    def _halves(self) -> tuple[int, int]:
        room = max(self.size.width - 1 - _MIDDLE, 20)
        return room // 2, room - room // 2


def first_difference(left: str, right: str, *, is_loose: bool) -> tuple[str, str]:
    """Give the first line of each in which two texts differ; `is_loose`: by more than times and the like."""
    one, other = left.split("\n"), right.split("\n")
    place = 0
    for first, second in zip(one, other, strict=False):
        if first != second and not (is_loose and normalised(first) == normalised(second)):
            break
        place += 1
    shown = [one_line(lines[place], 200) if place < len(lines) else "" for lines in (one, other)]
    return shown[0] or "(ends here)", shown[1] or "(ends here)"


def _text(step: StepView) -> str:
    if step.observation is None:
        return "(not over yet)"
    return without_remarks(step.observation.text) or NO_OUTPUT


def _turn(turn: TurnView | None) -> list[Ink]:
    if turn is None:
        return []
    said = str(turn.reasoning) or str(turn.text) or "(said nothing)"
    return [(f"{turn.number:>3}  ", "muted"), (one_line(said, 300), "reasoning")]


def _muted(inks: list[Ink]) -> list[Ink]:
    return [(text, "muted") for text, _ in inks]


def _padded(inks: list[Ink], width: int) -> list[Ink]:
    fitting = cut(inks, width)
    return [*fitting, (" " * max(width - cells(fitting), 0), "")]


def _column(inks: list[Ink], right: list[Ink], width: int) -> list[Ink]:
    if not right:
        return _padded(inks, width)
    room = max(width - cells(right) - 1, 8)
    return [*_padded(inks, room), (" ", ""), *right]
