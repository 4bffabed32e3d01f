"""Builds a run's records out of what another program wrote down, and keeps account of what has no place."""

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import structs

from lis_tui.core.events import (
    CommandInjected,
    EndStatus,
    Event,
    ForeignKept,
    MessageSent,
    NoticeGiven,
    Record,
    ReplyCutOff,
    ReplyFinished,
    RunEnded,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
    TrajectoryImported,
    Who,
)
from lis_tui.core.messages import Observation, Reply, StepStatus, ToolCall, ToolSchema, Usage
from lis_tui.core.spec import Limits, ModelSpec, RunSpec, SandboxSpec
from lis_tui.trajectory.foreign.ledger import Ledger
from lis_tui.trajectory.foreign.open_calls import OpenCall, OpenCalls
from lis_tui.trajectory.foreign.recording import Imported, Report
from lis_tui.trajectory.foreign.translating import as_ours, bash, encoded

MOST_KEPT_BYTES = 64 * 1024
"""A field without a place that is larger is counted, and not copied."""
Origin = Literal["person", "nudge", "follow_up", "limits", "command"]


class Builder:
    """Takes a trajectory in its own order. Times are unix seconds; 0.0, and None elsewhere: not known.

    A call becomes a step when it is observed, or when the next reply comes: then nothing is known of it.
    """

    def __init__(
        self, format_: str, version: str = "", *, name: str, file: str = "", entry: str = ""
    ) -> None:
        self._format, self._version = format_, version
        self._name, self._file, self._entry = name, file, entry
        self._started = RunStarted(
            run=name,
            spec=RunSpec(task="", model=ModelSpec(name=""), limits=Limits(max_cost_usd=None)),
            system_prompt="",
            task_prompt="",
            tools=(),
        )
        self._started_at = 0.0
        self._records: list[tuple[float, Event]] = []
        self._calls = OpenCalls()
        self._ledger = Ledger()
        self._injected = (-1, 0)
        """Before which turn's end a person ran commands, and how many."""
        self._observations = 0
        self._steps = 0
        self.turn = 0
        self.is_ended = False

    # ---- the run

    def begin(
        self,
        *,
        task: str | None = None,
        system: str | None = None,
        model: str | None = None,
        workdir: str | None = None,
        image: str | None = None,
        tools: Sequence[ToolSchema] | None = None,
        max_turns: int | None = None,
        at: float = 0.0,
    ) -> None:
        """Say what the run was asked to be; may be called again with more. None: as it is."""
        spec = self._started.spec
        if workdir is not None or image is not None:
            sandbox = SandboxSpec(
                workdir=spec.sandbox.workdir if workdir is None else workdir,
                image=spec.sandbox.image if image is None else image,
            )
            spec = structs.replace(spec, sandbox=sandbox)
        if max_turns is not None:
            spec = structs.replace(spec, limits=Limits(max_turns=max_turns, max_cost_usd=None))
        spec = structs.replace(
            spec,
            task=spec.task if task is None else task,
            model=spec.model if model is None else ModelSpec(name=model),
        )
        self._started = structs.replace(
            self._started,
            spec=spec,
            system_prompt=self._started.system_prompt if system is None else system,
            task_prompt=spec.task,
            tools=self._started.tools if tools is None else tuple(tools),
        )
        self._started_at = at or self._started_at

    @property
    def has_task(self) -> bool:
        """Whether it is known what the model was asked."""
        return bool(self._started.spec.task)

    def end(self, status: EndStatus, reason: str = "", answer: str | None = None, at: float = 0.0) -> None:
        """Say how it ended; a trajectory that does not say so has no end here either."""
        self._flush()
        self.is_ended = True
        self._add(RunEnded(status=status, reason=reason, answer=answer), at)

    # ---- what was said and done

    def say(self, text: str, origin: Origin = "person", at: float = 0.0) -> None:
        """Somebody said this to the model after the newest turn."""
        self._flush()
        self._add(MessageSent(turn=self.turn + 1, text=text, origin=origin), at)

    def inject(
        self, command: str, at: float = 0.0, *, is_hidden: bool = False, by: Who = "person"
    ) -> StepAddress:
        """A person ran this before the next turn; what comes of it is observed like a call's."""
        self._flush()
        self._injected = (self.turn, self._injected[1] + 1 if self._injected[0] == self.turn else 1)
        address = StepAddress(self.turn + 1, 0, self._injected[1])
        self._add(CommandInjected(address=address, command=command, is_hidden=is_hidden, by=by), at)
        call = bash("", command)
        self._calls.put(f"person-{address}", OpenCall(address, call, at, is_proposed=True))
        self._steps += 1
        return address

    def cut_off(
        self,
        *,
        text: str = "",
        reasoning: str = "",
        calls: Sequence[ToolCall] = (),
        reason: str,
        at: float = 0.0,
    ) -> int:
        """A turn whose reply was thrown away: the model never saw it again, and nothing of it ran."""
        self._flush()
        self.turn += 1
        told = ReplyCutOff(turn=self.turn, text=text, reasoning=reasoning, reason=reason, calls=tuple(calls))
        self._add(told, at)
        return self.turn

    def notice(self, text: str, level: Literal["info", "warning", "error"] = "info", at: float = 0.0) -> None:
        """Show a line at the newest turn."""
        self._add(NoticeGiven(text, level), at)

    def reply(
        self,
        *,
        text: str = "",
        reasoning: str = "",
        calls: Sequence[ToolCall] = (),
        usage: Usage | None = None,
        finish_reason: str = "",
        calls_in_text: bool = False,
        raw_json: str = "",
        duration_s: float | None = None,
        at: float = 0.0,
        ours: Callable[[ToolCall], ToolCall] = as_ours,
    ) -> int:
        """Begin a turn with a reply of the model; gives its number. `calls` are as the model wrote them."""
        self._flush()
        self.turn += 1
        calls = self._calls.named(calls, self.turn)
        reply = Reply(
            text=text,
            reasoning=reasoning,
            calls=tuple(calls),
            usage=usage,
            finish_reason=finish_reason,
            calls_in_text=calls_in_text,
            raw_json=raw_json,
        )
        self._add(ReplyFinished(turn=self.turn, reply=reply, duration_s=duration_s), at)
        for number, call in enumerate(calls, 1):
            self._calls.put(call.id, OpenCall(StepAddress(self.turn, number), ours(call), at))
        return self.turn

    def observe(
        self,
        text: str,
        *,
        output: str | None = None,
        call_id: str | None = None,
        status: StepStatus = "unknown",
        exit_code: int | None = None,
        duration_s: float | None = None,
        cwd: str = "",
        diff: str = "",
        answer: str | None = None,
        is_cut: bool = False,
        at: float = 0.0,
        started_at: float = 0.0,
        ran: ToolCall | None = None,
        changed_by: Who | None = None,
    ) -> StepAddress | None:
        """Say what came of a call, of this turn's oldest open one where none is named; None: there is none.

        An exit code decides the status where that is unknown; where both are unknown, they stay so.
        `text` is what the model saw, `output` what the command wrote, where the file tells them apart.
        `ran`: what ran where that is not what was asked for; `changed_by` says who changed it.
        """
        open_ = self._calls.take(call_id)
        if open_ is None:
            return None
        if status == "unknown" and exit_code is not None:
            status = "failed" if exit_code else "done"
        observation = Observation(
            text=text,
            status=status,
            exit_code=exit_code,
            duration_s=duration_s,
            output_bytes=_size(text if output is None else output),
            cwd=cwd,
            diff=diff,
            answer=answer,
            is_cut=is_cut,
            output=None if output == text else output,
        )
        self._propose(open_)
        call = open_.call if ran is None else structs.replace(ran, id=open_.call.id)
        started = StepStarted(
            address=open_.address, tool=call.name, arguments=call.arguments, changed_by=changed_by
        )
        self._add(started, started_at)
        finished = StepFinished(
            address=open_.address, call_id=call.id, tool=call.name, observation=observation
        )
        self._add(finished, at)
        self._observations += 1
        return open_.address

    def add(self, event: Event, at: float = 0.0) -> None:
        """Add a fact that has a place of its own here."""
        self._add(event, at)

    @property
    def open_calls(self) -> list[str]:
        """The ids of the calls that nothing was observed of yet, in order."""
        return self._calls.ids

    @property
    def oldest_call(self) -> ToolCall | None:
        """This turn's first call that nothing was observed of yet."""
        return self._calls.oldest

    # ---- account

    def keep(self, where: str, value: object, address: StepAddress | None = None) -> None:
        """Keep a field that has no place here; `where` is its path in the file, without numbers."""
        self._ledger.keep(where)
        raw = encoded(value)
        if len(raw) <= MOST_KEPT_BYTES:
            self._add(ForeignKept(where, raw, address), 0.0)

    def problem(self, where: str, why: str) -> None:
        """Note a record that could not be read."""
        self._ledger.problem(where, why)

    def note(self, text: str) -> None:
        """Note how something was read that could be read in more than one way."""
        self._ledger.note(text)

    def finish(self) -> Imported:
        """Give all of it."""
        self._flush()
        told = TrajectoryImported(
            format=self._format,
            version=self._version,
            file=self._file,
            entry=self._entry,
            problems=self._ledger.problems,
            kept=self._ledger.kept,
            notes=self._ledger.notes,
        )
        report = Report(
            format=self._format,
            version=self._version,
            turns=self.turn,
            steps=self._steps,
            observations=self._observations,
            kept=self._ledger.kept,
            problems=self._ledger.problems,
            notes=self._ledger.notes,
        )
        events: list[tuple[float, Event]] = [
            (self._started_at, self._started),
            (self._started_at, told),
            *self._records,
        ]
        return Imported([Record(n, at, event) for n, (at, event) in enumerate(events, 1)], report)

    def _add(self, event: Event, at: float) -> None:
        self._records.append((at, event))

    def _flush(self) -> None:
        """What nothing was observed of is told as asked for, and no more; its result may still come."""
        for open_ in self._calls.close_turn():
            self._propose(open_)

    def _propose(self, open_: OpenCall) -> None:
        if not open_.is_proposed:
            open_.is_proposed = True
            self._steps += 1
            self._add(StepProposed(address=open_.address, call=open_.call), open_.at)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))
