"""Which runs a list means, in the words of the filter language.

    tag:x  verdict:good  state:submitted  name:plot*  parent:plot-1  model~qwen  task~REGEX  answer~  note~
    turns>=5  score<1  tokens>50000  cost>0.5  outcome:x  format:x  words  and or not ( )

Without a sign a word is looked for in everything, in capitals or not. Conditions side by side must all hold.
"""

import fnmatch
import operator
import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from lis_tui.core.errors import FilterInvalid
from lis_tui.core.filter import compile_pattern

LONGEST = 2000
DEEPEST = 40
NAMES = ("tag", "verdict", "state", "name", "parent", "outcome", "format")
NUMBERS = ("turns", "score", "tokens", "cost")
PATTERNS = ("model", "task", "answer", "note")
_TOKEN = re.compile(
    r'\s*(?:(?P<sign>[()])|(?P<key>[A-Za-z]+)(?P<by>!=|<=|>=|[:~=<>])|(?P<word>))(?P<value>"(?:\\.|[^"\\])*"|[^\s()"]*)'
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class RunFacts(Struct, frozen=True, kw_only=True):
    """What a filter can ask about a run."""

    names: Mapping[str, tuple[str, ...]]
    """For each of NAMES its values."""
    texts: Mapping[str, str]
    """For each of PATTERNS its text."""
    numbers: Mapping[str, float]
    """For each of NUMBERS its value; one that is not known is not there, and fits no condition."""
    words: str = ""
    """All names and texts, casefolded, where many such lists are searched; empty: they are put together."""


RunFilter = Callable[[RunFacts], bool]


class _Token(Struct, frozen=True):
    column: int
    sign: str = ""
    key: str = ""
    by: str = ""
    value: str = ""
    is_quoted: bool = False

    @property
    def joins(self) -> str:
        """The joining word that it is; empty where it is none."""
        is_word = not (self.sign or self.key or self.is_quoted)
        return self.value.lower() if is_word and self.value.lower() in ("and", "or", "not") else ""


def parse_run_filter(text: str) -> RunFilter:
    """Read a filter of runs. Raises FilterInvalid."""
    if len(text) > LONGEST:
        raise FilterInvalid(LONGEST + 1, f"The filter is too long: {LONGEST:,} characters at most.")
    return _Reader(_tokens(text), len(text) + 1).whole()


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
        if match is None or match.end() < column:
            raise FilterInvalid(column, "This quote is never closed.")
        end = match.end()
        if match["sign"]:
            end = match.end("sign")
            found.append(_Token(column, sign=match["sign"]))
        else:
            found.append(_token(match, column))
        at = end
    return found


def _token(match: re.Match[str], column: int) -> _Token:
    value = match["value"]
    is_quoted = value.startswith('"')
    if is_quoted:
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return _Token(column, "", (match["key"] or "").lower(), match["by"] or "", value, is_quoted)


class _Reader:
    """Recursive descent: or, and, not, one condition."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._end = end
        self._at = 0
        self._depth = 0

    def whole(self) -> RunFilter:
        """Read all of it."""
        if not self._tokens:
            raise FilterInvalid(
                1, "The filter is empty: say which runs it means, as in tag:x or verdict:good."
            )
        found = self._or()
        if self._here is not None:
            raise FilterInvalid(self._here.column, "This ) closes nothing.")
        return found

    @property
    def _here(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _takes(self, word: str) -> bool:
        here = self._here
        is_it = here is not None and word in (here.joins, here.sign)
        self._at += is_it
        return is_it

    def _or(self) -> RunFilter:
        found = [self._and()]
        while self._takes("or"):
            found.append(self._and())
        return lambda facts: any(one(facts) for one in found)

    def _and(self) -> RunFilter:
        found = [self._not()]
        while (here := self._here) is not None and here.sign != ")" and here.joins != "or":
            self._takes("and")
            found.append(self._not())
        return lambda facts: all(one(facts) for one in found)

    def _not(self) -> RunFilter:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterInvalid(self._end, f"The filter is nested more than {DEEPEST} deep.")
        try:
            if not self._takes("not"):
                return self._one()
            inner = self._not()
            return lambda facts: not inner(facts)
        finally:
            self._depth -= 1

    def _one(self) -> RunFilter:
        here = self._here
        if here is None or here.joins or here.sign == ")":
            column = self._end if here is None else here.column
            raise FilterInvalid(column, "A condition is missing here, such as tag:x or verdict:good.")
        self._at += 1
        if not here.sign:
            return _condition(here)
        found = self._or()
        if not self._takes(")"):
            raise FilterInvalid(here.column, "This ( is never closed.")
        return found


def _condition(token: _Token) -> RunFilter:
    if not token.value:
        raise FilterInvalid(token.column, f"A value is missing after {token.key}{token.by}")
    if not token.key:
        return _word(token.value.casefold())
    if token.key in NAMES and token.by == ":":
        return _named(token.key, token.value)
    if token.key in PATTERNS and token.by == "~":
        return _pattern(token)
    if token.key in NUMBERS and token.by in _COMPARE and _NUMBER.fullmatch(token.value):
        return _number(token.key, _COMPARE[token.by], float(token.value))
    marks = ((NAMES, ":"), (PATTERNS, "~"), (NUMBERS, ">=N"))
    names = ", ".join(f"{name}{mark}" for keys, mark in marks for name in keys)
    raise FilterInvalid(token.column, f"Of runs one can ask {names}. Quote words that hold a {token.by}")


def _word(wanted: str) -> RunFilter:
    return lambda facts: wanted in (facts.words or words_of(facts.names, facts.texts))


def words_of(names: Mapping[str, tuple[str, ...]], texts: Mapping[str, str]) -> str:
    """Give what words are looked for in."""
    values = (one for values in names.values() for one in values)
    return "\n".join([*texts.values(), *values]).casefold()


def _named(name: str, value: str) -> RunFilter:
    wanted = value.casefold().replace(" ", "_")
    return lambda facts: any(
        fnmatch.fnmatchcase(one.casefold().replace(" ", "_"), wanted) for one in facts.names.get(name, ())
    )


def _number(name: str, compare: Callable[[float, float], bool], value: float) -> RunFilter:
    def fits(facts: RunFacts) -> bool:
        number = facts.numbers.get(name)
        return number is not None and compare(number, value)

    return fits


def _pattern(token: _Token) -> RunFilter:
    try:
        pattern = compile_pattern(token.value)
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterInvalid(token.column, f"The pattern cannot be read: {error}.") from error
    return lambda facts: pattern.search(facts.texts.get(token.key, "")) is not None
