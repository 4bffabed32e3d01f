"""What an embedded sandbox sees of this machine's own files, made unchangeable: its owner is root of both.

A mode or an owner is changed without the file being opened: only a mount that is read-only refuses that too.
"""

import os
import shutil
from pathlib import Path


def sealing() -> list[str]:
    """Give the lines of a script, in a mount namespace of its own, after which bubblewrap is run."""
    return [*_sealed_devices(), *_sealed_program()]


def sealed_proc() -> list[str]:
    """Give words for bubblewrap: the modes of what lies in `/proc` are the same in every one of a machine."""
    return ["--remount-ro", "/proc"] if os.geteuid() == 0 else []


def _sealed_devices() -> list[str]:
    """Bubblewrap shows this machine's own; what is written to a device is no change of its file."""
    if os.geteuid() != 0:
        return []
    made = [] if os.path.ismount("/dev") else ["mount --rbind /dev /dev"]
    return [*made, "mount -o remount,bind,ro /dev"]


def _sealed_program() -> list[str]:
    """Bubblewrap was started before its root was entered: `/proc/1/exe` leads to this machine's own file."""
    found = shutil.which("bwrap")
    if found is None or os.geteuid() not in (0, Path(found).stat().st_uid):
        return []
    return ["b=$(type -P bwrap)", 'mount --bind "$b" "$b"', 'mount -o remount,bind,ro "$b"']
