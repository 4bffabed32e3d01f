"""The command tool: what the model sees of an output, what people see, what stays on disk."""

import errno
import io
import os
from pathlib import Path
from typing import cast

import pytest

from lis_tui.core.errors import ShellLost
from lis_tui.core.messages import Observation
from lis_tui.core.ports import CommandEnd
from lis_tui.tools.bash import ExecuteBash
from lis_tui.tools.output import KEPT_BYTES, MOST_BYTES, MOST_LINES, Output, readable
from tests.fakes import FakeStep, MemorySandbox, Played


async def run(folder: Path, played: Played, arguments: dict[str, object] | None = None) -> Observation:
    """Run the command `it` with the tool."""
    context = FakeStep(folder, MemorySandbox({"it": played}))
    await context.sandbox.start()
    return await ExecuteBash().run({"command": "it", **(arguments or {})}, context)


async def test_a_short_output_reaches_the_model_as_it_is(tmp_path: Path) -> None:
    got = await run(tmp_path, Played([b"a\tb\n", b"c\n"]))
    assert got.text == "a\tb\nc\n"
    assert (got.status, got.exit_code, got.is_cut, got.output_bytes) == ("done", 0, False, 6)
    assert (tmp_path / got.output_name).read_bytes() == b"a\tb\nc\n"


async def test_an_exit_code_is_told_where_it_says_something(tmp_path: Path) -> None:
    got = await run(tmp_path, Played([b"no newline"], exit_code=3))
    assert got.text == "no newline\n[exit code 3]"
    assert (got.status, got.exit_code) == ("failed", 3)


async def test_no_output_is_said(tmp_path: Path) -> None:
    assert (await run(tmp_path, Played())).text == "[no output]"
    assert (await run(tmp_path, Played(exit_code=1))).text == "[exit code 1]"


async def test_a_command_s_own_124_is_no_time_limit(tmp_path: Path) -> None:
    got = await run(tmp_path, Played(exit_code=124))
    assert got.text == "[exit code 124]"
    assert got.ended_by == "itself"


async def test_a_time_limit_keeps_the_output_and_says_who_ended_it(tmp_path: Path) -> None:
    end = CommandEnd(exit_code=130, ended_by="time limit", duration_s=5)
    got = await run(tmp_path, Played([b"partial\n"], end=end), {"timeout": 5})
    assert got.text.startswith("partial\n[stopped: the command was still running at its limit of 5 seconds]")
    assert (got.status, got.ended_by) == ("failed", "time limit")


async def test_what_the_shell_noted_is_told(tmp_path: Path) -> None:
    end = CommandEnd(exit_code=None, ended_by="shell lost", notes=("shell restarted",), cwd="/testbed")
    got = await run(tmp_path, Played(end=end))
    assert got.text == "[the shell ended with this command]\n[shell restarted]"
    assert got.exit_code is None
    assert got.cwd == "/testbed"


@pytest.mark.parametrize(("asked", "given"), [(None, 600.0), (5, 5.0), ("7.5", 7.5), (5000, 1000.0)])
async def test_the_model_may_ask_for_another_time_limit(tmp_path: Path, asked: object, given: float) -> None:
    context = FakeStep(tmp_path)
    await context.sandbox.start()
    await ExecuteBash().run({"command": "true", "timeout": asked}, context)
    assert context.sandbox.timeouts == [given]


async def test_output_streams_as_it_comes(tmp_path: Path) -> None:
    context = FakeStep(tmp_path, MemorySandbox({"it": Played([b"a", b"b"])}))
    await context.sandbox.start()
    await ExecuteBash().run({"command": "it"}, context)
    assert context.heard == [b"a", b"b"]


async def test_a_long_output_is_cut_to_head_and_tail_and_stays_whole_on_disk(tmp_path: Path) -> None:
    lines = [b"line %06d\n" % number for number in range(100_000)]
    got = await run(tmp_path, Played(lines))
    assert got.is_cut
    assert got.text.startswith("line 000000\n")
    assert got.text.rstrip().endswith("line 099999")
    assert "the full output is in /outputs/1.1.txt" in got.text
    assert len(got.text.encode()) < MOST_BYTES + 200
    assert got.text.count("\n") <= MOST_LINES + 3
    assert (tmp_path / "1.1.txt").read_bytes() == b"".join(lines)
    assert got.output_bytes == len(b"".join(lines))


async def test_one_endless_line_is_cut_by_bytes(tmp_path: Path) -> None:
    got = await run(tmp_path, Played([b"x" * 1000] * 1000))
    assert got.is_cut
    assert len(got.text) < MOST_BYTES + 200


async def test_many_short_lines_are_cut_by_lines(tmp_path: Path) -> None:
    got = await run(tmp_path, Played([b"%d\n" % number for number in range(2000)]))
    assert got.is_cut
    assert got.text.startswith("0\n1\n")
    assert "1999\n" in got.text
    assert got.text.count("\n") <= MOST_LINES + 3


def test_memory_stays_bounded_however_much_is_printed(tmp_path: Path) -> None:
    with Output(tmp_path / "o") as output:
        for _ in range(1000):
            output.add(b"y" * 65_536)
        assert len(output._head) + len(output._tail) <= 4 * KEPT_BYTES
    assert output.size_bytes == (tmp_path / "o").stat().st_size == 65_536_000


def test_a_full_disk_loses_the_file_and_not_the_command(tmp_path: Path) -> None:
    with Output(Path("/dev/full")) as output:
        output.add(b"a\n" * 100_000)
        output.add(b"end\n")
    text, is_cut = output.for_model("/outputs/1.1.txt")
    assert is_cut
    assert text.endswith("end\n")
    assert "the full output could not be kept: No space left on device" in text
    assert "/outputs" not in text


async def test_an_output_for_which_no_file_can_be_made_is_shown_all_the_same(tmp_path: Path) -> None:
    got = await run(tmp_path / "gone", Played([b"all of it\n"]))
    assert got.text.startswith("all of it")
    assert got.status == "done"
    assert got.notes == ("the full output could not be kept: No such file or directory",)


class NearlyFull:
    """A file that takes a part of a write without a word, as the kernel does it, and refuses the next."""

    def __init__(self) -> None:
        self.taken = 0

    def write(self, data: memoryview) -> int:
        if self.taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.taken = min(len(data), 5000)
        return self.taken

    def close(self) -> None:
        pass


def test_a_disk_that_takes_only_a_part_is_noticed(tmp_path: Path) -> None:
    with Output(tmp_path / "o") as output:
        assert output._file is not None
        output._file.close()
        output._file = cast("io.FileIO", NearlyFull())
        output.add(b"a\n" * 10_000)
    assert output.problem == "the full output could not be kept: No space left on device"


def test_head_and_tail_of_signs_cut_in_two_are_still_text(tmp_path: Path) -> None:
    with Output(tmp_path / "o") as output:
        output.add(b"a" + "€".encode() * 200_000)
    text, is_cut = output.for_model("")
    assert is_cut
    assert "\\x" not in text
    assert "\ufffd" not in text


def test_colours_and_progress_bars_are_taken_out_for_the_model() -> None:
    assert readable(b"\x1b[31mred\x1b[0m\n10%\r50%\rdone\n") == "red\ndone\n"
    assert readable(b"one\r\ntwo\r\n") == "one\ntwo\n"


def test_tabs_stay_and_other_controls_become_visible() -> None:
    assert readable(b"a\tb\n") == "a\tb\n"
    shown = readable(b"\x00\x07\xff\xe2\x80\xae")
    assert "\\xff" in shown
    assert not any(sign in shown for sign in "\x00\x07\u202e")


async def test_a_lost_sandbox_is_raised_and_the_file_keeps_what_came(tmp_path: Path) -> None:
    with pytest.raises(ShellLost):
        await run(tmp_path, Played([b"before\n"], raises=ShellLost("gone")))
    assert (tmp_path / "1.1.txt").read_bytes() == b"before\n"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"command": 1},
        {"command": ["ls"]},
        {"command": "a\0b"},
        {"command": "ls", "timeout": 0},
        {"command": "ls", "timeout": -1},
        {"command": "ls", "timeout": True},
        {"command": "ls", "timeout": "nan"},
        {"command": "ls", "timeout": "inf"},
        {"command": "ls", "timeout": 1e400},
        {"command": "ls", "timeout": []},
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments: dict[str, object]) -> None:
    assert ExecuteBash().problem(arguments).endswith(".")


@pytest.mark.parametrize(
    "arguments", [{"command": ""}, {"command": "ls", "timeout": None}, {"command": "ls", "extra": 1}]
)
def test_arguments_that_make_sense_are_taken(arguments: dict[str, object]) -> None:
    assert ExecuteBash().problem(arguments) == ""


async def test_a_command_in_the_background_goes_on_being_kept_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lis_tui.tools.bash.MOST_JOB_BYTES", 8)
    played = Played([b"so far\n"], blocks=True)
    context = FakeStep(tmp_path, MemorySandbox({"it": played}))
    await context.sandbox.start()
    context.reins.let_go()
    got = await ExecuteBash().run({"command": "it"}, context)
    assert (got.status, got.exit_code) == ("background", None)
    assert got.text.startswith("so far\n[after 0 s the user let the command go on in the background: ")
    assert "/outputs/1.1.txt" in got.text
    for piece in (b"1234\n", b"5678\n", b"9\n"):
        played.prints(piece)
    ((_, finish),) = context.jobs
    assert finish() == 19
    assert (tmp_path / "1.1.txt").read_bytes() == b"so far\n1234\n567"
    assert context.heard == [b"so far\n", b"1234\n"]


async def test_a_changed_time_limit_is_the_one_that_is_told(tmp_path: Path) -> None:
    end = CommandEnd(exit_code=130, ended_by="time limit", duration_s=5)
    context = FakeStep(tmp_path, MemorySandbox({"it": Played(end=end)}))
    await context.sandbox.start()
    context.reins.set_timeout(90)
    got = await ExecuteBash().run({"command": "it", "timeout": 5}, context)
    assert "at its limit of 90 seconds" in got.text
