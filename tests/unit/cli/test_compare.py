from pathlib import Path

import pytest

from lis_tui.cli.main import main
from lis_tui.core.events import KnownEvent, Record, RunEnded
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import Store
from tests import branches
from tests.journals import asked, finished, started, write


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    return Store(tmp_path / "data")


def record(store: Store, name: str, records: list[Record]) -> None:
    folder = store.create("task", name)
    journal = Journal.create(folder)
    for one in records:
        if one.n:
            journal.append(one)
    journal.close()


def ended(store: Store, name: str, answer: str) -> None:
    folder = store.create("task", name)
    events: list[KnownEvent] = [started(name), asked(1), finished(1, cost_usd=0.5)]
    write(folder, *events, RunEnded(status="submitted", answer=answer))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(words)
    out, err = capsys.readouterr()
    return exit_.value.code, out, err


def test_two_runs_are_printed_with_what_differs(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    record(store, "mandelbrot-3", branches.parent())
    record(store, "mandelbrot-4", branches.fork())
    code, out, err = said(capsys, "compare", "mandelbrot-3", "mandelbrot-4", "--plain")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["RUN", "STATE", "TURNS"]
    assert lines[1].startswith("mandelbrot-3  submitted")
    assert "6 steps shared, up to 5.1" in out
    assert "  ← 6.2 $ ls -l output" in out
    assert "  → –" in out
    assert "Files are not compared: mandelbrot-3 has no checkpoint" in out


def test_many_runs_are_a_table_and_equal_answers_are_named(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, answer in (("one", "42"), ("two", "42\n"), ("three", "\x1b[31m43")):
        ended(store, name, answer)
    code, out, _ = said(capsys, "compare", "one", "two", "three")
    assert code == 0
    assert "two (script/x): (same answer as one) 42" in out
    assert "\x1b" not in out
    assert "shared" not in out


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["one"], "Two to 8 runs"),
        (["one", "one"], "named twice"),
        (["one", "nowhere"], "no file 'nowhere'"),
    ],
)
def test_what_cannot_be_compared_is_said(
    store: Store, capsys: pytest.CaptureFixture[str], names: list[str], sentence: str
) -> None:
    ended(store, "one", "42")
    code, _, err = said(capsys, "compare", *names)
    assert code == 2
    assert sentence in err


def test_a_run_is_judged_and_found_again(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        ended(store, name, "42")
    assert said(capsys, "runs", "tag", "one", "paper", "#try-2")[1] == "one: #paper #try-2\n"
    assert said(capsys, "runs", "tag", "one", "-try-2")[1] == "one: #paper\n"
    assert said(capsys, "runs", "verdict", "one", "good")[1] == "one: good\n"
    assert said(capsys, "runs", "note", "one", "Right", "at once.")[1] == "one: Right at once.\n"
    assert said(capsys, "runs", "note", "one")[1] == "one: Right at once.\n"
    code, out, _ = said(capsys, "runs", "--filter", "tag:paper verdict:good note~once state:submitted")
    assert code == 0
    rows = out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["one"]
    assert "good #paper" in rows[0]
    assert said(capsys, "runs", "--filter", "verdict:bad")[1] == "No run is like this.\n"
    assert said(capsys, "runs", "verdict", "one", "none")[1] == "one: none\n"
    assert said(capsys, "runs", "note", "one", "")[1] == "one: none\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["verdict", "one", "great"], "good, bad, mixed or none"),
        (["tag", "one", "two words"], "A tag is one word"),
        (["verdict", "nowhere", "good"], "no run 'nowhere'"),
        (["--filter", "tag:"], "value is missing"),
        (["--filter", "exit=0"], "(column 1)"),
    ],
)
def test_a_judgement_that_makes_no_sense_is_said(
    store: Store, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    ended(store, "one", "42")
    code, _, err = said(capsys, "runs", *words)
    assert code == 2
    assert sentence in err
