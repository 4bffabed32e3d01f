"""Sessions of Claude Code: its own files, its printed stream of JSON, and its web sessions.

A file may hold more than one conversation: sub-agents (sidechains), and what was left when a person went back
and asked something else. Each is an entry of its own.
"""

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from lis_tui.core.errors import NoTrajectory
from lis_tui.trajectory.foreign.claude_result import tokens_of
from lis_tui.trajectory.foreign.claude_talk import ClaudeTalk, prompt_of
from lis_tui.trajectory.foreign.claude_tree import MAIN, Tree, tree_of
from lis_tui.trajectory.foreign.fields import items, mapping, seconds, short, word
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, name_of

FORMAT = "Claude Code"
_LOOKED_AT = 60
_TALK = ("user", "assistant")
_MARKS = ("sessionId", "session_id", "parentUuid", "uuid", "isSidechain")


class _Seen(Struct):
    """What a table shows of one conversation."""

    task: str = ""
    model: str = ""
    outcome: str = ""
    at: float = 0.0
    cost_usd: float | None = None
    usage: dict[str, int] = {}
    """Tokens of each reply: a reply is written in several lines, and each repeats them."""
    is_answered: bool = False
    """There is a reply that no other conversation has."""

    def take(self, line: Json, *, is_shared: bool = False) -> None:
        """Take in one line; what is shared with another conversation is not what this one is about."""
        self.at = self.at or seconds(line.get("timestamp"))
        message = mapping(line.get("message"))
        if line.get("type") == "assistant" and not line.get("isApiErrorMessage"):
            self.model = self.model or word(message.get("model"))
            key = word(message.get("id")) or f"line {len(self.usage)}"
            self.is_answered |= not is_shared
            self.usage[key] = tokens_of(message.get("usage")) or self.usage.get(key, 0)
        elif line.get("type") == "user" and not (self.task or is_shared or line.get("isMeta")):
            self.task = prompt_of(message.get("content"))
        elif line.get("type") == "result":
            cost = line.get("total_cost_usd")
            self.cost_usd = float(cost) if isinstance(cost, float | int) else None
            self.outcome = word(line.get("subtype"))


class _Session:
    """One file."""

    format = FORMAT

    def __init__(self, material: Material, lines: list[object] | None = None) -> None:
        self._material = material
        self._lines = lines

    @cached_property
    def version(self) -> str:
        """The program's, as the first line that names it says."""
        lines = (mapping(line) for _, line, _ in self._read())
        return next((found for line in lines if (found := word(line.get("version")))), "")

    @cached_property
    def _tree(self) -> Tree:
        """Which lines belong together."""
        return tree_of((number, mapping(line)) for number, line, _ in self._read())

    @cached_property
    def _groups(self) -> dict[str, _Seen]:
        """The conversations in it, the main one first; branches to which nobody answered are none."""
        tree = self._tree
        found = {group: _Seen() for group in (MAIN, *dict.fromkeys(tree.group_of.values()))}
        branches = [(group, tree.reach(group)) for group in found if group in tree.origins]
        for number, line, _ in self._read():
            data, own = mapping(line), tree.group_of.get(number, MAIN)
            found[own].take(data)
            for group, reach in branches:
                if group != own and number <= reach.get(own, 0):
                    found[group].take(data, is_shared=True)
        if not found[MAIN].task and not found[MAIN].usage and len(found) > 1:
            del found[MAIN]
        return {group: seen for group, seen in found.items() if seen.is_answered or group not in tree.origins}

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The session, then its sub-agents and left branches."""
        name = name_of(self._material.path)
        return tuple(
            Entry(
                name=f"{name} {group}".rstrip(),
                task=short(seen.task),
                outcome=seen.outcome,
                model=seen.model,
                turns=len(seen.usage),
                tokens=sum(seen.usage.values()) or None,
                cost_usd=seen.cost_usd,
                started_at=seen.at or None,
            )
            for group, seen in self._groups.items()
        )

    def read(self, index: int = 0) -> Imported:
        """Read one conversation. Raises NoTrajectory."""
        groups = list(self._groups)
        if not 0 <= index < len(groups):
            raise NoTrajectory(f"There is no trajectory {index + 1} here: there are {len(groups)}.")
        wanted = groups[index]
        talk = ClaudeTalk(
            FORMAT,
            self.version,
            name=self.entries[index].name,
            file=str(self._material.path),
            entry=wanted,
        )
        if others := len(groups) - 1:
            talk.builder.note(f"The file holds {others} more: sub-agents, or branches that were left.")
        reach, group_of = self._tree.reach(wanted), self._tree.group_of
        for number, line, why in self._read():
            group = group_of.get(number, MAIN)
            if not isinstance(line, dict):
                if wanted == groups[0]:
                    talk.builder.problem(f"line {number}", why or "is no JSON object")
            elif number <= reach.get(group, 0):
                talk.take(number, line)
            elif wanted == groups[0] and group not in self._groups:
                talk.builder.keep("taken back", line)
        return talk.finish()

    def _read(self) -> Iterator[tuple[int, object, str]]:
        if self._lines is None:
            yield from self._material.read_lines()
        else:
            yield from ((number, line, "") for number, line in enumerate(self._lines, 1))


class _ClaudeCode:
    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """Look for messages with the marks of a session among the first lines."""
        if not material.is_text:
            return None
        listed = self._listed(material)
        first = listed[:_LOOKED_AT] if listed is not None else list(_first(material))
        return _Session(material, listed) if any(_is_message(line) for line in first) else None

    def _listed(self, material: Material) -> list[object] | None:
        """A web session is one object; a stream that was printed as one value is one list."""
        value = material.json
        if isinstance(value, list):
            return value
        loglines = mapping(value).get("loglines")
        return items(loglines) if loglines is not None else None


def _first(material: Material) -> Iterator[object]:
    for number, value, _ in material.read_lines():
        yield value
        if number >= _LOOKED_AT:
            return


def _is_message(line: object) -> bool:
    data = mapping(line)
    if data.get("type") not in _TALK or not isinstance(data.get("message"), dict):
        return False
    message = mapping(data["message"])
    is_marked = any(mark in data for mark in _MARKS) or "timestamp" in data
    return is_marked and message.get("role", data["type"]) == data["type"] and "content" in message


CLAUDE_CODE = _ClaudeCode()
