"""Program text is coloured as far as somebody looks, and the same however one comes to a line."""

from collections.abc import Iterator
from typing import Any

import pytest

from lis_tui.ui import highlight as highlighting
from lis_tui.ui.highlight import Highlighted, highlight

SOURCE = 'def f(x):\n    """Say\n    more."""\n    return x + 1  # one\n\n' * 200


@pytest.mark.parametrize("text", [SOURCE, SOURCE.rstrip("\n"), "", "\n", "x", "a\r\nb\rc\n"])
@pytest.mark.parametrize("language", ["python", "", "nothing-known"])
def test_lines_are_the_same_from_any_side(text: str, language: str) -> None:
    whole = highlight(text, language)
    lines = Highlighted(text, language)
    assert len(lines) == len(whole)
    assert [lines[number] for number in reversed(range(len(lines)))] == whole[::-1]
    with pytest.raises(IndexError):
        lines[len(lines)]


def test_no_more_is_coloured_than_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0
    coloured = highlighting._coloured

    def counted(*given: Any) -> Iterator[Any]:
        nonlocal taken
        for line in coloured(*given):
            taken += 1
            yield line

    monkeypatch.setattr(highlighting, "_coloured", counted)
    lines = Highlighted(SOURCE, "python")
    assert taken == 0
    assert lines[8]
    assert taken == 9
    lines.color(100_000)
    assert taken == len(lines) == 1001
