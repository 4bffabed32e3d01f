"""The settings: their names, types and defaults. Limits, sandbox and gate are those of a run's spec."""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct, structs

from lis_tui.core.spec import GateSpec, Limits, Mode, SandboxSpec, ToolStyle


class ModelSettings(Struct, frozen=True, kw_only=True):
    """Which model is asked, and how; a profile is a named set of these.

    `key` names where the API key comes from: a variable (`MY_KEY`), `keyring`, `keyring:NAME`, or `none`.
    Empty: the usual variable of the model's provider.
    """

    name: str = ""
    api_base: str | None = None
    key: str = ""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    reasoning_effort: str | None = None
    max_tokens: int = 65_536
    context_tokens: int | None = None
    extra_body: dict[str, object] = {}
    tool_style: ToolStyle = "auto"
    tool_choice: str = "auto"
    first_event_s: float = 300.0
    gap_s: float = 120.0
    total_s: float = 3600.0
    max_attempts: int = 6


class UiSettings(Struct, frozen=True, kw_only=True):
    """How the screen shows things."""

    graphics: Literal["auto", "half", "none", "kitty", "sixel", "iterm"] = "auto"
    """In which way pictures are shown; `auto`: in the best that the terminal is known to have."""


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set."""

    model: ModelSettings = ModelSettings()
    profile: str = ""
    mode: Mode = "auto"
    theme: str = "dark"
    follow: bool = True
    """New things on screen scroll it to the end, where it was at the end."""
    bell: bool = True
    limits: Limits = Limits()
    sandbox: SandboxSpec = SandboxSpec()
    gate: GateSpec = GateSpec()
    ui: UiSettings = UiSettings()


SECTIONS: Mapping[str, type[Struct]] = MappingProxyType(
    {"model": ModelSettings, "limits": Limits, "sandbox": SandboxSpec, "gate": GateSpec, "ui": UiSettings}
)
LEAST: Mapping[str, float] = MappingProxyType(
    {
        "model.temperature": 0,
        "model.top_p": 0,
        "model.top_k": -1,
        "model.min_p": 0,
        "model.repetition_penalty": 0,
        "model.max_tokens": 1,
        "model.context_tokens": 1,
        "model.first_event_s": 0.1,
        "model.gap_s": 0.1,
        "model.total_s": 0.1,
        "model.max_attempts": 1,
        "limits.max_turns": 1,
        "limits.max_tokens": 1,
        "limits.max_cost_usd": 0,
        "limits.timeout_s": 0.1,
        "limits.command_timeout_s": 0.1,
        "limits.disk_mb": 1,
        "limits.files": 1,
        "limits.output_mb": 1,
        "sandbox.memory_mb": 64,
        "sandbox.cpus": 0.01,
        "sandbox.pids": 16,
        "gate.timeout_s": 0.1,
    }
)
"""The least value that makes sense, for numbers that have one."""


@functools.cache
def keys() -> Mapping[str, object]:
    """Give the type of every setting by its dotted name (`limits.max_turns`)."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        section = SECTIONS.get(field.name)
        if section is None:
            found[field.name] = field.type
        else:
            found.update({f"{field.name}.{one.name}": one.type for one in msgspec.structs.fields(section)})
    return MappingProxyType(found)


@functools.cache
def defaults() -> Mapping[str, object]:
    """Give the default of every setting by its dotted name."""
    settings = Settings()
    found: dict[str, object] = {}
    for key in keys():
        section, _, name = key.rpartition(".")
        found[key] = getattr(getattr(settings, section) if section else settings, name)
    return MappingProxyType(found)


def build(values: Mapping[str, object]) -> Settings:
    """Put the settings together from checked values by dotted name; what is missing has its default."""
    whole: dict[str, object] = {}
    for section, kind in SECTIONS.items():
        given = {
            key.removeprefix(f"{section}."): value
            for key, value in values.items()
            if key.startswith(f"{section}.")
        }
        whole[section] = msgspec.convert(given, kind)
    whole.update({key: value for key, value in values.items() if "." not in key})
    settings = msgspec.convert(whole, Settings)
    return structs.replace(settings, sandbox=with_hosts(settings.sandbox))


def with_hosts(sandbox: SandboxSpec) -> SandboxSpec:
    """Let whoever names hosts have a network that knows them by name, unless they named another one too."""
    names_hosts = sandbox.ask_hosts or sandbox.allow != SandboxSpec().allow
    is_meant = sandbox.network == "auto" and names_hosts
    return structs.replace(sandbox, network="allow") if is_meant else sandbox
