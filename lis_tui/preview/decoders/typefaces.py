"""Which fonts stand for those that a drawing names: resvg does not ask the system, as browsers do."""

import re

_SANS = ("Liberation Sans", "DejaVu Sans", "Noto Sans", "Arial", "Helvetica")
_SERIF = ("Liberation Serif", "DejaVu Serif", "Noto Serif", "Times New Roman", "Times")
_MONO = ("Liberation Mono", "DejaVu Sans Mono", "Noto Sans Mono", "Courier New", "Menlo")
_STAND_INS = dict.fromkeys(
    ("serif", "times", "times new roman", "georgia", "garamond", "palatino", "cambria"), _SERIF
)
_STAND_INS |= dict.fromkeys(("monospace", "courier", "courier new", "consolas", "menlo", "monaco"), _MONO)
_DECLARED = re.compile(r"(font-family\s*:)([^;{}]*)", re.IGNORECASE)


def stood_in(families: str) -> str:
    """Add to a list of families what may stand for them; an unknown one is taken for one without serifs."""
    named = [family.strip().strip("'\"").strip() for family in families.split(",")]
    stand_ins = next((_STAND_INS[name.lower()] for name in named if name.lower() in _STAND_INS), _SANS)
    first = [name for name in named if name and name.lower() not in ("serif", "sans-serif", "monospace")]
    return ", ".join(f"'{name}'" for name in dict.fromkeys((*first, *stand_ins)) if "'" not in name)


def in_style(style: str) -> str:
    """Do the same for each that a style declares."""
    return _DECLARED.sub(lambda found: f"{found[1]} {stood_in(found[2])}", style)
