"""Linux's seccomp: from then on the kernel refuses this process what no decoder does.

That is to write or change files, to start a program or a process, to open a socket, to touch other processes,
and what only administrators do. Everything else stays, as libraries differ in what they need.
"""

import ctypes
import errno
import os
from collections.abc import Iterator

from lis_tui.core import seccomp
from lis_tui.core.seccomp import Instruction

# fmt: off
_REFUSED = (
    # a process, a program
    (57, None), (58, None), (59, 221), (322, 281),
    # other processes: trace, read, write, signal
    (101, 117), (310, 270), (311, 271), (62, 129), (200, 130), (129, 138), (297, 240), (424, 424), (434, 434),
    (438, 438),
    # sockets
    (41, 198), (53, 199), (42, 203), (49, 200), (50, 201), (43, 202), (288, 242),
    # names of files: remove, rename, link, make
    (87, None), (263, 35), (82, None), (264, 38), (316, 276), (86, None), (265, 37), (88, None), (266, 36),
    (83, None), (258, 34), (84, None), (133, None), (259, 33), (85, None),
    # what is known of files: mode, owner, length, times, attributes
    (90, None), (91, 52), (268, 53), (452, 452), (92, None), (93, 55), (94, None), (260, 54), (76, 45),
    (77, 46), (285, 47), (132, None), (235, None), (261, None),
    (280, 88), (188, 5), (189, 6), (190, 7), (197, 14), (198, 15), (199, 16), (319, 279),
    # memory and messages that others see
    (29, 194), (30, 196), (68, 186), (64, 190), (240, 180),
    # the system: mounts, namespaces, modules, keys, and doors that had many holes
    (165, 40), (166, 39), (155, 41), (161, 51), (272, 97), (308, 268), (304, 265), (428, 428), (429, 429),
    (430, 430), (432, 432), (442, 442), (321, 280), (298, 241), (425, 425), (426, 426), (427, 427),
    (323, 282), (250, 219), (248, 217), (249, 218), (246, 104), (175, 105), (313, 273), (169, 142), (163, 89),
    (135, 92), (320, 294), (176, 106), (167, 224), (172, None), (173, None), (164, 170), (227, 112),
)
# fmt: on
_OPEN, _OPENAT, _OPENAT2 = (2, None), (257, 56), (437, 437)
_CLONE, _CLONE3, _TGKILL = (56, 220), (435, 435), (234, 131)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_IS_THREAD = 0x10000

_SET_FILTER, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def restrict() -> bool:
    """Have the kernel refuse all that; False where it cannot be done here.

    This process must have given up new privileges before, and must have one thread.
    """
    processor = seccomp.processor()
    if processor is None:
        return False
    data = seccomp.packed(_program(*processor, os.getpid()))
    control = ctypes.CDLL(None, use_errno=True).prctl
    given = _Program(len(data) // 8, data)
    return bool(control(_SET_FILTER, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(given)) == 0)


def _program(processor: int, column: int, own: int) -> Iterator[Instruction]:
    yield from seccomp.opened(processor, errno.EPERM)
    for pair in _REFUSED:
        yield from seccomp.refused(pair[column], errno.EPERM)
    # These two have their flags in memory, where a filter cannot look; libraries fall back to the others.
    for pair in (_CLONE3, _OPENAT2):
        yield from seccomp.refused(pair[column], errno.ENOSYS)
    for pair, argument, test in (
        (_OPEN, 1, seccomp.has(_WRITES)),
        (_OPENAT, 2, seccomp.has(_WRITES)),
        (_CLONE, 0, seccomp.lacks(_IS_THREAD)),
        (_TGKILL, 0, seccomp.differs(own)),
    ):
        yield from seccomp.looked_at(pair[column], argument, test, errno.EPERM)
    yield from seccomp.closed()
