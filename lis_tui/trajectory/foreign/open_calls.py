"""Which calls of a trajectory have no result yet, whatever ids the file gives them."""

from collections import deque
from collections.abc import Sequence

from msgspec import Struct, structs

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import ToolCall


class OpenCall(Struct):
    """A call that nothing was observed of yet."""

    address: StepAddress
    call: ToolCall
    at: float = 0.0
    is_proposed: bool = False


class OpenCalls:
    """The open calls: those of this turn in order, and older ones, whose results may still come."""

    def __init__(self) -> None:
        self._now: dict[str, OpenCall] = {}
        self._late: dict[str, OpenCall] = {}
        self._names: dict[str, deque[str]] = {}
        """Ids of ours, by the id in the file: that may stand at several calls."""
        self._late_names: dict[str, list[str]] = {}

    @property
    def ids(self) -> list[str]:
        """Those of this turn, in order."""
        return list(self._now)

    @property
    def oldest(self) -> ToolCall | None:
        """The first one of this turn."""
        return next((open_.call for open_ in self._now.values()), None)

    def named(self, calls: Sequence[ToolCall], turn: int) -> list[ToolCall]:
        """Give each call of a new turn an id that no other open one has: every result must find its call."""
        found: dict[str, ToolCall] = {}
        for number, call in enumerate(calls, 1):
            name = call.id
            while not name or name in found or name in self._late:
                name = f"{name or 'call'}-{turn}-{number}"
            self._names.setdefault(call.id, deque()).append(name)
            found[name] = structs.replace(call, id=name)
        return list(found.values())

    def put(self, name: str, open_: OpenCall) -> None:
        """Open a call."""
        self._now[name] = open_

    def close_turn(self) -> list[OpenCall]:
        """Give the calls of this turn that are open; they are older ones from now on."""
        left = list(self._now.values())
        self._late |= self._now
        self._now = {}
        for given, names in self._names.items():
            self._late_names.setdefault(given, []).extend(
                name for name in reversed(names) if name in self._late
            )
        self._names = {}
        return left

    def take(self, call_id: str | None) -> OpenCall | None:
        """Close the call with this id, of several the newest turn's first one; None: this turn's oldest."""
        if call_id is None:
            return self._now.pop(next(iter(self._now), ""), None)
        if call_id in self._now:
            return self._now.pop(call_id)
        names = self._names.get(call_id)
        while names:
            found = self._now.pop(names.popleft(), None)
            if found is not None:
                return found
        older = self._late_names.get(call_id)
        while older:
            found = self._late.pop(older.pop(), None)
            if found is not None:
                return found
        return self._late.pop(call_id, None)
