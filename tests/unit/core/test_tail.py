"""The buffer that keeps the end of an output."""

from lis_tui.core.tail import MOST_AT_ONCE, TailBuffer


def texts(tail: TailBuffer) -> list[str]:
    return [line.text for line in tail.all_lines]


def test_the_last_lines_are_kept_and_all_are_counted() -> None:
    tail = TailBuffer(most_lines=3)
    for i in range(10):
        tail.feed(f"line {i}\n".encode())
    tail.feed(b"not ended")
    assert texts(tail) == ["line 7", "line 8", "line 9", "not ended"]
    assert (tail.first, tail.end, tail.total_lines, tail.total_bytes) == (7, 10, 11, 79)


def test_a_line_that_has_not_ended_may_be_rewritten() -> None:
    tail = TailBuffer()
    tail.feed(b"10%")
    tail.feed(b"\r20%")
    assert texts(tail) == ["20%"]
    tail.finish()
    assert [line.text for line in tail.lines] == ["20%"]
    assert tail.total_lines == 1


def test_memory_is_bounded_by_weight_too() -> None:
    tail = TailBuffer(most_weight=100_000)
    tail.feed(b"x" * 500_000 + b"\n")
    assert sum(len(line.text) for line in tail.lines) < 100_000
    many_colours = b"".join(b"\x1b[3%dmx" % (i % 8) for i in range(20_000))
    tail.feed(many_colours + b"\n")
    assert sum(len(line.spans) for line in tail.lines) < 4096 + 100_000 // 160


def test_of_a_very_large_piece_only_the_end_is_read() -> None:
    line = b"0123456789abcde\n"
    data = line * (4 * MOST_AT_ONCE // len(line))
    tail = TailBuffer(most_lines=100_000)
    tail.feed(data)
    assert tail.total_lines == data.count(b"\n")
    assert tail.total_bytes == len(data)
    assert "not shown here" in tail.lines[0].text
    assert tail.skipped_bytes + 16 * (len(tail.lines) - 1) == len(data)


def test_what_a_slow_reader_missed_is_said() -> None:
    tail = TailBuffer()
    tail.feed(b"\x1b[31mred")
    tail.skip(1234)
    tail.feed(b"after\n")
    assert texts(tail) == ["red", "… 1,234 bytes not shown here …", "after"]
    assert tail.lines[1].spans[0].is_escape
    assert tail.lines[2].spans == ()
