"""What was injected how often, and what came of it: counted, and told as a table."""

import threading
from collections import Counter
from collections.abc import Iterable

COLUMNS = ("times", "lost", "leaked", "went on", "resumed", "not resumed", "trouble")


class Tally:
    """Counts by fault and home; from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._told: list[str] = []
        self._lock = threading.Lock()

    def count(self, fault: str, column: str, times: int = 1) -> None:
        """Count what happened."""
        with self._lock:
            self._counts.setdefault(fault, Counter())[column] += times

    def found(self, fault: str, column: str, sentences: Iterable[str]) -> None:
        """Count what should not have happened, and keep it to be told."""
        for sentence in sentences:
            self.count(fault, column)
            with self._lock:
                self._told.append(f"{column}: {fault}: {sentence}")

    @property
    def is_clean(self) -> bool:
        """Nothing was lost or left, and all that was taken up again went on."""
        return not self._told

    def table(self) -> str:
        """Tell all of it."""
        width = max((len(fault) for fault in self._counts), default=0)
        lines = [" ".join([" " * width, *(f"{name:>11}" for name in COLUMNS)])]
        for fault in (*sorted(self._counts), "in all"):
            counts = self._counts.get(fault) or sum(self._counts.values(), Counter())
            lines.append(" ".join([f"{fault:<{width}}", *(f"{counts[name]:>11}" for name in COLUMNS)]))
        return "\n".join([*lines, *self._told])
