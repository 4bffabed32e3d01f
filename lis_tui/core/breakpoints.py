"""Rules that make a gate wait, and rules that keep one from waiting, as plain data."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Gate = Literal["before_model", "before_step", "after_step", "before_submit"]


class Breakpoint(Struct, frozen=True, kw_only=True):
    """Wait at (or only note) each step that the filter means.

    With no `gates` it is asked before the step, and again after it where it did not match before: a filter on
    the exit code matches afterwards, one on the command before. A step counts as one hit.
    """

    name: str
    filter: str
    is_on: bool = True
    kind: Literal["wait", "log"] = "wait"
    hits_needed: int = 1
    """It acts from this hit on."""
    is_one_shot: bool = False
    """It switches itself off when it has acted."""
    gates: tuple[Gate, ...] = ()


class AllowRule(Struct, frozen=True):
    """Nobody need be asked about this very call any more: same tool, same arguments, letter by letter."""

    tool: str
    arguments: str


SHIPPED = (
    Breakpoint(
        name="destructive",
        filter=r'cmd~"\brm\s+(-\S*[rRf]|--recursive|--force)" or cmd~"\b(mkfs\S*|shred|wipefs)\b" '
        r'or cmd~"\bdd\b.*\bof=" or cmd~"\bfind\b.*\s-delete\b" or cmd~"\bgit\b.*\breset\s+--hard\b" '
        r'or cmd~"\bgit\s+clean\s+-\S*f" or cmd~">\s*/dev/(sd|nvme|vd)"',
        is_on=False,
    ),
    Breakpoint(
        name="privilege",
        filter=r'cmd~"(^|[;&|(`\s])(sudo|su|doas|pkexec|setcap|visudo|usermod|passwd)\b" '
        r'or cmd~"\bchmod\b.*\s([ugoa]*\+[rwxX]*s|[0-7]?[24-7][0-7]{3})\b"',
        is_on=False,
    ),
    Breakpoint(name="network", filter="net", is_on=False),
)
"""Offered to everyone, switched off."""


def fresh_name(wished: str, taken: Iterable[str]) -> str:
    """Give the name, with a number where it is taken."""
    names = set(taken)
    number, name = 1, wished
    while name in names:
        number += 1
        name = f"{wished} ({number})"
    return name
