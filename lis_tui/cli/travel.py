"""`lis-tui fork` and `lis-tui resume`: what is asked for, as changes to a run on disk."""

import argparse
import asyncio
import re
from pathlib import Path

from msgspec import structs

from lis_tui.cli import headless
from lis_tui.cli.asked import Asked, check_decide, must_not_wait, secrets_of, settings
from lis_tui.cli.stored import stored
from lis_tui.client import Client
from lis_tui.config.load import Loaded, model_spec
from lis_tui.config.places import Places
from lis_tui.core import wire
from lis_tui.core.errors import JournalUnreadable, UsageWrong
from lis_tui.core.events import StepAddress
from lis_tui.core.spec import Limits, ModelSpec, RunSpec
from lis_tui.core.view import RunView
from lis_tui.trajectory.journal import read

_LIMITS = {
    "max_turns": "max_turns",
    "max_tokens": "max_tokens",
    "max_cost": "max_cost_usd",
    "timeout": "timeout_s",
    "disk_mb": "disk_mb",
    "max_files": "files",
    "output_mb": "output_mb",
}
"""Flag to limit."""


def go(given: argparse.Namespace) -> int:
    """Fork a run or take one up, as the flags say, and show or print what comes of it."""
    is_headless = given.headless or given.json
    if not (is_headless or given.detach):
        from lis_tui.cli.main import need_terminal

        need_terminal("Add --headless to have it printed, or --detach to leave it running.")
    check_decide(given.decide, is_headless=is_headless)
    places, loaded = settings(given)
    name, spec = _run_on_disk(places, given.run)
    changes = _changes(given, loaded, spec)
    if spec.model.name == "" and changes.model is None:
        raise UsageWrong("Another program recorded this: say which model goes on live (--model).")
    spec = structs.replace(
        spec,
        model=changes.model or spec.model,
        mode=changes.mode or spec.mode,
        is_headless=is_headless,
    )
    if is_headless and not given.decide:
        must_not_wait(spec, places)
    ask = _ask(given, name, changes, secrets_of(spec))
    if is_headless:
        asked = Asked(places, loaded, spec, ask.secrets, given.decide or "", ask)
        return headless.play(asked, as_json=given.json)
    run = asyncio.run(_begin(places, ask))
    if given.detach:
        print(f"{run} is running. Watch it: lis-tui attach {run}")
        return 0
    from lis_tui.ui.app import open_live

    return open_live(places, loaded, run=run)


def address_of(text: str) -> StepAddress:
    """Read a step's address as screens show it: 3.1, 3, 10.1+1. Raises UsageWrong."""
    match = re.fullmatch(r"(\d{1,9})(?:\.(\d{1,9}))?(?:\+(\d{1,9}))?", text)
    if match is None:
        raise UsageWrong(f"{text!r} is no step: it is said as in --at 3.1 (turn 3, step 1); 0 is the start.")
    return StepAddress(int(match[1]), int(match[2] or 0), int(match[3] or 0))


async def _begin(places: Places, ask: wire.Fork | wire.TakeUp) -> str:
    client = await Client.connect(places)
    try:
        if isinstance(ask, wire.TakeUp):
            return await client.take_up(ask.run, ask.changes, ask.secrets)
        return await client.fork(
            ask.run,
            ask.point,
            is_before=ask.is_before,
            rebuild=ask.rebuild,
            changes=ask.changes,
            secrets=ask.secrets,
        )
    finally:
        await client.close()


def _ask(
    given: argparse.Namespace, run: str, changes: wire.Changes, secrets: dict[str, str]
) -> wire.Fork | wire.TakeUp:
    if given.command == "resume":
        return wire.TakeUp(id=0, run=run, changes=changes, secrets=secrets)
    point = address_of(given.at)
    return wire.Fork(
        id=0,
        run=run,
        point=point,
        is_before=given.before,
        rebuild=given.rebuild,
        changes=changes,
        secrets=secrets,
    )


def _run_on_disk(places: Places, name: str) -> tuple[str, RunSpec]:
    """Find the run; gives its whole name, and its spec as it was last. Raises RunNotFound, StorageFailed."""
    folder = stored(places, name)
    view = RunView().apply_all(read(folder))
    if view.started is None:
        raise JournalUnreadable(f"The run {folder.name} ended before it began: nothing can go on from it.")
    model = view.model or view.started.spec.model
    spec = structs.replace(
        view.started.spec,
        model=model if view.imported is None else ModelSpec(name=""),
        mode=view.mode,
        limits=view.limits,
        breakpoints=view.breakpoints,
    )
    return folder.name, spec


def _changes(given: argparse.Namespace, loaded: Loaded, spec: RunSpec) -> wire.Changes:
    prompt = getattr(given, "system_prompt", None)
    is_other_model = bool(given.models or given.profile or given.api_base)
    return wire.Changes(
        model=model_spec(loaded) if is_other_model else None,
        mode=given.mode,
        limits=_limits(given, loaded, spec.limits),
        system_prompt=None if prompt is None else _text(prompt),
        message=given.message or "",
        arguments=getattr(given, "edit", None),
        name=getattr(given, "name", None),
    )


def _limits(given: argparse.Namespace, loaded: Loaded, old: Limits) -> Limits | None:
    """Give the run's own limits with those of the flags; None where no flag says anything."""
    asked = {
        limit: getattr(loaded.settings.limits, limit)
        for flag, limit in _LIMITS.items()
        if getattr(given, flag) is not None
    }
    return structs.replace(old, **asked) if asked else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageWrong(f"{path} cannot be read: {error.strerror}.") from error
