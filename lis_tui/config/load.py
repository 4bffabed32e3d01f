"""Settings from all their sources, each with where it came from.

Stronger from left to right: defaults, what a preset suggests, the user's settings file, LIS_TUI_* variables,
flags. A profile counts where it was chosen: above all that is weaker, below what is written beside it.
Nothing is read from the working folder, so a cloned project cannot redirect a model.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from lis_tui.config.keys import known_provider
from lis_tui.config.presets import Preset
from lis_tui.config.profiles import Profile, choose, read_profiles
from lis_tui.config.schema import SECTIONS, ModelSettings, Settings, build, defaults, keys
from lis_tui.config.values import checked, full_name, nearest, parse_set
from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.spec import ModelSpec, RunSpec, SandboxSpec
from lis_tui.core.text import one_line, safe_str

_PREFIX = "LIS_TUI_"
_NOT_SETTINGS = frozenset({"LIS_TUI_HOME"})
_BOUND_TO_SERVER = ("model.api_base", "model.key", "model.extra_body")
"""Settings that make sense for one provider only."""


class Loaded(Struct, frozen=True, kw_only=True):
    """The settings, where each came from (by dotted name), and the profiles that could be chosen."""

    settings: Settings
    origins: Mapping[str, str]
    profiles: Mapping[str, Profile]
    path: Path


class _Layer(Struct, frozen=True):
    values: Mapping[str, object]
    origins: Mapping[str, str]


def load(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    folder: Path,
    sets: Sequence[str] = (),
    preset: Preset | None = None,
) -> Loaded:
    """Read everything. `flags` go by setting name (`max_turns`, `limits.max_tokens`; None: not given), `sets`
    are `--set NAME=VALUE`, `folder` is the user's config folder; a preset suggests limits.

    Raises SettingsInvalid.
    """  # noqa: D205  (two lines say it best)
    path = folder / "config.toml"
    table = _read_file(path)
    profiles = read_profiles(table.pop("profiles", {}), str(path))
    layers = [
        _suggested(preset),
        _layer(_in_file(table, str(path))),
        _layer(_in_environment(environ)),
        _layer(_in_flags(flags, sets)),
    ]
    values = dict(defaults())
    origins = dict.fromkeys(values, "default")
    for layer in layers:
        chosen = layer.values.get("profile")
        if chosen:
            profile = choose(profiles, str(chosen), str(path))
            _apply(_Layer(profile, dict.fromkeys(profile, f"profile {chosen}")), values, origins)
        _apply(layer, values, origins)
    settings = build(values)
    _check_base(settings.sandbox, origins)
    return Loaded(settings=settings, origins=origins, profiles=profiles, path=path)


def _check_base(sandbox: SandboxSpec, origins: Mapping[str, str]) -> None:
    """A container has no use for a root file system folder. Raises SettingsInvalid."""
    if sandbox.base and sandbox.kind == "docker":
        said = origins["sandbox.kind"].replace("--kind", "--sandbox")
        raise SettingsInvalid(
            f"{origins['sandbox.base']}: the folder {one_line(sandbox.base)} is the root of an embedded "
            f"sandbox, and sandbox.kind is docker ({said}), whose root is an image: leave one of "
            "them out, or say --sandbox embedded."
        )


def run_spec(
    loaded: Loaded,
    *,
    task: str,
    inputs: Sequence[Path] = (),
    inline: Sequence[Path] = (),
    output_dir: Path | None = None,
    system_prompt: str | None = None,
    name: str | None = None,
    is_headless: bool = False,
    breakpoints: Sequence[Breakpoint] = (),
) -> RunSpec:
    """Say what a run is asked to be. Raises SettingsInvalid, also where no model is set."""
    settings = loaded.settings
    return RunSpec(
        task=safe_str(task),
        model=model_spec(loaded),
        sandbox=settings.sandbox,
        limits=settings.limits,
        gate=settings.gate,
        mode=settings.mode,
        inputs=tuple(_as_text(path) for path in inputs),
        inline=tuple(_as_text(path) for path in inline),
        output_dir=None if output_dir is None else _as_text(output_dir),
        system_prompt=None if system_prompt is None else safe_str(system_prompt),
        name=name,
        is_headless=is_headless,
        breakpoints=tuple(breakpoints),
    )


def model_spec(loaded: Loaded) -> ModelSpec:
    """Say which model is asked and how. Raises SettingsInvalid where none is set."""
    model = loaded.settings.model
    if not model.name:
        raise SettingsInvalid(
            "No model is set. Name one with --model (anthropic/claude-sonnet-4-5, or openai/NAME with "
            f'--api-base http://localhost:8000/v1), or write model = "…" into {loaded.path}. '
            "`lis-tui demo` needs none."
        )
    return _model_spec(model, loaded.settings.profile)


def _as_text(path: Path) -> str:
    text = str(path.expanduser().absolute())
    if text != safe_str(text):
        raise SettingsInvalid(f"The name of {safe_str(text)} is not UTF-8. Rename it, or name its folder.")
    return text


def _model_spec(model: ModelSettings, profile: str) -> ModelSpec:
    alike = {
        field.name: getattr(model, field.name)
        for field in msgspec.structs.fields(ModelSettings)
        if field.name not in {"key", "extra_body"}
    }
    extra = msgspec.json.encode(model.extra_body).decode()
    return ModelSpec(profile=profile, key_source=model.key, extra_body_json=extra, **alike)


def _suggested(preset: Preset | None) -> _Layer:
    if preset is None:
        return _Layer({}, {})
    return _Layer(preset.limits, dict.fromkeys(preset.limits, f"preset {preset.name}"))


def _read_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}.") from error


_Found = Iterator[tuple[str, object, str]]
"""Name as written, value, origin."""


def _in_file(table: Mapping[str, object], origin: str) -> _Found:
    for name, value in table.items():
        if name in SECTIONS and isinstance(value, dict):
            for inner, one in value.items():
                yield f"{name}.{inner}", one, origin
        elif name == "model" or name in keys():
            yield name, value, origin
        else:
            known = [*keys(), *SECTIONS, "profiles"]
            raise SettingsInvalid(f"{origin}: there is no setting {name}.{nearest(name, known)}")


def _in_environment(environ: Mapping[str, str]) -> _Found:
    for variable, value in environ.items():
        if not variable.startswith(_PREFIX) or variable in _NOT_SETTINGS or not value:
            continue
        yield _from_variable(variable), value, variable


def _from_variable(variable: str) -> str:
    """Give the setting's name: LIS_TUI_LIMITS_MAX_TURNS and LIS_TUI_MAX_TURNS are `limits.max_turns`."""
    name = variable.removeprefix(_PREFIX).lower()
    section, _, rest = name.partition("_")
    return f"{section}.{rest}" if f"{section}.{rest}" in keys() else name


def _in_flags(flags: Mapping[str, object], sets: Sequence[str]) -> _Found:
    for name, value in flags.items():
        if value is not None:
            yield name, value, f"--{name.rpartition('.')[2].replace('_', '-')}"
    for text in sets:
        name, value = parse_set(text)
        yield name, value, f"--set {name}"


def _layer(found: _Found) -> _Layer:
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for name, value, origin in found:
        key = full_name(name, origin)
        values[key] = checked(key, value, origin)
        origins[key] = origin
    return _Layer(values, origins)


def _apply(layer: _Layer, values: dict[str, object], origins: dict[str, str]) -> None:
    """Lay a layer over the weaker ones. Another provider's model takes no server or key from below."""
    name, weaker = str(layer.values.get("model.name", "")), str(values["model.name"])
    if name and weaker and known_provider(name) != known_provider(weaker):
        for key in _BOUND_TO_SERVER:
            values[key], origins[key] = defaults()[key], "default"
    values.update(layer.values)
    origins.update(layer.origins)
