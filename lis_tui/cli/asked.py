"""What was asked for on the command line, as settings, a spec and secrets."""

import argparse
import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from lis_tui.config.breakpoints import breakpoints_path, read_breakpoints
from lis_tui.config.load import Loaded, load, run_spec
from lis_tui.config.places import Places, find_places
from lis_tui.config.presets import Preset, read_preset
from lis_tui.config.secrets import find_secrets
from lis_tui.core import wire
from lis_tui.core.breakpoints import Breakpoint, fresh_name
from lis_tui.core.errors import FilterInvalid, UsageWrong
from lis_tui.core.filter_parser import parse
from lis_tui.core.spec import RunSpec
from lis_tui.core.text import one_line
from lis_tui.trajectory.naming import slug

_SETTINGS = {
    "api_base": "model.api_base",
    "profile": "profile",
    "tools": "model.tool_style",
    "sandbox": "sandbox.kind",
    "image": "sandbox.image",
    "runtime": "sandbox.runtime",
    "base_folder": "sandbox.base",
    "network": "sandbox.network",
    "allow": "sandbox.allow",
    "ask_hosts": "sandbox.ask_hosts",
    "workdir": "sandbox.workdir",
    "env": "sandbox.env_names",
    "max_turns": "limits.max_turns",
    "max_tokens": "limits.max_tokens",
    "max_cost": "limits.max_cost_usd",
    "timeout": "limits.timeout_s",
    "disk_mb": "limits.disk_mb",
    "max_files": "limits.files",
    "output_mb": "limits.output_mb",
    "mode": "mode",
    "gate_timeout": "gate.timeout_s",
    "gate_default": "gate.default",
    "graphics": "ui.graphics",
}
"""Flag to setting."""


class Asked(Struct, frozen=True):
    """A run as the command line asks for it."""

    places: Places
    loaded: Loaded
    spec: RunSpec
    secrets: dict[str, str]
    decide: str = ""
    """The program that answers the gates; empty: none does."""
    going: wire.Fork | wire.Reexecute | wire.TakeUp | None = None
    """It begins with what another run was, or goes on with what it was itself."""


def settings(given: argparse.Namespace, preset: Preset | None = None) -> tuple[Places, Loaded]:
    """Read the settings with these flags on top. Raises SettingsInvalid."""
    places = find_places(os.environ)
    flags = {setting: getattr(given, flag, None) for flag, setting in _SETTINGS.items()}
    if flags["sandbox.allow"] or flags["sandbox.ask_hosts"]:
        flags["sandbox.network"] = _network_of_hosts(flags["sandbox.network"])
    flags["model.name"] = next(iter(getattr(given, "models", [])), None)
    return places, load(flags, os.environ, places.config, getattr(given, "sets", []), preset)


def _network_of_hosts(given: object) -> str:
    """Hosts can be named in one network only. Raises UsageWrong."""
    if given not in (None, "auto", "allow"):
        raise UsageWrong(f"--allow and --ask-hosts go with --network allow, not with --network {given}.")
    return "allow"


def asked(given: argparse.Namespace, *, is_headless: bool) -> Asked:
    """Put together what `run` was asked for. Raises UsageWrong, SettingsInvalid, KeyMissing."""
    preset = read_preset(given.preset) if given.preset else None
    places, loaded = settings(given, preset)
    for path in (*given.inputs, *given.inline):
        if not path.exists():
            raise UsageWrong(f"There is no file or folder {path}.")
    check_decide(given.decide, is_headless=is_headless)
    if given.output is not None:
        _make_folder(given.output.expanduser())
    task = task_of(given, preset)
    name = given.name or (preset.name if preset is not None else None)
    spec = run_spec(
        loaded,
        task=task,
        inputs=[*(preset.inputs if preset is not None else ()), *given.inputs],
        inline=given.inline,
        output_dir=given.output,
        system_prompt=None if given.system_prompt is None else _read(given.system_prompt),
        name=name,
        is_headless=is_headless,
        breakpoints=_breakpoints(given, places, name or slug(task)),
    )
    if is_headless and not given.decide:
        must_not_wait(spec, places)
    return Asked(places, loaded, spec, secrets_of(spec), given.decide or "")


def must_not_wait(spec: RunSpec, places: Places) -> None:
    """Refuse a run that would wait for ever. Raises UsageWrong."""
    if spec.gate.timeout_s is not None:
        return
    if spec.model.name.startswith("human/"):
        raise UsageWrong(
            "A person plays this model, and without a screen none is there: leave --headless out."
        )
    if spec.mode != "auto":
        raise UsageWrong(
            f"In mode {spec.mode} every step waits, and without a screen nobody answers: "
            "add --gate-timeout S (and --gate-default) or --decide COMMAND, or use --mode auto."
        )
    waiting = [one.name for one in spec.breakpoints if one.is_on and one.kind == "wait"]
    if waiting:
        raise UsageWrong(
            f"The breakpoint {waiting[0]} waits for a decision, and without a screen nobody answers: "
            "add --gate-timeout S (and --gate-default) or --decide COMMAND, use --break-log instead, or "
            f"--no-breakpoints where it comes from {breakpoints_path(places.config)}."
        )


def check_decide(command: str | None, *, is_headless: bool) -> None:
    """Refuse a program that cannot be called, or has nothing to answer. Raises UsageWrong."""
    if command is None:
        return
    from lis_tui.cli.decide import words_of

    words_of(command)
    if not is_headless:
        raise UsageWrong("--decide answers in place of a person: it needs --headless or --json.")


def _breakpoints(given: argparse.Namespace, places: Places, name: str) -> list[Breakpoint]:
    """Those that are saved, then those of the flags. Raises SettingsInvalid, UsageWrong."""
    found = [] if given.no_breakpoints else list(read_breakpoints(places.config).of(name))
    for flag, texts in (("--break", given.breaks), ("--break-log", given.break_logs)):
        for text in texts:
            try:
                parse(text)
            except FilterInvalid as error:
                pointer = f"\n  {one_line(text, 4000)}\n  {' ' * (error.column - 1)}^"
                raise UsageWrong(f"{flag}: {error.sentence}{pointer}") from error
            called = fresh_name(one_line(text, 60), (one.name for one in found))
            kind: Literal["wait", "log"] = "log" if flag == "--break-log" else "wait"
            found.append(Breakpoint(name=called, filter=text, kind=kind))
    return found


def secrets_of(spec: RunSpec, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Find the run's key and variables. Raises KeyMissing, UsageWrong."""
    return find_secrets(spec, environ, Path.cwd())


def task_of(given: argparse.Namespace, preset: Preset | None = None) -> str:
    """Give the task's text, from wherever it comes; what is said wins over a preset's. Raises UsageWrong."""
    if preset is not None and given.task is None and given.task_file is None:
        return preset.task
    if (given.task is None) == (given.task_file is None):
        raise UsageWrong(
            "Say what to do: `run TASK`, `run -` (from standard input), `run --task-file FILE` or "
            "`run --preset NAME` (`--preset list` lists them)."
        )
    if given.task_file is not None:
        task = _read(given.task_file)
    else:
        task = sys.stdin.read() if given.task == "-" else str(given.task)
    if not task.strip():
        raise UsageWrong("The task is empty.")
    return task


def _make_folder(path: Path) -> None:
    """Find out now, not at the end of a long run, that results cannot be saved there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageWrong(f"Results cannot be saved in {path}: {reason}. Choose another --output.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageWrong(f"{path} cannot be read: {error.strerror}.") from error
