"""JSON, JSON lines and notebooks: what there is, up to where it ends."""

import base64
import io
import json

import pytest
from PIL import Image

from lis_tui.preview.parts import Item, Lines, Outline, Pixels, Preview
from tests.tables import items_of, lines_of, sample, shown


def outline(text: str | bytes, **asked: int) -> list[tuple[int, str, str]]:
    """Give depth, label and value of each item."""
    data = text.encode() if isinstance(text, str) else text
    return [(item.depth, item.label, item.value) for item in items_of(shown(data, "json", **asked))]


def note_of(text: str) -> str:
    return shown(text.encode(), "json").note


def notebook(*cells: object) -> Preview:
    return shown(json.dumps({"cells": cells, "nbformat": 4}).encode(), "notebook")


def test_an_outline_keeps_numbers_keys_and_order_as_written() -> None:
    text = '{"b": 1.10000000000000000001, "a": 1e400, "b": {"c": [true, null]}, "d": [], "e": {}}'
    assert outline(text) == [
        (0, "", "{5 keys}"),
        (1, "b", "1.10000000000000000001"),
        (1, "a", "1e400"),
        (1, "b", "{1 key}"),
        (2, "c", "[2 items]"),
        (3, "0", "true"),
        (3, "1", "null"),
        (1, "d", "[]"),
        (1, "e", "{}"),
    ]


def test_the_sample_has_every_value_that_python_reads() -> None:
    def values(value: object) -> list[object]:
        if isinstance(value, dict | list):
            return [
                one
                for inner in (value.values() if isinstance(value, dict) else value)
                for one in values(inner)
            ]
        return [value]

    read = values(json.loads(sample("data.json")))
    leaves = [item.value for item in items_of(shown(sample("data.json"))) if item.tone != "muted"]
    assert [json.loads(leaf) for leaf in leaves] == read


def test_texts_are_shown_as_they_are_meant() -> None:
    assert outline(r'["\u00e9\n", "\ud83d\ude00", "\ud800"]')[1:] == [
        (1, "0", '"é\n"'),
        (1, "1", '"😀"'),
        (1, "2", '"?"'),
    ]


def test_tones_tell_what_a_value_is() -> None:
    tones = [item.tone for item in items_of(shown(b'["a", 1, null, {}]', "json"))]
    assert tones == ["muted", "text", "number", "word", "muted"]


@pytest.mark.parametrize(
    ("text", "shown_values", "line", "column", "trouble"),
    [
        ('{"a": 1,\n "b":}', 2, 2, 6, "a value is missing"),
        ('{"a": 1,\n "b" 2}', 2, 2, 6, "a colon is missing"),
        ("[1 2]", 2, 1, 4, "a comma or a closing bracket is missing"),
        ("[1] x", 2, 1, 5, "there is more after its end"),
        ("[1,]", 2, 1, 4, "a value is missing"),
        ("{'a': 1}", 1, 1, 2, "a key in quotes or } is missing"),
        ('["a\nb"]', 1, 1, 2, "a text is not closed"),
        ("[1}", 2, 1, 3, "a comma or a closing bracket is missing"),
        ("", 0, 1, 1, "a value is missing"),
        ("[01]", 2, 1, 3, "a comma or a closing bracket is missing"),
    ],
)
def test_invalid_json_is_shown_up_to_its_error(
    text: str, shown_values: int, line: int, column: int, trouble: str
) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert len(outline(text)) == shown_values
    assert f"from line {line}, column {column} on: {trouble}" in note_of(text)


def test_what_is_not_closed_says_that_there_may_be_more() -> None:
    assert outline("[1, 2")[0] == (0, "", "[2 items or more]")


def test_values_can_be_asked_for_from_any_on() -> None:
    text = json.dumps(list(range(1000)))
    preview = shown(text.encode(), "json", first=500, count=3)
    assert items_of(preview) == tuple(Item(1, str(n), str(n), "number") for n in (499, 500, 501))
    assert (preview.has_more, preview.next_first) == (True, 503)


def test_all_pages_together_are_the_whole() -> None:
    text = json.dumps([{"id": n, "tags": ["x"] * (n % 3)} for n in range(300)])
    pages: list[tuple[int, str, str]] = []
    first: int | None = 0
    while first is not None:
        preview = shown(text.encode(), "json", first=first, count=70)
        pages += [(item.depth, item.label, item.value) for item in items_of(preview)]
        first = preview.next_first
    assert pages == outline(text, count=2000)


def test_of_a_huge_text_the_head_is_read() -> None:
    text = json.dumps([{"id": n} for n in range(100_000)])
    preview = shown(text.encode(), "json")
    assert items_of(preview)[0].value.endswith("items or more]")
    assert len(items_of(preview)) == 200
    assert "Only its first 262 kB are read." in preview.note
    further = shown(text.encode(), "json", first=30_001, count=2)
    assert [item.value for item in items_of(further)] == ["{1 key}", "15000"]


def test_a_text_without_end_shows_its_beginning() -> None:
    _, value = outline(b'["' + b"x" * 1_000_000)
    assert value[2].startswith('"xxx')
    assert value[2].endswith("…")


def test_endless_nesting_is_bounded() -> None:
    items = outline("[" * 50_000 + "]" * 50_000)
    assert len(items) == 101
    assert "deeper than 100 levels" in note_of("[" * 50_000)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le", "cp1252"])
def test_json_may_be_in_another_encoding(encoding: str) -> None:
    assert outline('{"größe": "fünf"}'.encode(encoding)) == [(0, "", "{1 key}"), (1, "größe", '"fünf"')]


def test_each_line_of_json_lines_is_an_item() -> None:
    preview = shown(sample("turns.jsonl"), first=10, count=2)
    items = items_of(preview)
    assert [(item.label, item.value) for item in items if item.depth == 0] == [
        ("11", "{3 keys}"),
        ("12", "{3 keys}"),
    ]
    assert [(item.label, item.value) for item in items[1:4]] == [
        ("turn", "10"),
        ("text", f'"{"word " * 10}"'),
        ("ok", "true"),
    ]
    assert (preview.has_more, preview.next_first, preview.facts[0]) == (True, 12, "30 lines")


def test_a_broken_line_leaves_the_others_whole() -> None:
    preview = shown(b'{"a": 1}\n\n{"b":\nnonsense\n[2]\n', "jsonl")
    tops = [(item.label, item.value) for item in items_of(preview) if item.depth == 0]
    assert tops == [
        ("1", "{1 key}"),
        ("2", "{0 keys or more} a value is missing"),
        ("3", "nonsense"),
        ("4", "[1 item]"),
    ]
    assert preview.note == "2 lines of these are no valid JSON."


def test_lines_of_any_length_are_cut() -> None:
    data = b'{"a": "' + b"x" * 3_000_000 + b'"}\n{"b": 1}\n'
    preview = shown(data, "jsonl")
    tops = [item.value for item in items_of(preview) if item.depth == 0]
    assert tops == ["{1 key or more}", "{1 key}"]
    assert preview.facts[0] == "2 lines"


def test_far_lines_are_reached() -> None:
    data = b"".join(b'{"n": %d}\n' % n for n in range(200_000))
    items = items_of(shown(data, "jsonl", first=150_000, count=1))
    assert [item.value for item in items] == ["{1 key}", "150000"]


def test_lines_in_utf_16_are_told_apart() -> None:
    preview = shown('{"a": "Ċ"}\n[2]\n'.encode("utf-16"), "jsonl")
    assert [item.value for item in items_of(preview)] == ["{1 key}", '"Ċ"', "[1 item]", "2"]


def test_a_notebook_shows_its_cells_and_what_came_of_them() -> None:
    preview = shown(sample("notebook.ipynb"))
    assert preview.facts == ("5 cells", "Python 3", "1 error")
    assert [(part.title, part.language) for part in lines_of(preview)] == [
        ("markdown", "markdown"),
        ("In [1]", "python"),
        ("stdout", ""),
        ("In [2]", "python"),
        ("In [3]", "python"),
        ("Out [3]", ""),
        ("In [4]", "python"),
        ("error", ""),
    ]
    assert lines_of(preview)[2].lines == ("hello",)
    assert lines_of(preview)[-1].lines == ("\x1b[31mZeroDivisionError\x1b[0m: division by zero",)


def test_a_figure_in_a_notebook_is_drawn() -> None:
    (drawn,) = [part for part in shown(sample("notebook.ipynb")).parts if isinstance(part, Pixels)]
    book = json.loads(sample("notebook.ipynb"))
    png = base64.b64decode(book["cells"][2]["outputs"][0]["data"]["image/png"])
    with Image.open(io.BytesIO(png)) as picture:
        assert drawn.data == picture.convert("RGBA").tobytes()


def test_a_picture_that_cannot_be_drawn_gives_way_to_the_text() -> None:
    data = {"image/png": "bm8gcGljdHVyZQ==", "text/plain": "a figure"}
    preview = notebook(
        {"cell_type": "code", "source": [], "outputs": [{"output_type": "display_data", "data": data}]}
    )
    assert lines_of(preview)[-1].lines == ("a figure",)
    assert preview.note == "1 picture not drawn."


@pytest.mark.parametrize("strange", [None, 1, "x", [], {}, [[]], [{}], {"a": []}])
def test_a_strange_notebook_is_shown_as_far_as_it_goes(strange: object) -> None:
    cell = {
        "cell_type": strange,
        "source": strange,
        "outputs": strange,
        "execution_count": strange,
    }
    output = {"output_type": strange, "data": strange, "text": strange, "traceback": strange, "name": strange}
    preview = notebook(cell, strange, {"cell_type": "code", "source": strange, "outputs": [output, strange]})
    assert preview.kind == "notebook"
    assert shown(json.dumps({"cells": strange, "metadata": strange}).encode(), "notebook").kind == "notebook"


def test_a_notebook_of_an_old_version_is_shown() -> None:
    cell = {
        "cell_type": "code",
        "input": ["1 + 1"],
        "prompt_number": 7,
        "outputs": [{"output_type": "pyout", "text": ["2"]}],
    }
    preview = shown(json.dumps({"worksheets": [{"cells": [cell]}]}).encode(), "notebook")
    assert [(part.title, part.lines) for part in lines_of(preview)] == [
        ("In [7]", ("1 + 1",)),
        ("shown", ("2",)),
    ]


def test_long_outputs_and_many_cells_are_cut() -> None:
    output = {"output_type": "stream", "text": "line\n" * 1000}
    cells = [{"cell_type": "code", "source": "x", "outputs": [output]}] * 50
    preview = notebook(*cells)
    assert sum(len(part.lines) for part in preview.parts if isinstance(part, Lines)) <= 2500
    assert preview.next_first == 10
    assert "lines of long texts left out" in preview.note


def test_what_is_no_notebook_after_all_is_json() -> None:
    (part,) = shown(b'{"cells": [', "notebook").parts
    assert isinstance(part, Outline)
