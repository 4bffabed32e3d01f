r"""What a bash saved after its last command, as a script that puts a fresh bash in the same state."""

import re
from collections.abc import Mapping

from lis_tui.sandbox.marks import quote

PARTS = ("vars", "functions", "attributes", "options", "aliases", "traps", "limits")
MOST_VALUE_BYTES = 1_000_000

_OWN = re.compile(
    rb"(__lis_\w*|BASH\w*|EUID|PPID|UID|SHELLOPTS|_|PIPESTATUS|FUNCNAME|DIRSTACK|GROUPS|LINENO|RANDOM|SRANDOM"
    rb"|SECONDS|EPOCH\w*|HISTCMD|COMP_\w*|OPTIND|PS[0124]|SHLVL|PWD|OLDPWD|COLUMNS|LINES|HISTFILE\w*|MAILCHECK"
    rb"|TMOUT|PROMPT_COMMAND)$"
)
_HEAD = re.compile(rb"declare (-[A-Za-z-]+) ([A-Za-z_]\w*)(=?)")
_LIMITS = "cdflmnstuv"
_NOT_OPTIONS = (b"noexec", b"onecmd", b"restricted_shell", b"login_shell", b"history", b"histexpand")


def replay(parts: Mapping[str, bytes], cwd: bytes) -> tuple[bytes, list[str]]:
    """Give the script, and the names of variables that are too large to be kept."""
    variables, lost = _variables(parts.get("vars", b""))
    functions = b"\n".join(_functions(parts.get("functions", b""), parts.get("attributes", b"")))
    options = [
        line
        for line in parts.get("options", b"").splitlines()
        if not line.endswith(_NOT_OPTIONS) and b"monitor" not in line
    ]
    limits = [
        b"ulimit -S -%s %s" % (name.encode(), value)
        for name, value in zip(_LIMITS, parts.get("limits", b"").split(), strict=False)
    ]
    sections = [
        b"cd -- " + quote(cwd),
        *variables,
        functions,
        parts.get("aliases", b""),
        *limits,
        *options,
        parts.get("traps", b""),
    ]
    # each section in an eval of its own: one that cannot be read does not take the others with it
    script = b"\n".join(b"builtin eval " + quote(part) + b" 2>/dev/null" for part in sections if part)
    return script + b"\nbuiltin :\n", lost


def _variables(saved: bytes) -> tuple[list[bytes], list[str]]:
    kept, lost = [], []
    for name, flags, text in _declarations(saved):
        if _OWN.match(name):
            continue
        if len(text) > MOST_VALUE_BYTES:
            lost.append(name.decode())
        elif b"r" not in flags or name not in _BORN_READONLY:
            kept.append(text)
    return kept, lost


_BORN_READONLY = (b"BASHOPTS", b"BASH_VERSINFO", b"EUID", b"PPID", b"SHELLOPTS", b"UID")


def _declarations(saved: bytes) -> list[tuple[bytes, bytes, bytes]]:
    r"""Take `declare -p` apart: a new one begins at the start of a line that is outside quotes."""
    found = []
    at = 0
    while head := _HEAD.match(saved, at):
        end = _end_of_value(saved, head.end()) if head[3] else head.end()
        found.append((head[2], head[1], saved[at:end]))
        at = end + 1
    return found


_TOKEN = re.compile(rb"""\$'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|'[^']*'|\\.|\n""", re.DOTALL)


def _end_of_value(saved: bytes, at: int) -> int:
    """Where the line break stands that ends the declaration."""
    while token := _TOKEN.search(saved, at):
        if token[0] == b"\n":
            return token.start()
        at = token.end()
    return len(saved)


def _functions(saved: bytes, attributes: bytes) -> list[bytes]:
    """Give the functions but ours, and the attributes of those that have some."""
    start = re.compile(rb"^__lis_go \(\)", re.MULTILINE).search(saved)
    if start:
        end = saved.find(b"\n}\n", start.start())
        saved = saved[: start.start()] + saved[end + 3 :]
    extra = [
        line
        for line in attributes.splitlines()
        if not line.startswith(b"declare -f ") and b" __lis_" not in line
    ]
    return [saved, *extra]
