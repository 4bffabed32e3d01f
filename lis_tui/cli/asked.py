"""What was asked for on the command line, as settings, a spec and secrets."""

import argparse
import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from lis_tui.config.load import Loaded, load, run_spec
from lis_tui.config.places import Places, find_places
from lis_tui.config.secrets import find_secrets
from lis_tui.core.errors import UsageWrong
from lis_tui.core.spec import RunSpec

_SETTINGS = {
    "model": "model.name",
    "api_base": "model.api_base",
    "profile": "profile",
    "tools": "model.tool_style",
    "image": "sandbox.image",
    "network": "sandbox.network",
    "workdir": "sandbox.workdir",
    "env": "sandbox.env_names",
    "max_turns": "limits.max_turns",
    "max_tokens": "limits.max_tokens",
    "max_cost": "limits.max_cost_usd",
    "timeout": "limits.timeout_s",
    "mode": "mode",
    "gate_timeout": "gate.timeout_s",
    "gate_default": "gate.default",
}
"""Flag to setting."""


class Asked(Struct, frozen=True):
    """A run as the command line asks for it."""

    places: Places
    loaded: Loaded
    spec: RunSpec
    secrets: dict[str, str]


def settings(given: argparse.Namespace) -> tuple[Places, Loaded]:
    """Read the settings with these flags on top. Raises SettingsInvalid."""
    places = find_places(os.environ)
    flags = {setting: getattr(given, flag, None) for flag, setting in _SETTINGS.items()}
    return places, load(flags, os.environ, places.config, getattr(given, "sets", []))


def asked(given: argparse.Namespace, *, is_headless: bool) -> Asked:
    """Put together what `run` was asked for. Raises UsageWrong, SettingsInvalid, KeyMissing."""
    places, loaded = settings(given)
    for path in (*given.inputs, *given.inline):
        if not path.exists():
            raise UsageWrong(f"There is no file or folder {path}.")
    if given.output is not None:
        _make_folder(given.output.expanduser())
    spec = run_spec(
        loaded,
        task=_task(given),
        inputs=given.inputs,
        inline=given.inline,
        output_dir=given.output,
        system_prompt=None if given.system_prompt is None else _read(given.system_prompt),
        name=given.name,
        is_headless=is_headless,
    )
    if is_headless and spec.mode != "auto" and spec.gate.timeout_s is None:
        raise UsageWrong(
            f"In mode {spec.mode} every step waits, and without a screen nobody answers: "
            "add --gate-timeout S (and --gate-default), or use --mode auto."
        )
    return Asked(places, loaded, spec, secrets_of(spec))


def secrets_of(spec: RunSpec, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Find the run's key and variables. Raises KeyMissing, UsageWrong."""
    return find_secrets(spec, environ, Path.cwd())


def _task(given: argparse.Namespace) -> str:
    if (given.task is None) == (given.task_file is None):
        raise UsageWrong(
            "Say what to do: `run TASK`, `run -` (from standard input) or `run --task-file FILE`."
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
