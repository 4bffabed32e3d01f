"""`lis-tui doctor`: what works here, what does not, and how to mend it."""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from lis_tui.cli.asked import settings
from lis_tui.cli.runs import size
from lis_tui.config.keys import find_key, missing_sentence, needs_key
from lis_tui.config.load import Loaded, model_spec
from lis_tui.config.places import Places
from lis_tui.config.schema import keys
from lis_tui.core.errors import LisError, SettingsInvalid
from lis_tui.core.text import clean, one_line
from lis_tui.trajectory.blobs import Blobs

_SIGNS = {"good": "✓", "poor": "!", "bad": "✗"}


class Finding(Struct, frozen=True):
    """One thing that was looked at. `bad`: runs will not work until it is mended."""

    state: str
    about: str
    sentence: str


def check(given: argparse.Namespace) -> int:
    """Look at everything and print it; 1 where something must be mended."""
    places, loaded = settings(given)
    if given.security:
        from lis_tui.cli import protection

        return protection.show(places, loaded, as_json=given.json)
    findings = []
    for finding in _findings(places, loaded):
        findings.append(finding)
        print(f"{_SIGNS[finding.state]} {finding.about}: {clean(finding.sentence)}", flush=True)
    print("\nSettings")
    for name in keys():
        print(f"  {name} = {_value(loaded, name)}  ({one_line(loaded.origins[name])})")
    return 1 if any(finding.state == "bad" for finding in findings) else 0


def _findings(places: Places, loaded: Loaded) -> Iterator[Finding]:
    yield _terminal()
    yield from _sandboxes(loaded)
    yield from _carried(loaded)
    yield _model(loaded)
    yield Finding("good", "runs", f"kept in {places.data}")
    yield _checkpoints(places, loaded)
    yield _previews()
    yield Finding("good", "settings file", f"{loaded.path}{'' if loaded.path.exists() else ' (none yet)'}")


def _terminal() -> Finding:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Finding("poor", "terminal", "none here: only --headless, --json and --detach work")
    columns, lines = os.get_terminal_size()
    size = f"{os.environ.get('TERM', 'unknown')}, {columns}×{lines}"
    if columns < 60 or lines < 15:
        return Finding("poor", "terminal", f"{size}: the screen needs 60×15, and is at its best from 120×30")
    if os.environ.get("TERM", "dumb") == "dumb":
        return Finding("bad", "terminal", "TERM says dumb: set it to what your terminal is (xterm-256color)")
    if "utf" not in (sys.stdout.encoding or "").lower():
        return Finding("poor", "terminal", f"{size}, not UTF-8: set LANG=C.UTF-8 to see all signs")
    return Finding("good", "terminal", size)


def _sandboxes(loaded: Loaded) -> Iterator[Finding]:
    from lis_tui.core.namespaces import why_not_here
    from lis_tui.sandbox.embedded import lacks

    sandbox = loaded.settings.sandbox
    kind = "embedded" if sandbox.base and sandbox.kind == "auto" else sandbox.kind
    why = why_not_here() or _why_not_on(sandbox.base)
    is_other = kind == "auto" and not why
    engine = [] if kind == "embedded" else list(_engine(loaded, "poor" if is_other else "bad"))
    yield from engine
    if why:
        state = "bad" if kind == "embedded" else "poor"
        yield Finding(state, "embedded sandbox", f"none can be made here: {why}")
        return
    is_used = kind == "embedded" or (is_other and len(engine) == 1)
    use = "runs use it" if is_used else "can be made here (--sandbox embedded)"
    sentence = "; ".join([use, *lacks(sandbox)])
    yield Finding("poor" if is_used else "good", "embedded sandbox", sentence)


def _why_not_on(base: str) -> str:
    """Say why a root file system folder cannot be used; empty where it can, or none was named."""
    from lis_tui.sandbox.base import read_base

    try:
        if base:
            read_base(Path(base))
    except LisError as error:
        return error.sentence
    return ""


def _engine(loaded: Loaded, missing: str) -> Iterator[Finding]:
    from lis_tui.sandbox import image
    from lis_tui.sandbox.engine import runtime_of, told_as
    from lis_tui.sandbox.engines import connect, engine_of

    sandbox = loaded.settings.sandbox
    try:
        with contextlib.closing(connect()) as client, told_as("The engine does not answer any more"):
            found = engine_of(client)
            where = f"{found.title} (API {client.api.api_version}) at {_address(client.api.base_url)}"
            yield Finding("good", "engine", one_line(where))
            runtime_of(found, sandbox.runtime)
            status = image.status(client, sandbox.image)
    except LisError as error:
        yield Finding(missing, "engine", error.sentence)
        return
    state = "bad" if not status.is_present else "poor" if status.recipe and not status.is_current else "good"
    yield Finding(state, "image", status.sentence)


def _address(base_url: str) -> str:
    """Give the engine's address as a person would write it; docker's own for a socket is made up."""
    chosen = os.environ.get("DOCKER_HOST")
    return chosen or ("a socket of this machine" if base_url.startswith("http+docker") else base_url)


def _carried(loaded: Loaded) -> Iterator[Finding]:
    from lis_tui.sandbox.carry import find_carried

    if not loaded.settings.sandbox.carry_certificates:
        yield Finding("good", "certificates", "not carried into sandboxes (sandbox.carry_certificates)")
        return
    lines = find_carried(os.environ, Path.home()).summary()
    for line in lines or ("nothing of this machine's needs to be carried into sandboxes",):
        state = "poor" if line.startswith("not carried") else "good"
        yield Finding(state, "carried into sandboxes", one_line(line, 500))


def _checkpoints(places: Places, loaded: Loaded) -> Finding:
    """Say whether sandboxes are kept after each step, without what, and what that takes."""
    sandbox = loaded.settings.sandbox
    if not sandbox.checkpoints:
        return Finding("poor", "checkpoints", "off (sandbox.checkpoints): no run can go back to a step")
    skipped = ", ".join(sandbox.checkpoint_skip) or "nothing"
    taken = size(Blobs(places.data).size_bytes())
    sentence = f"after each step, {skipped} left out (sandbox.checkpoint_skip); {taken} in all"
    return Finding("good", "checkpoints", one_line(sentence, 500))


def _previews() -> Finding:
    """Say what keeps files of the sandbox from doing harm when they are looked at."""
    from lis_tui.preview.parts import CannotShow
    from lis_tui.preview.starting import confinement

    try:
        found = confinement()
    except CannotShow as error:
        return Finding("poor", "previews", str(error))
    return Finding("good" if found.is_confined else "poor", "previews", found.sentence)


def _model(loaded: Loaded) -> Finding:
    try:
        spec = model_spec(loaded)
    except SettingsInvalid as error:
        return Finding("poor", "model", error.sentence)
    key = find_key(spec, os.environ, Path.cwd())
    if key is not None:
        return Finding("good", "model", f"{spec.name}, key from {key.source}")
    if needs_key(spec):
        return Finding("bad", "model", f"{spec.name}: {missing_sentence(spec)}")
    return Finding("good", "model", f"{spec.name}, no key needed as far as is known")


def _value(loaded: Loaded, name: str) -> str:
    section, _, field = name.rpartition(".")
    holder = getattr(loaded.settings, section) if section else loaded.settings
    value = getattr(holder, field)
    return "not set" if value is None else one_line(json.dumps(value, ensure_ascii=False), 100)
