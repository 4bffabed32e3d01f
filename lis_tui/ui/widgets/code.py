"""A text area that colours what is typed, by pygments and the theme."""

from rich.style import Style
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

from lis_tui.ui.highlight import MOST_CHARACTERS, highlight
from lis_tui.ui.paint import Paint


class CodeArea(TextArea):
    """Edits program text; tab indents, esc is free for the dialog around it."""

    def __init__(self, text: str, language: str, paint: Paint, *, id: str = "code") -> None:  # noqa: A002  (Textual's word)
        self.language_name = language
        super().__init__(text, soft_wrap=True, show_line_numbers=False, tab_behavior="indent", id=id)
        tones = {tone: paint.style(tone) for tone in _TONES}
        self.register_theme(TextAreaTheme("lis", syntax_styles=tones, base_style=Style()))
        self.theme = "lis"

    def _build_highlight_map(self) -> None:
        """Colour the lines; columns are counted in bytes, as Textual wants them."""
        super()._build_highlight_map()
        text = self.document.text
        if not self.language_name or len(text) > MOST_CHARACTERS or "\t" in text:
            return
        for number, inks in enumerate(highlight(text, self.language_name)):
            column = 0
            for piece, tone in inks:
                end = column + len(piece.encode("utf-8", errors="replace"))
                if tone in _TONES:
                    self._highlights[number].append((column, end, tone))
                column = end


_TONES = tuple(f"syntax-{name}" for name in ("keyword", "string", "number", "comment", "name", "operator"))
