"""Which conversations a session of Claude Code holds: lines name the one that they follow."""

from collections.abc import Iterable

from msgspec import Struct

from lis_tui.trajectory.foreign.fields import items, mapping, word
from lis_tui.trajectory.foreign.material import Json

MAIN = ""
_AGENT = "sub-agent"
_Link = tuple[int, str, str, str]
"""A line's number, its id, the id of the one it follows, and the agent that it is of."""


class Tree(Struct):
    """The conversation of each line that is not of the main one, and where branches left theirs."""

    group_of: dict[int, str] = {}
    origins: dict[str, tuple[str, int]] = {}
    """Of a branch the conversation that it left, and the last line that both have."""

    def reach(self, group: str) -> dict[str, int]:
        """Up to which line each conversation belongs to this one."""
        found, last = {group: 1 << 62}, 1 << 62
        while group in self.origins:
            group, shared = self.origins[group]
            last = min(last, shared)
            found.setdefault(group, last)
        return found


def tree_of(lines: Iterable[tuple[int, Json]]) -> Tree:
    """Find which lines are a sub-agent's, and which a person left by going back to say something else."""
    links: list[_Link] = []
    prompts: dict[str, list[str]] = {}
    for number, line in lines:
        own, parent = word(line.get("uuid")), word(line.get("parentUuid"))
        agent = ""
        if line.get("isSidechain") is True:
            agent = f"{_AGENT} {word(line.get('agentId'))}".rstrip()
        elif parent and own and _is_prompt(line):
            prompts.setdefault(parent, []).append(own)
        links.append((number, own, parent, agent))
    left = [own for same in prompts.values() for own in same[:-1]]
    return _followed(links, {own: f"branch {number}" for number, own in enumerate(left, 1)})


def _followed(links: list[_Link], branches: dict[str, str]) -> Tree:
    """Give each line the group of the one that it follows, where it has none of its own."""
    tree = Tree()
    groups: dict[str, str] = {}
    numbers: dict[str, int] = {}
    agents = 0
    for number, own, parent, agent in links:
        group = groups.get(parent, MAIN)
        if own in branches:
            tree.origins[branches[own]] = (group, numbers.get(parent, 0))
            group = branches[own]
        elif agent == _AGENT and not group.startswith(_AGENT):
            agents += 1
            group = f"{_AGENT} {agents}"
        elif agent != _AGENT and agent:
            group = agent
        if group:
            groups[own] = group
            tree.group_of[number] = group
        numbers[own] = number
    return tree


def _is_prompt(line: Json) -> bool:
    if line.get("type") != "user" or line.get("isMeta") or line.get("isCompactSummary"):
        return False
    content = mapping(line.get("message")).get("content")
    return not any(mapping(part).get("type") == "tool_result" for part in items(content))
