"""What a run needs and nobody may read: the model's key, and the variables passed into its sandbox."""

from collections.abc import Mapping
from pathlib import Path

from lis_tui.config.keys import require_key
from lis_tui.core.errors import UsageWrong
from lis_tui.core.spec import RunSpec

API_KEY = "api_key"
VARIABLE = "env:"
"""What the names of variables for the sandbox begin with."""


def find_secrets(spec: RunSpec, environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Collect them for a host, by name; `folder` is where a `.env` may be.

    Raises KeyMissing, UsageWrong where a variable to pass on is not set.
    """
    found: dict[str, str] = {}
    key = require_key(spec.model, environ, folder)
    if key is not None:
        found[API_KEY] = key.value
    for name in spec.sandbox.env_names:
        if name not in environ:
            raise UsageWrong(f"The variable {name} shall be passed into the sandbox, but it is not set.")
        found[VARIABLE + name] = environ[name]
    return found


def variables(secrets: Mapping[str, str]) -> dict[str, str]:
    """Give the variables for the sandbox among the secrets."""
    return {
        name.removeprefix(VARIABLE): value for name, value in secrets.items() if name.startswith(VARIABLE)
    }
