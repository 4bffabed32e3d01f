"""The time below a wave form or a piano roll."""

from lis_tui.ui.rows import Ink

_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
_LEAST_CELLS = 9
"""Between two marks, so that their labels do not touch."""


def axis_line(duration_s: float, width: int, free: int = 0) -> list[Ink]:
    """Give marks at even moments, as many as fit; `free` cells at the end stay empty."""
    if duration_s <= 0 or width <= 0:
        return []
    step_s = next((step for step in _STEPS_S if step / duration_s * width >= _LEAST_CELLS), duration_s)
    line = ""
    number = 0
    while (place := round(number * step_s / duration_s * width)) < width:
        label = f"╵{moment_words(number * step_s)}"
        if place + len(label) > width - free:
            break
        line = line.ljust(place) + label
        number += 1
    return [(line, "muted")]


def moment_words(seconds: float) -> str:
    """Give a moment as a clock does: `0:07`, `1:02:05`; tenths where it is none of whole seconds."""
    whole, tenths = divmod(round(seconds * 10), 10)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    words = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{words}.{tenths}" if tenths else words
