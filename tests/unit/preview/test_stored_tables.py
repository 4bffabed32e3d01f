"""Parquet, workbooks and databases: what their own libraries read is what is shown."""

import io
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

import fastexcel
import pyarrow
import pyarrow.parquet
import pytest

from lis_tui.preview.decoders import database as database_file
from lis_tui.preview.file import HeldFile
from lis_tui.preview.kinds import kind_of
from lis_tui.preview.parts import CannotShow, Table
from tests.tables import part_of, sample, shown, table_of, types_of, with_part

SHEET = "xl/worksheets/sheet1.xml"
BEGIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def database(script: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as made:
        made.executescript(script)
        return made.serialize()


def pages_of(data: bytes) -> Iterator[tuple[Table, str]]:
    for page in range(shown(data).pages):
        preview = shown(data, page=page)
        yield table_of(preview), preview.note


def test_the_samples_are_told_by_their_content() -> None:
    expected = {"rows.parquet": "parquet", "workbook.xlsx": "xlsx", "shop.sqlite": "sqlite"}
    assert {name: kind_of(HeldFile(sample(name))) for name in expected} == expected


def test_parquet_shows_the_types_of_its_schema_and_its_values() -> None:
    preview = shown(sample("rows.parquet"), count=4)
    table = table_of(preview)
    read = pyarrow.parquet.read_table(io.BytesIO(sample("rows.parquet")))
    assert types_of(table) == {field.name: str(field.type) for field in read.schema}
    assert table.rows[3] == ("3", "1.5", "['a', 'b']", "2024-02-29 12:30:00+00:00", None)
    assert preview.facts[:3] == ("250 rows", "5 columns", "3 row groups")
    assert [column.is_number for column in table.columns] == [True, True, False, False, False]
    assert preview.has_more


@pytest.mark.parametrize("first", [0, 98, 100, 199, 245, 250, 9999])
def test_parquet_rows_come_from_any_row_group(first: int) -> None:
    table = table_of(shown(sample("rows.parquet"), first=first, count=5))
    assert [row[0] for row in table.rows] == [str(n) for n in range(first, min(first + 5, 250))]
    assert table.rows_in_all == 250


def test_parquet_moments_that_python_does_not_know_are_shown_too() -> None:
    moments = pyarrow.array([2**62], pyarrow.timestamp("ns", "Europe/Berlin"))
    table = pyarrow.table({"fine": moments, "length": pyarrow.array([5], pyarrow.duration("ns"))})
    packed = io.BytesIO()
    pyarrow.parquet.write_table(table, packed)
    (row,) = table_of(shown(packed.getvalue())).rows
    assert row == ("2116-02-20 23:53:38.427387904 UTC", "5 duration[ns]")


def test_a_parquet_footer_that_claims_too_much_is_refused() -> None:
    data = sample("rows.parquet")
    with pytest.raises(CannotShow, match="too large, or damaged"):
        shown(data[:-8] + b"\xff\xff\xff\x7fPAR1")


def test_a_parquet_column_whose_name_is_no_text_is_refused() -> None:
    data = sample("rows.parquet").replace(b"number", b"n\xa6mber")
    with pytest.raises(CannotShow, match="cannot be read"):
        shown(data)


def test_a_workbook_shows_saved_values_dates_and_shares() -> None:
    preview = shown(sample("workbook.xlsx"))
    table = table_of(preview)
    assert types_of(table) == {
        "what": "text",
        "date": "date",
        "amount": "number",
        "share": "number",
        "is paid": "boolean",
    }
    assert table.rows[1] == ("food", "2024-02-29", "25", "20%", "FALSE")
    assert table.title == "Budget 2024"
    assert (preview.pages, preview.facts) == (3, ("3 sheets", "Budget 2024, Notes, Hidden"))
    assert table.rows_in_all == 4


def test_a_workbook_reads_as_another_library_reads_it() -> None:
    other = (
        fastexcel.read_excel(sample("workbook.xlsx")).load_sheet(0, dtypes="string").to_arrow().to_pylist()
    )
    rows = table_of(shown(sample("workbook.xlsx"))).rows
    assert [row[0] for row in rows] == [row["what"] for row in other]
    assert [row[2] for row in rows] == [row["amount"] for row in other]
    assert [f"{row[1]} 00:00:00" for row in rows] == [row["date"] for row in other]


def test_the_cells_of_a_sheet_stay_where_they_are() -> None:
    table = table_of(shown(sample("workbook.xlsx"), page=1))
    assert [column.name for column in table.columns] == ["A", "B", "C"]
    assert table.rows[1] == (None, "alone", None)
    assert table.rows[3] == (None, None, "18:45:00")
    assert table.rows[4] == (None, None, "#DIV/0!")


def test_formulas_without_a_value_are_shown_as_written() -> None:
    preview = shown(sample("formulas.xlsx"))
    assert table_of(preview).rows[0][3] == "=C2/SUM(C$2:C$5)"
    assert preview.note == "4 formulas without a saved value: as written."


def test_a_hidden_sheet_says_so() -> None:
    assert table_of(shown(sample("workbook.xlsx"), page=2)).title == "Hidden (hidden)"


def test_an_opendocument_spreadsheet_is_shown() -> None:
    preview = shown(sample("workbook.ods"))
    assert table_of(preview).rows[1][:3] == ("food", "2024-02-29", "25")
    assert preview.pages == 3


@pytest.mark.parametrize("package", ["fastexcel", "pyarrow"])
def test_a_package_that_is_missing_is_named_with_its_extra(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "lis_tui.preview.decoders.other_sheets", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(CannotShow, match=rf"takes {package}.*lis-tui\[tables\]"):
        shown(sample("workbook.ods"))
    assert table_of(shown(sample("workbook.xlsx"))).rows_in_all == 4


def test_two_distant_cells_do_not_fill_the_memory() -> None:
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    table = table_of(shown(with_part("workbook.xlsx", SHEET, BEGIN + cells + b"</sheetData></worksheet>")))
    assert table.rows[0] == ("1",)
    assert len(table.rows) == 200


def test_a_sheet_that_unpacks_without_end_shows_its_beginning() -> None:
    row = b"<row><c><v>7</v></c></row>"
    preview = shown(with_part("workbook.xlsx", SHEET, BEGIN + row + b" " * 40_000_000))
    assert table_of(preview).rows == (("7",),)
    assert "too large to be read to its end" in preview.note


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>', "entities"),
        (b"<a>" * 100_000, "nested"),
        (b"<worksheet><row", "damaged"),
        (b'<?xml version="1.0" encoding="UTD-8"?><worksheet/>', "unknown encoding"),
        (b'<worksheet x="' + b"x" * 4_000_000, "never ends"),
    ],
)
def test_a_hostile_sheet_is_refused_with_the_reason(sheet: bytes, why: str) -> None:
    with pytest.raises(CannotShow, match=why):
        shown(with_part("workbook.xlsx", SHEET, sheet))


def test_shared_texts_that_do_not_exist_are_named() -> None:
    sheet = part_of("workbook.xlsx", SHEET).replace(b't="s"><v>0</v>', b't="s"><v>99999</v>')
    table = table_of(shown(with_part("workbook.xlsx", SHEET, sheet)))
    assert table.columns[0].name == "(a text out of reach)"


def test_the_other_formats_are_refused_where_they_unpack_to_too_much() -> None:
    data = with_part("workbook.ods", "settings.xml", b" " * 60_000_000)
    with pytest.raises(CannotShow, match="unpacks to more than 48 MB"):
        shown(data, "xlsx")


def test_tables_and_views_of_a_database_are_pages() -> None:
    data = sample("shop.sqlite")
    (item, _), (odd, _), (cheap, _) = pages_of(data)
    assert types_of(item) == {"id": "INTEGER", "name": "TEXT", "price": "REAL", "picture": "BLOB"}
    assert item.rows[6] == ("7", "item 7", None, "00 01 02 03 04 05 06")
    assert item.rows_in_all == 40
    assert (odd.title, odd.rows) == ('table odd "name', (("1", "x"),))
    assert (cheap.title, cheap.rows) == ("view cheap", (("item 1", "0.75"), ("item 2", "1.5")))
    assert shown(data).facts == ("2 tables", "1 view")


def test_rows_of_a_database_can_be_asked_for() -> None:
    preview = shown(sample("shop.sqlite"), first=30, count=5)
    table = table_of(preview)
    assert [row[0] for row in table.rows] == ["31", "32", "33", "34", "35"]
    assert (table.first, table.rows_in_all, preview.has_more) == (30, 40, True)


def test_views_that_never_end_are_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_file, "MOST_S", 0.05)
    data = database(
        "CREATE TABLE t (a); INSERT INTO t VALUES (1);"
        "CREATE VIEW round1 AS SELECT * FROM round2; CREATE VIEW round2 AS SELECT * FROM round1;"
        "CREATE VIEW forever AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT count(*) AS c FROM n;"
    )
    found = {table.title: note for table, note in pages_of(data)}
    assert found["table t"] == ""
    assert "circularly defined" in found["view round1"]
    assert "was broken off" in found["view forever"]


def test_a_view_may_only_read() -> None:
    data = database("CREATE TABLE t (a); CREATE VIEW evil AS SELECT load_extension('/tmp/x.so') AS c;")
    _, (table, note) = pages_of(data)
    assert table.rows == ()
    assert "load_extension" in note


def test_virtual_tables_are_named_and_not_opened() -> None:
    data = database("CREATE VIRTUAL TABLE found USING fts5(x); INSERT INTO found VALUES ('y');")
    table, note = next(pages_of(data))
    assert (table.title, table.rows) == ("virtual table found", ())
    assert note == "It is a virtual table: its rows are not read."


def test_a_missing_write_ahead_log_is_said() -> None:
    data = bytearray(sample("shop.sqlite"))
    data[18:20] = b"\x02\x02"
    preview = shown(bytes(data))
    assert len(table_of(preview).rows) == 40
    assert "-wal" in preview.note


def test_huge_blobs_are_not_taken_whole() -> None:
    data = database("CREATE VIEW big AS SELECT zeroblob(40000000) AS z, hex(zeroblob(10000000)) AS t;")
    (row,) = table_of(shown(data)).rows
    assert all(cell is not None and len(cell) <= 4000 for cell in row)


def test_a_damaged_database_says_so() -> None:
    spoilt = sample("shop.sqlite")[:1500] + b"\xff" * 3620
    assert "cannot be read to the end" in shown(spoilt).note
    with pytest.raises(CannotShow, match="cannot be read"):
        shown(spoilt[:120] + b"\xff" * 5000, "sqlite")


def test_of_a_huge_database_the_beginning_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    data = database(
        "CREATE TABLE early (a, b); CREATE TABLE wide (a, b); "
        "CREATE VIEW counts AS SELECT count(*) AS c FROM wide;"
        "INSERT INTO early VALUES (1, 'x'), (2, 'y');"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
        "INSERT INTO wide SELECT i, hex(zeroblob(100)) FROM n;"
    )
    assert [table.rows_in_all for table, _ in pages_of(data)] == [2, 5000, 1]
    monkeypatch.setattr(database_file, "_MOST_BYTES", 100_000)
    (early, _), (wide, note), (counts, broken) = pages_of(data)
    assert early.rows == (("1", "x"), ("2", "y"))
    assert [row[0] for row in wide.rows] == [str(n) for n in range(1, 201)]
    assert wide.rows_in_all is None
    assert note == broken == "Only the first 100 kB are read; rows that lie further on are missing."
    assert counts.rows == ()
    far = shown(data, page=1, first=4000)
    assert table_of(far).rows == ()
    assert far.note == note
