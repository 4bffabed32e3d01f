"""Presets and demos by name on the command line."""

from pathlib import Path

import pytest

from lis_tui.cli.asked import Asked, asked
from lis_tui.cli.main import main
from lis_tui.cli.parser import make_parser
from lis_tui.cli.together import asked_each
from lis_tui.config.presets import preset_names, read_preset
from lis_tui.model.script import list_scenarios


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    return tmp_path / "config"


def ask(*words: str) -> Asked:
    given = make_parser().parse_args(["run", "--model", "script/demo", *words])
    return asked(given, is_headless=True)


def code_of(*words: str) -> object:
    with pytest.raises(SystemExit) as caught:
        main(words)
    return caught.value.code


def test_a_preset_gives_task_files_limits_and_name() -> None:
    preset, spec = read_preset("long-context"), ask("--preset", "long-context").spec
    assert spec.task == preset.task
    assert spec.inputs == tuple(map(str, preset.inputs))
    assert (spec.name, spec.limits.max_turns, spec.limits.max_cost_usd) == ("long-context", 20, 1.0)


def test_what_is_said_beside_it_wins(tmp_path: Path, config: Path) -> None:
    (tmp_path / "more.txt").write_text("more")
    (config / "config.toml").write_text("[limits]\nmax_cost_usd = 0.5\n")
    words = ("Only the sum.", "--name", "sum", "--input", "more.txt", "--max-turns", "3")
    spec = ask("--preset", "long-context", *words).spec
    assert (spec.task, spec.name) == ("Only the sum.", "sum")
    assert spec.inputs[-1].endswith("more.txt")
    assert len(spec.inputs) == 7
    assert (spec.limits.max_turns, spec.limits.max_cost_usd) == (3, 0.5)


def test_several_models_get_the_same_preset() -> None:
    words = ["run", "--preset", "maths", "-m", "script/demo", "-m", "script/tokyo-map"]
    found = asked_each(make_parser().parse_args(words), is_headless=True)
    assert [one.spec.name for _, one in found] == ["maths-demo", "maths-tokyo-map"]
    assert {one.spec.task for _, one in found} == {read_preset("maths").task}
    assert {one.spec.limits.max_turns for _, one in found} == {20}


def test_both_lists_name_each_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("run", "--preset", "list") == 0
    listed = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in listed) == list(preset_names())
    assert all(line.endswith(".") for line in listed)
    assert code_of("demo", "list") == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == list(list_scenarios())
    assert all(line.endswith(".") for line in shown)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--preset", "mathz", "--headless"), "Did you mean maths?"),
        (("run", "--headless"), "--preset NAME"),
        (("demo", "nowhere", "--headless"), "no scenario nowhere"),
    ],
)
def test_what_is_not_there_is_a_sentence(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(*words) == 2
    assert said in capsys.readouterr().err
