import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import pytest

from lis_tui.cli import together
from lis_tui.cli.main import main
from lis_tui.cli.parser import make_parser
from lis_tui.cli.together import asked_each
from lis_tui.core.errors import SandboxFailed, UsageWrong
from lis_tui.core.events import EXIT_CODES, EndStatus, NoticeGiven, Record, RunEnded, RunStarted
from lis_tui.core.spec import RunSpec
from lis_tui.host import alone

ENDS: dict[str, EndStatus] = {"script/a": "submitted", "script/b": "turn_limit", "script/c": "model_failed"}


class FakeAlone:
    """Tells a short run, which ends as its model has it."""

    def __init__(self, data: Path, **rest: object) -> None:
        self.data = data

    async def records(self, spec: RunSpec, secrets: Mapping[str, str]) -> AsyncGenerator[Record, None]:
        name = spec.name or ""
        if spec.model.name == "script/broken":
            raise SandboxFailed("No engine answers.")
        yield Record(1, 1.0, RunStarted(run=name, spec=spec, system_prompt="", task_prompt="", tools=()))
        yield Record(2, 2.0, NoticeGiven(f"hello from {spec.model.name}"))
        status = ENDS[spec.model.name]
        answer = "42" if status == "submitted" else None
        yield Record(3, 3.0, RunEnded(status=status, answer=answer, exit_code=EXIT_CODES[status]))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(alone, "Alone", FakeAlone)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def specs(*words: str) -> list[RunSpec]:
    given = make_parser().parse_args(["run", *words])
    return [one.spec for _, one in asked_each(given, is_headless=True)]


def test_each_model_gets_a_run_that_is_named_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    found = specs("Plot the set.", "-m", "openai/qwen3.5", "-m", "script/x.yaml", "--model", "script/x")
    assert [spec.model.name for spec in found] == ["openai/qwen3.5", "script/x.yaml", "script/x"]
    assert [spec.name for spec in found] == ["plot-set-qwen3-5", "plot-set-x", "plot-set-x-2"]
    assert {spec.task for spec in found} == {"Plot the set."}


def test_a_name_and_an_output_folder_are_shared_out(home: Path) -> None:
    found = specs("Go.", "-m", "script/a", "-m", "script/b", "--name", "mine", "--output", "out")
    assert [spec.name for spec in found] == ["mine-a", "mine-b"]
    assert [spec.output_dir for spec in found] == [str(home / "out" / "a"), str(home / "out" / "b")]


def test_a_task_from_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Once:
        def read(self) -> str:
            monkeypatch.delattr(Once, "read")
            return "Count."

    monkeypatch.setattr("sys.stdin", Once())
    assert [spec.task for spec in specs("-", "-m", "script/a", "-m", "script/b")] == ["Count.", "Count."]


def test_what_cannot_run_unwatched_is_refused_before_anything_starts() -> None:
    with pytest.raises(UsageWrong, match="nobody answers"):
        specs("Go.", "-m", "script/a", "-m", "script/b", "--mode", "confirm")


def test_lines_carry_their_model_and_the_worst_exit_code_counts(capsys: pytest.CaptureFixture[str]) -> None:
    models = ("-m", "script/a", "-m", "script/c", "-m", "script/b")
    code, out, err = said(capsys, "run", "Go.", *models, "--name", "n", "--headless")
    assert code == EXIT_CODES["model_failed"]
    assert err == ""
    for label in "abc":
        assert f"{label} │   ! hello from script/{label}" in out
    assert "n-a: exit code 0\nAnswer:\n42" in out
    assert out.endswith("Compare them: lis-tui compare n-a n-c n-b\n")


def test_json_lines_name_their_run(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "run", "Go.", "-m", "script/a", "-m", "script/b", "--name", "n", "--json")
    assert code == EXIT_CODES["turn_limit"]
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["run"] for line in lines} == {"n-a", "n-b"}
    assert [line["n"] for line in lines if line["run"] == "n-b"] == [1, 2, 3]
    assert "lis-tui compare n-a n-b" in err


def test_one_that_cannot_start_does_not_keep_the_others_from_it(capsys: pytest.CaptureFixture[str]) -> None:
    models = ("-m", "script/broken", "-m", "script/a")
    code, out, err = said(capsys, "run", "Go.", *models, "--name", "n", "--headless")
    assert code == SandboxFailed.exit_code
    assert err == "lis-tui: n-broken: No engine answers.\n"
    assert "hello from script/a" in out
    assert "compare" not in out


def test_a_bug_is_worse_than_any_failure_and_an_answer_is_best() -> None:
    codes = [5, 0, 1, 3, 143]
    assert sorted(codes, key=together._badness) == [0, 3, 5, 1, 143]


@pytest.mark.parametrize("flag", ["-m", "--model"])
def test_one_model_is_a_run_as_any_other(flag: str) -> None:
    given = make_parser().parse_args(["run", "Go.", flag, "script/a"])
    assert given.models == ["script/a"]
