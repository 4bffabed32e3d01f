"""API keys: found in the environment, the system keyring or a `.env`, never in settings or arguments."""

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from lis_tui.core.errors import KeyMissing
from lis_tui.core.hosts import is_private_address
from lis_tui.core.openai import OPENAI_WIRES, OTHER_WIRES, routed_name
from lis_tui.core.spec import ModelSpec

SERVICE = "lis-tui"
"""The keyring's name for us; the entry is named like the variable."""

_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY"),
    "xai": ("XAI_API_KEY",),
    "cohere": ("COHERE_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "cerebras": ("CEREBRAS_API_KEY",),
    "deepinfra": ("DEEPINFRA_API_KEY",),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
    "moonshot": ("MOONSHOT_API_KEY",),
    "dashscope": ("DASHSCOPE_API_KEY",),
    "huggingface": ("HUGGINGFACE_API_KEY",),
    "azure": ("AZURE_API_KEY",),
}
_WITHOUT_KEY = frozenset(
    [
        *("script", "replay"),
        *("ollama", "ollama_chat", "llamafile", "lm_studio", "hosted_vllm", "bedrock", "vertex_ai"),
    ]
)
"""Played by us, served on the user's machine, or with credentials of another kind."""
_BARE_NAMES = (
    ("claude", "anthropic"),
    ("gemini", "gemini"),
    ("mistral", "mistral"),
    ("deepseek", "deepseek"),
)
"""Providers of models that are named without one."""
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z0-9_]*_API_KEY)\s*=\s*(.*?)\s*")
_MOST_DOTENV = 1 << 16


class Key:
    """An API key and where it came from (`env:NAME`, `keyring:NAME`, `.env:NAME`). It never prints itself."""

    __slots__ = ("source", "value")

    def __init__(self, value: str, source: str) -> None:
        self.value = value
        self.source = source

    def __repr__(self) -> str:
        return f"Key(source={self.source!r})"


def find_key(
    model: ModelSpec,
    environ: Mapping[str, str],
    folder: Path,
    keyring: Callable[[str], str | None] | None = None,
) -> Key | None:
    """Look for the model's key: environment, system keyring, `*_API_KEY` in the folder's `.env`.

    None where there is none or none is wanted. `keyring` gives an entry by name. Raises KeyMissing where
    what was found cannot be a key.
    """
    look_up = keyring or _in_keyring
    names, places = _wanted(model)
    for place in places:
        for name in names:
            value = _look(place, name, environ, folder, look_up)
            if value:
                return _sound(Key(value, f"{place}:{name}"))
    return None


def require_key(
    model: ModelSpec,
    environ: Mapping[str, str],
    folder: Path,
    keyring: Callable[[str], str | None] | None = None,
) -> Key | None:
    """Look for the key; None where the model needs none. Raises KeyMissing with what to do."""
    key = find_key(model, environ, folder, keyring)
    if key is None and needs_key(model):
        raise KeyMissing(missing_sentence(model))
    return key


def needs_key(model: ModelSpec) -> bool:
    """Whether asking without a key makes no sense, as far as is known."""
    if model.key_source == "none":
        return False
    if model.key_source:
        return True
    if model.api_base:
        return not is_private_address(model.api_base) and provider(routed_name(model)) in _VARIABLES
    return provider(routed_name(model)) in _VARIABLES


def missing_sentence(model: ModelSpec) -> str:
    """Say which key is missing and where it may be put."""
    names, _ = _wanted(model)
    wanted = " or ".join(names)
    return (
        f"No API key for {model.name}: set {wanted} in the environment or in .env, or keep it in the system "
        f"keyring (`keyring set {SERVICE} {names[0]}`). A model on this machine needs --api-base and no key."
    )


def provider(model: str) -> str:
    """Give the provider of a litellm model name."""
    if "/" in model:
        return model.partition("/")[0]
    return next((found for start, found in _BARE_NAMES if model.startswith(start)), "openai")


def known_provider(model: str) -> str:
    """Give the provider where we know it; other prefixes (`Qwen/…`) are part of an OpenAI-like name."""
    found = provider(model)
    known = found in _VARIABLES or found in _WITHOUT_KEY or found in OPENAI_WIRES + OTHER_WIRES
    return found if known else "openai"


def _wanted(model: ModelSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the names to look for and the places to look in, best first."""
    source = model.key_source
    usual = _usual_names(routed_name(model))
    if source == "none" or (
        not source and provider(routed_name(model)) in _WITHOUT_KEY and not model.api_base
    ):
        return (), ()
    if source == "keyring":
        return usual, ("keyring",)
    place, colon, name = source.partition(":")
    if colon and place in {"env", "keyring", ".env"}:
        return (name,), (place,)
    if source:
        return (source,), ("env", "keyring", ".env")
    if model.api_base and is_private_address(model.api_base):
        # A keyring may ask the person for a password; not for a server that likely wants no key.
        return usual, ("env", ".env")
    return usual, ("env", "keyring", ".env")


def _usual_names(model: str) -> tuple[str, ...]:
    owner = provider(model)
    made = re.sub(r"[^A-Z0-9]", "_", owner.upper()) + "_API_KEY"
    return _VARIABLES.get(owner, (made,))


def _sound(key: Key) -> Key:
    """Refuse what cannot stand in a request's head; most likely something else was pasted."""
    if not (key.value.isascii() and key.value.isprintable()):
        raise KeyMissing(f"What {key.source} holds is no API key: it has signs outside printable ASCII.")
    return key


def _look(
    place: str,
    name: str,
    environ: Mapping[str, str],
    folder: Path,
    keyring: Callable[[str], str | None],
) -> str:
    match place:
        case "env":
            return environ.get(name, "").strip()
        case "keyring":
            return (keyring(name) or "").strip()
        case _:
            return read_dotenv(folder / ".env").get(name, "")


def read_dotenv(path: Path) -> dict[str, str]:
    """Read the names that end in `_API_KEY`, and nothing else, of a `.env`; nothing is put in for `$NAME`."""
    found: dict[str, str] = {}
    for line in _read_small(path).splitlines():
        match = _LINE.fullmatch(line)
        if match and match[2]:
            found[match[1]] = _unquoted(match[2])
    return found


def _unquoted(value: str) -> str:
    quoted = re.match(r"""(["'])(.*?)\1""", value)
    return quoted[2] if quoted else re.split(r"\s+#", value)[0].strip()


def _read_small(path: Path) -> str:
    """Read a regular file of the working folder, which may be anything: a pipe would block for ever."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return ""
        return os.read(fd, _MOST_DOTENV).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)


def _in_keyring(name: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, name)
    except (KeyringError, OSError, RuntimeError):
        return None
