"""The view of a command's whole output."""

from rich.style import Style as RichStyle
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from lis_tui.ui.widgets.output import MOST_WAITING, OutputView
from tests.hostile import PAYLOADS, danger


class Bench(App[None]):
    """A screen that holds nothing but the view."""

    def __init__(self, most_lines: int = 20_000) -> None:
        super().__init__()
        self.view = OutputView(most_lines=most_lines)

    def compose(self) -> ComposeResult:
        yield self.view


def numbered(start: int, end: int) -> bytes:
    return b"".join(b"line %d\n" % i for i in range(start, end))


def rows(view: OutputView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def fed(pilot: Pilot[None], data: bytes) -> None:
    app = pilot.app
    assert isinstance(app, Bench)
    app.view.feed(data)
    app.view.flush()
    await pilot.pause()


async def test_it_follows_at_the_end() -> None:
    async with Bench().run_test(size=(40, 10)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, numbered(0, 100))
        assert rows(view) == [f"line {i}" for i in range(90, 100)]
        assert view.new_lines == 0
        await fed(pilot, b"not en")
        assert rows(view)[-1] == "not en"
        await fed(pilot, b"\rnow rewritten")
        assert rows(view)[-1] == "now rewritten"


async def test_it_stands_still_while_one_reads_and_counts_what_is_new() -> None:
    async with Bench().run_test(size=(40, 10)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, numbered(0, 100))
        view.scroll_to(y=20, animate=False)
        await pilot.pause()
        before = rows(view)
        assert before[0] == "line 20"
        await fed(pilot, numbered(100, 112))
        assert rows(view) == before
        assert view.new_lines == 12
        view.follow()
        await pilot.pause()
        assert rows(view)[-1] == "line 111"
        assert view.new_lines == 0
        await fed(pilot, numbered(112, 115))
        assert rows(view)[-1] == "line 114"


async def test_scrolling_to_the_end_by_key_follows_again() -> None:
    async with Bench().run_test(size=(40, 10)) as pilot:
        view = pilot.app.query_one(OutputView)
        view.focus()
        await fed(pilot, numbered(0, 100))
        await pilot.press("home")
        await pilot.pause()
        assert not view.is_following
        view.scroll_end(animate=False)
        await pilot.pause()
        assert view.is_following


async def test_what_one_reads_stays_when_old_lines_are_dropped() -> None:
    async with Bench(most_lines=100).run_test(size=(40, 10)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, numbered(0, 100))
        view.scroll_to(y=50, animate=False)
        await pilot.pause()
        assert rows(view)[0] == "line 50"
        await fed(pilot, numbered(100, 130))
        assert rows(view)[0] == "line 50"
        assert view.scroll_offset.y == 20
        await fed(pilot, numbered(130, 190))
        assert rows(view)[0] == "line 90", "what was read is gone: the oldest kept line is next"
        assert len(view.tail.lines) == 100


async def test_long_lines_wrap_and_unwrap() -> None:
    async with Bench().run_test(size=(22, 6)) as pilot:
        view = pilot.app.query_one(OutputView)
        width = view.scrollable_content_region.width
        await fed(pilot, b"x" * (width + 3) + b"\n" + "日".encode() * width + b"\nend\n")
        assert rows(view)[:5] == ["x" * width, "xxx", "日" * (width // 2), "日" * (width // 2), "end"]
        view.wrap = False
        await pilot.pause()
        assert rows(view)[0].startswith("x" * width)
        assert rows(view)[2] == "end"
        assert view.virtual_size.width == 2 * width
        view.scroll_to(x=width, animate=False)
        await pilot.pause()
        assert rows(view)[0] == "xxx"


async def test_the_line_at_the_top_stays_when_the_width_changes() -> None:
    async with Bench().run_test(size=(80, 10)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, b"".join(b"%d " % i + b"word " * 14 + b"\n" for i in range(60)))
        view.scroll_to(y=30, animate=False)
        await pilot.pause()
        assert rows(view)[0].startswith("30 word")
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert rows(view)[0].startswith("30 word")
        assert rows(view)[1].startswith(("word", "ord", "rd", "d", " word"))


async def test_colours_are_kept_and_escapes_are_marked() -> None:
    async with Bench().run_test(size=(40, 5)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, b"\x1b[31mred\x1b[0m plain \x07\n")
        strip = view.render_line(0)
        looks = {segment.text: segment.style or RichStyle() for segment in strip}
        red = looks["red"].color
        assert red is not None
        assert red.number == 1
        assert looks["␇"].reverse


async def test_nothing_hostile_is_drawn() -> None:
    async with Bench().run_test(size=(60, 40)) as pilot:
        view = pilot.app.query_one(OutputView)
        payload = "\n".join(PAYLOADS.values())
        assert danger(payload, allowed="\n") != "", "the control: the payload is dangerous as it is"
        await fed(pilot, payload.encode("utf-8", "surrogatepass"))
        text = "".join(rows(view))
        assert danger(text) == ""
        assert "[@click=app.quit]x[/]" in text


async def test_a_selection_joins_the_rows_of_one_line() -> None:
    async with Bench(most_lines=5).run_test(size=(22, 6)) as pilot:
        view = pilot.app.query_one(OutputView)
        width = view.scrollable_content_region.width
        long = "abcdefghij" * 5
        await fed(pilot, numbered(0, 7) + long.encode() + b"\nlast\n")
        first = view._rows.first_row
        whole = view.get_selection(Selection(None, None))
        assert whole == ("\n".join(["line 4", "line 5", "line 6", long, "last"]), "\n")
        part = view.get_selection(Selection(Offset(2, first + 2), Offset(1, first + 4)))
        assert part == (f"ne 6\n{long[: width + 1]}", "\n")


async def test_the_selection_is_drawn() -> None:
    async with Bench().run_test(size=(40, 5)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, b"hello \x1b[1mworld\n")
        plain = [segment.style for segment in view.render_line(0)]
        pilot.app.screen.selections = {view: Selection(Offset(2, 0), Offset(8, 0))}
        await pilot.pause()
        texts = [segment.text for segment in view.render_line(0)]
        assert texts[:4] == ["he", "llo ", "wo", "rld"]
        assert [segment.style for segment in view.render_line(0)] != plain
        assert pilot.app.screen.get_selected_text() == "llo wo"


async def test_text_is_given_as_it_came() -> None:
    async with Bench().run_test(size=(22, 4)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, b"a" * 5000 + b"\nb\nc\nd\ne")
        assert view.get_text() == "a" * 5000 + "\nb\nc\nd\ne"
        assert view.get_text(only_visible=True) == "b\nc\nd\ne"


async def test_of_a_flood_the_end_is_shown_and_the_rest_counted() -> None:
    async with Bench().run_test(size=(40, 5)) as pilot:
        view = pilot.app.query_one(OutputView)
        chunk = b"0123456789abcde\n" * 4096
        pieces = 4 * MOST_WAITING // len(chunk)
        for _ in range(pieces):
            view.feed(chunk)
        view.feed(b"the end")
        view.finish()
        view.flush()
        await pilot.pause()
        assert view.tail.current is None
        assert rows(view)[-1] == "the end"
        assert view.tail.total_lines == pieces * 4096 + 1
        assert view.tail.total_bytes == pieces * len(chunk) + 7
        assert view.tail.skipped_bytes > 0
        assert sum("not shown here" in line.text for line in view.tail.lines) <= 1


async def test_what_is_fed_before_and_after_mounting_is_shown_in_time() -> None:
    app = Bench()
    app.view.feed(b"early\n")
    async with app.run_test(size=(40, 5)) as pilot:
        app.view.feed(b"late\n")
        while app.view.is_busy:
            await pilot.pause()
        assert rows(app.view)[:2] == ["early", "late"]


async def test_it_can_be_cleared() -> None:
    async with Bench().run_test(size=(40, 5)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, numbered(0, 100))
        view.clear()
        await fed(pilot, b"new\n")
        assert rows(view) == ["new", "", "", "", ""]


async def test_a_gap_is_said() -> None:
    async with Bench().run_test(size=(60, 5)) as pilot:
        view = pilot.app.query_one(OutputView)
        await fed(pilot, b"before\n")
        view.skip(5000)
        await fed(pilot, b"after\n")
        assert rows(view)[:3] == ["before", "… 5,000 bytes not shown here …", "after"]


async def test_a_large_output_in_one_piece_is_read_whole_and_ends_when_it_was_read() -> None:
    async with Bench().run_test(size=(40, 5)) as pilot:
        view = pilot.app.query_one(OutputView)
        view.feed(b"0123456789abcde\n" * 19_000 + b"no line end")
        view.finish()
        assert view.is_busy
        while view.is_busy:
            await pilot.pause()
        await pilot.pause()
        assert view.tail.skipped_bytes == 0
        assert len(view.tail.lines) == 19_001
        assert rows(view)[-1] == "no line end"


async def test_what_one_reads_stays_while_a_large_output_ends() -> None:
    async with Bench().run_test(size=(40, 5)) as pilot:
        view = pilot.app.query_one(OutputView)
        view.feed(numbered(0, 9_000))
        view.finish()
        view.is_following = False
        while view.is_busy:
            await pilot.pause()
        await pilot.pause()
        assert rows(view)[0] == "line 0"
