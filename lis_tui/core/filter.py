"""The filter language: which steps a breakpoint, a search or a list means.

    tool:bash  cmd~"rm -rf"  out~Error  text~sudo  exit!=0  file:*.html  net
    turn>=5  tokens>200k  cost>0.50  time>2m  repeat>=3  words  and or not ( )

`parse` (in core.filter_parser) makes a filter of a text, `str` gives the text back. A condition about
something that is not known (the exit code of what has not run) is unknown, and so is its `not`; what is
unknown as a whole never matches.

Patterns are Python's, searched line by line for ^ and $, in the first and last 64 KB of what they search. A
repeat inside a repeat, which may take for ever, is refused; a pattern can still be slow on purpose.
"""

import fnmatch
import functools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lis_tui.core.facts import Facts, facts_of
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView

MOST_SEARCHED = 64 * 1024
"""Characters of either end of a long text that a pattern or a word is looked for in."""
TOOLS = {"bash": "execute_bash", "editor": "str_replace_editor"}
Operator = Literal["=", "!=", "<=", ">=", "<", ">"]
PatternName = Literal["cmd", "out", "text"]
NumberName = Literal["exit", "turn", "tokens", "cost", "time", "repeat"]
RESERVED = frozenset({"and", "or", "not", "net"})
"""Words that mean something; to be searched for, they are quoted."""

_NET = re.compile(
    r"""
    (?:https?|ftp|sftp|ssh|git|rsync)://
    | (?: ^ | [;&|(`\n] | \b(?:sudo|env|time|exec|nohup|xargs|do|then|else)\s | \btimeout\s+\S+\s )
      \s* (?:\w+=\S*\s+)* (?:/\S*/)?
      (?: (?:curl|wget|aria2c|ssh|scp|sftp|rsync|ftp|telnet|nc|ncat|netcat|ping|dig|nslookup|npx|uvx)\b
        | git(?:\s+-[cC]\s+\S+|\s+-\S+)*\s+(?:clone|fetch|pull|push|ls-remote)\b
        | (?:python[\d.]*\s+-m\s+)?(?:uv\s+)?pip[\d.]*(?:\s+-\S+)*\s+(?:install|download|wheel)\b
        | uv\s+(?:add|sync|tool|python)\b
        | apt(?:-get)?(?:\s+-\S+)*\s+(?:install|update|upgrade|dist-upgrade|full-upgrade|source|download)\b
        | (?:npm|pnpm|yarn)\s+(?:install|i|ci|add)\b
        | (?:apk|dnf|yum|conda|mamba|gem|cargo|go)\s+(?:add|install|update|fetch|get|create)\b
        | go\s+mod\s+download\b
      )
    """,
    re.VERBOSE,
)


class Filter:
    """A condition on a step."""

    def answer(self, facts: Facts) -> bool | None:
        """Say whether it holds; None where that cannot be known."""
        raise NotImplementedError

    def matches(self, facts: Facts) -> bool:
        """Say whether it certainly holds."""
        return self.answer(facts) is True

    def parts(self) -> Iterator["Filter"]:
        """Give the filter and all it is made of."""
        yield self


@dataclass(frozen=True)
class Word(Filter):
    """The text stands anywhere in the step, in capitals or not."""

    text: str

    def answer(self, facts: Facts) -> bool | None:
        """Search everything; as long as the step is not over, not finding it says nothing."""
        wanted = self.text.casefold()
        places = [*(facts.arguments or ()), *(facts.files or ()), facts.tool, facts.text, facts.output]
        if any(wanted in _ends(place).casefold() for place in places if place is not None):
            return True
        is_whole = facts.arguments is not None and facts.text is not None and facts.output is not None
        return False if is_whole else None

    def __str__(self) -> str:
        is_plain = re.fullmatch(r"[\w./-]+", self.text) and self.text.casefold() not in RESERVED
        return self.text if is_plain else quoted(self.text)


@dataclass(frozen=True)
class ToolIs(Filter):
    """The step uses this tool."""

    name: str

    def answer(self, facts: Facts) -> bool | None:
        """Compare, short names too."""
        return None if facts.tool is None else facts.tool == TOOLS.get(self.name, self.name)

    def __str__(self) -> str:
        return f"tool:{_value(self.name)}"


@dataclass(frozen=True)
class Pattern(Filter):
    """The command, the output or the words of the model hold what the pattern describes."""

    name: PatternName
    pattern: str

    def answer(self, facts: Facts) -> bool | None:
        """Search."""
        match self.name:
            case "cmd":
                places = facts.commands
            case "out":
                places = None if facts.output is None else (facts.output,)
            case "text":
                places = None if facts.text is None else (facts.text,)
        if places is None:
            return None
        compiled = compile_pattern(self.pattern)
        return any(compiled.search(_ends(place)) for place in places)

    def __str__(self) -> str:
        return f"{self.name}~{_value(self.pattern)}"


@dataclass(frozen=True)
class Number(Filter):
    """A number of the step or of the run so far compares like this. Times are seconds."""

    name: NumberName
    operator: Operator
    value: float

    def answer(self, facts: Facts) -> bool | None:
        """Compare."""
        known = {
            "exit": facts.exit_code,
            "turn": facts.turn,
            "tokens": facts.tokens,
            "cost": facts.cost_usd,
            "time": facts.seconds,
            "repeat": facts.repeats,
        }[self.name]
        return None if known is None else _compare(known, self.operator, self.value)

    def __str__(self) -> str:
        plain = str(int(self.value)) if self.value.is_integer() else repr(self.value)
        return f"{self.name}{self.operator}{plain}{'s' if self.name == 'time' else ''}"


@dataclass(frozen=True)
class FileIs(Filter):
    """The step created, changed or deleted a file like this. Without a slash the name alone is compared."""

    glob: str

    def answer(self, facts: Facts) -> bool | None:
        """Compare the path of each file."""
        if facts.files is None:
            return None
        glob = self.glob.removeprefix(facts.workdir.rstrip("/") + "/")
        if "/" not in glob:
            return any(fnmatch.fnmatchcase(path.rpartition("/")[2], glob) for path in facts.files)
        return any(fnmatch.fnmatchcase(path, glob) for path in facts.files)

    def __str__(self) -> str:
        return f"file:{_value(self.glob)}"


@dataclass(frozen=True)
class Net(Filter):
    """The command reaches out: a download, a package manager, an address. Told by its looks alone."""

    def answer(self, facts: Facts) -> bool | None:
        """Look at the command."""
        if facts.commands is None:
            return None
        return any(reaches_out(command) for command in facts.commands)

    def __str__(self) -> str:
        return "net"


@dataclass(frozen=True)
class Not(Filter):
    """The opposite; of what is not known, still not known."""

    inner: Filter

    def answer(self, facts: Facts) -> bool | None:
        """Turn it round."""
        found = self.inner.answer(facts)
        return None if found is None else not found

    def parts(self) -> Iterator[Filter]:
        """Give itself and what it turns round."""
        yield self
        yield from self.inner.parts()

    def __str__(self) -> str:
        return f"not {_inside(self.inner)}"


@dataclass(frozen=True)
class _Many(Filter):
    """Several conditions together."""

    filters: tuple[Filter, ...]

    def parts(self) -> Iterator[Filter]:
        """Give itself and all conditions."""
        yield self
        for one in self.filters:
            yield from one.parts()


@dataclass(frozen=True)
class And(_Many):
    """All of these."""

    def answer(self, facts: Facts) -> bool | None:
        """One that does not hold decides; else one that is unknown does."""
        found = [one.answer(facts) for one in self.filters]
        if False in found:
            return False
        return None if None in found else True

    def __str__(self) -> str:
        return " and ".join(map(_inside, self.filters))


@dataclass(frozen=True)
class Or(_Many):
    """At least one of these."""

    def answer(self, facts: Facts) -> bool | None:
        """One that holds decides; else one that is unknown does."""
        found = [one.answer(facts) for one in self.filters]
        if True in found:
            return True
        return None if None in found else False

    def __str__(self) -> str:
        return " or ".join(str(one) if isinstance(one, And) else _inside(one) for one in self.filters)


def reaches_out(command: str) -> bool:
    """Tell by its looks whether a command goes to the network."""
    return _NET.search(_ends(command)) is not None


def steps_meant(given: Filter, view: RunView) -> tuple[StepView, ...]:
    """Give the steps of a run that a filter means, by all that is known of them now."""
    return tuple(step for step in view.steps if given.matches(facts_of(view, step)))


def asks_for_files(given: Filter) -> bool:
    """Whether the answer depends on which files changed."""
    return any(isinstance(part, FileIs | Word) for part in given.parts())


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern. Raises re.error, OverflowError, RecursionError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern, re.MULTILINE)


def quoted(text: str) -> str:
    """Write a text so that it is read as one value, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _value(text: str) -> str:
    return text if re.fullmatch(r"[\w.*?/+^$|~:=,!@%-]+", text) else quoted(text)


def _inside(one: Filter) -> str:
    return f"({one})" if isinstance(one, _Many) else str(one)


def _ends(text: str) -> str:
    if len(text) <= 2 * MOST_SEARCHED:
        return text
    return f"{text[:MOST_SEARCHED]}\n{text[-MOST_SEARCHED:]}"


def _compare(known: float, operator: Operator, value: float) -> bool:
    match operator:
        case "=":
            return known == value
        case "!=":
            return known != value
        case "<":
            return known < value
        case ">":
            return known > value
        case "<=":
            return known <= value
        case ">=":
            return known >= value
