"""Frees the space that checkpoints take, and says what was freed."""

from lis_tui.cli.runs import size
from lis_tui.config.places import Places
from lis_tui.core.errors import UsageWrong
from lis_tui.core.text import clean
from lis_tui.trajectory.pruning import Freed, prune
from lis_tui.trajectory.store import Store


def prune_runs(places: Places, keep: int | None, older_than: float | None, *, is_dry: bool) -> int:
    """Free what no run needs, and the checkpoints of old runs. Raises UsageWrong, StorageFailed."""
    if (keep or 0) < 0 or (older_than or 0) < 0:
        raise UsageWrong("--keep and --older-than cannot be less than nothing.")
    freed = prune(Store(places.data), keep=keep, older_than_days=older_than, is_dry=is_dry)
    for line in told(freed, is_dry=is_dry):
        print(clean(line))
    return 0


def told(freed: Freed, *, is_dry: bool = False) -> list[str]:
    """Say what was freed, and what was not."""
    lines = list(freed.spared)
    if freed.runs:
        verb = "would lose" if is_dry else "lost"
        lines.append(f"{_count(len(freed.runs), 'run')} {verb} their checkpoints: {', '.join(freed.runs)}.")
    verb = "would be freed" if is_dry else "freed"
    lines.append(f"{size(freed.bytes_freed)} {verb} ({_count(freed.contents, 'content')} that no run needs).")
    if freed.waiting_bytes:
        lines.append(f"{size(freed.waiting_bytes)} more were used just now; a later prune frees them.")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
