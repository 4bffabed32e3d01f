"""Which steps a breakpoint stops, and about which calls nobody is asked any more."""

import msgspec

from lis_tui.core.armed import arm
from lis_tui.core.breakpoints import AllowRule, Breakpoint, Gate
from lis_tui.core.bus import Bus
from lis_tui.core.events import AllowRulesChanged, BreakpointHit, BreakpointsChanged, StepAddress, Who
from lis_tui.core.facts import Facts, facts_of
from lis_tui.core.filter import asks_for_files
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView


class Breakpoints:
    """A run's breakpoints. They look at the run with the fold that screens show it with."""

    def __init__(self, bus: Bus, view: RunView, breakpoints: tuple[Breakpoint, ...]) -> None:
        self._bus = bus
        self._view = view
        self._armed = arm(breakpoints)

    @property
    def need_files(self) -> bool:
        """Whether a breakpoint asks which files a step changed."""
        return any(one.rule.is_on and asks_for_files(one.filter) for one in self._armed)

    def replace(self, breakpoints: tuple[Breakpoint, ...], by: Who) -> None:
        """Use these from now on; hits of those that stay as they are go on counting.

        Raises FilterInvalid, UsageWrong.
        """
        known = {(one.rule.name, one.rule.filter): one for one in self._armed}
        armed = arm(breakpoints)
        for one in armed:
            before = known.get((one.rule.name, one.rule.filter))
            if before is not None:
                one.hits, one.last = before.hits, before.last
        self._armed = armed
        self._bus.publish(BreakpointsChanged(breakpoints, by))

    def stop(self, gate: Gate, address: StepAddress, *, may_wait: bool = True) -> str:
        """Name the breakpoints that make this gate wait; empty where none does.

        Those that only note are noted, as are those that would wait where they may not.
        """
        if not any(one.rule.is_on for one in self._armed):
            return ""
        facts = self._facts(address)
        hit = [one.rule for one in self._armed if one.is_hit(gate, address, facts)]
        waiting = [rule.name for rule in hit if rule.kind == "wait" and may_wait]
        for rule in hit:
            if rule.name not in waiting:
                why = "" if rule.kind == "log" else "a rule allows it: "
                self._bus.publish(BreakpointHit(address, rule.name, why + _told(facts)))
        acted = [rule for rule in hit if rule.kind == "log" or may_wait]
        self._switch_off({rule.name for rule in acted if rule.is_one_shot})
        return f"breakpoint: {', '.join(waiting)}" if waiting else ""

    def _facts(self, address: StepAddress) -> Facts:
        step = self._view.step(address)
        return msgspec.structs.replace(facts_of(self._view, step), turn=address.turn)

    def _switch_off(self, names: set[str]) -> None:
        if not names:
            return
        for one in self._armed:
            if one.rule.name in names:
                one.rule = msgspec.structs.replace(one.rule, is_on=False)
        self._bus.publish(BreakpointsChanged(tuple(one.rule for one in self._armed), "rule"))


class AllowRules:
    """The calls about which nobody is asked any more."""

    def __init__(self, bus: Bus, view: RunView) -> None:
        self._bus = bus
        self._view = view
        self._rules: tuple[AllowRule, ...] = ()

    def allow(self, address: StepAddress) -> bool:
        """Whether a rule allows the call of this step."""
        return self.rule_of(address) in self._rules

    def rule_of(self, address: StepAddress) -> AllowRule | None:
        """Give the rule that allows the call of this step and nothing else."""
        step = self._view.step(address)
        return None if step is None else AllowRule(step.tool, step.proposed)

    def adopt(self, rules: tuple[AllowRule, ...]) -> None:
        """Have those that were made before this process had the run."""
        self._rules = rules

    def add(self, rule: AllowRule, by: Who) -> None:
        """Ask about such a call no more."""
        if rule not in self._rules:
            self.replace((*self._rules, rule), by)

    def replace(self, rules: tuple[AllowRule, ...], by: Who) -> None:
        """Use these from now on."""
        self._rules = rules
        self._bus.publish(AllowRulesChanged(rules, by))


def _told(facts: Facts) -> str:
    """Say in a line what the step is."""
    if facts.tool is None:
        return f"turn {facts.turn} begins"
    return one_line(facts.commands[0]) if facts.commands else one_line(" ".join((facts.tool, *_short(facts))))


def _short(facts: Facts) -> tuple[str, ...]:
    return tuple(text for text in facts.arguments or () if len(text) < 200)
