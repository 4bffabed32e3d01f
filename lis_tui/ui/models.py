"""A model as one line that a person edits: its name, and what differs from how it is asked now."""

import os
import shlex

import msgspec

from lis_tui.config.keys import known_provider
from lis_tui.config.load import load, model_spec
from lis_tui.config.places import find_places
from lis_tui.core.errors import UsageWrong
from lis_tui.core.spec import ModelSpec

MODEL_HELP = "NAME · base=URL · temperature=, top_p=, reasoning_effort=, max_tokens= · profile=NAME"
_NUMBERS = {"temperature": float, "top_p": float, "top_k": int, "max_tokens": int}
_NAMES = ("base", "profile", "reasoning_effort", *_NUMBERS)


def write_model(spec: ModelSpec) -> str:
    """Give the model as a line."""
    words = [spec.name]
    if spec.api_base:
        words.append(f"base={spec.api_base}")
    for name in ("reasoning_effort", "temperature", "top_p", "top_k"):
        value = getattr(spec, name)
        if value is not None:
            words.append(f"{name}={value}")
    return " ".join(words)


def read_model(line: str, now: ModelSpec) -> ModelSpec:
    """Read the line on top of how the model is asked now; another provider takes no server and no key.

    Raises UsageWrong, SettingsInvalid.
    """
    name, wished = _read(line)
    spec = now
    if profile := wished.pop("profile", ""):
        flags = {"profile": profile, "model.name": name or None}
        spec = model_spec(load(flags, os.environ, find_places(os.environ).config))
    name = name or spec.name
    if known_provider(name) != known_provider(spec.name):
        spec = msgspec.structs.replace(spec, api_base=None, key_source="", extra_body_json="{}", profile="")
    changes: dict[str, object] = {"name": name}
    for word, value in wished.items():
        changes["api_base" if word == "base" else word] = _value(word, value)
    try:
        return msgspec.convert(msgspec.structs.asdict(spec) | changes, ModelSpec)
    except msgspec.ValidationError as error:
        raise UsageWrong(f"The model cannot be asked like this: {error}.") from error


def _read(line: str) -> tuple[str, dict[str, str]]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageWrong(f"The line of the model has an open quote: {error}.") from error
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals and "name" not in found:
            found["name"] = word
        elif not equals or name not in _NAMES:
            raise UsageWrong(f"{word!r} is nothing of a model; these are: NAME, {', '.join(_NAMES)}.")
        else:
            found[name] = value
    return found.pop("name", ""), found


def _value(name: str, text: str) -> object:
    if not text or text == "none":
        return None
    if name not in _NUMBERS:
        return text
    try:
        return _NUMBERS[name](text)
    except ValueError as error:
        raise UsageWrong(f"{name} needs a number.") from error
