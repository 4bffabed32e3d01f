"""`lis-tui doctor --security`: what protects the person here and now, and what does not."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lis_tui.cli.walls import Wall
from lis_tui.config.keys import find_key, needs_key
from lis_tui.config.load import Loaded, model_spec
from lis_tui.config.places import Places, cache_folder
from lis_tui.core.errors import LisError, SettingsInvalid
from lis_tui.core.text import clean, one_line

_OTHERS = 0o077
_SYSTEM = Path("/proc/sys/kernel")


def show(places: Places, loaded: Loaded, *, as_json: bool) -> int:
    """Print all, a line each or as JSON; 1 where runs have no sandbox at all."""
    found = []
    for wall in walls(places, loaded):
        found.append(wall)
        if not as_json:
            print(f"{wall.state:7}  {wall.about}: {clean(wall.sentence)}", flush=True)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    return 1 if any((one.about, one.state) == ("sandbox", "missing") for one in found) else 0


def walls(places: Places, loaded: Loaded) -> Iterator[Wall]:
    """Look at all of it."""
    from lis_tui.cli.enclosure import enclosure

    yield from enclosure(loaded.settings)
    yield _gates(loaded)
    yield _previews()
    yield from _folders(places)
    yield _key(loaded)
    yield from _carried(loaded)
    yield from _memory()
    yield Wall("ok", "terminal", "what models and sandboxes say is shown without codes, markup, hidden signs")
    yield Wall("ok", "journals", "values of keys and of --env are masked before they are written down")
    yield Wall("weaker", "exports", "keys are masked by known value and by shape; look for other secrets")
    yield Wall("missing", "your account", "whoever can use it, or the container engine, can do what you can")


def _gates(loaded: Loaded) -> Wall:
    mode = loaded.settings.mode
    if mode == "auto":
        return Wall("weaker", "gates", "no step waits for you (mode auto; --mode confirm has each wait)")
    return Wall("ok", "gates", f"steps wait for you (mode {mode})")


def _previews() -> Wall:
    from lis_tui.preview.parts import CannotShow
    from lis_tui.preview.starting import confinement

    try:
        found = confinement()
    except CannotShow as error:
        return Wall("missing", "previews", str(error))
    return Wall("ok" if found.is_confined else "weaker", "previews", found.sentence)


def _folders(places: Places) -> Iterator[Wall]:
    cache = cache_folder(os.environ)
    for name, path in (("runs", places.data), ("sockets", places.runtime), ("copies", cache)):
        yield _folder(f"folder of {name}", path)
    settings = places.settings_path
    if settings.exists():
        is_shut = not settings.stat().st_mode & 0o022
        sentence = f"{settings} holds no keys" + ("" if is_shut else ", but others may write it")
        yield Wall("ok" if is_shut else "weaker", "settings", sentence)


def _folder(about: str, path: Path) -> Wall:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return Wall("ok", about, f"{path} is not there yet; it is made for you alone")
    except OSError as error:
        return Wall("missing", about, f"{path}: {error.strerror}")
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return Wall(
            "missing", about, f"{path} is a link, no folder, or another user's: nothing is kept there"
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS:
        return Wall("weaker", about, f"{path} is open to others ({mode:o}); it is shut when it is next used")
    return Wall("ok", about, f"{path} is yours alone ({mode:o})")


def _key(loaded: Loaded) -> Wall:
    try:
        spec = model_spec(loaded)
        key = find_key(spec, os.environ, Path.cwd())
    except SettingsInvalid:
        return Wall("ok", "key", "no model is chosen, and no key was looked for")
    except LisError as error:
        return Wall("missing", "key", error.sentence)
    if key is None:
        wanted = "none was found" if needs_key(spec) else "the model needs none"
        return Wall("ok", "key", f"{wanted}; it never enters a sandbox, a journal or a list of processes")
    if key.source.startswith(".env") and _is_open(Path.cwd() / ".env"):
        return Wall("weaker", "key", f"from {key.source}, a file that others may read")
    return Wall("ok", "key", f"from {key.source}; never in a sandbox, a journal or a list of processes")


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o044)
    except OSError:
        return False


def _carried(loaded: Loaded) -> Iterator[Wall]:
    from lis_tui.sandbox.carry import find_carried

    sandbox = loaded.settings.sandbox
    if sandbox.carry_certificates and find_carried(os.environ, Path.home()).secrets():
        sentence = "a password of a proxy or package index goes in (sandbox.carry_certificates); it is masked"
        yield Wall("weaker", "into sandboxes", sentence)
    if sandbox.env_names:
        names = one_line(", ".join(sandbox.env_names), 200)
        yield Wall("weaker", "into sandboxes", f"{names} of yours, where a program can send it away")


def _memory() -> Iterator[Wall]:
    """Say who may look into our own memory, in which keys are, and who hears of crashes inside."""
    if not sys.platform.startswith("linux"):
        return
    scope = _setting("yama/ptrace_scope")
    if scope in ("", "0"):
        yield Wall("weaker", "memory", "every process of yours may read a host's, with keys (ptrace_scope 0)")
    else:
        yield Wall("ok", "memory", "only its own parents and root may read a host's; no core file is written")
    pattern = _setting("core_pattern")
    if pattern.startswith("|"):
        program = one_line(pattern[1:].split()[0] if pattern[1:].split() else "?", 100)
        yield Wall("weaker", "crashes", f"what crashes in a sandbox is handed to {program}, outside of it")


def _setting(name: str) -> str:
    try:
        return (_SYSTEM / name).read_text(errors="replace").strip()
    except OSError:
        return ""
