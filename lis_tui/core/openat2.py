"""Linux's way to open a path that may not lead out of a folder, nor through any link: one call, no race."""

import errno
import os
import struct
import sys
from functools import cache

_NUMBER = 437
"""The same on every processor that Python runs on."""
_NO_MAGICLINKS = 0x02
_NO_SYMLINKS = 0x04
_BENEATH = 0x08


def open_inside(folder: int, path: bytes, flags: int) -> int:
    """Open a path below an open folder. Raises OSError.

    With O_PATH and O_NOFOLLOW a link at its very end is opened itself.
    """
    import ctypes  # not before a file is opened, for that comes after the first paint

    if b"\0" in path:  # what stands behind it would be left out
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    found: int = ctypes.CDLL(None, use_errno=True).syscall(
        ctypes.c_long(_NUMBER),
        ctypes.c_int(folder),
        ctypes.c_char_p(path),
        ctypes.c_char_p(how),
        ctypes.c_size_t(len(how)),
    )
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found


@cache
def is_known() -> bool:
    """Say whether the kernel has the call, and no filter around this process keeps it away."""
    if not sys.platform.startswith("linux"):
        return False
    here = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(open_inside(here, b".", os.O_PATH))
    except OSError:
        return False
    finally:
        os.close(here)
    return True
