"""Lines laid out in rows."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lis_tui.core.text import Line, Sanitiser, Span, Style
from lis_tui.ui.widgets.wrapping import RowMap, cuts, split

TEXTS = st.text(alphabet="ab 日é", max_size=40)


@given(TEXTS, st.integers(2, 12))
def test_rows_hold_the_whole_line_and_fit(text: str, width: int) -> None:
    edges = cuts(text, width)
    rows = [text[a:b] for a, b in pairwise(edges)]
    assert "".join(rows) == text
    assert all(cell_len(row) <= width for row in rows)
    assert len(rows) >= 1
    assert all(rows) or text == ""


@given(st.lists(st.tuples(TEXTS, st.sampled_from([1, 2])), max_size=8), st.integers(2, 12))
def test_spans_are_split_like_the_text(parts: list[tuple[str, int]], width: int) -> None:
    spans = tuple(Span(text, Style(fg=colour)) for text, colour in parts if text)
    line = Line("".join(span.text for span in spans), spans)
    edges = cuts(line.text, width)
    rows = split(line, width)
    texts = ["".join(span.text for span in row) for row in rows]
    assert texts == [line.text[a:b] for a, b in pairwise(edges)]
    looks = [(char, span.style) for row in rows for span in row for char in span.text]
    assert looks == [(char, span.style) for span in spans for char in span.text]


def test_a_row_is_found_after_old_lines_were_dropped() -> None:
    rows = RowMap(4)
    rows.add(Sanitiser().feed(b"abcdef\n\nxy\nabcdefghi\n"))
    assert [rows.find(row) for row in range(7)] == [(0, 0), (0, 1), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2)]
    rows.drop_before(2)
    assert (rows.first_row, rows.end_row, rows.end_line, rows.widest) == (3, 7, 4, 9)
    assert rows.find(5) == (3, 1)
    assert rows.top(3) == 4
