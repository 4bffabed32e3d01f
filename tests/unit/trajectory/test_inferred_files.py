import json

import pytest

from lis_tui.core.errors import FileRefused
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import ToolCall
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.inferred_files import NOTHING, UNKNOWN, InferredFiles


def edit(builder: Builder, **arguments: object) -> None:
    call = ToolCall("c", "str_replace_editor", json.dumps(arguments))
    builder.reply(calls=[call], ours=lambda given: given)
    builder.observe("The file was edited.", status="done")


def recorded() -> list[Record]:
    """Make plot.py, change it, and change old.py, which was there before."""
    builder = Builder("x", name="x")
    builder.begin(task="t", workdir="/testbed")
    builder.reply(text="Let me think.")
    edit(builder, command="create", path="/testbed/plot.py", file_text="a = 1\n")
    edit(builder, command="str_replace", path="/testbed/plot.py", old_str="1", new_str="2")
    edit(builder, command="str_replace", path="/testbed/old.py", old_str="x", new_str="y")
    return builder.finish().records


MADE, CHANGED, OLD = StepAddress(2, 1), StepAddress(3, 1), StepAddress(4, 1)


def test_files_are_there_from_the_edit_that_made_them_on_and_marked_at_the_edit() -> None:
    files = InferredFiles(recorded())
    assert files.addresses() == [MADE, CHANGED, OLD]
    before = files.then(StepAddress(1))
    assert (before.entries, before.why_empty) == ((), NOTHING)
    assert [(entry.path, entry.size_bytes) for entry in files.then(MADE).entries] == [("plot.py", 6)]
    assert files.then(MADE).marks == {"plot.py": "new"}
    assert files.then(CHANGED).marks == {"plot.py": "changed"}
    assert files.then(OLD).marks == {"old.py": "changed"}
    assert [entry.size_bytes for entry in files.then(OLD).entries if entry.path == "old.py"] == [-1]


def test_contents_are_shown_as_far_as_the_edits_tell_and_never_guessed() -> None:
    files = InferredFiles(recorded())
    assert files.part(CHANGED, "plot.py", 100).data == b"a = 2\n"
    assert files.part(MADE, "plot.py", 2).data == b"a "
    with pytest.raises(FileRefused, match="not known"):
        files.part(OLD, "old.py", 100)


def test_differences_are_those_of_the_edits_between_two_steps() -> None:
    files = InferredFiles(recorded())
    assert files.changes(StepAddress(1), OLD) == {"plot.py": "new", "old.py": "changed"}
    assert files.changes(MADE, CHANGED) == {"plot.py": "changed"}
    assert {"-a = 1", "+a = 2"} <= set(files.diff("plot.py", MADE, CHANGED).lines)
    assert "+a = 1" in files.diff("plot.py", StepAddress(1), MADE).lines
    assert files.diff("old.py", MADE, OLD).note == UNKNOWN
