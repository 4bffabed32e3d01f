"""The commands: what the model asked for, what ran, what came of it, and the box where the run waits."""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from operator import attrgetter

from textual.message import Message

from lis_tui.core.events import StepAddress
from lis_tui.core.parts import MOST_TAIL, StepView, fresh_version
from lis_tui.core.text import clean
from lis_tui.core.view import RunView
from lis_tui.ui.boxes import Boxes
from lis_tui.ui.calls import call_rows, result_rows, result_sign, short
from lis_tui.ui.human import human_rows, indent_of
from lis_tui.ui.paint import Paint
from lis_tui.ui.reaching import asked_host
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.strip import MARKED
from lis_tui.ui.widgets.blocks import BlockList

MOST_OUTPUTS = 64
LONG_S = 2.0
"""Of a command that takes longer it is said what can be done to it."""


class CommandsPane(BlockList):
    """One block a step; after them the calls being written, a gate without a step, and the end."""

    def __init__(self, paint: Paint, view: RunView, boxes: Boxes, *, now: Callable[[], float]) -> None:
        super().__init__(paint, id="commands")
        self._view = view
        self._now = now
        self._boxes = boxes
        self._wanted: set[StepAddress] = set()
        self._read: StepAddress | None = None
        """The step that was moved to last."""
        self._moved = 0
        self._here: StepAddress | None = None
        """In a recording, the step or turn of the place that is shown."""
        self._outputs: OrderedDict[StepAddress, bytes] = OrderedDict()
        """Outputs that were wanted, for when the same step is shown anew."""
        self.forks: set[StepAddress] = set()
        """Where other runs left this one."""
        self.marks: Mapping[StepAddress, str] = {}
        """What a person marked, and wrote about it."""
        self._has_end = False

    class Wanted(Message):
        """A step is drawn whose output, with its colours, is only on disk."""

        def __init__(self, step: StepView) -> None:
            super().__init__()
            self.step = step

    # ---- blocks

    def block_count(self) -> int:
        """Steps, and what stands after them."""
        return len(self._view.steps) + len(self._boxes.names())

    def block_version(self, number: int) -> Hashable:
        """Differs with the step, the gate, and each second of a running command."""
        if number >= len(self._view.steps):
            return self._boxes.version(self._boxes.names()[number - len(self._view.steps)])
        step = self._view.steps[number]
        gate = self._view.gate
        second = int(self._now()) if step.status == "running" else 0
        seen = (step.address, step.version, self._is_first(number), second, self.marks.get(step.address))
        if gate is None or gate.address != step.address:
            return seen
        return *seen, self._boxes.gate_version()

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a block's rows."""
        if number >= len(self._view.steps):
            return self._boxes.rows(self._boxes.names()[number - len(self._view.steps)], is_lit=is_lit)
        return self._step_rows(self._view.steps[number], is_first=self._is_first(number), is_lit=is_lit)

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the pane."""
        tone = "accent bold" if self.has_focus else "muted"
        right = "" if self.is_following or self._here is not None else "F follow "
        return [(" 2 Commands", tone)], [(right, "muted")]

    def is_countable(self, number: int) -> bool:
        """Only steps are counted."""
        return number < len(self._view.steps)

    # ---- where one is

    @property
    def step(self) -> StepView | None:
        """The step under the cursor."""
        steps = self._view.steps
        return steps[min(self.cursor, len(steps) - 1)] if steps else None

    @property
    def painted_gate(self) -> StepAddress | None:
        """The address of the gate that a person can see now."""
        number, gate = self._gate_number(), self._view.gate
        if number is None or gate is None or self._boxes.gate.what != (gate.address, gate.gate):
            return None
        return gate.address if self.is_in_sight(number) and self.display else None

    @property
    def painted_host(self) -> int | None:
        """The number of the question about a host that a person can see now."""
        number, asked = self._extra_number("host"), asked_host(self._view)
        if number is None or asked is None or self._boxes.host.what != asked.number:
            return None
        return asked.number if self.is_in_sight(number) and self.display else None

    @property
    def gate_age_s(self) -> float:
        """How long the gate has been on the screen."""
        return self._boxes.gate.age_s

    @property
    def host_age_s(self) -> float:
        """How long the question about a host has been on the screen."""
        return self._boxes.host.age_s

    def blink(self, *, is_on: bool) -> None:
        """Have the boxes blink, to say that a key did nothing."""
        self._boxes.is_blinking = is_on
        self.update_blocks()

    def rest(self) -> None:
        """While the end is followed, put the cursor where things happen: the gate, else the newest step."""
        if self._view.moved != self._moved:
            self._find_again()
        before = self.cursor
        if self.is_following and self._view.steps:
            self.cursor = self._resting_place()
        if self.cursor != before:
            self.refresh()  # of steps that look as they did, another one is lit
        self.update_blocks()  # which keys a gate offers depends on the cursor
        self._show_end()

    def _find_again(self) -> None:
        """Stay on the step that is read, where others came or went before it."""
        self._moved = self._view.moved
        steps = self._view.steps
        if self._read is not None:
            number = bisect_left(steps, self._read, key=attrgetter("address"))
            if number < len(steps) and steps[number].address == self._read:
                self.cursor = number

    def show_step(self, address: StepAddress, first: int) -> None:
        """Show another place of a recording, with the cursor on its step, or the first one of its turn."""
        self._here = address
        self.show_place(first)
        self.rest()
        if self._view.ended is None and not self.is_in_sight(self.cursor):
            self.reveal(self.cursor)

    def _resting_place(self) -> int:
        number = self._gate_number()
        last = len(self._view.steps) - 1
        if self._here is not None:
            return min(bisect_left(self._view.steps, self._here, key=attrgetter("address")), last)
        return last if number is None else min(number, last)

    def move_to(self, number: int, *, is_scrolling: bool = True) -> None:
        """Put the cursor on a block; on any but the newest it stays, whatever comes."""
        self.is_held = bool(self._view.steps) and number < self._resting_place()
        if self.is_held:
            self.is_following = False
        super().move_to(number, is_scrolling=is_scrolling)
        self._read = self.step.address if self.step is not None else None
        self.update_blocks()

    def _show_end(self) -> None:
        """Begin to read at the answer, once, where the end is taller than the pane."""
        if self._view.ended is None:
            if self._has_end and not self.is_following:
                self.follow()
            self._has_end = False
        elif not self._has_end and self.has_lines:
            self._has_end = True
            if self.is_following:
                self.reveal(self.block_count() - 1)

    def show_gate(self) -> None:
        """Bring the waiting box into sight."""
        self._show_box(self._gate_number())

    def show_host(self) -> None:
        """Bring the question about a host into sight."""
        self._show_box(self._extra_number("host"))

    def _show_box(self, number: int | None) -> None:
        if number is not None:
            self.move_to(number, is_scrolling=False)
            self.reveal_end(number)

    def go_to_step(self, address: StepAddress) -> None:
        """Put the cursor on a step."""
        for number, step in enumerate(self._view.steps):
            if step.address == address:
                self.move_to(number)
                return

    def _gate_number(self) -> int | None:
        gate = self._view.gate
        if gate is None:
            return None
        steps = self._view.steps
        for number in range(len(steps) - 1, max(len(steps) - 64, -1), -1):
            if steps[number].address == gate.address:
                return number
        return self._extra_number("gate")

    def _extra_number(self, name: str) -> int | None:
        names = self._boxes.names()
        return len(self._view.steps) + names.index(name) if name in names else None

    # ---- a step

    def _step_rows(self, step: StepView, *, is_first: bool, is_lit: bool) -> list[Row]:
        gate = self._view.gate
        is_waiting = gate is not None and gate.address == step.address
        tone = "human" if step.is_injected else "muted"
        lead: list[Ink] = [(" ▌" if is_waiting else "  ", "warning"), (f"{step.address} ", tone)]
        self._want(step, is_lit=is_lit)
        now = self._now()
        rows = [Row([])] if is_first else []
        rows += call_rows(step, lead, result_sign(step, now), is_lit=is_lit)
        rows += self._mark_rows(step, rows[is_first], lead)
        rows += human_rows(step, lead)
        rows += result_rows(step, lead)
        if is_waiting:
            return rows + self._boxes.gate_rows(step, is_lit=is_lit)
        return rows + (self._running_rows(step, lead) if step is self._view.running else [])

    def _mark_rows(self, step: StepView, first: Row, lead: list[Ink]) -> list[Row]:
        """Put the sign of a mark before the step, and give what is written about it."""
        comment = self.marks.get(step.address)
        if comment is None:
            return []
        if not first.lead[0][0].strip():
            first.lead = [(f" {MARKED}", "human"), *first.lead[1:]]
        lines = clean(comment).expandtabs(4).split("\n") if comment else []
        return [Row([(line, "human")], lead=indent_of(lead), most=6, is_prose=True) for line in lines[:20]]

    def _running_rows(self, step: StepView, lead: list[Ink]) -> list[Row]:
        """Offer what can be done to a command that takes its time."""
        if not step.started_at or self._now() - step.started_at < LONG_S:
            return []
        keys = self._boxes.keys()
        return [Row(keys, lead=indent_of(lead), most=2, is_prose=True, is_glued=True)] if keys else []

    def _is_first(self, number: int) -> bool:
        """The first step of its turn, and not of the run: it stands apart from the one before."""
        steps = self._view.steps
        return number > 0 and steps[number - 1].address.turn != steps[number].address.turn

    def _want(self, step: StepView, *, is_lit: bool) -> None:
        """Ask once, when it is drawn, for an output that went by before this screen looked."""
        seen = step.observation
        if seen is None or not seen.output_name or not 0 < seen.output_bytes <= MOST_TAIL:
            return
        if len(step.tail) == step.output_bytes:
            return
        if (data := self._outputs.get(step.address)) is not None:
            step.tail[:] = data
            step.output_bytes = len(data)
        elif is_lit and step.address not in self._wanted:
            self._wanted.add(step.address)
            self.post_message(self.Wanted(step))

    def take_output(self, step: StepView, data: bytes) -> None:
        """Give a step the output that was wanted."""
        self._outputs[step.address] = data
        if len(self._outputs) > MOST_OUTPUTS:
            self._wanted.discard(self._outputs.popitem(last=False)[0])
        now = self._view.step(step.address) or step
        now.tail[:] = data
        now.output_bytes = len(data)
        now.version = fresh_version()
        self.update_blocks(is_whole=True)


def label(step: StepView) -> str:
    """Name a step in one line."""
    return f"{step.address} {short(step.tool, step.arguments)}"
