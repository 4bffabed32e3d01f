"""What is new where a run asks another model, or the same one in another way; in words."""

from msgspec.structs import fields

from lis_tui.core.spec import ModelSpec
from lis_tui.core.text import one_line

_REACHING = frozenset(["profile", "api_base", "key_source"])
"""How a model is reached: of another model it says nothing new."""


def changed_settings(old: ModelSpec | None, new: ModelSpec) -> str:
    """Say which settings are others than before, e.g. `temperature 0.3, top p not set`; empty for none."""
    if old is None:
        return ""
    passed_over = {"name"} if old.name == new.name else {"name", *_REACHING}
    names = [field.name for field in fields(new) if field.name not in passed_over]
    return ", ".join(_setting(n, getattr(new, n)) for n in names if getattr(new, n) != getattr(old, n))


def from_now_on(old: ModelSpec | None, new: ModelSpec) -> str:
    """Say what is asked from now on."""
    settings = changed_settings(old, new)
    if old is None or old.name != new.name:
        return f"the model is {new.name} from now on" + (f", with {settings}" if settings else "")
    if settings:
        return f"{new.name} from now on with {settings}"
    return f"{new.name} is asked as before"


def _setting(name: str, value: object) -> str:
    is_time = name.endswith("_s")
    words = name.removesuffix("_s").removesuffix("_json").replace("_", " ")
    if value is None or value == "":
        return f"{words} not set"
    return f"{words} {one_line(str(value), 80)}" + (" s" if is_time else "")
