"""When the screen's process looks for garbage: not while somebody presses keys, for it stops everything."""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

RESTING_S = 1.0
"""Nobody is at work who pressed no key for so long."""
LONGEST_S = 60.0
"""It is looked for, whatever happens, once this long has passed."""
FEW = 20
"""Fewer collections of the younger generations than this leave too little to be worth it."""
_NEVER = 1 << 30
TURN_S = 0.0005
"""So long a thread may keep others from running while a recording is read."""


class Garbage:
    """The full collections of a process that is nothing but a screen; `monotonic` measures when."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._pressed_at = self._collected_at = monotonic()

    def begin(self) -> None:
        """Keep what was imported, which is for good, out of collections; full ones come by `look` alone."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], _NEVER)

    def key_pressed(self) -> None:
        """Somebody is at work."""
        self._pressed_at = self._monotonic()

    def look(self) -> bool:
        """Collect if there may be something and nobody would notice; tells whether it did."""
        now = self._monotonic()
        is_resting = now - self._pressed_at >= RESTING_S
        if (
            not gc.isenabled()
            or gc.get_count()[2] < FEW
            or not (is_resting or now - self._collected_at >= LONGEST_S)
        ):
            return False
        self._collected_at = now
        gc.collect()
        return True


@contextmanager
def put_off() -> Iterator[None]:
    """Look for none meanwhile, as while a recording is read: much is made then, and all of it stays.

    What was made counts as old afterwards, so that the next short look does not go through all of it. Where a
    thread makes it, the screen's thread gets its turn soon after it asks.
    """
    was_on = gc.isenabled()
    gc.disable()
    if was_on:
        usual_s = sys.getswitchinterval()
        sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        if was_on:
            sys.setswitchinterval(usual_s)
            gc.freeze()
            gc.unfreeze()
            gc.enable()
