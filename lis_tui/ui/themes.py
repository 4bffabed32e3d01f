"""Colours as data: reads and checks `themes/*.toml`, ours and the user's, and turns them into Textual's."""

import re
import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct
from textual.theme import Theme

from lis_tui.core.data import data_folder
from lis_tui.core.errors import SettingsInvalid

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
PREFIX = "lis-"
"""Before a theme's name, so that Textual's own themes stay apart."""


class Roles(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What a colour is for."""

    background: str
    surface: str
    cursor: str
    selection: str
    foreground: str
    muted: str
    reasoning: str
    command: str
    output: str
    ok: str
    error: str
    warning: str
    human: str
    file_new: str
    file_changed: str
    file_gone: str
    accent: str
    rule: str


class Syntax(Struct, frozen=True, forbid_unknown_fields=True):
    """Colours of program text."""

    keyword: str
    string: str
    number: str
    comment: str
    name: str
    operator: str


class Terminal(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The sixteen colours that programs ask for by number."""

    black: str
    red: str
    green: str
    yellow: str
    blue: str
    magenta: str
    cyan: str
    white: str
    bright_black: str
    bright_red: str
    bright_green: str
    bright_yellow: str
    bright_blue: str
    bright_magenta: str
    bright_cyan: str
    bright_white: str


class Palette(Struct, frozen=True, forbid_unknown_fields=True):
    """One theme."""

    name: str
    is_dark: bool
    roles: Roles
    syntax: Syntax
    terminal: Terminal

    def colours(self) -> dict[str, str]:
        """Every colour by the name that tones and style sheets use."""
        named = _fields(self.roles)
        named.update({f"syntax-{name}": colour for name, colour in _fields(self.syntax).items()})
        named.update({f"terminal-{n}": colour for n, colour in enumerate(_fields(self.terminal).values())})
        return named


def read_theme(path: Path) -> Palette:
    """Read one theme. Raises SettingsInvalid with what is wrong and where."""
    try:
        palette = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Palette)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsInvalid(f"The theme {path} cannot be used: {error}.") from error
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", palette.name):
        raise SettingsInvalid(f"The theme {path} needs a name of small letters, digits and hyphens.")
    for name, colour in palette.colours().items():
        if not _COLOUR.fullmatch(colour):
            raise SettingsInvalid(
                f"The theme {path} gives {name} the colour {colour!r}; write it as #rrggbb."
            )
    return palette


def read_themes(*user_folders: Path) -> tuple[dict[str, Palette], list[str]]:
    """Read all themes by name, and a sentence for each that cannot be used; a user's replaces ours."""
    themes: dict[str, Palette] = {}
    problems: list[str] = []
    for folder in (data_folder("themes"), *user_folders):
        for path in sorted(folder.glob("*.toml")):
            try:
                palette = read_theme(path)
            except SettingsInvalid as error:
                problems.append(error.sentence)
            else:
                themes[palette.name] = palette
    return themes, problems


def textual_theme(palette: Palette) -> Theme:
    """Give the theme as Textual knows it; each role is a variable of the style sheets."""
    roles = palette.roles
    return Theme(
        name=PREFIX + palette.name,
        primary=roles.accent,
        secondary=roles.muted,
        accent=roles.accent,
        warning=roles.warning,
        error=roles.error,
        success=roles.ok,
        foreground=roles.foreground,
        background=roles.background,
        surface=roles.surface,
        panel=roles.cursor,
        dark=palette.is_dark,
        variables=_variables(palette),
    )


def _variables(palette: Palette) -> dict[str, str]:
    roles = palette.roles
    return palette.colours() | {
        "border": roles.accent,
        "border-blurred": roles.rule,
        "input-selection-background": roles.selection,
        "screen-selection-background": roles.selection,
        "screen-selection-foreground": roles.foreground,
        "scrollbar": roles.rule,
        "scrollbar-hover": roles.muted,
        "scrollbar-active": roles.accent,
        "scrollbar-background": roles.background,
        "scrollbar-background-hover": roles.background,
        "scrollbar-background-active": roles.background,
        "scrollbar-corner-color": roles.background,
    }


def _fields(part: Roles | Syntax | Terminal) -> dict[str, str]:
    return {name.replace("_", "-"): getattr(part, name) for name in part.__struct_fields__}
