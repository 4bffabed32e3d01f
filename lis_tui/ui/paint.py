"""Tones to styles: what is drawn names a role, and the theme of the moment says how that looks.

A tone is words: a role (`ok`, `syntax-string`), `on-ROLE` for the background, `fg:` and `bg:` with a number
or `#rrggbb` for a program's own colours, and `bold dim italic underline strike reverse`. `@ID` stands for an
action of the table, which the mouse does there.
"""

from rich.color import Color
from rich.style import Style

from lis_tui.ui.themes import Palette

_ATTRIBUTES = frozenset({"bold", "dim", "italic", "underline", "strike", "reverse"})


class Paint:
    """The styles of one theme."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._colours = palette.colours()
        self._styles: dict[str, Style] = {}

    def style(self, tone: str) -> Style:
        """Give the style of a tone."""
        style = self._styles.get(tone)
        if style is None:
            if len(self._styles) > 4096:  # a program may print any number of colours
                self._styles.clear()
            style = self._styles[tone] = self._make(tone)
        return style

    def _make(self, tone: str) -> Style:
        front = back = None
        for word in tone.split():
            if word in _ATTRIBUTES or word.startswith("@"):
                continue
            if word.startswith("on-"):
                back = Color.parse(self._colours[word[3:]])
            elif word.startswith("fg:"):
                front = self._own(word[3:])
            elif word.startswith("bg:"):
                back = self._own(word[3:])
            else:
                front = Color.parse(self._colours[word])
        extra = " ".join(word for word in tone.split() if word in _ATTRIBUTES)
        style = Style.from_color(front, back) + Style.parse(extra)
        pressed = next((word[1:] for word in tone.split() if word.startswith("@")), "")
        return style + Style.from_meta({"@click": f"screen.do({pressed!r})"}) if pressed else style

    def _own(self, word: str) -> Color:
        """Give a program's colour; the sixteen that have names are the theme's."""
        if word.startswith("#"):
            return Color.parse(word)
        number = int(word)
        if number < 16:
            return Color.parse(self._colours[f"terminal-{number}"])
        return Color.from_rgb(*Color.from_ansi(number).get_truecolor())
