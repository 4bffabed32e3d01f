import subprocess
import sys
from pathlib import Path

import pytest

from lis_tui import __version__
from lis_tui.cli.asked import asked
from lis_tui.cli.main import main
from lis_tui.cli.parser import make_parser
from lis_tui.core.errors import SettingsInvalid, UsageWrong
from lis_tui.trajectory.store import Store

HEAVY = ("textual", "litellm", "docker", "msgspec", "keyring", "yaml", "asyncio")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LIS_TUI_MODEL", "LIS_TUI_IMAGE", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def code_of(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_flags_become_the_spec_of_a_run(home: Path) -> None:
    (home / "data.csv").write_text("1")
    given = make_parser().parse_args(
        [
            *("run", "Count.", "--model", "script/demo", "--input", "data.csv", "--output", "out"),
            *("--image", "img", "--network", "none", "--max-turns", "7", "--max-tokens", "900"),
            *("--max-cost", "0.5", "--timeout", "60", "--mode", "confirm", "--name", "n", "--workdir", "/w"),
            *("--tools", "none", "--gate-timeout", "5", "--gate-default", "end", "--set", "temperature=0.2"),
        ]
    )
    spec = asked(given, is_headless=True).spec
    assert (spec.task, spec.model.name, spec.model.temperature) == ("Count.", "script/demo", 0.2)
    assert spec.model.tool_style == "none"
    assert spec.inputs == (str(home / "data.csv"),)
    assert spec.output_dir == str(home / "out")
    assert (spec.sandbox.image, spec.sandbox.network, spec.sandbox.workdir) == ("img", "none", "/w")
    assert (spec.limits.max_turns, spec.limits.max_tokens, spec.limits.max_cost_usd) == (7, 900, 0.5)
    assert (spec.limits.timeout_s, spec.mode, spec.name) == (60, "confirm", "n")
    assert (spec.gate.timeout_s, spec.gate.default) == (5, "end")


def test_a_variable_for_the_sandbox_is_named_in_the_spec_and_its_value_is_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_TOKEN", "value")
    given = make_parser().parse_args(["run", "Go.", "--model", "script/demo", "--env", "MY_TOKEN"])
    found = asked(given, is_headless=True)
    assert found.spec.sandbox.env_names == ("MY_TOKEN",)
    assert found.secrets == {"env:MY_TOKEN": "value"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run"], "Say what to do"),
        (["run", "a", "--task-file", "b"], "Say what to do"),
        (["run", " "], "task is empty"),
        (["run", "a", "--task-file", "missing"], "Say what to do"),
        (["run", "--task-file", "missing"], "cannot be read"),
        (["run", "a", "--input", "missing", "--model", "script/demo"], "no file or folder missing"),
        (["run", "a", "--env", "NOT_SET", "--model", "script/demo"], "NOT_SET"),
        (["run", "a", "--mode", "confirm", "--model", "script/demo"], "--gate-timeout"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(words: list[str], sentence: str) -> None:
    words = [*words, "--model", "script/demo"] if "--model" not in words else words
    with pytest.raises(UsageWrong, match=sentence):
        asked(make_parser().parse_args(words), is_headless=True)


def test_without_a_model_the_next_step_is_said() -> None:
    with pytest.raises(SettingsInvalid, match="--model"):
        asked(make_parser().parse_args(["run", "Go."]), is_headless=True)


@pytest.mark.parametrize("words", [[], ["run", "Go."], ["attach", "one"], ["open", "--sample"], ["demo"]])
def test_a_screen_without_a_terminal_is_refused_with_the_way_out(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(*words) == 2
    assert "--headless" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--nonsense"], 2),
        (["run", "Go.", "--headless", "--model", "script/nosuch"], 2),
        (["run", "Go.", "--headless", "--model", "openai/gpt-4o"], 5),
        (["open", "nosuch", "--headless"], 2),
        (["attach", "nosuch", "--headless"], 2),
        (["runs", "rm", "nosuch"], 2),
    ],
)
def test_failures_have_exit_codes_and_sentences(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(*words) == code
    error = capsys.readouterr().err
    assert "lis-tui" in error
    assert "Traceback" not in error


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("--version") == 0
    assert capsys.readouterr().out == f"lis-tui {__version__}\n"


def test_the_shipped_run_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("open", "--sample", "--headless") == 0
    assert "Answer:\nNordholm 0.51" in capsys.readouterr().out


def test_runs_are_listed_and_only_whole_names_are_removed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("runs") == 0
    assert "no runs yet" in capsys.readouterr().out
    folder = home / "data" / "runs" / "sample-1"
    folder.mkdir(parents=True)
    sample = Path(__file__).parents[3] / "lis_tui" / "recordings" / "sample" / "journal.jsonl"
    (folder / "journal.jsonl").write_bytes(sample.read_bytes())
    assert code_of("runs") == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[1].split()[:3] == ["sample-1", "submitted", "8"]
    assert code_of("runs", "rm", "sample") == 2
    assert "did you mean sample-1" in capsys.readouterr().err
    assert code_of("runs", "rm", "sample-1") == 0
    assert not folder.exists()


def test_a_live_run_is_not_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Store(home / "data").create("Count.", "counts")
    lock = folder.lock()
    assert code_of("runs", "rm", "counts") == 7
    assert "counts is live and stays: end it first" in capsys.readouterr().err
    lock.release()
    assert code_of("runs", "rm", "counts") == 0
    assert not folder.path.exists()


def test_the_version_costs_no_heavy_import() -> None:
    script = (
        "import sys\nfrom lis_tui.cli.main import main\n"
        f"try: main(['--version'])\nfinally: print([n for n in {HEAVY} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("module", ["lis_tui.client", "lis_tui.cli.headless"])
def test_what_a_screen_holds_imports_neither_engine_nor_vendors(module: str) -> None:
    script = (
        f"import sys, {module}\n"
        "bad = ('docker', 'litellm', 'textual', 'keyring', 'yaml', 'lis_tui.host', 'lis_tui.engine')\n"
        "print([name for name in bad if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_folder_for_results_that_cannot_be_one_is_found_out_at_once(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "taken").write_text("")
    assert code_of("run", "Go.", "--model", "script/demo", "--headless", "--output", "taken") == 2
    assert "Results cannot be saved in taken: File exists." in capsys.readouterr().err


def test_what_is_not_understood_is_one_sentence_with_the_next_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert code_of("run", "Go.", "--mode", "fast") == 2
    assert code_of("run", "Go.", "--nonsense") == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("lis-tui: argument --mode: invalid choice: 'fast'")
    assert first.endswith("See `lis-tui run --help`.")
    assert second == "lis-tui: unrecognized arguments: --nonsense. See `lis-tui --help`."
