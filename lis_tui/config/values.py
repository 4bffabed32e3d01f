"""One setting at a time: its full name, its type, and a sentence for whoever wrote it wrong."""

import difflib
import json
import math
import re
from pathlib import Path
from typing import Literal, get_args, get_origin
from urllib.parse import urlsplit

import msgspec

from lis_tui.config.schema import LEAST, keys
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.network import check_rules

_KEY_NAMES = re.compile(r"(\.?env:|keyring:)?[A-Z_][A-Z0-9_]{0,63}|keyring|none|")
"""Capitals only: pasted keys nearly always have small letters or hyphens."""
_KINDS = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (dict[str, object], "a JSON object or a table"),
    (tuple[str, ...], "names with commas between them, or a list of names"),
    (str, "text"),
)
_NOTHING = {"none", "null"}


def full_name(name: str, origin: str) -> str:
    """Give the dotted name of a setting; the section may be left out where one setting only has that name.

    Raises SettingsInvalid.
    """
    name = {"model": "model.name"}.get(name, name)
    known = keys()
    if name in known:
        return name
    fitting = [key for key in known if key.rpartition(".")[2] == name]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise SettingsInvalid(f"{origin}: {name} may mean {' or '.join(fitting)}. Write one of these.")
    raise SettingsInvalid(f"{origin}: there is no setting {name}.{nearest(name, known)}")


def nearest(name: str, known: object) -> str:
    """Suggest the known name that is most like it, as a sentence to append, or nothing."""
    names = [str(one) for one in known] if hasattr(known, "__iter__") else []
    found = difflib.get_close_matches(name, names, 1, 0.5)
    if not found:
        tails = {one.rpartition(".")[2]: one for one in names}
        found = [tails[one] for one in difflib.get_close_matches(name.rpartition(".")[2], tails, 1, 0.6)]
    return f" Did you mean {found[0]}?" if found else ""


def checked(key: str, value: object, origin: str) -> object:
    """Give the value in the setting's type; text is read as the type wants it. Raises SettingsInvalid."""
    is_text = isinstance(value, str)
    try:
        found = msgspec.convert(
            _from_text(key, value) if isinstance(value, str) else value,
            keys()[key],
            strict=not is_text,
        )
    except (msgspec.ValidationError, ValueError) as error:
        wrong = _wanted(key)
        raise SettingsInvalid(f"{origin}: {key} = {_shown(key, value)} cannot be used: {wrong}.") from error
    _check_range(key, found, origin)
    _check_secrets(key, found, origin)
    _check_hosts(key, found, origin)
    return found


def parse_set(text: str) -> tuple[str, str]:
    """Take `--set key=value` apart. Raises SettingsInvalid."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise SettingsInvalid(f"--set wants NAME=VALUE, as in --set temperature=0.2, not {text!r}.")
    return name.strip(), value.strip()


def _from_text(key: str, value: str) -> object:
    """Read text as written in a variable or a flag."""
    if key == "model.extra_body":
        return json.loads(value)
    if key in ("sandbox.env_names", "sandbox.allow"):
        return [name.strip() for name in value.split(",") if name.strip()]
    if key == "sandbox.base" and value:
        return str(Path(value).expanduser().absolute())
    if value.lower() in _NOTHING and _may_be_none(key):
        return None
    return value


def _may_be_none(key: str) -> bool:
    return type(None) in get_args(keys()[key])


def _wanted(key: str) -> str:
    """Say what a setting may be: the values, where they are few, or of which kind."""
    kind = keys()[key]
    if get_origin(kind) is Literal:
        return f"it must be {' or '.join(map(str, get_args(kind)))}"
    kinds = get_args(kind) if _may_be_none(key) else (kind,)
    return f"it must be {next((name for one, name in _KINDS if one in kinds), 'of another kind')}"


def _check_range(key: str, value: object, origin: str) -> None:
    least = LEAST.get(key)
    if least is None or value is None:
        return
    if not isinstance(value, int | float) or not least <= value < math.inf:
        raise SettingsInvalid(f"{origin}: {key} = {value} cannot be used: it must be {least:g} or more.")


def _check_hosts(key: str, value: object, origin: str) -> None:
    if key == "sandbox.allow" and isinstance(value, tuple):
        try:
            check_rules(map(str, value))
        except SettingsInvalid as error:
            raise SettingsInvalid(f"{origin}: {error.sentence}") from error


def _check_secrets(key: str, value: object, origin: str) -> None:
    """Refuse secrets: settings are written into journals. The value is not repeated."""
    if key == "model.key" and not _KEY_NAMES.fullmatch(str(value)):
        raise SettingsInvalid(
            f"{origin}: model.key must name where the key is, not be the key itself: "
            "the name of a variable, keyring, keyring:NAME, or none."
        )
    if key == "model.api_base" and isinstance(value, str):
        _check_url(value, origin)


def _check_url(value: str, origin: str) -> None:
    try:
        parts = urlsplit(value)
        has_password = parts.username is not None or parts.password is not None
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError as error:
        raise SettingsInvalid(f"{origin}: model.api_base is no address: {error}.") from error
    if has_password:
        raise SettingsInvalid(f"{origin}: model.api_base holds a password. Keep it as a key instead.")
    if not is_web:
        raise SettingsInvalid(
            f"{origin}: model.api_base = {value} is no address like http://localhost:8000/v1."
        )


def _shown(key: str, value: object) -> str:
    return "…" if key in {"model.key", "model.api_base", "model.extra_body"} else repr(value)
