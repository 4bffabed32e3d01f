"""Opening by content: files, packed ones, archives, runs of ours, folders; and what a file is not."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard

from lis_tui.core.errors import JournalUnreadable, NoTrajectory
from lis_tui.core.events import RunStarted, StepAddress, StepFinished, TrajectoryImported
from lis_tui.core.marks import Mark
from lis_tui.trajectory.foreign import folders, material, opening, unpacking
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.opening import Row, Skipped, open_path, rows_of
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.marks import Marks
from lis_tui.trajectory.store import Store
from tests import mutants, sessions, story


def run_of_ours(folder: Path) -> Path:
    store = Store(folder)
    made = store.create("task", "mine")
    journal = Journal.create(made)
    for record in story.ended():
        if record.n:
            journal.append(record)
    journal.close()
    return made.path


FORMATS = {
    "chat": "OpenAI chat",
    "llm-in-sandbox": "llm-in-sandbox",
    "mini-swe-agent": "mini-swe-agent",
    "mini-swe-agent list": "mini-swe-agent",
    "swe-agent": "SWE-agent",
    "inspect": "Inspect",
    "inspect archive": "Inspect",
    "atif": "ATIF",
    "openhands": "OpenHands",
    "claude": "Claude Code",
    "codex": "Codex",
    "codex bare": "Codex",
    "lis-tui": "lis-tui",
}


@pytest.mark.parametrize(("seed", "format_"), FORMATS.items())
def test_each_format_is_known_by_its_content_alone(seed: str, format_: str, tmp_path: Path) -> None:
    path = tmp_path / "no-ending"
    path.write_bytes(mutants.SEEDS[seed]())
    found = open_path(path)
    assert found.rows[0].format.startswith(format_)
    records = found.read(0).records
    assert isinstance(records[0].event, RunStarted)
    assert isinstance(records[1].event, TrajectoryImported) is not (format_ == "lis-tui")


def test_a_run_folder_and_its_journal_are_the_run(tmp_path: Path) -> None:
    path = run_of_ours(tmp_path)
    for place in (path, path / "journal.jsonl"):
        found = open_path(place)
        assert [row.is_ours for row in found.rows] == [True]
        assert [record for record in found.read(0).records if record.n] == [
            record for record in story.ended() if record.n
        ]
        entry = found.rows[0].entry
        assert (entry.outcome, entry.turns) == ("submitted", found.read(0).report.turns)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_packed_files_open_as_what_is_in_them(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    whole, packed = tmp_path / "a.jsonl", tmp_path / "b"
    whole.write_bytes(mutants.SEEDS["lis-tui"]())
    packed.write_bytes(pack(whole.read_bytes()))
    assert open_path(packed).read(0).records == open_path(whole).read(0).records
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(NoTrajectory, match="damaged"):
        open_path(packed)


def test_a_packed_file_is_not_unpacked_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_UNPACKED_BYTES", 1 << 21)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"[" * (1 << 22)))
    with pytest.raises(NoTrajectory, match="larger than 2 MB unpacked"):
        open_path(path)
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.json", b"[" * (1 << 22))
        made.writestr("b.json", mutants.SEEDS["atif"]())
    found = open_path(archive)
    assert [row.member for row in found.rows] == ["b.json"]
    assert "larger than 2 MB" in found.skipped[0].why


def test_an_archive_of_trajectories_is_a_table_and_each_is_read(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(mutants.SEEDS["zip"]())
    found = open_path(path)
    assert [(row.member, row.format) for row in found.rows] == [
        ("a/chat.json", found.rows[0].format),
        ("b.jsonl", "Codex"),
    ]
    assert [found.read(place).report.turns for place in (1, 0, 1)] == [6, 2, 6]


def test_a_folder_lists_the_trajectories_below_it_and_follows_no_link(tmp_path: Path) -> None:
    run_of_ours(tmp_path / "home")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    sessions.save(deep / "one.jsonl", sessions.claude_family())
    (deep / "settings.json").write_text(json.dumps({"colour": "red", "size": 3}))
    (deep / "notes.txt").write_text("not a trajectory at all")
    (deep / ".hidden").mkdir()
    sessions.save(deep / ".hidden" / "two.jsonl", sessions.codex_session())
    outside = sessions.save(tmp_path.parent / f"{tmp_path.name}-outside.jsonl", sessions.codex_session())
    (deep / "link.jsonl").symlink_to(outside)
    (deep / "up").symlink_to(tmp_path)
    os.mkfifo(deep / "pipe.json")
    found = open_path(tmp_path)
    assert found.is_folder
    assert [row.format for row in found.rows] == ["Claude Code"] * 3 + ["lis-tui"]
    assert [one.path.name for one in found.skipped] == ["settings.json"]
    assert found.skipped[0].why.endswith("the top-level fields are colour, size.")
    assert [found.read(place).report.turns for place in range(3)] == [3, 2, 3]
    assert [found.rows.index(row) for row in rows_of(tmp_path) if isinstance(row, Row)] == [0, 1, 2, 3]


def test_marks_beside_the_trajectories_of_a_folder_are_none_of_them(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        path = sessions.save(tmp_path / name, sessions.codex_bare())
        Marks.of_file(path, tmp_path / "data").put(Mark(address=StepAddress(1)))
    assert len([*tmp_path.glob("*.marks.json")]) == 2
    found = open_path(tmp_path)
    assert len(found.rows) == 2
    assert found.skipped == ()


def test_a_folder_is_not_searched_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_LOOKED_AT", 3)
    for number in range(5):
        sessions.save(tmp_path / f"{number}.jsonl", sessions.codex_bare())
    assert len(open_path(tmp_path).rows) == 3
    monkeypatch.setattr(opening, "MOST_ROWS", 1)
    found = open_path(tmp_path)
    assert (len(found.rows), "more than 1" in found.skipped[-1].why) == (1, True)


def test_a_folder_without_trajectories_says_what_was_seen(tmp_path: Path) -> None:
    with pytest.raises(NoTrajectory, match="has no trajectory in it"):
        open_path(tmp_path)
    (tmp_path / "a.json").write_text('{"alpha": 1, "beta": 2}')
    with pytest.raises(NoTrajectory, match=r"a\.json is JSON, but .* alpha, beta"):
        open_path(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n....", "is a PNG picture"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"\x7fELF\x02", "is a program"),
        (b"SQLite format 3\x00", "is an SQLite database"),
        (b"\x00" * 257 + b"ustar", "is a tar archive: unpack it first"),
        (b"#!/bin/sh\necho", "is a script"),
        (b"[tool.ruff]\nline = 1\n", "is text, and no JSON; it begins: .tool.ruff."),
        (b"\xde\xad\xbe\xef" * 9, "is binary, and of no kind that lis-tui knows"),
        (b'{"alpha": 1, "beta": 2}', "the top-level fields are alpha, beta"),
        (b'{"alpha": 1}\n{"alpha": 2}\n', "one value a line, .* of line 1 the top-level fields are alpha"),
        (b"[1, 2]", "the top level is a list of 2 values"),
        (b'{"a": [1, 2', "begins like JSON, but cannot be read"),
        (b"[" * 20_000, "nested too deeply"),
        (b'{"x\x1b[2Jy": 1}', r"fields are x\\x1b\[2Jy|fields are x.{1,8}\[2Jy"),
    ],
)
def test_what_a_file_is_not_gets_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(NoTrajectory, match=words) as refused:
        open_path(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NoTrajectory, match="no regular file"):
        open_path(tmp_path / "pipe")
    with pytest.raises(NoTrajectory, match="No such file"):
        open_path(tmp_path / "nowhere")


def test_a_journal_of_a_newer_lis_tui_says_so(tmp_path: Path) -> None:
    first = mutants.SEEDS["lis-tui"]().splitlines()[0].replace(b'"format_version":1', b'"format_version":99')
    path = tmp_path / "new.jsonl"
    path.write_bytes(first + b"\n")
    with pytest.raises(JournalUnreadable, match="newer lis-tui"):
        open_path(path)


def test_a_row_is_found_by_number_and_by_name(tmp_path: Path) -> None:
    found = open_path(sessions.save(tmp_path / "s.jsonl", sessions.claude_family()))
    assert [found.find(wanted) for wanted in ("1", "3", "s", "s branch 1", "s sub")] == [0, 2, 0, 2, 1]
    for wanted, words in (("0", "it has 3"), ("4", "it has 3"), ("s ", "fits several"), ("", "it has 3")):
        with pytest.raises(NoTrajectory, match=words):
            found.find(wanted)


@pytest.mark.parametrize(
    "seed", ["chat", "llm-in-sandbox", "mini-swe-agent", "swe-agent", "atif", "openhands"]
)
def test_a_document_that_breaks_off_is_read_up_to_there_and_says_so(seed: str, tmp_path: Path) -> None:
    whole = mutants.SEEDS[seed]()
    path = tmp_path / "cut.json"
    problems = []
    for end in range(len(whole) // 2, len(whole), 7):
        path.write_bytes(whole[:end])
        with suppress(NoTrajectory):
            imported = open_path(path).read(0)
            event = imported.records[1].event
            assert isinstance(event, TrajectoryImported)
            assert event.problems == imported.report.problems
            problems.append(event.problems[-1])
    assert problems
    assert all("breaks off at character" in problem for problem in problems)


def test_lines_of_which_the_first_is_broken_are_no_document_that_breaks_off() -> None:
    data = b'{"type": "user", "message": \n' + sessions.jsonl(sessions.codex_bare())
    found = Material(Path("x"), data)
    assert (found.json, found.breaks_off) == (None, "")
    assert len(found.lines) == 7


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b'{"a": 1, "b": [1, 2, {"c": "x, y", "d"', {"a": 1, "b": [1, 2, {"c": "x, y"}]}),
        (b'[{"a": 1}, {"b": "say \\"hi', [{"a": 1}]),
        (b'{"a": {"b": 1}}} {"c": 2', None),
        (b'{"a": [1, 2], "b": tru, "c": 3}', {"a": [1, 2]}),
        (b'{"a"', None),
        (b'["x", "y', None),
    ],
)
def test_what_stands_before_a_break_is_kept_whole(written: bytes, value: object) -> None:
    assert Material(Path("x"), written).json == value


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16"])
def test_marks_of_the_byte_order_are_no_part_of_a_file(coding: str, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(sessions.jsonl(sessions.codex_session()).decode().encode(coding))
    assert open_path(path).read(0).report.turns == 6


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b'{"a": "\\ud83d"}', {"a": "\ufffd"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": Infinity}', {"a": float("inf")}),
        (b'{"a": "\x01"}', {"a": "\x01"}),
        (b'{"a": 1e999}', {"a": float("inf")}),
    ],
)
def test_json_is_read_as_programs_write_it(written: bytes, value: object) -> None:
    assert Material(Path("x"), written).json == value


def test_lines_of_a_large_file_are_decoded_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'{"n": 1}\n\n{"n": 2\n{"n": 3}\n'
    small = Material(Path("x"), data)
    monkeypatch.setattr(material, "LARGE_BYTES", 4)
    large = Material(Path("x"), data)
    assert not isinstance(large.lines, list)
    for one in (small, large):
        assert list(one.lines) == [(1, {"n": 1}), (4, {"n": 3})]
        assert (len(one.lines), one.lines[1], one.lines[-1]) == (2, (4, {"n": 3}), (4, {"n": 3}))
        assert one.lines[:1] == [(1, {"n": 1})]
        assert one.broken_lines == [3]
        with pytest.raises(IndexError):
            one.lines[2]


def test_rows_of_a_damaged_file_among_others_are_reasons(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"[" * 9000)[:-9])
    sessions.save(tmp_path / "b.jsonl", sessions.codex_bare())
    kinds = [type(row) for row in rows_of(tmp_path)]
    assert kinds == [Skipped, Row]


def test_the_results_of_steps_are_those_of_the_file(tmp_path: Path) -> None:
    found = open_path(sessions.save(tmp_path / "s", sessions.codex_bare()))
    texts = [
        one.event.observation.text for one in found.read(0).records if isinstance(one.event, StepFinished)
    ]
    assert texts == ["README.md"]


def test_a_folder_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refused)
    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(NoTrajectory, match="cannot be read: Permission denied"):
        open_path(tmp_path)


def test_a_file_of_which_the_kernel_has_nothing_yet_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waiting(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes | None:  # type: ignore[override]
            return None

    (tmp_path / "log").write_text("{}")
    monkeypatch.setattr(os, "fdopen", lambda fd, _mode: Waiting(fd))
    with pytest.raises(NoTrajectory, match="is empty"):
        open_path(tmp_path / "log")
