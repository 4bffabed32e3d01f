"""Breakpoints and --decide on the command line."""

from pathlib import Path

import pytest

from lis_tui.cli.asked import Asked, asked
from lis_tui.cli.parser import make_parser
from lis_tui.config.breakpoints import save_breakpoints
from lis_tui.core.breakpoints import SHIPPED, Breakpoint
from lis_tui.core.errors import UsageWrong

SAVED = Breakpoint(name="rm", filter="cmd~rm")


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def ask(*words: str, is_headless: bool = True) -> Asked:
    given = make_parser().parse_args(["run", "Draw it.", "--model", "script/demo", *words])
    return asked(given, is_headless=is_headless)


def test_flags_become_breakpoints_after_those_that_are_saved() -> None:
    spec = ask("--break", "exit!=0", "--break", "exit!=0", "--break-log", "net", is_headless=False).spec
    own = spec.breakpoints[len(SHIPPED) :]
    assert spec.breakpoints[: len(SHIPPED)] == SHIPPED
    assert [(one.name, one.filter, one.kind) for one in own] == [
        ("exit!=0", "exit!=0", "wait"),
        ("exit!=0 (2)", "exit!=0", "wait"),
        ("net", "net", "log"),
    ]


def test_a_task_has_its_own(config: Path) -> None:
    save_breakpoints(config, [SAVED], "draw")
    assert SAVED in ask(is_headless=False).spec.breakpoints
    assert SAVED not in ask("--name", "other").spec.breakpoints
    assert ask("--name", "draw", "--no-breakpoints").spec.breakpoints == ()


def test_a_filter_that_cannot_be_read_is_shown_with_a_sign_at_the_column() -> None:
    with pytest.raises(UsageWrong) as caught:
        ask("--break", "net exit:0")
    lines = caught.value.sentence.splitlines()
    assert lines[0].startswith("--break: exit is a number")
    assert lines[1:] == ["  net exit:0", "          ^"]


def test_without_a_screen_a_breakpoint_needs_somebody_to_answer(config: Path) -> None:
    with pytest.raises(UsageWrong, match=r"breakpoint net waits.*--gate-timeout"):
        ask("--break", "net")
    save_breakpoints(config, [SAVED])
    with pytest.raises(UsageWrong, match=r"breakpoint rm waits.*--no-breakpoints"):
        ask()
    for words in (["--gate-timeout", "5"], ["--decide", "true"], ["--no-breakpoints"]):
        ask(*words)
    save_breakpoints(config, [])
    ask("--break-log", "net")


def test_a_program_that_decides_takes_the_place_of_a_person() -> None:
    assert ask("--mode", "confirm", "--decide", "prog --x").decide == "prog --x"
    with pytest.raises(UsageWrong, match="needs --headless"):
        ask("--decide", "prog", is_headless=False)
    for wrong in ("", "a 'b"):
        with pytest.raises(UsageWrong, match="--decide"):
            ask("--decide", wrong)
