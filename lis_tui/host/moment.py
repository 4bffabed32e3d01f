"""What a screen that comes late must be told besides the journal: the tree and the streams of this moment."""

from lis_tui.core.events import (
    CallArrived,
    Event,
    FileEntry,
    FilesChanged,
    Fragment,
    InputAwaited,
    JobEnded,
    LoadMeasured,
    ModelAsked,
    ModelRetried,
    OutputArrived,
    OwnCommandRan,
    OwnOutputArrived,
    ReasoningArrived,
    ReplyCutOff,
    ReplyFinished,
    ReplyResampled,
    RestoreProgressed,
    StepAddress,
    StepFinished,
    StepStarted,
    StorageTrouble,
    TextArrived,
    TreeFollowed,
)

MOST_TAIL = 1 << 20
"""Bytes of a running command's output that are kept for those who come late."""
_Latest = LoadMeasured | StorageTrouble | RestoreProgressed | TreeFollowed


class Moment:
    """A fold of fragments: whole streams while they run, the whole tree, the last load."""

    def __init__(self) -> None:
        self._turn = 0
        self._reasoning: list[str] = []
        self._text: list[str] = []
        self._calls: dict[int, tuple[str, list[str]]] = {}
        self._outputs: dict[StepAddress, _Tail] = {}
        """Of the step that runs, and of jobs."""
        self._own: dict[int, tuple[str, _Tail]] = {}
        self._input: InputAwaited | None = None
        self._tree: dict[str, FileEntry] | None = None
        self._latest: dict[type[Fragment], _Latest] = {}
        self.facts = 0
        """Facts seen; a record's number in its journal is counted the same way."""

    def apply(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, _Latest):
            self._latest[type(event)] = event
            return
        if isinstance(event, Fragment):
            self._apply_fragment(event)
            return
        self.facts += 1
        match event:
            case ModelAsked() | ModelRetried() | ReplyFinished() | ReplyResampled() | ReplyCutOff():
                self._reasoning, self._text, self._calls = [], [], {}
                self._turn = event.turn
            case StepStarted() | StepFinished():
                self._outputs.pop(event.address, None)
                self._input = None
            case JobEnded():
                self._outputs.pop(event.address, None)
            case OwnCommandRan():
                self._own.pop(event.number, None)
            case _:
                pass

    def fragments(self) -> list[Event]:
        """Give the present as few fragments, to be sent after the journal."""
        found: list[Event] = []
        if self._tree is not None:
            found.append(FilesChanged(tuple(self._tree.values()), is_whole=True))
        found += self._latest.values()
        if self._reasoning:
            found.append(ReasoningArrived(self._turn, "".join(self._reasoning)))
        if self._text:
            found.append(TextArrived(self._turn, "".join(self._text)))
        for index, (name, pieces) in self._calls.items():
            found.append(CallArrived(self._turn, index, name, "".join(pieces)))
        for address, tail in self._outputs.items():
            found.append(OutputArrived(address, tail.data, tail.skipped))
        for number, (command, tail) in self._own.items():
            found.append(OwnOutputArrived(number, tail.data, command))
        if self._input is not None and self._input.is_waiting:
            found.append(self._input)
        return found

    def _apply_fragment(self, event: Fragment) -> None:
        match event:
            case ReasoningArrived(turn, text):
                self._turn = turn
                self._reasoning.append(text)
            case TextArrived(turn, text):
                self._turn = turn
                self._text.append(text)
            case CallArrived(turn, index, name, text):
                self._turn = turn
                old, pieces = self._calls.get(index, ("", []))
                pieces.append(text)
                self._calls[index] = (old or name, pieces)
            case OutputArrived() | OwnOutputArrived():
                self._add_output(event)
            case FilesChanged():
                self._change_tree(event)
            case InputAwaited():
                self._input = event
            case _:
                pass

    def _add_output(self, event: OutputArrived | OwnOutputArrived) -> None:
        if isinstance(event, OutputArrived):
            self._outputs.setdefault(event.address, _Tail()).add(event.data, event.skipped)
            return
        command, tail = self._own.get(event.number, ("", _Tail()))
        tail.add(event.data)
        self._own[event.number] = (event.command or command, tail)

    def _change_tree(self, event: FilesChanged) -> None:
        if event.is_whole or self._tree is None:
            self._tree = {}
        for path in event.gone:
            self._tree.pop(path, None)
        for entry in event.changed:
            self._tree[entry.path] = entry


class _Tail:
    """The end of an output, and how many bytes before it are not kept."""

    def __init__(self) -> None:
        self.skipped = 0
        self._chunks: list[bytes] = []
        self._held = 0

    @property
    def data(self) -> bytes:
        return b"".join(self._chunks)

    def add(self, data: bytes, skipped: int = 0) -> None:
        self.skipped += skipped
        self._chunks.append(data)
        self._held += len(data)
        if self._held > 2 * MOST_TAIL:
            whole = self.data
            self.skipped += len(whole) - MOST_TAIL
            self._chunks, self._held = [whole[-MOST_TAIL:]], MOST_TAIL
