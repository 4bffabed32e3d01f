"""What the recorded edits tell of files, and where they do not tell."""

import json

import pytest

from lis_tui.core.events import StepAddress
from lis_tui.core.inferred import Inferred
from lis_tui.core.messages import Observation, StepStatus
from lis_tui.core.parts import StepView


def edit(turn: int, status: StepStatus = "done", text: str = "", /, **arguments: object) -> StepView:
    given = json.dumps(arguments)
    seen = Observation(text=text, status=status)
    return StepView(StepAddress(turn, 1), "str_replace_editor", given, given, observation=seen, status=status)


def create(turn: int, path: str = "/testbed/a.py", text: str = "one\ntwo\n") -> StepView:
    return edit(turn, command="create", path=path, file_text=text)


def replace(turn: int, old: str, new: str, **more: object) -> StepView:
    return edit(turn, command="str_replace", path="/testbed/a.py", old_str=old, new_str=new, **more)


def text_of(*steps: StepView) -> str | None:
    return Inferred(steps).text("a.py", StepAddress(99))


def test_a_file_is_as_it_was_created_and_edited_up_to_each_step() -> None:
    files = Inferred([create(1), replace(3, "two", "2"), replace(5, "one", "1")])
    texts = [files.text("a.py", StepAddress(turn, 1)) for turn in range(7)]
    assert texts == [None, *["one\ntwo\n"] * 2, *["one\n2\n"] * 2, *["1\n2\n"] * 2]
    assert files.addresses() == [StepAddress(1, 1), StepAddress(3, 1), StepAddress(5, 1)]
    assert files.files(StepAddress(0)) == {}
    (file,) = files.files(StepAddress(4, 1)).values()
    assert (file.path, file.mark, file.by) == ("a.py", "new", StepAddress(3, 1))
    assert files.changes(StepAddress(1, 1)) == {"a.py": "new"}
    assert files.changes(StepAddress(3, 1)) == {"a.py": "changed"}
    assert files.changes(StepAddress(4, 1)) == {}


def test_of_a_file_that_was_there_before_the_content_is_not_known() -> None:
    files = Inferred([replace(1, "x", "y")])
    assert files.files(StepAddress(1, 1))["a.py"].mark == "changed"
    assert files.text("a.py", StepAddress(1, 1)) is None


def test_what_failed_or_never_ran_changed_nothing() -> None:
    failed = edit(1, "failed", command="create", path="/testbed/a.py", file_text="x")
    waiting = create(2)
    waiting.observation = None
    viewed = edit(3, command="view", path="/testbed/a.py")
    assert Inferred([failed, waiting, viewed]).addresses() == []


@pytest.mark.parametrize(
    "said",
    [
        "No replacement was performed, old_str `x` did not appear verbatim in /testbed/a.py.",
        "Invalid `path` parameter: /testbed/a.py. The path should be absolute.",
        "The path /testbed/a.py does not exist. Please provide a valid path.",
        "ERROR:\nNo replacement was performed",
        "File already exists at: /testbed/a.py. Cannot overwrite files using command `create`.",
        "<error>Found 2 matches of the string to replace</error>",
    ],
)
def test_without_a_status_what_the_editor_said_decides(said: str) -> None:
    given = {"command": "create", "path": "/testbed/a.py", "file_text": "x"}
    assert Inferred([edit(1, "unknown", said, **given)]).addresses() == []
    well = "File created successfully at: /testbed/a.py"
    assert Inferred([edit(1, "unknown", well, **given)]).addresses() == [StepAddress(1, 1)]


def test_lines_are_inserted_and_the_last_edit_is_taken_back() -> None:
    inserted = edit(2, command="insert", path="/testbed/a.py", insert_line=1, new_str="and a half")
    undone = edit(3, command="undo_edit", path="/testbed/a.py")
    assert text_of(create(1), inserted) == "one\nand a half\ntwo\n"
    assert text_of(create(1), inserted, undone) == "one\ntwo\n"


def test_what_could_be_meant_in_two_ways_is_not_known_until_the_file_is_written_anew() -> None:
    twice = create(1, text="x x")
    assert text_of(twice, replace(2, "x", "y")) is None
    assert text_of(twice, replace(2, "x", "y", replace_all=True)) == "y y"
    assert text_of(twice, replace(2, "z", "y")) is None
    assert text_of(twice, replace(2, "", "y")) is None
    ends = edit(2, command="insert", path="/testbed/a.py", insert_line=0, new_str="line\n")
    assert text_of(create(1), ends) is None
    assert text_of(create(1), ends, create(3, text="anew")) == "anew"


def test_arguments_that_are_none_are_no_edit() -> None:
    step = create(1)
    for arguments in (
        '{"command": "create"',
        "[]",
        '{"command": "create", "path": 7}',
        '{"path": "a"}',
        "[" * 9999,
    ):
        step.arguments = arguments
        assert Inferred([step]).addresses() == []
    outside = create(2, path="/etc/hosts")
    assert set(Inferred([outside]).files(StepAddress(2, 1))) == {"/etc/hosts"}


# ---- patches

ADD = "*** Add File: notes/a.py\n+one\n+two\n+\n+three"


def patch(turn: int, *parts: str, tool: str = "apply_patch", status: StepStatus = "done") -> StepView:
    text = "\n".join(["*** Begin Patch", *parts, "*** End Patch"])
    given = json.dumps({"input": text} if tool == "apply_patch" else {"command": text})
    seen = Observation(text="", status=status)
    return StepView(StepAddress(turn, 1), tool, given, given, observation=seen, status=status)


def shell(turn: int, before: str, *parts: str, after: str = "") -> StepView:
    text = "\n".join(["*** Begin Patch", *parts, "*** End Patch"])
    given = json.dumps({"command": f"{before}{text}{after}"})
    seen = Observation(text="Success.", status="done")
    return StepView(StepAddress(turn, 1), "execute_bash", given, given, observation=seen, status="done")


def after(*steps: StepView, path: str = "notes/a.py") -> str | None:
    return Inferred(steps).text(path, StepAddress(99))


def test_a_patch_adds_changes_moves_and_deletes_files() -> None:
    change = "*** Update File: notes/a.py\n@@\n one\n-two\n+2\n "
    move = "*** Update File: notes/a.py\n*** Move to: b.py\n@@\n-three\n+3\n*** End of File"
    files = Inferred([patch(1, ADD), patch(2, change), patch(3, move), patch(4, "*** Delete File: b.py")])
    assert files.text("notes/a.py", StepAddress(1, 1)) == "one\ntwo\n\nthree\n"
    assert files.text("notes/a.py", StepAddress(2, 1)) == "one\n2\n\nthree\n"
    assert files.text("b.py", StepAddress(3, 1)) == "one\n2\n\n3\n"
    assert [sorted(files.files(StepAddress(turn, 1))) for turn in (1, 2, 3, 4)] == [
        ["notes/a.py"],
        ["notes/a.py"],
        ["b.py"],
        [],
    ]
    assert files.changes(StepAddress(2, 1)) == {"notes/a.py": "changed"}
    assert files.changes(StepAddress(3, 1)) == {"notes/a.py": "gone", "b.py": "new"}
    assert files.changes(StepAddress(4, 1)) == {"b.py": "gone"}


@pytest.mark.parametrize(
    ("before", "after_it", "path"),
    [
        ("apply_patch <<'EOF'\n", "\nEOF", "notes/a.py"),
        ("apply_patch '", "'", "notes/a.py"),
        ("cd sub && apply_patch <<EOF\n", "\nEOF\n", "sub/notes/a.py"),
        ("cd /testbed/sub && applypatch <<EOF\n", "\nEOF\n", "sub/notes/a.py"),
    ],
)
def test_a_patch_that_a_shell_applies_is_one(before: str, after_it: str, path: str) -> None:
    assert after(shell(1, before, ADD, after=after_it), path=path) == "one\ntwo\n\nthree\n"


@pytest.mark.parametrize(
    "before", ["cat <<'EOF'\n", "echo apply_patch; cat <<EOF\n", "cd $X; apply_patch <<E\n"]
)
def test_a_patch_that_nobody_applies_is_none(before: str) -> None:
    assert Inferred([shell(1, before, ADD, after="\nEOF")]).addresses() == []


@pytest.mark.parametrize(
    "hunk",
    [
        "@@\n-four\n+4",
        "@@\n-x\n+y",
        "@@ def g():\n-x\n+y",
        "@@\n one\n-x\n+y\n*** End of File",
    ],
    ids=["not there", "there twice", "below what is not there", "not at the end"],
)
def test_a_change_whose_place_is_not_sure_makes_the_content_unknown(hunk: str) -> None:
    begun = patch(1, "*** Add File: notes/a.py\n+one\n+x\n+two\n+x\n+three")
    files = Inferred([begun, patch(2, f"*** Update File: notes/a.py\n{hunk}")])
    assert files.files(StepAddress(2, 1))["notes/a.py"].by == StepAddress(2, 1)
    assert files.text("notes/a.py", StepAddress(2, 1)) is None


def test_a_line_above_tells_which_of_two_places_is_meant() -> None:
    begun = patch(1, "*** Add File: notes/a.py\n+def f():\n+  x\n+def g():\n+  x")
    change = patch(2, "*** Update File: notes/a.py\n@@ def g():\n-  x\n+  y\n+  z")
    assert after(begun, change) == "def f():\n  x\ndef g():\n  y\n  z\n"


@pytest.mark.parametrize("status", ["failed", "rejected", "interrupted"])
def test_a_patch_that_was_not_applied_changed_nothing(status: StepStatus) -> None:
    assert Inferred([patch(1, ADD, status=status)]).addresses() == []


def test_what_only_looks_like_a_patch_is_none() -> None:
    given = json.dumps({"input": "*** Begin Patch\n*** Add File: a\n+x"})
    seen = Observation(text="", status="done")
    cut = StepView(StepAddress(1, 1), "apply_patch", given, given, observation=seen, status="done")
    assert Inferred([cut, patch(2), patch(3, "hello")]).addresses() == []
