import os
import stat
from pathlib import Path

import pytest

from lis_tui.core.errors import StorageFailed, UsageWrong
from lis_tui.core.run_filter import parse_run_filter
from lis_tui.trajectory.notes import MOST_NOTE, Notes, note_of, read_notes, tags_of, verdict_of, write_notes
from lis_tui.trajectory.store import Store
from tests.journals import lines_of, whole_run

GOOD = Notes(verdict="good", tags=("paper", "try-2"), note="Wörter\nin two lines")


def test_notes_are_kept_for_the_owner_alone_and_leave_the_journal_as_it_is(tmp_path: Path) -> None:
    folder = Store(tmp_path).create("task")
    whole_run(folder)
    before = lines_of(folder.journal_path)
    old = os.umask(0)
    try:
        write_notes(folder.path, Notes(verdict="bad"))
        write_notes(folder.path, GOOD)
    finally:
        os.umask(old)
    assert read_notes(folder.path) == GOOD
    assert stat.S_IMODE((folder.path / "notes.json").stat().st_mode) == 0o600
    assert lines_of(folder.journal_path) == before
    assert [path.name for path in folder.path.iterdir() if "notes" in path.name] == ["notes.json"]


def test_the_summary_of_a_run_has_its_notes_and_filters_ask_them(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in ("one", "two"):
        whole_run(store.create(name))
    write_notes(store.find("one-1").path, GOOD)
    listed = {run.name: run for run in store.list()}
    assert listed["one-1"].notes == GOOD
    assert not listed["two-1"].notes
    wanted = parse_run_filter("tag:paper verdict:good model~script state:submitted turns=2")
    assert [name for name, run in listed.items() if wanted(run.facts())] == ["one-1"]
    none = parse_run_filter("verdict:none")
    assert [name for name, run in listed.items() if none(run.facts())] == ["two-1"]


@pytest.mark.parametrize("data", [b"", b"{", b'{"verdict": "great"}', b"[]", b"\xff"])
def test_notes_that_cannot_be_read_are_no_notes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "notes.json").write_bytes(data)
    assert read_notes(tmp_path) == Notes()


def test_a_link_in_place_of_the_notes_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b'{"verdict": "good"}')
    (tmp_path / "notes.json").symlink_to(elsewhere)
    assert read_notes(tmp_path) == Notes()
    write_notes(tmp_path, Notes(verdict="bad"))
    assert elsewhere.read_bytes() == b'{"verdict": "good"}'
    assert read_notes(tmp_path).verdict == "bad"


def test_notes_that_cannot_be_kept_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be kept"):
        write_notes(tmp_path / "missing", GOOD)


def test_words_become_verdicts_tags_and_notes() -> None:
    assert [verdict_of(word) for word in ("good", " Mixed ", "none")] == ["good", "mixed", ""]
    assert tags_of(["#paper", "try-2", "paper"]) == ("paper", "try-2")
    assert note_of("  a\ud800b ") == "a\ufffdb"


@pytest.mark.parametrize("word", ["great", "g\x1b[31m"])
def test_other_verdicts_are_refused(word: str) -> None:
    with pytest.raises(UsageWrong, match="good, bad, mixed or none"):
        verdict_of(word)


@pytest.mark.parametrize("tag", ["two words", "", "#", "a\x1b", "x" * 41, "a:b"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(UsageWrong, match="one word"):
        tags_of([tag])


def test_a_note_without_end_is_refused() -> None:
    with pytest.raises(UsageWrong, match="characters"):
        note_of("x" * (MOST_NOTE + 1))
