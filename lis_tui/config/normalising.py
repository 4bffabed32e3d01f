"""The rules of normalising as a person has them: the shipped ones that are on, and their own."""

import re
import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct

from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.normalising import SHIPPED, Rule

HEAD = """\
# How re-execution tells "the same after normalising": see `lis-tui reexecute --rules` and docs/reexecute.md.
# off = ["versions"]        switches shipped rules off, by name
#
# [[rule]]                  a rule of your own; it counts before the shipped ones
# name = "build"
# pattern = 'build-\\d+'
# instead = "‹build›"
"""


class SavedRules(Struct, frozen=True):
    """What the file says."""

    off: tuple[str, ...] = ()
    own: tuple[Rule, ...] = ()

    @property
    def on(self) -> tuple[Rule, ...]:
        """The rules at work: a person's own first."""
        kept = (rule for rule in SHIPPED if rule.name not in self.off)
        return (*(rule for rule in self.own if rule.name not in self.off), *kept)


class _File(Struct, forbid_unknown_fields=True):
    off: list[str] = []
    rule: list[Rule] = []


def rules_path(folder: Path) -> Path:
    """Where they are kept, in the user's config folder."""
    return folder / "normalising.toml"


def read_rules(folder: Path) -> SavedRules:
    """Read the file; where there is none the shipped rules are on. Raises SettingsInvalid."""
    path = rules_path(folder)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        found = msgspec.convert(table, _File)
    except FileNotFoundError:
        return SavedRules()
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise SettingsInvalid(f"{path}: {error}.") from error
    for rule in found.rule:
        _check(rule, path)
    known = {rule.name for rule in (*SHIPPED, *found.rule)}
    if unknown := [name for name in found.off if name not in known]:
        raise SettingsInvalid(
            f"{path}: there is no rule {unknown[0]!r} to switch off. The rules: {', '.join(sorted(known))}."
        )
    return SavedRules(tuple(found.off), tuple(found.rule))


def _check(rule: Rule, path: Path) -> None:
    """Refuse what would fail at the first line. Raises SettingsInvalid."""
    if not rule.name.strip():
        raise SettingsInvalid(f"{path}: a rule has no name.")
    try:
        re.compile(rule.pattern).sub(rule.instead, "")
    except (re.error, IndexError) as error:
        raise SettingsInvalid(f"{path}: the rule {rule.name!r} cannot be used: {error}.") from error
