"""`lis-tui demo`: a scripted model drives the real sandbox; headless, the exit code says if it was right."""

import argparse
import asyncio
import sys
from pathlib import Path

from lis_tui.cli.asked import Asked, settings
from lis_tui.cli.headless import Ending, play_here
from lis_tui.cli.main import need_terminal
from lis_tui.config.load import run_spec
from lis_tui.core.errors import EngineMissing
from lis_tui.core.private import private_folder
from lis_tui.model.script import Scenario, load_scenario

NAME = "script/demo"


def play(given: argparse.Namespace) -> int:
    """Play the demo; without an engine the shipped recording is shown instead, and called that."""
    is_headless = given.headless or given.json
    if not is_headless:
        need_terminal("Add --headless to have the demo printed.")
    scenario = load_scenario(NAME)
    try:
        _find_engine()
    except EngineMissing as error:
        return _play_recording(given, error)
    asked = _ask(given, scenario, is_headless=is_headless)
    if is_headless:
        code, ending = asyncio.run(play_here(asked, as_json=given.json))
        return code or _check(scenario, ending)
    from lis_tui.ui.app import open_live

    return open_live(asked.places, asked.loaded, spec=asked.spec, secrets=asked.secrets)


def _find_engine() -> None:
    from lis_tui.sandbox.image import connect

    connect().close()


def _play_recording(given: argparse.Namespace, error: EngineMissing) -> int:
    if given.headless or given.json:
        raise error
    from lis_tui.cli.runs import SAMPLE
    from lis_tui.ui.app import open_recorded

    print(f"{error.sentence}\nUntil then, this is a recorded run.", file=sys.stderr)
    places, loaded = settings(given)
    return open_recorded(places, loaded, SAMPLE)


def _ask(given: argparse.Namespace, scenario: Scenario, *, is_headless: bool) -> Asked:
    given.models = [NAME]
    places, loaded = settings(given)
    folder = private_folder(private_folder(places.data) / "demo")
    spec = run_spec(
        loaded,
        task=scenario.task,
        inputs=[_written(folder / name, text) for name, text in scenario.inputs.items()],
        name="demo",
        is_headless=is_headless,
    )
    return Asked(places, loaded, spec, {})


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _check(scenario: Scenario, ending: Ending) -> int:
    """Compare the saved answer file with the answer that is right."""
    if ending.saved is None or scenario.expect is None:
        print("lis-tui: the demo saved no answer.", file=sys.stderr)
        return 1
    path = Path(ending.saved.folder) / "answer.txt"
    answer = path.read_text(errors="replace") if path.is_file() else ""
    if answer.strip() == scenario.expect.strip():
        return 0
    print(f"lis-tui: the demo's answer is wrong: expected {scenario.expect!r}.", file=sys.stderr)
    return 1
