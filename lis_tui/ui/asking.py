"""The settings line of the start screen: a few words that make a run's spec, and back."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from lis_tui.config.breakpoints import read_breakpoints
from lis_tui.config.load import Loaded, load, run_spec
from lis_tui.config.places import Places
from lis_tui.config.presets import Preset, read_preset
from lis_tui.config.secrets import find_secrets
from lis_tui.core.errors import KeyMissing, UsageWrong
from lis_tui.core.network import check_rules
from lis_tui.core.spec import RunSpec, SandboxSpec
from lis_tui.trajectory.naming import slug

_NAMES = {
    "model": "model.name",
    "base": "model.api_base",
    "profile": "profile",
    "mode": "mode",
    "sandbox": "sandbox.kind",
    "image": "sandbox.image",
    "network": "sandbox.network",
    "turns": "limits.max_turns",
    "cost": "limits.max_cost_usd",
}
_WORDS = (*_NAMES, "allow", "input", "preset")
ASK_HOSTS = "ask-hosts"
"""The only word that has no value."""

NO_MODEL = (
    "No model is set. Press tab and write one after model= (such as anthropic/claude-sonnet-4-5, or "
    "openai/NAME with base=http://localhost:8000/v1). f2 plays a demo that needs none."
)
SETTINGS_HELP = (
    ("model=", "anthropic/NAME, openai/NAME with base=URL, …"),
    ("mode=", "auto: nothing waits · confirm, step: you decide"),
    ("network=", "auto, bridge: all of it · allow: hosts by name · none"),
    ("allow=", "HOST,*.HOST: only these; ask-hosts: asks about others"),
    ("image=", "any image that has bash"),
    ("profile=", "one of the settings file"),
    ("turns= cost=", "where a run ends by itself; dollars, or none"),
    ("input=", "what the model gets to read; as often as needed"),
    ("preset=", "the files and limits of a task that f4 offers"),
)
_SUGGESTED = {"limits.max_turns": "turns", "limits.max_cost_usd": "cost"}
"""Limits that the line holds and a preset may suggest."""
_PRESET = re.compile(r"(?<!\S)preset=(\S*)\s*")


def settings_line(loaded: Loaded) -> str:
    """Write the settings in force as one line."""
    settings = loaded.settings
    words = [f"model={settings.model.name}"]
    if settings.model.api_base:
        words.append(f"base={settings.model.api_base}")
    words += [f"mode={settings.mode}", f"network={settings.sandbox.network}"]
    words += _host_words(settings.sandbox)
    words += [f"image={settings.sandbox.image}", f"turns={settings.limits.max_turns}"]
    cost = settings.limits.max_cost_usd
    words.append(f"cost={'none' if cost is None else f'{cost:g}'}")
    return "  ".join([*words, "input="])


def spec_of(task: str, line: str, loaded: Loaded, places: Places) -> RunSpec:
    """Read the line on top of the settings. Raises UsageWrong, SettingsInvalid."""
    flags: dict[str, object] = {
        name: value for name, value in _set_before(loaded).items() if value is not None
    }
    inputs: list[Path] = []
    preset = None
    has_model = bool(loaded.settings.model.name)
    for word in _words(line):
        name, equals, value = word.partition("=")
        if word == ASK_HOSTS or name == "allow":
            flags.update(_hosts(word, value))
            continue
        if not equals or name not in _WORDS:
            raise UsageWrong(f"{word!r} is no setting; these are: {', '.join((*_WORDS, ASK_HOSTS))}.")
        if name == "preset":
            preset = read_preset(value) if value else None
        elif name == "input":
            inputs += [_existing(value)] if value else []
        elif value:
            flags[_NAMES[name]] = value
            has_model = has_model or name in ("model", "profile")
    if not has_model:
        raise UsageWrong(NO_MODEL)
    _by_name(flags, loaded)
    own = preset.name if preset is not None else None
    return run_spec(
        load(flags, os.environ, places.config, preset=preset),
        task=task,
        inputs=[*(preset.inputs if preset is not None else ()), *inputs],
        name=own,
        breakpoints=read_breakpoints(places.config).of(own or slug(task)),
    )


def _hosts(word: str, value: str) -> dict[str, object]:
    """Read a word about hosts. Raises SettingsInvalid."""
    if word == ASK_HOSTS:
        return {"sandbox.ask_hosts": True}
    hosts = [host.strip() for host in value.split(",") if host.strip()]
    check_rules(hosts)
    return {"sandbox.allow": hosts} if hosts else {}


def _host_words(sandbox: SandboxSpec) -> list[str]:
    """Write what is set about hosts, where the network knows them."""
    if sandbox.network != "allow":
        return []
    allow = [f"allow={','.join(sandbox.allow)}"] if sandbox.allow != SandboxSpec().allow else []
    return [*allow, *([ASK_HOSTS] if sandbox.ask_hosts else [])]


def _by_name(flags: dict[str, object], loaded: Loaded) -> None:
    """Who names hosts wants the network that knows them by name. Raises UsageWrong where another is named."""
    if "sandbox.allow" not in flags and "sandbox.ask_hosts" not in flags:
        return
    network = flags.get("sandbox.network", loaded.settings.sandbox.network)
    if network not in ("auto", "allow"):
        raise UsageWrong(f"allow= and {ASK_HOSTS} go with network=allow, not with network={network}.")
    flags["sandbox.network"] = "allow"


def with_preset(line: str, preset: Preset | None, loaded: Loaded) -> str:
    """Write a preset into the line, or the one that is there out of it; what a user has set stays."""
    before = _PRESET.search(line)
    if before is not None:
        line = _PRESET.sub("", line)
        line = _limited(line, _known(before[1]), loaded, is_undone=True)
    if preset is None:
        return line
    return f"preset={preset.name}  {_limited(line, preset, loaded)}"


def _known(name: str) -> Preset | None:
    try:
        return read_preset(name)
    except UsageWrong:
        return None


def _limited(line: str, preset: Preset | None, loaded: Loaded, *, is_undone: bool = False) -> str:
    """Put the limits that a preset suggests where those stand that nobody chose; or back."""
    for key, word in _SUGGESTED.items():
        if preset is None or key not in preset.limits or loaded.origins[key] != "default":
            continue
        usual = getattr(loaded.settings.limits, key.partition(".")[2])
        old, new = (preset.limits[key], usual) if is_undone else (usual, preset.limits[key])
        line = re.sub(rf"(?<!\S){word}={re.escape(f'{old:g}')}(?!\S)", f"{word}={new:g}", line)
    return line


def secrets_of(spec: RunSpec, environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Find key and variables; what is missing is said in the words of the line. Raises KeyMissing."""
    try:
        return find_secrets(spec, environ, folder)
    except KeyMissing as error:
        raise KeyMissing(error.sentence.replace("--api-base", "base=URL in the line above")) from error


def _set_before(loaded: Loaded) -> dict[str, object]:
    """Give what was set by flags of this call, so that it counts for the runs started here too."""
    found: dict[str, object] = {}
    for key, origin in loaded.origins.items():
        if origin.startswith("--"):
            section, _, name = key.rpartition(".")
            holder = getattr(loaded.settings, section) if section else loaded.settings
            found[key] = getattr(holder, name)
    return found


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageWrong(f"The settings line has an open quote: {error}.") from error


def _existing(value: str) -> Path:
    path = Path(value).expanduser()
    if not path.exists():
        raise UsageWrong(f"There is no file or folder {value}.")
    return path
