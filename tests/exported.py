"""Runs for tests of exports: made by chance, or of the stories; and what of two of them can be compared."""

from pathlib import Path
from typing import Literal

from hypothesis import strategies as st

from lis_tui.core import events
from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import Event, Record, StepAddress
from lis_tui.core.messages import Observation, Reply, StepStatus, ToolCall, Usage
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.trajectory.exporting.exporter import Exportable, Exported, ExportFormat, exporter
from lis_tui.trajectory.exporting.outline import Deed, Heard, Outline
from lis_tui.trajectory.foreign.recording import Importer
from tests import changed, story
from tests.foreign_files import recorded

STORIES = {
    "ended": story.ended,
    "waiting": story.waiting,
    "amended": changed.amended,
    "injected, hidden": changed.injected,
    "injected": lambda: changed.injected(is_hidden=False),
    "versions": changed.versions,
    "own shell": changed.own,
    "background": changed.job,
    "cut off": changed.cut_off,
    "submitting": changed.submitting,
}


def exported(to: ExportFormat, records: list[Record]) -> Exported:
    """Write a run down."""
    return exporter(to)(Exportable(name="one", records=[one for one in records if one.n]))


def there_and_back(to: ExportFormat, importer: Importer, folder: Path, records: list[Record]) -> list[Record]:
    """Write a run down and read that."""
    return recorded(importer, folder, exported(to, records).data.decode()).read().records


def shown(deed: Deed) -> tuple[object, ...]:
    """What every format must keep of a step: what was asked for, what ran, who, and what came of it."""
    came = None if deed.seen is None else (deed.text, deed.really, deed.seen.status, deed.seen.exit_code)
    who = deed.by, deed.changed_by, deed.edited_by
    return _plain(deed.call), None if deed.seen is None else _plain(deed.ran or deed.call), who, came


def turns(records: list[Record]) -> list[tuple[object, ...]]:
    """Each turn with its words, what somebody changed of them, and its steps."""
    return [
        (
            turn.reply.text,
            turn.reply.reasoning,
            turn.rewritten_by,
            turn.wrote,
            [shown(deed) for deed in turn.deeds],
        )
        for turn in Outline(records).turns
    ]


def persons(records: list[Record]) -> list[tuple[object, ...]]:
    """The commands that a person had run."""
    return [shown(item) for item in Outline(records).items if isinstance(item, Deed)]


def said(records: list[Record]) -> list[tuple[str, str]]:
    """What was said to the model."""
    heard = [item for item in Outline(records).items if isinstance(item, Heard)]
    return [(item.message.origin, item.message.text) for item in heard]


def _plain(call: ToolCall) -> tuple[str, object]:
    found = arguments_of(call.arguments)
    return call.name, call.arguments if found is None else found


# ---- made by chance

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
_COMMANDS = st.builds(lambda text: story.bash(f"echo {text}").arguments, _TEXTS)
_CALLS = st.one_of(
    st.tuples(st.just("execute_bash"), _COMMANDS),
    st.tuples(st.just("str_replace_editor"), st.just('{"command": "view", "path": "/testbed"}')),
    st.tuples(st.just("submit"), st.just("{}")),
    st.tuples(st.just("execute_bash"), st.just('{"command": "ec')),
)
_CODES: st.SearchStrategy[tuple[StepStatus, int | None]] = st.sampled_from(
    [("done", 0), ("failed", 2), ("rejected", None), ("unknown", None), ("interrupted", 130), ("done", None)]
)
_ORIGINS: st.SearchStrategy[Literal["person", "nudge", "follow_up", "limits"]] = st.sampled_from(
    ["person", "nudge", "follow_up", "limits"]
)
_USAGES = st.none() | st.builds(
    Usage,
    prompt_tokens=st.integers(0, 10**6),
    completion_tokens=st.integers(0, 10**6),
    cached_tokens=st.none() | st.integers(0, 10**6),
    cost_usd=st.none() | st.integers(1, 100).map(lambda cents: cents / 100),
)


@st.composite
def runs(draw: st.DrawFn) -> list[Record]:
    """Give a run with edits, rejections, hidden commands, versions and words of all kinds."""
    run = _Chance(draw)
    for number in range(1, draw(st.integers(0, 4)) + 1):
        run.turn(number)
    if draw(st.booleans()):
        answer = draw(st.none() | _TEXTS.filter(bool))
        status: events.EndStatus = draw(st.sampled_from(["submitted", "turn_limit", "ended_by_person"]))
        run.say(events.RunEnded(status=status, reason=draw(_TEXTS), answer=answer))
    return run.records


class _Chance:
    """Tells a run, as chance has it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.records: list[Record] = []
        self._draw = draw
        spec = RunSpec(task=draw(_TEXTS), model=ModelSpec(name="openai/one"))
        system, task = draw(_TEXTS), draw(_TEXTS)
        self.say(events.RunStarted(run="one", spec=spec, system_prompt=system, task_prompt=task, tools=()))

    def say(self, event: Event) -> None:
        """Tell one event."""
        number = len(self.records) + 1
        self.records.append(Record(number, story.START + number, event))

    def turn(self, number: int) -> None:
        """Tell a turn."""
        draw = self._draw
        for _ in range(draw(st.integers(0, 2))):
            self.say(events.MessageSent(turn=number, text=draw(_TEXTS), origin=draw(_ORIGINS)))
        reply = self._reply(number)
        self.say(events.ReplyFinished(turn=number, reply=reply, duration_s=draw(st.none() | st.just(2.5))))
        if draw(st.integers(0, 3)) == 0:
            reply = self._reply(number)
            self.say(events.ReplyResampled(turn=number, version=2, reply=reply, duration_s=1.0))
        if draw(st.integers(0, 3)) == 0:
            self.say(events.ReplyEdited(turn=number, text=draw(_TEXTS)))
        if draw(st.integers(0, 3)) == 0:
            self._inject(number)
        for place, call in enumerate(reply.calls, 1):
            if not self._step(StepAddress(number, place), call):
                break

    def _reply(self, turn: int) -> Reply:
        draw = self._draw
        pairs = draw(st.lists(_CALLS, max_size=3))
        calls = [ToolCall(f"c{turn}-{n}", name, arguments) for n, (name, arguments) in enumerate(pairs)]
        return Reply(text=draw(_TEXTS), reasoning=draw(_TEXTS), calls=tuple(calls), usage=draw(_USAGES))

    def _inject(self, turn: int) -> None:
        draw, address, command = self._draw, StepAddress(turn, 0, 1), f"echo {self._draw(_TEXTS)}"
        is_hidden = draw(st.booleans())
        self.say(events.CommandInjected(address=address, command=command, is_hidden=is_hidden))
        self._run(address, "", "execute_bash", story.bash(command).arguments, None)

    def _step(self, address: StepAddress, call: ToolCall) -> bool:
        """Tell a step; gives whether the run goes on after it."""
        draw = self._draw
        self.say(events.StepProposed(address=address, call=call))
        if draw(st.integers(0, 5)) == 0:
            return False
        by: events.Who | None = draw(st.sampled_from([None, None, "person", "rule"]))
        arguments = call.arguments if by is None else story.bash(f"true {draw(_TEXTS)}").arguments
        self._run(address, call.id, call.name if by is None else "execute_bash", arguments, by)
        return True

    def _run(
        self, address: StepAddress, call_id: str, tool: str, arguments: str, by: events.Who | None
    ) -> None:
        draw = self._draw
        status, code = draw(_CODES)
        seen = Observation(text=draw(_TEXTS), status=status, exit_code=code, duration_s=0.5)
        self.say(events.StepStarted(address=address, tool=tool, arguments=arguments, changed_by=by))
        self.say(events.StepFinished(address=address, call_id=call_id, tool=tool, observation=seen))
        if draw(st.integers(0, 4)) == 0:
            self.say(events.ObservationEdited(address, draw(_TEXTS)))
