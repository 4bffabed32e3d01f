"""Profiles: named sets of model settings in the settings file, `[profiles.NAME]`."""

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from lis_tui.config.schema import keys
from lis_tui.config.values import checked, nearest
from lis_tui.core.errors import SettingsInvalid

Profile = Mapping[str, object]
"""Checked values by dotted name (`model.temperature`)."""


def read_profiles(table: object, origin: str) -> dict[str, Profile]:
    """Read the `profiles` table of a settings file. Raises SettingsInvalid."""
    if not _is_table(table):
        raise SettingsInvalid(f"{origin}: profiles must be tables, written [profiles.NAME].")
    return {name: _read(name, values, origin) for name, values in table.items()}


def choose(profiles: Mapping[str, Profile], name: str, origin: str) -> Profile:
    """Give the profile of that name. Raises SettingsInvalid."""
    if name in profiles:
        return profiles[name]
    known = f" There are: {', '.join(sorted(profiles))}." if profiles else " None is written there yet."
    raise SettingsInvalid(f"There is no profile {name} ([profiles.{name}] in {origin}).{known}")


def _read(name: str, values: object, origin: str) -> Profile:
    if not _is_table(values):
        raise SettingsInvalid(f"{origin}: the profile {name} must be a table, written [profiles.{name}].")
    found: dict[str, object] = {}
    place = f"{origin}, [profiles.{name}]"
    known = [key.removeprefix("model.") for key in keys() if key.startswith("model.")]
    for key, value in _flat(values):
        field = "name" if key == "model" else key
        if field not in known:
            raise SettingsInvalid(f"{place}: there is no setting {key}.{nearest(key, ['model', *known])}")
        found[f"model.{field}"] = checked(f"model.{field}", value, place)
    return found


def _flat(values: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Read `model.temperature` or `[profiles.NAME.model]`, as outside of profiles, like `temperature`."""
    for key, value in values.items():
        if key == "model" and _is_table(value):
            yield from value.items()
        else:
            yield key, value


def _is_table(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)
