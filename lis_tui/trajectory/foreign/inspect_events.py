"""Finds in the events of an Inspect sample what its messages do not say: times, tokens, exit codes."""

from collections import deque
from collections.abc import Iterator

from lis_tui.trajectory.foreign.fields import items, mapping, seconds, whole, word
from lis_tui.trajectory.foreign.inspect_archive import expanded
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.wording import told

_SCORERS = ("scorer", "scorers")
Key = tuple[str, tuple[str, ...]]


class SampleEvents:
    """The events of one sample, by what they are about."""

    def __init__(self, events: list[Json]) -> None:
        self._scoring = frozenset(_scoring(events))
        self._by_id: dict[str, tuple[int, Json]] = {}
        self._by_words: dict[Key, deque[tuple[int, Json]]] = {}
        self._execs: dict[str, list[Json]] = {}
        self.tools: dict[str, Json] = {}
        self._span = ""
        """The newest span of a tool: it opens right before the tool's event, which stands outside of it."""
        self._spans: dict[str, str] = {}
        self._used: set[int] = set()
        self.all = events
        for number, event in enumerate(events):
            self._sort(number, event)

    def _sort(self, number: int, event: Json) -> None:
        match event.get("event"):
            case "model":
                message = output_of(event)
                ident = word(message.get("id"))
                if ident:
                    self._by_id.setdefault(ident, (number, event))
                elif message and number not in self._scoring:
                    self._by_words.setdefault(_key(message), deque()).append((number, event))
            case "span_begin" if event.get("type") == "tool":
                self._span = word(event.get("id"))
            case "tool":
                ident = word(event.get("id"))
                self.tools.setdefault(ident, event)
                self._spans.setdefault(ident, self._span)
                self._span = ""
            case "sandbox" if event.get("action") == "exec":
                self._execs.setdefault(word(event.get("span_id")), []).append(event)

    def model(self, message: Json) -> tuple[int, Json]:
        """Give the call of the model that a message came from, with its place; where none is known, -1."""
        found = self._by_id.get(word(message.get("id")))
        if found is None:
            waiting = self._by_words.get(_key(message))
            found = waiting.popleft() if waiting else None
        if found is None or found[0] in self._used:
            return -1, {}
        self._used.add(found[0])
        return found

    def exit_code(self, tool: Json, command: str) -> int | None:
        """Give the exit code of a tool's command, where the sandbox noted just one and it is that."""
        span = self._spans.get(word(tool.get("id")), "")
        execs = self._execs.get(span, []) if span else []
        if len(execs) != 1 or not command:
            return None
        ran = f"{word(execs[0].get('cmd'))}\n{word(execs[0].get('input'))}"
        quoted = command.replace("'", "'\"'\"'")
        return whole(execs[0].get("result")) if command in ran or quoted in ran else None

    def submitted(self) -> str | None:
        """Give the answer of a call of submit that nothing came after; None where it did not end so.

        Inspect's own agent takes that call out of the messages.
        """
        for number in range(len(self.all) - 1, -1, -1):
            event = self.all[number]
            if number in self._scoring or event.get("event") not in ("model", "tool"):
                continue
            is_submit = event.get("event") == "tool" and event.get("function") == "submit"
            return told(event.get("result")) if is_submit and not event.get("error") else None
        return None

    def other_models(self) -> list[Json]:
        """The calls of a model that no message of the conversation came from, once those are read."""
        return [
            event
            for number, event in enumerate(self.all)
            if event.get("event") == "model" and number not in self._used
        ]

    def last_conversation(self, pool: list[object]) -> list[object]:
        """What was said until the last call of a model, where the sample has no messages."""
        asked = (
            event
            for number, event in enumerate(self.all)
            if event.get("event") == "model" and number not in self._scoring
        )
        last = deque(asked, maxlen=1)
        if not last:
            return []
        said = items(last[0].get("input")) or expanded(items(last[0].get("input_refs")), pool)
        message = output_of(last[0])
        return [*said, message] if message else said


def output_of(event: Json) -> Json:
    """The message that a call of the model gave."""
    choices = items(mapping(event.get("output")).get("choices"))
    return mapping(mapping(choices[0]).get("message")) if choices else {}


def took(event: Json) -> tuple[float, float, float | None]:
    """When an event began and ended, and how long that is."""
    begun, ended = seconds(event.get("timestamp")), seconds(event.get("completed"))
    return begun, ended, ended - begun if begun and ended >= begun else None


def _key(message: Json) -> Key:
    calls = (word(mapping(call).get("id")) for call in items(message.get("tool_calls")))
    return told(message.get("content")), tuple(calls)


def _scoring(events: list[Json]) -> Iterator[int]:
    """The places of the events that belong to a scorer."""
    spans: set[str] = set()
    depth = 0
    for number, event in enumerate(events):
        kind, is_scorer = event.get("event"), event.get("type") in _SCORERS
        if kind == "span_begin" and (is_scorer or word(event.get("parent_id")) in spans):
            spans.add(word(event.get("id")))
        if kind == "step" and is_scorer:
            depth += 1 if event.get("action") == "begin" else -1
        if depth > 0 or (spans and word(event.get("span_id")) in spans):
            yield number
