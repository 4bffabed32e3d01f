"""`lis-tui reexecute`: what is recorded of a run, ours or another program's, is done again and compared."""

import argparse
import asyncio
import os
from pathlib import Path

from lis_tui.cli import headless
from lis_tui.cli.asked import Asked, must_not_wait, settings
from lis_tui.cli.stored import stored
from lis_tui.cli.travel import address_of
from lis_tui.client import Client
from lis_tui.config.load import model_spec
from lis_tui.config.normalising import read_rules, rules_path
from lis_tui.config.places import Places
from lis_tui.config.secrets import API_KEY, VARIABLE, find_secrets
from lis_tui.core import wire
from lis_tui.core.errors import UsageWrong
from lis_tui.core.normalising import SHIPPED, VERSION
from lis_tui.core.spec import RunSpec
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.store import RunFolder

DIVERGED = 3
"""The exit code where at least one step did something else."""


def go(given: argparse.Namespace) -> int:
    """Re-execute, shown or printed as the flags say."""
    is_headless = given.headless or given.json
    if given.rules:
        return _show_rules(settings(given)[0])
    if given.run is None:
        raise UsageWrong("Say what to do again: `lis-tui reexecute RUN`, or a FILE.")
    if not (is_headless or given.detach):
        from lis_tui.cli.main import need_terminal

        need_terminal("Add --headless to have it printed, or --detach to leave it running.")
    places, loaded = settings(given)
    folder = stored(places, given.run)
    spec = _spec(folder)
    takes_over = bool(given.models or given.profile or given.api_base)
    changes = wire.Changes(
        model=model_spec(loaded) if takes_over else None, message=given.message or "", name=given.name
    )
    ask = wire.Reexecute(
        id=0,
        run=folder.name,
        last=None if given.to is None else address_of(given.to),
        is_before=given.before,
        is_stopping=given.stop,
        mode=given.mode or "auto",
        image=given.image or "",
        sandbox=given.sandbox or "",
        fallback_image=loaded.settings.sandbox.image,
        network=given.network or "",
        inputs=_inputs(given.inputs),
        rules=read_rules(places.config).on,
        takes_over=takes_over,
        changes=changes,
        secrets=_secrets(spec, changes),
    )
    if is_headless:
        return _print(places, Asked(places, loaded, spec, ask.secrets, going=ask), given)
    run = asyncio.run(_begin(places, ask))
    if given.detach:
        print(f"{run} is running. Watch it: lis-tui attach {run}")
        return 0
    from lis_tui.ui.app import open_live

    return open_live(places, loaded, run=run)


def _show_rules(places: Places) -> int:
    saved = read_rules(places.config)
    print(f"Rules of normalising, version {VERSION}; changed in {rules_path(places.config)}\n")
    for rule in (*saved.own, *SHIPPED):
        state = "off" if rule.name in saved.off else "on"
        origin = "yours" if rule in saved.own else ""
        print(f"{rule.name:<10} {state:<3} {origin:<5} {one_line(rule.about, 90)}".rstrip())
        print(f"    {one_line(rule.pattern, 500)}  →  {one_line(rule.instead, 80)}")
    return 0


def _spec(folder: RunFolder) -> RunSpec:
    started = RunView().apply_all(read(folder)).started
    if started is None:
        raise UsageWrong(f"The run {folder.name} ended before it began: there is nothing to run again.")
    return started.spec


def _inputs(given: list[Path]) -> tuple[str, ...] | None:
    for path in given:
        if not path.exists():
            raise UsageWrong(f"There is no file or folder {path}.")
    return tuple(str(path.absolute()) for path in given) or None


def _secrets(spec: RunSpec, changes: wire.Changes) -> dict[str, str]:
    """Give the variables that the recorded run had, as far as they are set, and the live model's key."""
    names = [name for name in spec.sandbox.env_names if name in os.environ]
    found = {VARIABLE + name: os.environ[name] for name in names}
    if changes.model is not None:
        keyed = find_secrets(RunSpec(task="", model=changes.model), os.environ, Path.cwd())
        found |= {name: value for name, value in keyed.items() if name == API_KEY}
    return found


def _print(places: Places, asked: Asked, given: argparse.Namespace) -> int:
    assert isinstance(asked.going, wire.Reexecute)
    if asked.going.mode != "auto":
        must_not_wait(asked.spec, places)
    code, ending = asyncio.run(headless.play_here(asked, as_json=given.json))
    if code:
        return code
    return DIVERGED if ending.counts is not None and ending.counts.diverged else 0


async def _begin(places: Places, ask: wire.Reexecute) -> str:
    client = await Client.connect(places)
    try:
        return await client.reexecute(ask)
    finally:
        await client.close()
