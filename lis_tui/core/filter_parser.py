"""Reads the filter language; whatever cannot be read is named with its column."""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.errors import FilterInvalid, UsageWrong
from lis_tui.core.filter import (
    And,
    FileIs,
    Filter,
    Net,
    Not,
    Number,
    NumberName,
    Operator,
    Or,
    Pattern,
    PatternName,
    ToolIs,
    Word,
    compile_pattern,
)
from lis_tui.core.text import one_line

LONGEST = 4000
DEEPEST = 40
LONGEST_PATTERN = 1000
_PATTERNS: dict[str, PatternName] = {name: name for name in get_args(PatternName)}
_NUMBERS: dict[str, NumberName] = {name: name for name in get_args(NumberName)}
_OPERATORS: dict[str, Operator] = {name: name for name in get_args(Operator)}
_KEYS = ("tool", "file", *_PATTERNS, *_NUMBERS)
_TERM = re.compile(r"([A-Za-z_]+)(!=|<=|>=|[:~=<>])")
_NUMBER = re.compile(r"(\$?)(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([A-Za-z]*)")
_JOINING = re.compile(r"(and|or|not|net)(?=[\s()]|$)", re.IGNORECASE)
_NO_SIGN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""In a pattern: what is escaped, and classes."""
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}|\{\d*,?\d{3,}\}")
_UNITS: dict[str, dict[str, float]] = {
    "tokens": {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6},
    "time": {"s": 1, "ms": 1e-3, "m": 60, "min": 60, "h": 3600},
}


def parse(text: str) -> Filter:
    """Read a filter. Raises FilterInvalid."""
    if len(text) > LONGEST:
        raise FilterInvalid(LONGEST + 1, f"The filter is too long: {LONGEST:,} characters at most.")
    return _Parser(text).whole()


def check_breakpoints(breakpoints: Iterable[Breakpoint]) -> None:
    """Find what cannot be used. Raises FilterInvalid, UsageWrong."""
    names: set[str] = set()
    for one in breakpoints:
        if not one.name.strip():
            raise UsageWrong("A breakpoint needs a name.")
        if one.name in names:
            raise UsageWrong(f"Two breakpoints are called {one.name}: give one another name.")
        if one.hits_needed < 1:
            raise UsageWrong(f"The breakpoint {one.name} must need one hit or more.")
        names.add(one.name)
        parse(one.filter)


@dataclass(frozen=True)
class _Value:
    """What stands after an operator, and the column of each of its characters."""

    text: str
    columns: tuple[int, ...]
    column: int

    def column_of(self, place: int) -> int:
        """Where a character of the value stands in the filter."""
        return self.columns[place] if place < len(self.columns) else self.column + len(self.columns)


class _Parser:
    """Recursive descent: or, and, not, one condition."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Filter:
        """Read all of the text."""
        self._skip()
        if self._is_over:
            raise self._wrong("The filter is empty: say which steps it means, as in cmd~rm or exit!=0.")
        found = self._or()
        if not self._is_over:
            raise self._wrong("This ) closes nothing.")
        return found

    # ---- words joined

    def _or(self) -> Filter:
        found = [self._and()]
        while self._take_word("or"):
            found.append(self._and())
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _and(self) -> Filter:
        found = [self._not()]
        while not self._is_over and self._here != ")" and self._word() != "or":
            self._take_word("and")
            found.append(self._not())
        return found[0] if len(found) == 1 else And(tuple(found))

    def _not(self) -> Filter:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"The filter is nested more than {DEEPEST} deep.")
        found = Not(self._not()) if self._take_word("not") else self._one()
        self._depth -= 1
        return found

    def _one(self) -> Filter:
        word = self._word()
        if self._is_over or self._here == ")" or word in ("and", "or"):
            raise self._wrong("A condition is missing here, such as tool:bash or exit!=0.")
        if self._here == "(":
            return self._group()
        if self._take_word("net"):
            return Net()
        term = _TERM.match(self._text, self._at)
        return self._term(term) if term is not None else self._bare()

    def _group(self) -> Filter:
        opened = self._at
        self._at += 1
        self._skip()
        found = self._or()
        if self._is_over:
            raise FilterInvalid(opened + 1, "This ( is never closed.")
        self._at += 1
        self._skip()
        return found

    # ---- one condition

    def _bare(self) -> Filter:
        value = self._value()
        if not value.text:
            raise FilterInvalid(value.column, "There is nothing to search for between these quotes.")
        return Word(value.text)

    def _term(self, term: re.Match[str]) -> Filter:
        start, name, sign = self._at, term[1].lower(), term[2]
        if name not in _KEYS:
            raise FilterInvalid(start + 1, _unknown(name, term[0]))
        self._at = term.end()
        value = self._value()
        if not value.text:
            raise FilterInvalid(value.column, f"A value is missing after {term[0]}")
        wanted = "~" if name in _PATTERNS else "a comparison" if name in _NUMBERS else ":"
        if sign != wanted and not (wanted == "a comparison" and sign in _OPERATORS):
            raise FilterInvalid(start + len(name) + 1, _wrong_sign(name, wanted))
        if name in _PATTERNS:
            _check_pattern(value)
            return Pattern(_PATTERNS[name], value.text)
        if name in _NUMBERS:
            return Number(_NUMBERS[name], _OPERATORS[sign], _number(name, value))
        return ToolIs(value.text) if name == "tool" else FileIs(value.text)

    def _value(self) -> _Value:
        value = self._quoted() if not self._is_over and self._here == '"' else self._unquoted()
        self._skip()
        return value

    def _quoted(self) -> _Value:
        opened = self._at
        self._at += 1
        text: list[str] = []
        columns: list[int] = []
        while not self._is_over:
            sign = self._here
            if sign == '"':
                self._at += 1
                if not self._is_over and not self._here.isspace() and self._here != ")":
                    raise self._wrong("A space is missing after the closing quote.")
                return _Value("".join(text), tuple(columns), opened + 1)
            columns.append(self._at + 1)
            if sign == "\\" and self._text[self._at + 1 : self._at + 2] in ('"', "\\"):
                self._at += 1
            text.append(self._here)
            self._at += 1
        raise FilterInvalid(opened + 1, "This quote is never closed.")

    def _unquoted(self) -> _Value:
        """Up to a space, or a ) that was not opened inside."""
        start, depth = self._at, 0
        while not self._is_over and not self._here.isspace():
            if self._here == "\\":
                self._at += 1
            elif self._here == "(":
                depth += 1
            elif self._here == ")":
                depth -= 1
            if depth < 0:
                break
            self._at += 1
        self._at = min(self._at, len(self._text))
        return _Value(self._text[start : self._at], tuple(range(start + 1, self._at + 1)), start + 1)

    # ---- the text

    @property
    def _is_over(self) -> bool:
        return self._at >= len(self._text)

    @property
    def _here(self) -> str:
        return self._text[self._at]

    def _word(self) -> str:
        """Give the joining word that stands here, in small letters; empty where none does."""
        found = _JOINING.match(self._text, self._at)
        return found[1].lower() if found else ""

    def _take_word(self, word: str) -> bool:
        if self._word() != word:
            return False
        self._at += len(word)
        self._skip()
        return True

    def _skip(self) -> None:
        while not self._is_over and self._here.isspace():
            self._at += 1

    def _wrong(self, sentence: str) -> FilterInvalid:
        return FilterInvalid(self._at + 1, sentence)


def _unknown(name: str, written: str) -> str:
    close = difflib.get_close_matches(name, _KEYS, 1, 0.6)
    hint = f" Did you mean {close[0]}?" if close else f" There are {', '.join(_KEYS)} and net."
    return f"A filter cannot ask about {name}.{hint} Quote words that hold a {written[-1]}."


def _wrong_sign(name: str, wanted: str) -> str:
    if wanted == "a comparison":
        return f"{name} is a number: write {name}=1, {name}!=1, {name}<1, {name}>1, {name}<=1 or {name}>=1."
    what = "a pattern" if wanted == "~" else "a name"
    return f"{name} is followed by {wanted} and {what}."


def _number(name: str, value: _Value) -> float:
    found = _NUMBER.fullmatch(value.text)
    units = _UNITS.get(name, {})
    if found is None or (found[1] and name != "cost") or (found[3] and found[3] not in units):
        may = f", which may end in {', '.join(units)}" if units else ""
        raise FilterInvalid(value.column, f"{one_line(value.text, 40)} is not a number{may}.")
    number = float(found[2]) * units.get(found[3], 1)
    if not math.isfinite(number):
        raise FilterInvalid(value.column, "This number is too large.")
    return number


def _check_pattern(value: _Value) -> None:
    if len(value.text) > LONGEST_PATTERN:
        most = f"{LONGEST_PATTERN:,} characters at most"
        raise FilterInvalid(value.column_of(LONGEST_PATTERN), f"The pattern is too long: {most}.")
    try:
        compile_pattern(value.text)
    except re.error as error:
        sentence = f"The pattern cannot be read: {error.msg}."
        raise FilterInvalid(value.column_of(error.pos or 0), sentence) from error
    except (OverflowError, RecursionError) as error:
        raise FilterInvalid(value.column, f"The pattern cannot be read: {error}.") from error
    place = _nested_repeat(value.text)
    if place is not None:
        raise FilterInvalid(
            value.column_of(place),
            "A repeat of a group that itself repeats, as in (a+)+, may take for ever.",
        )


def _nested_repeat(pattern: str) -> int | None:
    """Find a group that is repeated without bound and holds an unbounded repeat itself."""
    groups = [False]
    signs = _signs(pattern)
    for index, (place, sign) in enumerate(signs):
        after = signs[index + 1][0] if index + 1 < len(signs) else len(pattern)
        if sign == "(":
            groups.append(False)
        elif sign == ")" and len(groups) > 1:
            repeats = groups.pop()
            if repeats and _is_unbounded(pattern, after):
                return after
            groups[-1] = groups[-1] or repeats
        elif _is_unbounded(pattern, place):
            groups[-1] = True
    return None


def _signs(pattern: str) -> list[tuple[int, str]]:
    """The characters that are neither escaped nor in a class."""
    found, at = [], 0
    while at < len(pattern):
        skip = _NO_SIGN.match(pattern, at)
        if skip is not None:
            at = skip.end()
            continue
        found.append((at, pattern[at]))
        at += 1
    return found


def _is_unbounded(pattern: str, place: int) -> bool:
    return _UNBOUNDED.match(pattern, place) is not None
