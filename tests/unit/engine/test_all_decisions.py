"""Whatever a person does at any moment, history is valid, the journal tells it all, and nothing is left."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from lis_tui.core.breakpoints import AllowRule, Breakpoint
from lis_tui.core.decisions import (
    Amend,
    AnswerConnection,
    Approve,
    ApproveRule,
    ChangeModel,
    ChooseVersion,
    CloseInput,
    ContinueFrom,
    Decision,
    Edit,
    EditObservation,
    EditReply,
    End,
    FollowUp,
    Inject,
    Interrupt,
    Pause,
    Reject,
    Resample,
    Resume,
    RetryNow,
    RunOwn,
    SendInput,
    SetAllowedHosts,
    SetAllowRules,
    SetBreakpoints,
    SetLimits,
    SetMode,
    SetTimeout,
    ShareOwn,
    Skip,
    Steer,
    StopOwn,
    ToBackground,
    Withdraw,
)
from lis_tui.core.errors import DecisionRefused, ModelUnreachable
from lis_tui.core.events import RunEnded, StepAddress
from lis_tui.core.messages import Piece, ReasoningPiece, Reply, ReplyEnded, TextPiece
from lis_tui.core.parts import StepView
from lis_tui.core.spec import Limits, ModelSpec
from lis_tui.core.view import RunView
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, call, calls, says, submit
from tests.playing import Game, make_spec

SIGNED = '{"thinking_blocks": [{"type": "thinking", "thinking": "t", "signature": "s"}]}'
COMMANDS = ["echo a", "false", "long", "nope"]
ARGUMENTS = st.sampled_from(
    [
        '{"command": "echo mine"}',
        '{"command": "long"}',
        '{"command": "echo", "answer": "mine"}',
        '{"answer": 5}',
        "{",
    ]
)
REPLIES: list[Reply] = [
    says("Only words."),
    calls(bash("echo a"), text="One step."),
    calls(bash("long", "x"), bash("echo a", "x"), bash("false", "y"), text="Three."),
    calls(call("execute_bash", "{")),
    Reply(text="I thought.", reasoning="Hm.", calls=(bash("long"),), thinking_json=SIGNED),
    Reply(reasoning="Hm.", calls=(bash("false"),), thinking_json='{"reasoning_content": "Hm."}'),
    calls(bash("echo a"), submit("theirs"), bash("echo late")),
    calls(submit("theirs")),
]
WORDS = st.sampled_from(["look", "So I ", "\ud800", ""])
AT_GATES: dict[type, st.SearchStrategy[Decision]] = {
    Approve: st.just(Approve()),
    ApproveRule: st.builds(
        ApproveRule, st.builds(AllowRule, st.just("execute_bash"), st.just(bash("echo a").arguments))
    ),
    Edit: st.builds(Edit, ARGUMENTS),
    Amend: st.builds(Amend, st.one_of(ARGUMENTS, ARGUMENTS, st.none())),
    Inject: st.builds(Inject, st.sampled_from(COMMANDS), st.booleans(), st.booleans()),
    Resample: st.just(Resample()),
    ChooseVersion: st.builds(ChooseVersion, st.integers(0, 3)),
    EditReply: st.builds(EditReply, st.one_of(WORDS, st.none()), st.one_of(WORDS, st.none())),
    ContinueFrom: st.builds(ContinueFrom, WORDS, WORDS),
    EditObservation: st.builds(EditObservation, WORDS),
    Reject: st.builds(Reject, WORDS),
    Skip: st.just(Skip()),
}
ANYWHERE: dict[type, st.SearchStrategy[Decision]] = {
    Inject: st.builds(Inject, st.sampled_from(COMMANDS), st.booleans()),
    ChangeModel: st.builds(
        ChangeModel, st.builds(ModelSpec, name=st.sampled_from(["scripted", "else/where", "nobody"]))
    ),
    Steer: st.builds(Steer, WORDS),
    Withdraw: st.builds(Withdraw, WORDS),
    RunOwn: st.just(RunOwn("echo a")),
    StopOwn: st.just(StopOwn()),
    AnswerConnection: st.builds(
        AnswerConnection, st.integers(0, 3), st.sampled_from(["once", "always", "no"])
    ),
    SetAllowedHosts: st.builds(
        SetAllowedHosts, st.lists(st.sampled_from(["example.org", "*"]), max_size=2).map(tuple)
    ),
    ShareOwn: st.builds(ShareOwn, st.integers(0, 2)),
    Pause: st.just(Pause()),
    Resume: st.just(Resume()),
    SetMode: st.builds(SetMode, st.sampled_from(["auto", "confirm", "step"])),
    SetBreakpoints: st.sampled_from(
        [
            SetBreakpoints((Breakpoint(name="it", filter="exit!=0", gates=("after_step",)),)),
            SetBreakpoints(()),
        ]
    ),
    SetAllowRules: st.just(SetAllowRules(())),
    Interrupt: st.just(Interrupt()),
    SetTimeout: st.builds(SetTimeout, st.sampled_from([-1.0, 5.0])),
    ToBackground: st.just(ToBackground()),
    SendInput: st.just(SendInput(b"y\n")),
    CloseInput: st.just(CloseInput()),
    RetryNow: st.just(RetryNow()),
    SetLimits: st.builds(SetLimits, st.builds(Limits, max_turns=st.integers(2, 9), max_cost_usd=st.none())),
    FollowUp: st.just(FollowUp("more")),
}
ENDS: dict[type, st.SearchStrategy[Decision]] = {End: st.builds(End, WORDS, st.one_of(WORDS, st.none()))}


class Script:
    """Gives the model's next reply: streamed, with a place where it can be cut, or none that works."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    def turn(self, reply: Reply, how: str) -> Turn:
        """Give one entry of a model's script."""
        if how == "broken":
            return ModelUnreachable("The line is down.")
        if how == "whole":
            return reply
        self.blocks.append(Block())
        pieces: list[Piece | Block | Exception] = [ReasoningPiece("H"), TextPiece("So I "), self.blocks[-1]]
        return [*pieces, TextPiece("begin"), ReplyEnded(reply)]


class Person(RuleBasedStateMachine):
    """Plays one run; between any two rules the run goes as far as it can without them."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory()
        self._script = Script()
        self._long: list[Played] = []
        self._live = RunView()
        self._wait_for(self._start)

    async def _start(self) -> None:
        sandbox = MemorySandbox()
        self._commands = sandbox.commands
        self._begin_long()
        spec = make_spec(mode="confirm", limits=Limits(max_turns=6, max_cost_usd=None))
        self._game = game = Game(Path(self._folder.name), spec=spec, sandbox=sandbox)
        self._listener = game.bus.listen()
        game.start()

    def _wait_for(self, work: Callable[[], object]) -> None:
        async def done() -> None:
            given = work()
            if asyncio.iscoroutine(given):
                await given
            # However many requests come of it, the model has something to say.
            missing = 16 - len(self._game.model.turns)
            self._game.model.turns.extend([REPLIES[2]] * missing)
            for _ in range(3):
                await self._game.pass_by()

        self._loop.run_until_complete(done())

    def _decide(self, decision: Decision, address: StepAddress | None = None) -> None:
        def decide() -> None:
            with suppress(DecisionRefused):
                self._game.run.decide(decision, address)
            if self._game.run.wants_to_go_on:
                self._game.go_on()

        self._wait_for(decide)

    def _begin_long(self) -> None:
        """Have a command that lasts until somebody stops it."""
        self._long.append(Played([b"so far\n"], blocks=True))
        self._commands["long"] = self._long[-1]

    @property
    def _gate(self) -> StepAddress | None:
        return self._game.run._progress.gates.waiting_at

    def _is_waiting(self) -> bool:
        return self._gate is not None

    def _is_asking(self) -> bool:
        return self._game.run._progress.is_asking

    def _is_running(self) -> bool:
        return self._game.run._progress.running is not None

    # ---- what may happen

    @precondition(_is_waiting)
    @rule(decision=st.one_of(*AT_GATES.values()))
    def decides_at_the_gate(self, decision: Decision) -> None:
        """About the step that waits."""
        self._decide(decision, self._gate)

    @precondition(_is_waiting)
    @rule(decisions=st.lists(st.one_of(*AT_GATES.values()), max_size=3))
    def does_much_at_the_gate_and_approves(self, decisions: list[Decision]) -> None:
        """Most gates are passed in the end, so that runs get anywhere."""
        for decision in decisions:
            self._decide(decision, self._gate)
        self._decide(Approve(), self._gate)

    @rule(decision=st.one_of(*ANYWHERE.values()))
    def decides_about_the_run(self, decision: Decision) -> None:
        """At any moment."""
        self._decide(decision)

    @rule(decision=st.one_of(*AT_GATES.values()), turn=st.integers(1, 3), step=st.integers(0, 2))
    def decides_about_another_step(self, decision: Decision, turn: int, step: int) -> None:
        """As where a key was pressed late."""
        self._decide(decision, StepAddress(turn, step))

    @precondition(_is_waiting)
    @rule(text=WORDS, place=st.integers(0, 3))
    def edits_something_that_has_run(self, text: str, place: int) -> None:
        """Which the model may have seen."""
        steps = self._game.run._progress.view.steps[::-1]
        if place < len(steps):
            self._decide(EditObservation(text), steps[place].address)

    @precondition(_is_waiting)
    @rule(version=st.integers(1, 3))
    def compares_versions(self, version: int) -> None:
        """And picks one."""
        if len(self._game.run._progress.view.turn.replies) > 3:
            return
        self._decide(Resample(), self._gate)
        self._decide(ChooseVersion(version), self._gate)

    @precondition(_is_running)
    @rule(decision=st.one_of(*(ANYWHERE[kind] for kind in (SetTimeout, ToBackground, SendInput, CloseInput))))
    def minds_the_command(self, decision: Decision) -> None:
        """While it runs."""
        self._decide(decision)

    @rule(number=st.integers(1, 2))
    def shows_a_command_of_their_own(self, number: int) -> None:
        """Which ran beside the model's."""
        self._decide(RunOwn("echo a"))
        self._decide(ShareOwn(number))

    @precondition(_is_asking)
    @rule(decision=st.one_of(AT_GATES[ContinueFrom], AT_GATES[Approve], st.just(ContinueFrom("So I"))))
    def cuts_the_reply(self, decision: Decision) -> None:
        """And has it go on, or asks anew."""
        self._decide(Pause())
        self._decide(Interrupt())
        self._decide(decision, self._gate)

    @rule(reply=st.sampled_from(REPLIES), how=st.sampled_from(["whole", "whole", "streamed", "broken"]))
    def the_model_has_something_to_say(self, reply: Reply, how: str) -> None:
        """When it is asked next."""
        self._game.model.turns.insert(0, self._script.turn(reply, how))

    @precondition(_is_asking)
    @rule()
    def the_stream_goes_on(self) -> None:
        """To its end."""
        for block in self._script.blocks:
            block.released.set()
        self._wait_for(lambda: None)

    @precondition(_is_running)
    @rule()
    def the_command_ends(self) -> None:
        """By itself; the next one lasts again."""
        long = self._long[-1]
        self._begin_long()
        long.release()
        self._wait_for(lambda: None)

    @rule(decision=st.one_of(*ENDS.values()), is_meant=st.integers(0, 15))
    def ends(self, decision: Decision, is_meant: int) -> None:
        """Now and then; a follow-up may come."""
        if is_meant == 15:
            self._decide(decision)

    # ---- what must be true of it

    def teardown(self) -> None:
        """Let it come to its end, and look at what is left."""
        try:
            self._wait_for(self._come_to_the_end)
            self._check()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            self._folder.cleanup()

    async def _come_to_the_end(self) -> None:
        game = self._game
        for long in self._long:
            long.release()
        for block in self._script.blocks:
            block.released.set()
        if game.run.ended is None:
            game.decide(End("enough"))
        await game.ended()
        await game.run.close()
        game.bus.close()
        async for record in self._listener:
            self._live.apply(record)

    def _check(self) -> None:
        game = self._game
        game.check_history()
        ends = game.all(RunEnded)
        assert ends
        assert all(end.status != "bug" for end in ends), ends
        told = RunView().apply_all(game.keeper.records)
        assert seen(told) == seen(self._live)
        assert all(step.is_over for step in told.steps)
        assert told.gate is None
        assert [step.address for step in told.steps] == sorted(step.address for step in told.steps)
        left = asyncio.all_tasks(self._loop)
        assert not left, left


def seen(view: RunView) -> dict[str, object]:
    """Give what a screen shows of a run, without what only passes by (streams, the tree, the load)."""
    return {
        "phase": (view.phase, view.mode, view.is_held, view.limits, view.model, view.repeats),
        "rules": (view.breakpoints, view.allow_rules),
        "said": [(turn.number, [(one.text, one.origin) for one in turn.said]) for turn in view.turns],
        "turns": [
            (str(turn.reasoning), str(turn.text), turn.replies, turn.chosen, turn.is_edited, turn.cut_off)
            for turn in view.turns
        ],
        "numbers": [(turn.call_count, turn.usage, turn.is_streaming) for turn in view.turns],
        "steps": [_step(step) for step in view.steps],
        "places": [[step.address for step in turn.steps] for turn in view.turns],
        "own": {number: own.ran for number, own in view.own.items()},
        "totals": view.totals,
        "queued": view.queued,
        "ended": (view.ended, view.outputs, view.gate, view.checkpoints),
    }


def _step(step: StepView) -> tuple[object, ...]:
    fields = ("address", "tool", "proposed", "arguments", "problem", "status", "changed_by", "decided_by")
    more = ("inputs", "observation", "edited_text", "is_injected", "is_hidden", "amended", "job", "repeats")
    return tuple(getattr(step, name) for name in (*fields, *more))


def test_every_decision_is_among_them() -> None:
    assert {*AT_GATES, *ANYWHERE, *ENDS} == set(get_args(Decision))


Person.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestAnyPerson = Person.TestCase
