"""Breakpoints that are asked: their filters read, their hits counted. The same live and in a recording."""

from collections.abc import Iterable
from dataclasses import dataclass

from lis_tui.core.breakpoints import Breakpoint, Gate
from lis_tui.core.events import StepAddress
from lis_tui.core.facts import Facts
from lis_tui.core.filter import Filter
from lis_tui.core.filter_parser import check_breakpoints, parse

STEP_GATES: tuple[Gate, ...] = ("before_step", "before_submit", "after_step")
"""Where a breakpoint that names no gates is asked."""


@dataclass
class Armed:
    """A breakpoint with its filter read and its hits counted; a step counts once."""

    rule: Breakpoint
    filter: Filter
    hits: int = 0
    last: StepAddress | None = None

    def is_hit(self, gate: Gate, address: StepAddress, facts: Facts) -> bool:
        """Count a match; say whether the rule acts now."""
        if not self.rule.is_on or gate not in (self.rule.gates or STEP_GATES) or self.last == address:
            return False
        if not self.filter.matches(facts):
            return False
        self.last = address
        self.hits += 1
        return self.hits >= self.rule.hits_needed


def arm(breakpoints: Iterable[Breakpoint]) -> list[Armed]:
    """Read the filters. Raises FilterInvalid, UsageWrong."""
    rules = tuple(breakpoints)
    check_breakpoints(rules)
    return [Armed(one, parse(one.filter)) for one in rules]
