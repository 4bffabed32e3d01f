"""What differs each time something runs, as rules with names: times, process numbers, temporary files.

The rules are one set for all that compares: a run beside another, and a recording beside its re-execution.
`VERSION` grows whenever a shipped rule changes; docs/reexecute.md tells what each of them is for.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

VERSION = 1
MOST_NORMALISED = 256 * 1024
"""Longer texts are only compared as they are."""
MOST_LINE = 4096
"""Longer lines too: a rule may look at each character of a line again and again."""
_MOST_MINIMISED = 100
"""Lines that differ for which it is found out which rules can be done without."""
_MONTHS = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAYS = "(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
_CLOCK = r"\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?[AP]M)?"
_ZONE = r"(?: ?(?:Z\b|[+-]\d\d:?\d\d\b|[A-Z]{3,4}\b))?"


class Rule(Struct, frozen=True, kw_only=True):
    """In each line that differs, what `pattern` (a regular expression) finds reads `instead`."""

    name: str
    """Several rules may share one: they are switched on and off, and named, together."""
    pattern: str
    instead: str
    about: str = ""


SHIPPED = (
    Rule(
        name="progress",
        about="what a carriage return has overwritten, and bars that show how far something is",
        pattern=r"^.*\r(?!$)",
        instead="",
    ),
    Rule(
        name="progress",
        pattern=r"^.*(?:\d{1,3}%\s?\|[^|]*\||[━█╸▏▎▍▌▋▊▉╺]{3}|\[[=#>. -]{5,60}\]).*$",
        instead="‹progress›",
    ),
    Rule(
        name="times",
        about="dates, times of day, seconds since 1970",
        pattern=rf"\b\d{{4}}-\d\d-\d\d(?:[T ]{_CLOCK}{_ZONE})?",
        instead="‹time›",
    ),
    Rule(
        name="times",
        pattern=rf"\b{_DAYS}{_MONTHS} [ \d]?\d,? (?:{_CLOCK}{_ZONE}(?: \d{{4}})?|\d{{4}})",
        instead="‹time›",
    ),
    Rule(
        name="times",
        pattern=rf"\b{_DAYS}\d\d? {_MONTHS} \d{{4}}(?: {_CLOCK}{_ZONE})?",
        instead="‹time›",
    ),
    Rule(name="times", pattern=r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?[AP]M)?\b", instead="‹time›"),
    Rule(name="times", pattern=r"\b1[6-9]\d{8}(?:\d{3}){0,3}(?:\.\d+)?\b", instead="‹time›"),
    Rule(
        name="durations",
        about="how long something took",
        pattern=r"\b\d+m\d+[.,]\d+s\b|(?<![\w.])\d+(?:[.,]\d+)?(?:e-\d+)? ?"
        r"(?:ns|µs|us|ms|s|sec|secs|seconds?|minutes?)\b",
        instead="‹time›",
    ),
    Rule(
        name="pids",
        about="numbers of processes",
        pattern=r"(?i)\b(p?pid|process|job)(\W{1,3})\d+",
        instead=r"\1\2‹pid›",
    ),
    Rule(name="pids", pattern=r"^\[(\d+)\] \d+$", instead=r"[\1] ‹pid›"),
    Rule(name="pids", pattern=r"/proc/\d+", instead="/proc/‹pid›"),
    Rule(
        name="temp",
        about="files and folders that get a new name each time",
        pattern=r"(?:/var)?/tmp/[^\s'\":;,)\]}]+",
        instead="‹temp›",
    ),
    Rule(name="temp", pattern=r"\btmp(?:\.\w{6,12}|[a-z0-9_]{8})\b", instead="‹temp›"),
    Rule(
        name="addresses",
        about="places in memory",
        pattern=r"\b0x[0-9a-fA-F]{4,16}\b",
        instead="‹address›",
    ),
    Rule(
        name="hosts",
        about="addresses of hosts, and the names that containers give themselves",
        pattern=r"\b\d{1,3}(?:\.\d{1,3}){3}\b",
        instead="‹host›",
    ),
    Rule(
        name="hosts",
        pattern=r"\b(?=\d{0,11}[a-f])(?=[a-f]{0,11}\d)[0-9a-f]{12}\b",
        instead="‹host›",
    ),
    Rule(
        name="versions",
        about="versions of programs and packages",
        pattern=r"(?<![\w.])v?(?!\d{1,3}(?:\.\d{1,3}){3}\b)\d{1,4}\.\d{1,5}\.\d{1,6}(?:[-.+~]\w{1,30}){0,4}",
        instead="‹version›",
    ),
    Rule(name="versions", pattern=r"(?i)\b(version:? )v?\d[\w.+~-]*", instead=r"\1‹version›"),
    Rule(
        name="commits",
        about="names of new git commits",
        pattern=r"^(commit |HEAD is now at )[0-9a-f]{7,40}\b",
        instead=r"\1‹commit›",
    ),
    Rule(name="commits", pattern=r"^\[(\S+(?: \([^)]{1,40}\))?) [0-9a-f]{7,12}\]", instead=r"[\1 ‹commit›]"),
    Rule(
        name="totals",
        about="the first line of `ls -l`",
        pattern=r"^total \d+(?:[.,]\d+)?[KMGT]?$",
        instead="total ‹blocks›",
    ),
)


class Likeness(Struct, frozen=True):
    """How two texts compare, and the names of the rules without which they would not be the same."""

    sign: Literal["=", "≈", "≠"]
    rules: tuple[str, ...] = ()


class Rules:
    """A set of rules at work, in their order."""

    def __init__(self, rules: Iterable[Rule] = SHIPPED) -> None:
        self.all = tuple(rules)
        self._compiled = [(rule.name, re.compile(rule.pattern), rule.instead) for rule in self.all]
        self._are_shipped = all(rule in SHIPPED for rule in self.all)

    def line(self, text: str, without: frozenset[str] = frozenset()) -> str:
        """Give a line without what differs each time."""
        if self._has_nothing(text):
            return text
        for name, pattern, instead in self._compiled:
            if name not in without:
                text = pattern.sub(instead, text)
        return text

    def compare(self, left: str, right: str) -> Likeness:
        """Compare two texts line by line."""
        if left == right:
            return Likeness("=")
        if max(len(left), len(right)) > MOST_NORMALISED:
            return Likeness("≠")
        one, other = left.split("\n"), right.split("\n")
        if len(one) != len(other):
            return Likeness("≠")
        pairs = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
        if not self._are_alike(pairs, frozenset()):
            return Likeness("≠")
        return Likeness("≈", self._needed(pairs))

    def _has_nothing(self, text: str) -> bool:
        """Whether no rule can find anything, as in most lines."""
        return len(text) > MOST_LINE or (self._are_shipped and _MAY_DIFFER.search(text) is None)

    def _are_alike(self, pairs: Sequence[tuple[str, str]], without: frozenset[str]) -> bool:
        return all(self.line(one, without) == self.line(other, without) for one, other in pairs)

    def _needed(self, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """Name the rules that count: those that change something, and that the others cannot stand in for."""
        names = dict.fromkeys(name for name, _, _ in self._compiled)
        texts = [text for pair in pairs for text in pair]
        left_out = frozenset(name for name in names if not self._finds(name, texts))
        for name in reversed(names):  # where two would do, the one that comes first is named
            tried = left_out | {name}
            if len(pairs) <= _MOST_MINIMISED and name not in left_out and self._are_alike(pairs, tried):
                left_out = tried
        return tuple(name for name in names if name not in left_out)

    def _finds(self, name: str, texts: Iterable[str]) -> bool:
        patterns = [pattern for one, pattern, _ in self._compiled if one == name]
        return any(len(text) <= MOST_LINE and pattern.search(text) for text in texts for pattern in patterns)


_MAY_DIFFER = re.compile(r"[\d\r━█╸▏▎▍▌▋▊▉╺[]|tmp")


_MAY_BE_MEANT = frozenset(["versions", "hosts"])
"""Where two runs are compared, these may be the very difference that somebody looks for."""


@lru_cache(maxsize=1)
def shipped() -> Rules:
    """Give the shipped rules, for a recording and what came of running it again."""
    return Rules()


@lru_cache(maxsize=1)
def cautious() -> Rules:
    """Give those of them that two runs are compared by, whose models may mean what they wrote."""
    return Rules(rule for rule in SHIPPED if rule.name not in _MAY_BE_MEANT)
