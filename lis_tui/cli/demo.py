"""`lis-tui demo`: a scripted model drives the real sandbox; headless, the exit code says if it was right."""

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec
from msgspec import structs

from lis_tui.cli.asked import Asked, settings
from lis_tui.cli.headless import Ending, play_here
from lis_tui.cli.main import need_terminal
from lis_tui.config.load import run_spec
from lis_tui.config.presets import Preset, read_preset
from lis_tui.core.errors import EngineMissing
from lis_tui.core.private import private_folder
from lis_tui.model.script import Scenario, list_scenarios, load_scenario

FIRST = "demo"
"""What is played where no name is given."""
UNSEEN = msgspec.json.encode({"pace": 0.25}).decode()
"""Text that is printed when it is whole need not come at a reader's speed."""


def play(given: argparse.Namespace) -> int:
    """Play a demo; where no sandbox can be had, the first one's shipped recording, called that."""
    if given.name == "list":
        from lis_tui.cli.presets import show_demos

        return show_demos(list_scenarios())
    is_headless = given.headless or given.json
    if not is_headless:
        need_terminal("Add --headless to have the demo printed.")
    scenario = load_scenario(given.name)
    asked = _ask(given, scenario, is_headless=is_headless)
    try:
        asked = _in_a_home(asked)
    except EngineMissing as error:
        return _play_recording(given, error)
    if is_headless:
        code, ending = asyncio.run(play_here(asked, as_json=given.json))
        return code or _check(scenario, ending)
    from lis_tui.ui.app import open_live

    return open_live(asked.places, asked.loaded, spec=asked.spec, secrets=asked.secrets)


def _in_a_home(asked: Asked) -> Asked:
    """Choose where the demo plays. Raises EngineMissing."""
    from lis_tui.host.homes import choose

    sandbox = structs.replace(asked.spec.sandbox, kind=choose(asked.spec.sandbox))
    return structs.replace(asked, spec=structs.replace(asked.spec, sandbox=sandbox))


def _play_recording(given: argparse.Namespace, error: EngineMissing) -> int:
    if given.headless or given.json or given.name != FIRST:
        raise error
    from lis_tui.cli.runs import SAMPLE
    from lis_tui.ui.app import open_recorded

    print(f"{error.sentence}\nUntil then, this is a recorded run.", file=sys.stderr)
    places, loaded = settings(given)
    return open_recorded(places, loaded, SAMPLE)


def _ask(given: argparse.Namespace, scenario: Scenario, *, is_headless: bool) -> Asked:
    given.models = [f"script/{given.name}"]
    preset = None if scenario.task else read_preset(given.name)
    places, loaded = settings(given, preset)
    spec = run_spec(
        loaded,
        task=scenario.task or (preset.task if preset is not None else ""),
        inputs=_inputs(scenario, preset, places.data),
        name=Path(given.name).stem,
        is_headless=is_headless,
    )
    if is_headless and spec.model.extra_body_json == "{}":
        spec = structs.replace(spec, model=structs.replace(spec.model, extra_body_json=UNSEEN))
    return Asked(places, loaded, spec, {})


def _inputs(scenario: Scenario, preset: Preset | None, data: Path) -> list[Path]:
    """Give the preset's files, and those that the scenario itself holds, written down."""
    found = list(preset.inputs) if preset is not None else []
    if scenario.inputs:
        folder = private_folder(private_folder(data) / "demo")
        found += [_written(folder / name, text) for name, text in scenario.inputs.items()]
    return found


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
