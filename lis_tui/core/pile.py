"""Fragments of one stream that wait together for a slow reader, merged when they are taken."""

from collections import deque
from collections.abc import Hashable

from lis_tui.core.events import (
    CallArrived,
    Event,
    FileEntry,
    FilesChanged,
    Fragment,
    InputAwaited,
    LoadMeasured,
    OutputArrived,
    OwnCommandRan,
    OwnOutputArrived,
    ReasoningArrived,
    Record,
    ReplyFinished,
    ReplyResampled,
    RestoreProgressed,
    StepFinished,
    StorageTrouble,
    TextArrived,
    TreeFollowed,
)

MOST_OUTPUT = 1 << 20
"""Bytes of one step's output that wait for a slow listener who asked for no other bound."""
MOST_AFTER_STEP = 1 << 16
"""Bytes of them that still wait once the step is over, for its observation tells of it."""
_LATEST = InputAwaited | LoadMeasured | StorageTrouble | RestoreProgressed | TreeFollowed
"""The last of these is all there is to tell."""


class Pile:
    """What waits of one stream. Adding is cheap however much waits.

    `most_output`: bytes of a step's output that wait; older ones are dropped and counted.
    """

    def __init__(self, event: Fragment, at: float, most_output: int = MOST_OUTPUT) -> None:
        self._most_output = most_output
        self.stream = stream_of(event)
        self._at = at
        self._events: deque[Fragment] = deque()
        self._bytes = 0
        self._dropped = 0
        self.add(event, at)

    def add(self, event: Fragment, at: float) -> None:
        """Put an event of the same stream on top."""
        self._at = at
        if isinstance(event, _LATEST) or (isinstance(event, FilesChanged) and event.is_whole):
            self._events.clear()
        self._events.append(event)
        if isinstance(event, OutputArrived | OwnOutputArrived):
            self._bytes += len(event.data)
            self._trim(self._most_output)

    def outlived_by(self, fact: Event) -> None:
        """Let go of what a fact tells as a whole."""
        match fact:
            case StepFinished() if self.stream == ("output", fact.address):
                self._trim(min(MOST_AFTER_STEP, self._most_output))
            case OwnCommandRan() if self.stream == ("own", fact.number):
                self._events.clear()
            case ReplyFinished() | ReplyResampled() if self.stream[:2] == ("reply", fact.turn):
                self._events.clear()
            case _:
                pass

    def take(self) -> Record | None:
        """Give all of it as one record; None where nothing is left."""
        return Record(0, self._at, _merged(list(self._events), self._dropped)) if self._events else None

    def _trim(self, most: int) -> None:
        while self._bytes > most:
            first = self._events.popleft()
            if not isinstance(first, OutputArrived | OwnOutputArrived):
                continue
            spare = self._bytes - most
            skipped = first.skipped if isinstance(first, OutputArrived) else 0
            self._dropped += skipped + min(spare, len(first.data))
            self._bytes -= min(spare, len(first.data))
            if spare < len(first.data):
                self._events.appendleft(_end_of(first, spare))


def stream_of(event: Fragment) -> tuple[Hashable, ...]:
    """Give what tells the event's stream from others."""
    match event:
        case ReasoningArrived(turn):
            return ("reply", turn, "reasoning")
        case TextArrived(turn):
            return ("reply", turn, "text")
        case CallArrived(turn, index):
            return ("reply", turn, index)
        case OutputArrived(address):
            return ("output", address)
        case OwnOutputArrived(number):
            return ("own", number)
        case InputAwaited(address):
            return ("input", address)
        case _:
            return (type(event),)


def _merged(events: list[Fragment], dropped: int) -> Event:
    """Give one event that says what all of them say."""
    match events[-1]:
        case ReasoningArrived(turn):
            return ReasoningArrived(turn, "".join(e.text for e in events if isinstance(e, ReasoningArrived)))
        case TextArrived(turn):
            return TextArrived(turn, "".join(e.text for e in events if isinstance(e, TextArrived)))
        case CallArrived(turn, index):
            calls = [event for event in events if isinstance(event, CallArrived)]
            name = next((call.name for call in calls if call.name), "")
            return CallArrived(turn, index, name, "".join(call.text for call in calls))
        case OutputArrived(address):
            outputs = [event for event in events if isinstance(event, OutputArrived)]
            skipped = dropped + sum(output.skipped for output in outputs)
            return OutputArrived(address, b"".join(output.data for output in outputs), skipped)
        case OwnOutputArrived(number):
            own = [event for event in events if isinstance(event, OwnOutputArrived)]
            command = next((one.command for one in own if one.command), "")
            return OwnOutputArrived(number, b"".join(one.data for one in own), command)
        case FilesChanged():
            return _merged_files([event for event in events if isinstance(event, FilesChanged)])
        case (
            InputAwaited() | LoadMeasured() | StorageTrouble() | RestoreProgressed() | TreeFollowed() as last
        ):
            return last
        case other:
            raise TypeError(f"{type(other).__name__} is no fragment that is known here.")


def _end_of(output: OutputArrived | OwnOutputArrived, at: int) -> Fragment:
    if isinstance(output, OutputArrived):
        return OutputArrived(output.address, output.data[at:])
    return OwnOutputArrived(output.number, output.data[at:], output.command)


def _merged_files(events: list[FilesChanged]) -> FilesChanged:
    changed: dict[str, FileEntry] = {}
    gone: dict[str, None] = {}
    for event in events:
        for path in event.gone:
            changed.pop(path, None)
            gone[path] = None
        for entry in event.changed:
            changed[entry.path] = entry
            gone.pop(entry.path, None)
    is_whole = events[0].is_whole
    return FilesChanged(tuple(changed.values()), () if is_whole else tuple(gone), is_whole)
