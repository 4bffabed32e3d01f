"""`lis-tui open` and its friends on files: printed, listed, reported."""

import json
from pathlib import Path

import pytest

from lis_tui.cli.main import main
from lis_tui.core.events import Record, decode
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import Store
from tests import mutants, sessions, story


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(words)
    out, err = capsys.readouterr()
    return exit_.value.code, out, err


def run_of_ours(folder: Path, name: str) -> None:
    made = Store(folder / "home" / "data").create("task", name)
    journal = Journal.create(made)
    for record in story.ended():
        if record.n:
            journal.append(record)
    journal.close()


def test_a_session_is_printed_without_what_it_does_not_say(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions.save(home / "s.jsonl", sessions.codex_session())
    code, out, err = said(capsys, "open", "s.jsonl", "--headless")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["s · gpt-5-codex", "Build it."]
    assert "recorded by Codex 0.58.0" in lines[2]
    assert "1.2 $ false" in lines
    assert "1.2 ✗ exit 3 · 1.2 s" in lines
    assert "5.1 · unknown" in lines
    assert lines[-2:] == ["■ the recording ends here", "6 turns · 6 steps · 462 tokens"]
    for invented in ("1970", "lis-tui-sandbox", "limits:", "$0"):
        assert invented not in out


def test_a_step_that_nothing_is_known_of_is_printed_too(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions.save(home / "s.jsonl", sessions.claude_session())
    _, out, _ = said(capsys, "open", "s.jsonl", "--headless")
    assert out.count("4.1 Glob") == 1
    assert "4.1 ·" not in out


def test_what_was_said_to_the_model_is_neither_a_warning_nor_a_word_of_ours(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions.save(home / "s.jsonl", sessions.codex_session())
    _, out, _ = said(capsys, "open", "s.jsonl", "--headless")
    assert "  said to the model: <environment_context>" in out.splitlines()[3]
    assert "nudge" not in out


def test_json_is_a_journal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sessions.save(home / "s.jsonl", sessions.claude_session())
    _, out, _ = said(capsys, "open", "s.jsonl", "--json")
    records: list[Record] = [decode(line.encode()) for line in out.splitlines()]
    assert [record.n for record in records] == list(range(1, len(records) + 1))
    (home / "j.jsonl").write_text(out)
    _, again, _ = said(capsys, "open", "j.jsonl", "--json")
    assert again == out


def test_several_are_a_table_and_one_is_chosen(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sessions.save(home / "s.jsonl", sessions.claude_family())
    code, out, _ = said(capsys, "open", "s.jsonl")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["#", "1", "2", "3"]
    _, out, _ = said(capsys, "open", "s.jsonl", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["number"], row["name"], row["turns"]) for row in rows] == [
        (1, "s", 3),
        (2, "s sub-agent ab12", 2),
        (3, "s branch 1", 3),
    ]
    for entry in ("3", "s branch 1"):
        _, out, _ = said(capsys, "open", "s.jsonl", "--entry", entry, "--headless")
        assert "3.1 $ sed -i s/a/b/ a.py" in out
    code, _, err = said(capsys, "open", "s.jsonl", "--entry", "9")
    assert (code, "no trajectory '9'" in err) == (2, True)


def test_a_report_tells_what_was_mapped_kept_and_not_read(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sessions.save(home / "s.jsonl", sessions.claude_session())
    path.write_bytes(path.read_bytes() + b"{broken\n")
    code, out, _ = said(capsys, "open", "s.jsonl", "--report")
    assert code == 0
    lines = [line.strip() for line in out.splitlines()]
    assert lines[1] == "read as Claude Code 2.0.46"
    assert lines[2] == "mapped: 4 turns, 6 steps, 5 observations"
    assert "gitBranch (1)" in lines
    assert any(line.startswith("line 18: ") for line in lines)
    _, out, _ = said(capsys, "open", "s.jsonl", "--report", "--json")
    report = json.loads(out)
    assert (report["format"], report["turns"], report["kept"]["requestId"]) == ("Claude Code", 4, 4)
    assert [problem.partition(":")[0] for problem in report["problems"]] == ["line 18"]


def test_a_folder_reports_also_what_was_not_opened(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "all"
    folder.mkdir()
    (folder / "a.json").write_bytes(mutants.SEEDS["atif"]())
    (folder / "b.json").write_text('{"nothing": "known here"}')
    _, out, _ = said(capsys, "open", "all", "--report")
    assert "read as ATIF" in out
    assert "Not opened: 1 file" in out
    assert "the top-level fields are nothing" in out


def test_a_run_is_found_before_a_file_of_its_name(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_of_ours(home, "mine")
    sessions.save(home / "mine", sessions.codex_session())
    _, out, _ = said(capsys, "open", "mine", "--headless")
    assert "gpt-5-codex" not in out
    _, out, _ = said(capsys, "open", "./mine", "--headless")
    assert "gpt-5-codex" in out
    _, out, _ = said(capsys, "open", "min", "--headless")
    assert "gpt-5-codex" not in out
    _, out, _ = said(capsys, "open", "mine", "--report")
    assert "read as lis-tui 1" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["open", "nowhere"], "There is no run and no file 'nowhere'"),
        (["open", "picture"], "picture is a PNG picture."),
        (["open"], "Say which"),
        (["open", "mine", "--entry", "2"], "it is one run: leave --entry out"),
        (["open", "behind a cycle/file"], "no file 'behind a cycle/file'"),
        (["export", "s.jsonl"], "say which, as in s.jsonl#1"),
        (["export", "s.jsonl#9"], "no trajectory '9'"),
        (["compare", "s.jsonl#1", "s.jsonl#1"], "named twice"),
    ],
)
def test_what_cannot_be_opened_is_said_in_a_sentence(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    (home / "picture").write_bytes(b"\x89PNG\r\n\x1a\n")
    sessions.save(home / "s.jsonl", sessions.claude_family())
    (home / "behind a cycle").symlink_to("behind a cycle")
    run_of_ours(home, "mine")
    code, out, err = said(capsys, *words)
    assert (code, out) == (2, "")
    assert sentence in err


def test_the_only_entry_of_a_run_of_ours_may_be_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_of_ours(home, "mine")
    for entry in ("1", "mine"):
        assert said(capsys, "open", "mine", "--entry", entry, "--headless")[0] == 0


def test_a_file_that_nobody_may_look_at_is_not_said_to_be_missing(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "closed").mkdir()

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lis_tui.cli.recorded.os.path.lexists", lambda path: False)
    monkeypatch.setattr("lis_tui.cli.recorded.os.lstat", refused)
    code, _, err = said(capsys, "open", "closed/s.jsonl")
    assert code == 2
    assert "a folder on the way may not be entered" in err


def test_a_file_is_exported_like_a_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sessions.save(home / "s.jsonl", sessions.claude_family())
    code, out, _ = said(capsys, "export", "s.jsonl#3")
    assert code == 0
    assert "sed -i s/a/b/ a.py" in out
    for invented in ("1970", "lis-tui-sandbox", "exit code"):
        assert invented not in out


def test_what_was_exported_as_json_is_known_and_not_opened(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions.save(home / "c.jsonl", sessions.codex_session())
    _, out, _ = said(capsys, "export", "c.jsonl", "--to", "json")
    (home / "out.json").write_text(out)
    code, _, err = said(capsys, "open", "out.json")
    assert (code, "is what lis-tui exports as json" in err) == (2, True)


def test_files_are_compared_with_each_other_and_with_runs(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_of_ours(home, "mine")
    sessions.save(home / "s.jsonl", sessions.claude_family())
    sessions.save(home / "c.jsonl", sessions.codex_session())
    code, out, _ = said(capsys, "compare", "s.jsonl#1", "c.jsonl", "mine", "--plain")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["s", "c", "mine"]
    assert out.count("not recorded") == 2
    code, out, _ = said(capsys, "compare", "s.jsonl#1", "s.jsonl#3", "--plain")
    assert (code, "Files are not compared" in out) == (0, True)
