"""Safe lines turned into what Textual draws."""

from rich.style import Style as RichStyle

from lis_tui.core.text import Line, Sanitiser
from lis_tui.ui.styled import content, segments


def test_segments_lie_over_the_base_style() -> None:
    base = RichStyle(color="white", bgcolor="black")
    [line] = Sanitiser().feed(b"a\x1b[1;31mb\x1b[0;48;2;1;2;3mc\x07\n")
    looks = {segment.text: segment.style or RichStyle() for segment in segments(line, base)}
    assert looks["a"] == base
    assert looks["b"].bold
    assert looks["b"].bgcolor == base.bgcolor
    assert looks["c"].bgcolor is not None
    assert looks["c"].bgcolor.triplet == (1, 2, 3)
    assert looks["␇"].reverse
    assert segments(Line("plain"), base)[0].style == base
    assert segments(Line(), base) == []


def test_content_is_never_markup_and_joins_pieces() -> None:
    lines = [Line("[@click=app.quit]x", (), is_continued=True), Line("[/]"), Line(), Line("end")]
    made = content([*lines, *Sanitiser().feed(b"\x1b[3;91mred\x1b[0m\n")])
    assert made.plain == "[@click=app.quit]x[/]\n\nend\nred"
    [span] = made.spans
    assert made.plain[span.start : span.end] == "red"
    assert not isinstance(span.style, str)
    assert span.style.italic
