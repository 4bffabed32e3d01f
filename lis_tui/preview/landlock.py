"""Linux's Landlock: from then on this process opens no file but to read, and only in the folders it names."""

import ctypes
import os
import stat
from collections.abc import Iterable
from contextlib import suppress

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""The same numbers on every processor."""
_ASK_VERSION = 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights over files each version knows; the newest knows no more."""
_CONNECT_AND_BIND = 0b11
_SIGNALS_AND_SOCKETS = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def restrict(readable: Iterable[str]) -> bool:
    """Let this process read below these folders and nowhere else; False where the kernel cannot do that.

    It must have given up new privileges before.
    """
    version = _call(_CREATE, None, 0, _ASK_VERSION)
    if version < 1:
        return False
    rules = _Ruleset((1 << _FILE_RIGHTS[min(version, 5)]) - 1)
    rules.network = _CONNECT_AND_BIND if version >= 4 else 0
    rules.scoped = _SIGNALS_AND_SOCKETS if version >= 6 else 0
    ruleset = _call(_CREATE, ctypes.byref(rules), ctypes.sizeof(rules) if version >= 6 else 16, 0)
    if ruleset < 0:
        return False
    try:
        for place in readable:
            with suppress(OSError):  # what is not there need not be read
                _allow(ruleset, place)
        return _call(_RESTRICT, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, place: str) -> None:
    opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | (_READ_FOLDER if stat.S_ISDIR(os.fstat(opened).st_mode) else 0)
        _call(_ADD, ruleset, 1, ctypes.byref(_Beneath(rights, opened)), 0)
    finally:
        os.close(opened)


def _call(number: int, *given: object) -> int:
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in given]
    found: int = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *words)
    return found
