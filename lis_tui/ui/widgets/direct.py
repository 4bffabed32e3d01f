"""Lines that go straight to the compositor: through the net once, and kept while they look the same."""

from functools import cached_property, lru_cache
from typing import Self

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.containers import Horizontal
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size, Spacing
from textual.strip import Strip
from textual.widget import Widget

from lis_tui.ui.paint import Paint


class _Kept:
    """Lines as they were drawn, and what of the widget they were drawn for."""

    def __init__(self) -> None:
        self.begin(Size(0, 0), Spacing(), Color(0, 0, 0))
        self.is_stale = True

    def begin(self, size: Size, gutter: Spacing, ground: Color) -> None:
        """Forget all lines."""
        self.lines: dict[int, Strip] = {}
        self.size = size
        self.gutter = gutter
        self.ground = ground
        self.is_stale = False


class Direct(Widget):
    """A widget without padding or tint, which draws whole lines in the colours of a paint.

    Of borders it knows thin rules at its top and its left. Textual's box model and its colour filter would
    make five strips of each line, and a strip is dear: seven caches, which the garbage collector visits.
    """

    paint: Paint
    tone = "foreground on-background"
    """What lies behind every line."""

    @cached_property
    def _kept(self) -> "_Kept":
        return _Kept()

    @property
    def line_width(self) -> int:
        """How wide the content's lines are, the scroll bar's place included."""
        return self._kept.size.width - self._kept.gutter.left

    def draw_line(self, y: int) -> Strip:
        """Give a line of the content that went through `finished`."""
        raise NotImplementedError

    def finished(self, strip: Strip) -> Strip:
        """Give a line as wide as the widget, on its ground, without what may not reach a terminal."""
        base = self.paint.style(self.tone)
        rule = [Segment("│", self._rule())] * self._kept.gutter.left
        width = self.line_width
        if strip.cell_length > width:
            strip = strip.crop(0, width)
        segments = [*rule, *(Segment(text, _on(base, style)) for text, style, _ in strip)]
        if strip.cell_length < width:
            segments.append(Segment(" " * (width - strip.cell_length), base))
        return self._safe(segments)

    def _rule(self) -> Style:
        return self.paint.style("rule on-background")

    def _safe(self, segments: list[Segment]) -> Strip:
        for net in self.app.get_line_filters():
            # Every colour of a paint is a true one already.
            if not isinstance(net, ANSIToTruecolor):
                segments = net.apply(segments, self._kept.ground)
        return Strip(segments, self._kept.size.width)

    def render_line(self, y: int) -> Strip:
        """Draw one line, a rule at the top included."""
        top = self._kept.gutter.top
        if y < top:
            return self._safe([Segment("─" * self._kept.size.width, self._rule())])
        return self.draw_line(y - top)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give some lines: those that nobody asked to refresh are as they were."""
        kept = self._kept
        if kept.is_stale or kept.size != self.outer_size:
            kept.begin(self.outer_size, self.gutter, self.background_colors[1])
        lines = kept.lines
        for y in crop.line_range:
            if y not in lines:
                lines[y] = self.render_line(y)
        strips = [lines[y] for y in crop.line_range]
        left, right = crop.column_span
        if (left, right) == (0, kept.size.width):
            return strips
        return [strip.crop(left, right) for strip in strips]

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Have some regions of the content, or all, drawn again."""
        if not regions:
            self._kept.is_stale = True
        for region in regions:
            for y in region.line_range:
                self._kept.lines.pop(y + self._kept.gutter.top, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


@lru_cache(maxsize=4096)
def _on(base: Style, style: Style | None) -> Style:
    return base + style if style else base


class Covered(Horizontal):
    """A row of panes without a border: its children cover it, and nothing of it is drawn."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give empty lines."""
        return [_EMPTY] * crop.height


_EMPTY = Strip([])
