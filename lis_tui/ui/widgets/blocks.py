"""A list of blocks of any number: only what is on the screen is built, and nothing jumps while it grows."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row, cells, cut
from lis_tui.ui.widgets.direct import Direct
from lis_tui.ui.widgets.heights import Heights

MOST_CACHED = 512
FRESH = 64
"""How many blocks at the end are looked at for changes on each update, and measured when they come."""
_NOTHING = Strip.blank(0)


@dataclass
class _Drawn:
    """A block's lines as it looks now; those that were on the screen also as strips, with their place."""

    version: Hashable
    lines: list[list[Ink]]
    strips: dict[int, tuple[int, Strip]] = field(default_factory=dict)


class BlockList(Direct, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows blocks one below the other under a fixed title; subclasses say what a block is.

    A block is known by its number. Its rows are asked for with `is_lit` False to learn its height only,
    so that colouring text costs nothing; of blocks that nobody has seen the height is guessed.
    """

    # Arrows and the keys for the ends move the cursor, as the table of actions says.
    BINDINGS = [
        Binding("pageup", "page_up", "page up", show=False),
        Binding("pagedown", "page_down", "page down", show=False),
    ]
    DEFAULT_CSS = """
    BlockList { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    class Moved(Message):
        """The cursor is on another block."""

        def __init__(self, pane: "BlockList", number: int) -> None:
            super().__init__()
            self.pane = pane
            self.number = number

    class Opened(Message):
        """The person wants more of a block."""

        def __init__(self, pane: "BlockList", number: int) -> None:
            super().__init__()
            self.pane = pane
            self.number = number

    has_bar = True
    """The block under the cursor has a bar at its left; else its whole ground is coloured."""

    usual_height = 3
    """Taken for the height of a block that nobody has seen."""

    def __init__(self, paint: Paint, *, id: str) -> None:  # noqa: A002  (Textual's word)
        super().__init__(id=id)
        self.paint = paint
        self.cursor = 0
        self.is_following = True
        self.is_held = False
        """The person reads a block that is not the last: the end is not followed, though it is in sight."""
        self.unseen = 0
        self.tabs: list[Ink] | None = None
        self._heights = Heights(self._measure, self.usual_height)
        self._cache: OrderedDict[tuple[int, bool], _Drawn] = OrderedDict()
        self._width = 0
        self._is_moving = False

    # ---- what subclasses say

    def block_count(self) -> int:
        """How many blocks there are."""
        raise NotImplementedError

    def block_version(self, number: int) -> Hashable:
        """Something that differs when the block looks different."""
        raise NotImplementedError

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give the rows of a block."""
        raise NotImplementedError

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Give the title, left and right."""
        raise NotImplementedError

    def note(self) -> list[Ink]:
        """Give what the title says at its right where tabs take its place."""
        return []

    def is_countable(self, number: int) -> bool:
        """Whether a block that arrives unseen is counted in the title."""
        return True

    # ---- growing

    def update_blocks(self, *, is_whole: bool = False, first: int | None = None) -> None:
        """Look for what is new: from `first` on, or anywhere (`is_whole`), else near the end."""
        count = self.block_count()
        known = len(self._heights)
        start = 0 if is_whole else min(count, known) - FRESH if first is None else first
        changed = self._heights.changed(max(start, 0), min(count, known), self.block_version)
        if not changed and count == known and not is_whole:
            return
        self._grow(changed, known, count)

    def show_place(self, first: int) -> None:
        """Show the end of a run at another place of it; what stands before `first` looks as it did."""
        self.is_held = False
        self.is_following = True
        self.unseen = 0
        # The newest block of either place may look otherwise only because it is the newest.
        self.update_blocks(first=min(first, len(self._heights), self.block_count()) - 2)

    def _grow(self, changed: list[int], known: int, count: int) -> None:
        anchor = self._anchor()
        before = self._arrangement()
        self._heights.resize(count, changed)
        self._heights.look(max(known, count - FRESH), count)
        if not self.is_following:
            self.unseen += sum(1 for n in range(known, count) if self.is_countable(n))
        self.cursor = min(self.cursor, max(count - 1, 0))
        self._settle(anchor)
        if self._arrangement() == before and len(changed) == 1:
            self._refresh_block(changed[0])
        else:
            self.refresh()

    def _arrangement(self) -> Hashable:
        """Give what would move the lines of blocks that look as before."""
        return self.scroll_y, self._heights.total, len(self._heights), self.cursor, self.unseen

    def _refresh_block(self, number: int) -> None:
        y = round(self.scroll_y)
        first = max(self._heights.top(number) - y, 0)
        last = min(self._heights.end(number) - y, self.size.height - 1)
        if first < last:
            self.refresh(Region(0, first + 1, self.size.width, last - first))

    def _measure(self, number: int) -> tuple[Hashable, int]:
        height = sum(row.height(self._width) for row in self.block_rows(number, is_lit=False))
        return self.block_version(number), height

    def _anchor(self) -> tuple[int, int]:
        """Which block is at the top of the pane, and how far into it."""
        line = round(self.scroll_y)
        number = self._heights.at(line)
        return number, line - self._heights.top(number)

    def _settle(self, anchor: tuple[int, int]) -> None:
        """Keep under the reader's eyes what was there, or the end where it is followed."""
        self._is_moving = True
        try:
            self._put(anchor)
            # What comes into sight is measured, which may move it.
            while self._heights.look_between(round(self.scroll_y), round(self.scroll_y) + self.size.height):
                self._put(anchor)
        finally:
            self._is_moving = False

    def _put(self, anchor: tuple[int, int]) -> None:
        size = Size(self._width, self._heights.total + 1)
        if size != self.virtual_size:
            # To assign it would lay the whole screen out anew, thirty times a second.
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)
        y: float = self.max_scroll_y
        if not self.is_following:
            number = min(anchor[0], max(len(self._heights) - 1, 0))
            y = self._heights.top(number) + anchor[1]
        if y != self.scroll_y:
            self.scroll_to(y=y, animate=False)

    def rebuild(self) -> None:
        """Measure everything again: another width, theme or content."""
        anchor = self._anchor()
        self._forget()
        self._heights.clear()
        self._grow([], 0, self.block_count())
        self._settle(anchor)

    def on_resize(self, event: events.Resize) -> None:
        """Fold to the new width."""
        width = max(self.scrollable_content_region.width, 1)
        if width != self._width:
            self._width = width
            unseen = self.unseen
            self.rebuild()
            self.unseen = unseen
        elif self.is_following:
            self._settle((0, 0))

    def repaint(self, paint: Paint) -> None:
        """Draw with another theme."""
        self.paint = paint
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._cache.clear()

    # ---- moving

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Draw the focus: the title and the block under the cursor. No style of Textual depends on it."""
        self.refresh_title()
        if self.cursor < len(self._heights):
            self._refresh_block(self.cursor)

    def _on_focus(self, event: events.Focus) -> None:
        # Textual's answer draws the whole pane, and a key waits for that.
        event.prevent_default()
        self.has_focus = True

    def _on_blur(self, event: events.Blur) -> None:
        event.prevent_default()
        self.has_focus = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow exactly while the end is in sight."""
        super().watch_scroll_y(old_value, new_value)
        if not self._is_moving:
            self.is_following = not self.is_held and new_value >= self.max_scroll_y
        if self.is_following:
            self.unseen = 0
        if not self._is_moving:
            anchor, y = self._anchor(), round(new_value)
            if self._heights.look_between(y, y + self.size.height):
                self._settle(anchor)

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.is_held = False
        self.is_following = True
        self.unseen = 0
        self.move_to(max(self.block_count() - 1, 0), is_scrolling=False)
        self._settle((0, 0))
        self.refresh()

    def move_to(self, number: int, *, is_scrolling: bool = True) -> None:
        """Put the cursor on a block and bring it into sight."""
        count = self.block_count()
        if not count:
            return
        number = min(max(number, 0), count - 1)
        if number != self.cursor:
            self.cursor = number
            self.post_message(self.Moved(self, number))
        if is_scrolling:
            self.reveal(number)
        self.refresh()

    def reveal(self, number: int) -> None:
        """Scroll as little as needed to show a block; of a tall one its beginning."""
        if not self._look_around(number):
            return
        top, bottom = self._heights.top(number), self._heights.end(number)
        at = round(self.scroll_y)
        if top < at or bottom - top > self._room:
            self.scroll_to(y=top, animate=False)
        elif bottom > at + self._room:
            self.scroll_to(y=bottom - self._room, animate=False)

    def reveal_end(self, number: int) -> None:
        """Scroll so that a block's last line is at the bottom."""
        if self._look_around(number):
            self.scroll_to(y=max(self._heights.end(number) - self._room, 0), animate=False)

    def _look_around(self, number: int) -> bool:
        """Measure what will be seen with a block; False where there is no such block."""
        if number >= len(self._heights):
            return False
        anchor = self._anchor()
        if self._heights.look_around(number, self._room):
            self._settle(anchor)
        return True

    @property
    def _room(self) -> int:
        return max(self.scrollable_content_region.height - 1, 1)

    @property
    def has_lines(self) -> bool:
        """Whether it has a size, and blocks measured for it."""
        return bool(self._width) and bool(self._heights)

    def is_in_sight(self, number: int) -> bool:
        """Whether the last line of a block is on the screen."""
        if number >= len(self._heights):
            return False
        at = round(self.scroll_y)
        return at < self._heights.end(number) <= at + max(self.size.height - 1, 1)

    def on_mouse_scroll_down(self) -> None:
        """Who turns the wheel down to the end wants to follow it."""
        self.is_held = False

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points; twice opens."""
        if event.y < 1 or self.text_selection:
            return
        number = self._heights.at(event.y - 1 + round(self.scroll_y))
        self.move_to(number, is_scrolling=False)
        if event.chain == 2:
            self.post_message(self.Opened(self, number))

    # ---- drawing

    def draw_line(self, y: int) -> Strip:
        """Draw one line of the pane."""
        if y == 0:
            return self._title_strip()
        line = y - 1 + round(self.scroll_y)
        selection = self.text_selection
        if selection is None:
            return self._line_strip(line)
        strip = self._selected(self._whole(self._line(line)), line + 1, selection)
        return self.finished(strip.apply_offsets(0, line + 1))

    def _line_strip(self, line: int) -> Strip:
        """Give a line as it is written; the same strip while nothing changes, for Textual caches by strip."""
        if line >= self._heights.total:
            return self.finished(_NOTHING)
        number = self._heights.at(line)
        kept = self._drawn(number).strips
        place = line - self._heights.top(number)
        found = kept.get(place)
        if found is None or found[0] != line:
            strip = self._whole(self._line(line)).apply_offsets(0, line + 1)
            found = kept[place] = (line, self.finished(strip))
        return found[1]

    def _whole(self, strip: Strip) -> Strip:
        """Give a line that can be selected to its right end."""
        return strip.extend_cell_length(self.line_width)

    def _title_strip(self) -> Strip:
        width = self.size.width
        left, right = self.title() if self.tabs is None else (self.tabs, self.note())
        if self.unseen and not self.is_following:
            right = [(f"↓ {self.unseen} new ", "accent")]
        left = cut(left, max(width - cells(right), 0))
        gap = max(width - cells(left) - cells(right), 0)
        return self.finished(self._strip([*left, (" " * gap, ""), *right]))

    def _line(self, line: int) -> Strip:
        if line >= self._heights.total:
            return _NOTHING
        number = self._heights.at(line)
        drawn = self._drawn(number)
        place = line - self._heights.top(number)
        is_current = number == self.cursor and self.has_focus
        return self._strip(drawn.lines[place], is_current) if place < len(drawn.lines) else _NOTHING

    def _drawn(self, number: int) -> _Drawn:
        key = (number, number == self.cursor and self.has_focus)
        version = self._heights.version(number)
        drawn = self._cache.get(key)
        if drawn is None or drawn.version != version:
            rows = self.block_rows(number, is_lit=True)
            drawn = _Drawn(version, [line for row in rows for line in row.lines(self._width)])
            self._cache[key] = drawn
            if len(self._cache) > MOST_CACHED:
                self._cache.popitem(last=False)
        return drawn

    def _strip(self, inks: list[Ink], is_current: bool = False) -> Strip:
        strip = Strip([Segment(text, self.paint.style(tone)) for text, tone in inks])
        if is_current and self.has_bar and inks:
            bar = Strip([Segment("▎", self.paint.style("accent"))])
            return Strip.join([bar, strip.crop(1, max(strip.cell_length, 1))])
        if is_current and not self.has_bar:
            ground = self.paint.style("on-cursor")
            return strip.adjust_cell_length(self._width).apply_style(ground)
        return strip

    # ---- selecting with the mouse

    def _selected(self, strip: Strip, line: int, selection: Selection) -> Strip:
        span = selection.get_span(line)
        if span is None:
            return strip
        start, end = span
        end = strip.cell_length if end == -1 else end
        before, middle, after = strip.divide([start, max(end, start), strip.cell_length])
        return Strip.join([before, middle.apply_style(self.paint.style("reverse")), after])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Give the selected text."""
        first = selection.start.y if selection.start is not None else 0
        self._heights.look_between(
            first - 1, self._heights.total if selection.end is None else selection.end.y
        )
        last = selection.end.y if selection.end is not None else self._heights.total
        lines = [""] * first
        lines += [self._line(line - 1).text.rstrip() for line in range(max(first, 1), last + 1)]
        return selection.extract("\n".join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the new selection."""
        self.refresh()

    def refresh_title(self) -> None:
        """Draw the title again."""
        self.refresh(Region(0, 0, self.size.width, 1))


Chooser = Callable[[int], bool]
"""Tells whether a block is one to stop at."""
