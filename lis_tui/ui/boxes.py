"""What waits for a person in the commands: the gate's box, and what stands after the last step."""

import re
from collections.abc import Callable, Hashable

from lis_tui.core.events import StepAddress
from lis_tui.core.parts import StepView
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui.ending import end_rows
from lis_tui.ui.reaching import asked_host
from lis_tui.ui.reaching import time_left as host_time_left
from lis_tui.ui.rows import Ink, Row, plain_inks
from lis_tui.ui.seen import Seen
from lis_tui.ui.waiting import box_rows, held_rows, host_rows, time_left

DRAFT_LINES = 6
_OPENING = re.compile(r"^\s*\{\s*\"\w{1,40}\"\s*:\s*\"")


class Boxes:
    """Draws them for one view, and takes note of when each could be seen first.

    `keys` are those of what is under way; `box_keys` those of a `host` that is asked for, and of a run that
    is `held` before it comes to a gate.
    """

    def __init__(
        self,
        view: RunView,
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        keys: Callable[[], list[Ink]],
        box_keys: Callable[[str], list[Ink]],
    ) -> None:
        self._view = view
        self._now = now
        self.keys = keys
        self._box_keys = box_keys
        self.gate: Seen[tuple[StepAddress, str]] = Seen(monotonic)
        self.host: Seen[int] = Seen(monotonic)
        self.is_blinking = False

    # ---- the gate

    def gate_version(self) -> Hashable:
        """Differs with what the box of the gate shows."""
        view = self._view
        gate = (view.gate.gate, view.gate.address, view.gate.because, view.gate.answer) if view.gate else None
        return gate, view.held_because, _texts(self.keys()), self.is_blinking, self._left

    def gate_rows(self, step: StepView | None, *, is_lit: bool) -> list[Row]:
        """Give the box of the gate, which is seen where it is drawn (`is_lit`)."""
        gate = self._view.gate
        if gate is None:
            return []
        if is_lit:
            self.gate.paint((gate.address, gate.gate))
        return box_rows(self._view, step, self.keys(), self._left, self._tone)

    @property
    def _left(self) -> str:
        return time_left(self._view, self._now())

    @property
    def _tone(self) -> str:
        return "warning reverse" if self.is_blinking else "warning"

    # ---- after the last step

    def names(self) -> list[str]:
        """Name what stands after the last step."""
        view = self._view
        names = [f"draft {index}" for index in sorted(view.turn.drafts)]
        if view.gate is not None and view.step(view.gate.address) is None:
            names.append("gate")
        if view.asked_hosts:
            names.append("host")
        if view.held_because and view.is_held and view.gate is None:
            names.append("held")
        if view.ended is not None:
            names.append("end")
        return names

    def version(self, name: str) -> Hashable:
        """Differs with what one of them shows."""
        view = self._view
        if name == "gate":
            return self.gate_version()
        if name == "end":
            return view.ended, view.outputs, view.has_sandbox, _texts(self.keys())
        if name in ("host", "held"):
            shown = (*view.asked_hosts, self._host_left) if name == "host" else view.held_because
            return name, shown, _texts(self._box_keys(name)), self.is_blinking
        draft = view.turn.drafts[int(name[6:])]
        return name, draft.name, draft.text.length

    def rows(self, name: str, *, is_lit: bool) -> list[Row]:
        """Give the rows of one of them."""
        if name == "gate":
            return [Row([]), *self.gate_rows(None, is_lit=is_lit)]
        if name == "host":
            return [Row([]), *self._host_rows(is_lit=is_lit)]
        if name == "held":
            return [Row([]), *held_rows(self._view, self._box_keys("held"), self._tone)]
        if name == "end":
            return end_rows(self._view, self.keys())
        return self._draft_rows(int(name[6:]))

    def _host_rows(self, *, is_lit: bool) -> list[Row]:
        asked = asked_host(self._view)
        if asked is not None and is_lit:
            self.host.paint(asked.number)
        return host_rows(self._view, self._box_keys("host"), self._host_left, self._tone)

    @property
    def _host_left(self) -> str:
        asked = asked_host(self._view)
        return host_time_left(self._view, asked, self._now()) if asked is not None else ""

    def _draft_rows(self, index: int) -> list[Row]:
        draft = self._view.turn.drafts[index]
        lead: list[Ink] = [("  ", ""), (f"{self._view.turn.number}.{index + 1} ", "muted")]
        indent: list[Ink] = [(" " * (sum(len(text) for text, _ in lead) + 2), "")]
        lines = _drafted(str(draft.text))
        rows = [Row([(one_line(draft.name or "…", 40), "muted")], lead=lead, right=[("writing", "muted")])]
        return [Row([]), *rows, *[Row(plain_inks(line, "reasoning"), lead=indent) for line in lines]]


def _texts(inks: list[Ink]) -> tuple[str, ...]:
    return tuple(text for text, _ in inks)


def _drafted(text: str) -> list[str]:
    """Show the end of a call that is still being written, its line ends as such."""
    return (
        _OPENING.sub("", text, count=1)[-2000:]
        .replace("\\n", "\n")
        .replace('\\"', '"')
        .split("\n")[-DRAFT_LINES:]
    )
