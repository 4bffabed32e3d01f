"""What the kernel refuses all that runs in an embedded sandbox: what a container engine refuses by default.

Namespaces and mounts of its own, the kernel's modules, keys and doors that had many holes, device nodes.
"""

import errno
import itertools
from collections.abc import Iterator

from lis_tui.core import seccomp
from lis_tui.core.seccomp import Call, Instruction

# fmt: off
_REFUSED: tuple[Call, ...] = (
    # mounts and namespaces
    (165, 40), (166, 39), (155, 41), (272, 97), (308, 268), (428, 428), (429, 429), (430, 430), (431, 431),
    (432, 432), (433, 433), (442, 442), (467, 467), (303, 264), (304, 265),
    # the kernel: modules, another kernel, programs in it, keys, counters
    (175, 105), (176, 106), (313, 273), (246, 104), (320, 294), (321, 280), (298, 241), (323, 282),
    (248, 217), (249, 218), (250, 219), (425, 425), (426, 426), (427, 427), (212, 18),
    # the machine: swap, reboot, clocks, quotas, its log, ports, terminals
    (167, 224), (168, 225), (169, 142), (163, 89), (164, 170), (227, 112), (305, 266), (179, 60), (443, 443),
    (103, 116), (172, None), (173, None), (153, 58), (300, 262),
    # long forgotten
    (134, None), (136, None), (139, None), (156, None), (174, None), (177, None), (178, None), (180, 42),
)
# fmt: on
_CLONE, _CLONE3 = (56, 220), (435, 435)
_NAMESPACES = 0x7E020000
_MKNOD, _MKNODAT, _IS_DEVICE = (133, None), (259, 33), 0o020000
_SOCKETS = ((41, 198), (53, 199))
_FAMILIES = (1, 2, 10, 16)
"""Of this machine, of the internet (both), of the kernel's tables; a module may be loaded for any other."""


def refusing() -> bytes:
    """Give the filter; empty where this processor's calls are not known."""
    processor = seccomp.processor()
    return b"" if processor is None else seccomp.packed(_program(*processor))


def _program(processor: int, column: int) -> Iterator[Instruction]:
    yield from seccomp.opened(processor, errno.EPERM)
    for pair in _REFUSED:
        yield from seccomp.refused(pair[column], errno.EPERM)
    # its flags are in memory, where a filter cannot look; libraries fall back to `clone`
    yield from seccomp.refused(_CLONE3[column], errno.ENOSYS)
    for pair, argument, test in (
        (_CLONE, 0, seccomp.has(_NAMESPACES)),
        (_MKNOD, 1, seccomp.has(_IS_DEVICE)),
        (_MKNODAT, 2, seccomp.has(_IS_DEVICE)),
    ):
        yield from seccomp.looked_at(pair[column], argument, test, errno.EPERM)
    other = [seccomp.equals(family) for family in range(1, 16) if family not in _FAMILIES]
    for pair, test in itertools.product(_SOCKETS, (*other, seccomp.at_least(_FAMILIES[-1] + 1))):
        yield from seccomp.looked_at(pair[column], 0, test, errno.EAFNOSUPPORT)
    yield from seccomp.closed()
