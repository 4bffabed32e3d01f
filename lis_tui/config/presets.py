"""Tasks that are ready to run: a title, the task's text, its input files and limits that suit it.

Each is a folder that ships with the package: `presets/NAME/preset.yaml`, and `inputs/` beside it where it
has any.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from lis_tui.config.schema import keys
from lis_tui.config.values import checked, nearest
from lis_tui.core.errors import SettingsInvalid, UsageWrong

SHIPPED = Path(__file__).resolve().parent.parent / "presets"


class Preset(Struct, frozen=True, kw_only=True):
    """A task that is ready to run."""

    name: str
    title: str
    sentence: str
    """What it is about, for a list."""
    task: str
    inputs: tuple[Path, ...] = ()
    """Files that a run puts into `documents/`."""
    limits: Mapping[str, int | float] = {}
    """What suits the task, by setting (`limits.max_turns`); weaker than whatever a user has set."""
    answer: str = ""
    """The right answer, where there is one. No model is told."""


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    """What `preset.yaml` may hold."""

    title: str
    sentence: str
    task: str
    limits: dict[str, int | float] = {}
    answer: str = ""


def read_preset(name: str, folder: Path = SHIPPED) -> Preset:
    """Read one by its name. Raises UsageWrong where there is none, SettingsInvalid where it is broken."""
    names = preset_names(folder)
    if name not in names:
        hint = nearest(name, names) or f" There are {', '.join(names)}."
        raise UsageWrong(f"There is no preset {name!r}.{hint} `run --preset list` tells of each.")
    return _read(folder / name)


def read_presets(folder: Path = SHIPPED) -> tuple[Preset, ...]:
    """Read all of them, in the order of a list: what is to be looked at first. Raises SettingsInvalid."""
    found = (_read(folder / name) for name in preset_names(folder))
    return tuple(sorted(found, key=lambda preset: (bool(preset.answer), preset.name)))


def preset_names(folder: Path = SHIPPED) -> tuple[str, ...]:
    """Name them."""
    return tuple(sorted(path.parent.name for path in folder.glob("*/preset.yaml")))


def _read(folder: Path) -> Preset:
    import yaml

    path = folder / "preset.yaml"
    try:
        written = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), _Written)
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is no preset: {error}.") from error
    if not written.task.strip():
        raise SettingsInvalid(f"{path} is no preset: its task is empty.")
    return Preset(
        name=folder.name,
        title=written.title,
        sentence=written.sentence,
        task=written.task.strip(),
        inputs=tuple(sorted((folder / "inputs").glob("*"))),
        limits=_limits(written.limits, str(path)),
        answer=written.answer,
    )


def _limits(written: Mapping[str, int | float], origin: str) -> dict[str, int | float]:
    found: dict[str, int | float] = {}
    for name, value in written.items():
        key = f"limits.{name}"
        if key not in keys():
            known = [one.removeprefix("limits.") for one in keys() if one.startswith("limits.")]
            raise SettingsInvalid(f"{origin}: there is no limit {name}.{nearest(name, known)}")
        checked(key, value, origin)
        found[key] = value
    return found
