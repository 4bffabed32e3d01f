"""The editor: what it was not asked to touch stays as it is, byte for byte."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lis_tui.core.events import FileEntry
from lis_tui.core.messages import Observation
from lis_tui.tools.editor import Editor
from lis_tui.tools.registry import default_tools
from lis_tui.tools.textfile import Change, TextFile, diff
from tests.fakes import FakeStep, MemorySandbox

F = "/testbed/f.txt"


class Desk:
    """An editor before a sandbox with files."""

    def __init__(self, **files: bytes) -> None:
        self.sandbox = MemorySandbox()
        self.sandbox.is_up = True
        for name, data in files.items():
            self.sandbox.files[F if name == "f" else name] = data
        self.editor = Editor()

    async def do(self, command: str, path: str = F, **arguments: object) -> Observation:
        """Carry out one command of the editor."""
        made: dict[str, object] = {"command": command, "path": path, **arguments}
        assert self.editor.problem(made) == ""
        return await self.editor.run(made, FakeStep(Path(), self.sandbox))

    @property
    def data(self) -> bytes:
        """What the file holds."""
        return self.sandbox.files[F]


# ---- bytes in, bytes out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\tb\n\tc\n", b"a\tX\n\tc\n"),
        (b"a b", b"a X"),
        (b"a b\r\nc\r\n", b"a X\r\nc\r\n"),
        (b"\xef\xbb\xbfa b\n", b"\xef\xbb\xbfa X\n"),
        (b"caf\xe9 b\n", b"caf\xe9 X\n"),
        ("naïve b ".encode() + b"\xff\xfe\n", "naïve X ".encode() + b"\xff\xfe\n"),
        (b"b\x0c\x0b\x85\n\n\n", b"X\x0c\x0b\x85\n\n\n"),
        (b"b \r mac\r", b"X \r mac\r"),
    ],
)
async def test_only_what_was_replaced_changes(before: bytes, after: bytes) -> None:
    desk = Desk(f=before)
    got = await desk.do("str_replace", old_str="b", new_str="X")
    assert got.status == "done", got.text
    assert desk.data == after


@given(
    st.binary(max_size=60).filter(lambda data: b"\0" not in data and b"@" not in data), st.text(max_size=8)
)
async def test_any_bytes_around_an_edit_survive_it_and_its_undo(around: bytes, new: str) -> None:
    if "\0" in new or new == "@":
        return
    desk = Desk(f=around + b"@" + around)
    got = await desk.do("str_replace", old_str="@", new_str=new)
    if got.status == "failed":
        assert "which has no" in got.text
        assert desk.data == around + b"@" + around
        return
    assert desk.data.startswith(around)
    assert desk.data.endswith(around)
    await desk.do("undo_edit")
    assert desk.data == around + b"@" + around


async def test_a_large_file_can_be_edited() -> None:
    desk = Desk(f=b"x" * 5_000_000 + b"needle" + b"y\n" * 1_000_000)
    await desk.do("str_replace", old_str="needle", new_str="pin")
    assert desk.data == b"x" * 5_000_000 + b"pin" + b"y\n" * 1_000_000


@pytest.mark.parametrize(
    "path",
    [
        "/testbed/with space",
        "/testbed/it's",
        '/testbed/"q"',
        "/testbed/$(touch x)",
        "/testbed/-rf",
        "/testbed/é€",
    ],
)
async def test_any_path_is_taken_as_it_is(path: str) -> None:
    desk = Desk()
    assert (await desk.do("create", path, file_text="a\n")).status == "done"
    await desk.do("str_replace", path, old_str="a", new_str="b")
    assert desk.sandbox.files == {path: b"b\n"}
    assert "     1\tb" in (await desk.do("view", path)).text


async def test_a_backslash_in_a_path_is_not_an_escape() -> None:
    desk = Desk()
    await desk.do("create", "/testbed/a\\b", file_text="x")
    assert list(desk.sandbox.files) == ["/testbed/a\\\\b"]


async def test_a_relative_path_counts_from_the_work_folder() -> None:
    desk = Desk()
    await desk.do("create", "src/a.py", file_text="x\n")
    assert desk.sandbox.files == {"/testbed/src/a.py": b"x\n"}


# ---- create


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\r\nb", "\ta\n\n", "é"])
async def test_a_new_file_holds_exactly_what_was_given(text: str) -> None:
    desk = Desk()
    await desk.do("create", file_text=text)
    assert desk.data == text.encode()


async def test_create_refuses_to_overwrite_and_says_how_to_go_on() -> None:
    desk = Desk(f=b"old")
    got = await desk.do("create", file_text="new")
    assert got.status == "failed"
    assert "never overwrites" in got.text
    assert "str_replace" in got.text
    assert desk.data == b"old"


# ---- str_replace


async def test_a_text_of_several_lines_matches_in_a_file_with_crlf() -> None:
    desk = Desk(f=b"a\r\nb\r\nc\r\n")
    await desk.do("str_replace", old_str="a\nb\n", new_str="x\ny\nz\n")
    assert desk.data == b"x\r\ny\r\nz\r\nc\r\n"


async def test_new_lines_in_a_file_with_crlf_end_as_its_lines_do() -> None:
    desk = Desk(f=b"a\r\nb\r\n")
    await desk.do("str_replace", old_str="b", new_str="x\ny")
    assert desk.data == b"a\r\nx\r\ny\r\n"


async def test_an_exact_match_in_mixed_line_ends_stays_mixed() -> None:
    desk = Desk(f=b"a\nb\nc\r\n")
    await desk.do("str_replace", old_str="a\nb\n", new_str="x\n")
    assert desk.data == b"x\nc\r\n"


async def test_a_missing_new_text_deletes() -> None:
    desk = Desk(f=b"a b c\n")
    await desk.do("str_replace", old_str=" b")
    assert desk.data == b"a c\n"


async def test_an_ambiguous_text_is_refused_with_its_lines() -> None:
    desk = Desk(f=b"x = 1\ny\nx = 1\n\nx = 1\n")
    got = await desk.do("str_replace", old_str="x = 1", new_str="x = 2")
    assert got.status == "failed"
    assert "3 times, from lines 1, 3, 5." in got.text
    assert b"2" not in desk.data


async def test_a_missing_text_says_where_it_stands_with_other_spaces() -> None:
    desk = Desk(f=b"def f():\n\treturn 1\n\ndef g():\n\treturn 1\n")
    got = await desk.do("str_replace", old_str="def g():\n    return 1", new_str="")
    assert "with other spaces begin at line 4" in got.text


async def test_a_missing_text_says_where_its_first_line_stands() -> None:
    desk = Desk(f=b"one\ntwo\nthree\n")
    got = await desk.do("str_replace", old_str="two\nfour", new_str="")
    assert "first line stands at line 2" in got.text
    got = await desk.do("str_replace", old_str="nowhere", new_str="")
    assert "Not even its first line is there" in got.text


@pytest.mark.parametrize(("old", "new"), [("", "x"), ("a", "a")])
async def test_a_replacement_that_says_nothing_is_refused(old: str, new: str) -> None:
    desk = Desk(f=b"a\n")
    assert (await desk.do("str_replace", old_str=old, new_str=new)).status == "failed"
    assert desk.data == b"a\n"


async def test_a_character_that_the_file_cannot_hold_is_refused() -> None:
    desk = Desk(f=b"caf\xe9\n")
    got = await desk.do("str_replace", old_str="café", new_str="€")
    assert got.status == "failed"
    assert desk.data == b"caf\xe9\n"
    assert (await desk.do("str_replace", old_str="café", new_str="thé")).status == "done"
    assert desk.data == b"th\xe9\n"


# ---- insert


@pytest.mark.parametrize(
    ("before", "line", "new", "after"),
    [
        (b"a\nb\n", 0, "x", b"x\na\nb\n"),
        (b"a\nb\n", 1, "x\n", b"a\nx\nb\n"),
        (b"a\nb\n", 2, "x\ny", b"a\nb\nx\ny\n"),
        (b"a\nb", 2, "x\n", b"a\nb\nx"),
        (b"a\r\nb\r\n", 1, "x\ny", b"a\r\nx\r\ny\r\nb\r\n"),
        (b"", 0, "x", b"x\n"),
        (b"a\n", "1", "x", b"a\nx\n"),
    ],
)
async def test_lines_are_inserted_after_a_line(before: bytes, line: object, new: str, after: bytes) -> None:
    desk = Desk(f=before)
    got = await desk.do("insert", insert_line=line, new_str=new)
    assert got.status == "done", got.text
    assert desk.data == after


@pytest.mark.parametrize("line", [-1, 3])
async def test_a_line_that_does_not_exist_is_refused(line: int) -> None:
    desk = Desk(f=b"a\nb\n")
    got = await desk.do("insert", insert_line=line, new_str="x")
    assert "between 0 and 2" in got.text
    assert desk.data == b"a\nb\n"


# ---- undo


async def test_edits_are_undone_one_by_one() -> None:
    desk = Desk(f=b"a\n")
    await desk.do("str_replace", old_str="a", new_str="b")
    await desk.do("insert", insert_line=1, insert_text="c")
    assert desk.data == b"b\nc\n"
    await desk.do("undo_edit")
    assert desk.data == b"b\n"
    await desk.do("undo_edit")
    assert desk.data == b"a\n"
    assert "no edit" in (await desk.do("undo_edit")).text


async def test_an_undo_never_throws_away_what_something_else_wrote() -> None:
    desk = Desk(f=b"a\n")
    await desk.do("str_replace", old_str="a", new_str="b")
    desk.sandbox.files[F] = b"b\nmore\n"
    assert "changed since" in (await desk.do("undo_edit")).text
    assert desk.data == b"b\nmore\n"


# ---- view


async def test_a_view_numbers_lines_and_says_what_is_odd() -> None:
    desk = Desk(f=b"a\r\n\tb")
    assert (
        await desk.do("view")
    ).text == "     1\ta\n     2\t\tb\n[lines end in CR LF; no newline at the end]"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [([2, 3], [2, 3]), ([9, -1], [9, 10]), ([0, 1], [1]), (["4", "4"], [4]), ([10, 99], [10])],
)
async def test_a_view_shows_the_lines_asked_for(asked: list[object], shown: list[int]) -> None:
    desk = Desk(f=b"".join(b"line %d\n" % number for number in range(1, 11)))
    text = (await desk.do("view", view_range=asked)).text
    assert [line for line in text.split("\n") if "\t" in line] == [f"{n:6}\tline {n}" for n in shown]
    assert f"[lines {shown[0]} to {shown[-1]} of 10" in text


async def test_a_view_beyond_the_end_says_how_many_lines_there_are() -> None:
    assert "only 1 lines" in (await Desk(f=b"a\n").do("view", view_range=[5, 9])).text


async def test_a_long_file_is_shown_from_its_start_and_says_how_to_go_on() -> None:
    desk = Desk(f=b"some words\n" * 50_000 + b"y" * 10_000)
    text = (await desk.do("view")).text
    assert len(text) < 33_000
    assert "use view_range to see more, from line 1001 on" in text
    text = (await desk.do("view", view_range=[50_001, -1])).text
    assert "8,000 characters more" in text


async def test_controls_in_a_file_are_visible_in_its_view() -> None:
    text = (await Desk(f=b"\x1b]0;title\x07\xe2\x80\xae\n").do("view")).text
    assert not any(sign in text for sign in "\x1b\x07\u202e")


async def test_an_empty_file_is_said_to_be_empty() -> None:
    assert (await Desk(f=b"").do("view")).text == f"{F} is empty."


async def test_a_folder_is_listed_two_levels_deep() -> None:
    files = {f"/testbed/{name}": b"12" for name in ("b.txt", "a/x", "a/d/deep")}
    desk = Desk(**files)
    text = (await desk.do("view", "/testbed")).text
    assert text.split("\n")[1:] == [
        "/testbed/a/",
        "/testbed/a/d/",
        "/testbed/a/x  (2 bytes)",
        "/testbed/b.txt  (2 bytes)",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xe0", "a PNG image of 640 × 480 pixels, 24 bytes"),
        (b"GIF89a\x0a\x00\x05\x00", "a GIF image of 10 × 5 pixels"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"RIFF\0\0\0\0WAVEfmt ", "WAV audio"),
        (b"abc\0def", "a binary file, 7 bytes"),
    ],
)
async def test_what_is_no_text_is_described(data: bytes, said: str) -> None:
    desk = Desk(f=data)
    assert said in (await desk.do("view")).text
    assert desk.data == data


async def test_a_binary_file_is_not_edited() -> None:
    desk = Desk(f=b"a\0b")
    assert "only text files" in (await desk.do("str_replace", old_str="a", new_str="b")).text


async def test_what_is_no_regular_file_is_named() -> None:
    desk = Desk()
    desk.sandbox.entries["/testbed/pipe"] = FileEntry("/testbed/pipe", "fifo")
    assert "is a fifo, not a regular file" in (await desk.do("view", "/testbed/pipe")).text


async def test_a_missing_file_is_said_to_be_missing() -> None:
    got = await Desk().do("view", "/nowhere")
    assert (got.status, got.text) == ("failed", "/nowhere does not exist.")


# ---- diffs


@pytest.mark.parametrize(
    ("before", "old", "new", "hunk"),
    [
        ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "5", "x", "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"),
        ("a\nb\n", "a\n", "", "@@ -1,2 +1,1 @@\n-a\n b\n"),
        (
            "a",
            "a",
            "b",
            "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
        ),
        ("a\nb\nc\n", "a\n", "x", "@@ -1,3 +1,2 @@\n-a\n-b\n+xb\n c\n"),
        ("\n\n\na\n\n\n\n", "a", "b", "@@ -1,7 +1,7 @@\n \n \n \n-a\n+b\n \n \n \n"),
        ("", "", "n\n", "@@ -1,0 +1,1 @@\n+n\n"),
    ],
)
def test_a_diff_shows_the_change_with_three_lines_around(before: str, old: str, new: str, hunk: str) -> None:
    made = diff("f", before.encode(), Change(before.index(old), old.encode(), new.encode()))
    assert made == f"--- f\n+++ f\n{hunk}"


async def test_an_edit_brings_its_diff_for_people() -> None:
    got = await Desk(f=b"a\nb\n").do("str_replace", old_str="b", new_str="c")
    assert got.diff == f"--- {F}\n+++ {F}\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    assert got.text == f"Edited {F}. It reads now:\n     1\ta\n     2\tc"


@given(st.binary(max_size=200))
def test_any_bytes_survive_being_read_as_text(data: bytes) -> None:
    file = TextFile.decode(data)
    assert file.encode(file.text) == data


# ---- arguments


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"command": "view"},
        {"command": "view", "path": ""},
        {"command": "view", "path": 5},
        {"command": 5, "path": "/a"},
        {"command": ["view"], "path": "/a"},
        {"command": "fly", "path": "/a"},
        {"command": "view", "path": "/a\0b"},
        {"command": "view", "path": "/a", "view_range": [1]},
        {"command": "view", "path": "/a", "view_range": ["a", 2]},
        {"command": "view", "path": "/a", "view_range": 7},
        {"command": "create", "path": "/a"},
        {"command": "create", "path": "/a", "file_text": 12},
        {"command": "str_replace", "path": "/a", "new_str": "x"},
        {"command": "str_replace", "path": "/a", "old_str": 3},
        {"command": "insert", "path": "/a", "new_str": "x"},
        {"command": "insert", "path": "/a", "insert_line": "x", "new_str": "x"},
        {"command": "insert", "path": "/a", "insert_line": 1.5, "new_str": "x"},
        {"command": "insert", "path": "/a", "insert_line": 1},
    ],
)
def test_arguments_that_the_editor_cannot_use_are_named(arguments: dict[str, object]) -> None:
    assert Editor().problem(arguments).endswith(".")


@given(
    st.dictionaries(
        st.sampled_from(["command", "path", "view_range", "insert_line", "old_str"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists),
    )
)
def test_no_arguments_crash_the_check(arguments: dict[str, object]) -> None:
    for tool in default_tools():
        assert isinstance(tool.problem(arguments), str)


def test_schemas_are_json_objects_that_require_what_the_tools_require() -> None:
    for tool in default_tools():
        schema = json.loads(tool.schema.parameters_json)
        assert schema["type"] == "object"
        assert set(schema.get("required", [])) <= set(schema["properties"])
        assert msgspec.json.encode(tool.schema)
