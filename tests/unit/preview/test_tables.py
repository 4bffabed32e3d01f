"""Tables as text: what is told of any that people write, and what is read of a large one."""

import csv
import io
from functools import cache

import pytest

from lis_tui.preview import decoders
from lis_tui.preview.file import HeldFile
from lis_tui.preview.parts import MOST_TEXT, Wanted
from tests.tables import sample, shown, table_of, types_of


class Counting(HeldFile):
    """A file that counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.read_bytes = 0

    def read_at(self, offset: int, count: int) -> bytes:
        data = super().read_at(offset, count)
        self.read_bytes += len(data)
        return data


@cache
def numbered(count: int, end: str = "\n", text: str = "some text") -> bytes:
    return f"number,text{end}".encode() + b"".join(f"{n},{text}{end}".encode() for n in range(count))


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [("cities.csv", "utf-8", ","), ("cities.tsv", "utf-16", "\t"), ("cities-semicolon.csv", "cp1252", ";")],
)
def test_a_sample_reads_as_the_standard_library_reads_it(name: str, encoding: str, delimiter: str) -> None:
    text = io.StringIO(sample(name).decode(encoding), newline="")
    head, *rows = csv.reader(text, delimiter=delimiter)
    preview = shown(sample(name))
    table = table_of(preview)
    assert [column.name for column in table.columns] == head
    assert [list(row) for row in table.rows] == rows
    assert table.rows_in_all == len(rows)
    assert types_of(table) == {
        "city": "text",
        "people": "integer",
        "km2": "number",
        "founded": "date",
        "is_capital": "boolean",
    }
    assert [column.is_number for column in table.columns] == [False, True, True, False, False]
    assert preview.facts[0] == f"{len(rows)} rows"


def test_a_decimal_comma_is_no_delimiter() -> None:
    table = table_of(shown(b"1,5;2,3\n1,5;4,5\n", "csv"))
    assert table.rows == (("1,5", "2,3"), ("1,5", "4,5"))


def test_the_first_line_may_tell_the_delimiter() -> None:
    table = table_of(shown(b"sep=^\na^b\n1^2\n", "csv"))
    assert types_of(table) == {"a": "integer", "b": "integer"}
    assert table.rows == (("1", "2"),)


def test_quotes_keep_delimiters_and_line_ends_in_a_cell() -> None:
    table = table_of(shown(b'a,b\r\n1,"x, ""y""\r\nz"\r\n2,w\r\n', "csv"))
    assert table.rows == (("1", 'x, "y"\r\nz'), ("2", "w"))


def test_a_quote_that_is_never_closed_does_not_swallow_the_table() -> None:
    table = table_of(shown(b'a,b\n1,"never\n' + b"2,3\n" * 300, "csv"))
    assert table.rows[:2] == (("1", '"never'), ("2", "3"))
    assert table.rows_in_all == 301


def test_rows_of_any_length_become_as_long_as_the_longest() -> None:
    table = table_of(shown(b"a|b|c\n1|2\n1|2|3|4\n", "csv"))
    assert table.rows == (("1", "2", None, None), ("1", "2", "3", "4"))
    assert [column.name for column in table.columns] == ["a", "b", "c", "column 4"]


def test_lines_may_end_as_on_old_macs() -> None:
    assert table_of(shown(b"a,b\r1,2\r3,4\r", "csv")).rows == (("1", "2"), ("3", "4"))


def test_a_table_without_a_header_says_so() -> None:
    preview = shown(b"1,2\n3,4\n", "csv")
    assert "no header" in preview.facts
    assert [column.name for column in table_of(preview).columns] == ["column 1", "column 2"]
    assert table_of(preview).rows_in_all == 2


def test_codes_with_leading_zeros_are_no_numbers() -> None:
    table = table_of(shown(b"plz,name\n01234,a\n04567,b\n", "csv"))
    assert types_of(table) == {"plz": "text", "name": "text"}


@pytest.mark.parametrize(
    "data", [b"\n\n", b"\xef\xbb\xbf", b'"', b",", b"\0\0", b"\xff\xfe", b"\xff\xfea\0", b"a", b"sep=,"]
)
def test_next_to_nothing_is_a_small_table(data: bytes) -> None:
    assert len(table_of(shown(data, "csv")).rows) <= 1


def test_only_the_head_and_some_places_of_a_large_table_are_read() -> None:
    file = Counting(numbered(200_000))
    preview = decoders.decode("csv", file, Wanted())
    assert file.read_bytes < 1_000_000 < file.size_bytes
    table = table_of(preview)
    assert table.rows_in_all is None
    assert preview.has_more
    assert preview.facts[0].startswith("about ")
    # So many there are, give or take what the estimate is off.
    assert float(preview.facts[0].split()[1]) == pytest.approx(200, rel=0.1)
    assert preview.facts[0].endswith("k rows")


@pytest.mark.parametrize("text", ["plain", '"with a\nline end"'])
@pytest.mark.parametrize("first", [0, 1, 499, 12_345, 99_999])
def test_any_row_can_be_asked_for(first: int, text: str) -> None:
    table = table_of(shown(numbered(100_000, text=text), "csv", first=first, count=3))
    assert [row[0] for row in table.rows] == [str(n) for n in range(first, min(first + 3, 100_000))]
    assert table.first == first


def test_empty_lines_on_the_way_are_no_rows() -> None:
    data = b"number,text\n" + b"".join(b"%d,x\n\n" % n for n in range(50_000))
    assert table_of(shown(data, "csv", first=40_000, count=1)).rows == (("40000", "x"),)


def test_the_last_page_knows_how_many_rows_there_are() -> None:
    preview = shown(numbered(200_000), "csv", first=199_990)
    assert table_of(preview).rows_in_all == 200_000
    assert not preview.has_more


def test_behind_the_end_is_nothing_and_it_is_said() -> None:
    preview = shown(numbered(200_000), "csv", first=5_000_000)
    assert table_of(preview).rows == ()
    assert "behind the end" in preview.note


def test_one_endless_line_is_shown_in_pieces() -> None:
    preview = shown(b"x" * 3_000_000, "csv")
    (first, *_) = table_of(preview).rows
    assert first[0] is not None
    assert len(first[0]) <= MOST_TEXT
    assert "longer than 1 MB" in preview.note


def test_a_cell_without_end_stops_the_reading() -> None:
    preview = shown(b"a,b\n1,2\n" * 10_000 + b'3,"' + b"x,\n" * 1_400_000, "csv", first=19_995)
    assert "a quote is not closed" in preview.note


def test_a_table_with_a_million_columns_shows_the_first() -> None:
    preview = shown(b"1," * 200_000 + b"\n", "csv")
    assert len(table_of(preview).columns) == 200
    assert "The first 200 of" in preview.note


def test_a_utf_16_table_is_paged_too() -> None:
    data = "".join(f"{n}\té\n" for n in range(50_000)).encode("utf-16")
    assert table_of(shown(data, "csv", first=40_000, count=1)).rows == (("40000", "é"),)


def test_numbers_with_thousands_are_integers() -> None:
    data = b"n;x\n12;a\n-3;a\n1,234;a\n+5;a\n"
    assert types_of(table_of(shown(data, "csv")))["n"] == "integer"
