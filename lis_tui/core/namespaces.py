"""Whether this machine lets this user put a sandbox together from namespaces, and if not, why."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lis_tui.core.errors import EngineMissing
from lis_tui.core.text import one_line

_TOOLS = ("bwrap", "unshare", "mount", "bash")
_LONGEST_S = 10.0
_SWITCHES = (
    (
        "kernel/unprivileged_userns_clone",
        "0",
        "the kernel lets only root make user namespaces (as root: sysctl kernel.unprivileged_userns_clone=1)",
    ),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor lets only chosen programs make user namespaces, as on Ubuntu 24.04 "
        "(as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0)",
    ),
    ("user/max_user_namespaces", "0", "user namespaces are switched off (sysctl user.max_user_namespaces)"),
)
_CONTAINERS = ("/.dockerenv", "/run/.containerenv")


def as_root() -> list[str]:
    """Give the words by which `unshare` makes an ordinary user the root of what it starts."""
    return [] if os.geteuid() == 0 else ["--user", "--map-root-user"]


def what_is_missing() -> str:
    """Say which program is not here; it costs nothing. Empty where all are."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    missing = [name for name in _TOOLS if shutil.which(name) is None]
    return f"it needs {' and '.join(missing)} (in Debian: bubblewrap, util-linux)" if missing else ""


def why_not_here() -> str:
    """Try it, and say what stands in the way; empty where it works."""
    if missing := what_is_missing():
        return missing
    inner = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-pid", "true"]
    words = ["unshare", *as_root(), "--mount", "--propagation", "private", "--", *inner]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return one_line(f"namespaces cannot be tried: {error}", 200)
    return reason(done.stderr) if done.returncode else ""


def reason(said: str, settings: Path = Path("/proc/sys")) -> str:
    """Say what forbids it, as the kernel's settings tell, or at least what the attempt `said`."""
    for name, value, sentence in _SWITCHES:
        if os.geteuid() != 0 and _read(settings / name) == value:
            return sentence
    last = one_line(said.strip().rpartition("\n")[2], 200)
    if any(Path(path).exists() for path in _CONTAINERS):
        return f"this is inside a container that forbids namespaces, as Docker's do by default ({last})"
    return f"this machine forbids namespaces ({last})"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def must_be_possible() -> None:
    """Refuse where no sandbox can be made of namespaces. Raises EngineMissing."""
    if why := why_not_here():
        raise EngineMissing(f"No embedded sandbox can be made here: {why}.")
