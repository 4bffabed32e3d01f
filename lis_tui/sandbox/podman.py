"""What Podman is told beyond what Docker is: its own filter of system calls leaves more open than Docker's.

Inside its containers namespaces could be made, and keys. It takes a filter as a file only, which it must see.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lis_tui.sandbox.engines import Engine

_PROFILES = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))
_REFUSED = (
    "keyctl",
    "add_key",
    "request_key",
    "unshare",
    "setns",
    "pivot_root",
    "userfaultfd",
    "mount",
    "umount",
    "umount2",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "open_by_handle_at",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
)
_CLONES = ("clone", "clone3")
_NAMESPACES = 0x7E020000
_PLAIN = ("no-new-privileges",)


@contextmanager
def security_options(engine: Engine, profiles: Sequence[Path] = _PROFILES) -> Iterator[list[str]]:
    """Give what a container is created and started with."""
    profile = _profile(profiles) if keeps_filter(engine) else None
    if profile is None:
        yield [*_PLAIN]
        return
    with tempfile.NamedTemporaryFile("w", prefix="lis-tui-", suffix=".json") as file:
        json.dump(_tightened(profile), file)
        file.flush()
        yield [*_PLAIN, f"seccomp={file.name}"]


def keeps_filter(engine: Engine) -> bool:
    """Whether it can be given a filter of ours."""
    return engine.is_podman and not engine.is_elsewhere


def _profile(profiles: Sequence[Path]) -> dict[str, list[dict[str, object]]] | None:
    for path in profiles:
        try:
            found: dict[str, list[dict[str, object]]] = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        return found
    return None


def _tightened(profile: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    """Take what Docker refuses out of what it allows, and refuse it as Docker does."""
    rules = []
    for rule in profile["syscalls"]:
        names = rule["names"]
        kept = [name for name in names if name not in _REFUSED + _CLONES] if isinstance(names, list) else []
        rules += [{**rule, "names": kept}] if kept else []
    none = {"index": 0, "value": _NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    rules.append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [none]})
    # programs that find no clone3 take clone, whose flags can be looked at
    rules.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38})
    rules.append({"names": list(_REFUSED), "action": "SCMP_ACT_ERRNO", "errnoRet": 1})
    return {**profile, "syscalls": rules}
