"""How much memory this process may still take, so that what cannot fit is refused before it is tried."""

import resource
import sys
from pathlib import Path

from lis_tui.preview.limits import MOST_DATA
from lis_tui.preview.parts import CannotShow

_MARGIN = 0.9
"""What a library takes beside the picture is in the rest."""


def left_bytes() -> int:
    """Tell how much memory is left to take."""
    most = resource.getrlimit(resource.RLIMIT_DATA)[0]
    left = MOST_DATA if most == resource.RLIM_INFINITY else most - _taken()
    return max(int(left * _MARGIN), 0)


def must_fit(needed: int, what: str) -> None:
    """Refuse what would take more memory than there is."""
    left = left_bytes()
    if needed > left:
        raise CannotShow(
            f"{what}: it would take {_words(needed)} of memory, and {_words(left)} are left for it."
        )


def _taken() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except (OSError, IndexError, ValueError):
        # Without /proc the most that it once took is a bound from above.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024)
    return pages * resource.getpagesize()


def _words(count: int) -> str:
    return f"{count / (1 << 30):,.1f} GB" if count >= 1 << 30 else f"{count >> 20} MB"
