"""The submit tool: where the answer comes from, and that none is said honestly."""

from pathlib import Path

import pytest

from lis_tui.core.errors import ShellLost
from lis_tui.core.messages import Observation
from lis_tui.tools.submit import MOST_ANSWER_BYTES, Submit
from tests.fakes import FakeStep, MemorySandbox


async def submit(sandbox: MemorySandbox, *times: dict[str, object]) -> Observation:
    """Call the tool so many times; gives the last observation."""
    await sandbox.start()
    tool = Submit()
    for arguments in times:
        got = await tool.run(arguments, FakeStep(Path(), sandbox))
    return got


async def test_the_answer_is_what_the_file_holds_without_space_around_it() -> None:
    got = await submit(MemorySandbox(files={"/testbed/answer.txt": b"\n 42 \n"}), {"answer": "7"})
    assert (got.answer, got.notes) == ("42", ())


async def test_the_file_is_sought_in_the_run_s_own_work_folder() -> None:
    sandbox = MemorySandbox(files={"/app/answer.txt": b"42"}, workdir="/app")
    assert (await submit(sandbox, {})).answer == "42"


@pytest.mark.parametrize("files", [{}, {"/testbed/answer.txt": b" \n"}])
async def test_without_a_file_the_argument_counts_and_that_is_noted(files: dict[str, bytes]) -> None:
    got = await submit(MemorySandbox(files=files), {"answer": "7"})
    assert got.answer == "7"
    assert "given with the call" in got.notes[0]


async def test_a_missing_answer_is_asked_for_once_only() -> None:
    first = await submit(MemorySandbox(), {})
    assert (first.answer, first.status) == (None, "failed")
    second = await submit(MemorySandbox(), {}, {"answer": None})
    assert second.answer == ""
    assert "without an answer" in second.notes[0]


async def test_a_huge_answer_is_cut_and_that_is_noted() -> None:
    sandbox = MemorySandbox(files={"/testbed/answer.txt": b"x" * (2 * MOST_ANSWER_BYTES)})
    got = await submit(sandbox, {})
    assert len(got.answer or "") == MOST_ANSWER_BYTES
    assert "Only the first" in got.notes[0]


async def test_an_answer_that_is_no_utf_8_is_still_an_answer() -> None:
    got = await submit(MemorySandbox(files={"/testbed/answer.txt": b"caf\xe9"}), {})
    assert got.answer == "caf\ufffd"


async def test_a_lost_sandbox_is_raised() -> None:
    with pytest.raises(ShellLost):
        await Submit().run({}, FakeStep(Path(), MemorySandbox()))
