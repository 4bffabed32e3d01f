"""The marks of the run that is shown, as the screen has them."""

from collections.abc import Callable

from lis_tui.core.events import StepAddress


class Marks:
    """Steps that a person wants to find again, some with words about them. Each change is told."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._comments: dict[StepAddress, str] = {}
        self._tell = tell
        self.addresses: frozenset[StepAddress] = frozenset()

    def comment(self, address: StepAddress) -> str:
        """Give what is written about a step; empty where there is nothing."""
        return self._comments.get(address, "")

    def put(self, address: StepAddress, comment: str = "") -> None:
        """Mark a step, with these words."""
        self._comments[address] = comment
        self._change()

    def drop(self, address: StepAddress) -> None:
        """Take a mark away."""
        self._comments.pop(address, None)
        self._change()

    def _change(self) -> None:
        self.addresses = frozenset(self._comments)
        self._tell()
