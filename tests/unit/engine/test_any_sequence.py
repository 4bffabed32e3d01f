"""Whatever a model says and a person decides, the history stays valid and nothing is left running."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lis_tui.core.breakpoints import AllowRule, Breakpoint
from lis_tui.core.decisions import (
    Approve,
    ApproveRule,
    CloseInput,
    Decision,
    Edit,
    EditObservation,
    End,
    FollowUp,
    Interrupt,
    Pause,
    Reject,
    Resume,
    RetryNow,
    SendInput,
    SetAllowRules,
    SetBreakpoints,
    SetLimits,
    SetMode,
    Skip,
    Steer,
)
from lis_tui.core.errors import DecisionRefused, ModelRefused, ModelUnreachable, ShellLost
from lis_tui.core.events import Event, GateOpened, RunEnded
from lis_tui.core.messages import CallPiece, Reply, ReplyEnded, RetryPiece, TextPiece, ToolCall
from lis_tui.core.spec import GateSpec, Limits
from lis_tui.core.view import RunView
from tests.fakes import MemorySandbox, Played, Turn
from tests.playing import Game, make_spec

ARGUMENTS = st.sampled_from(
    [
        '{"command": "echo a"}',
        '{"command": "big"}',
        '{"command": "lost"}',
        '{"command": "gone"}',
        '{"com',
        "5",
        "",
    ]
)
CALLS = st.builds(
    ToolCall,
    st.sampled_from(["", "a", "b", "c"]),
    st.sampled_from(["execute_bash", "execute_bash", "submit", "str_replace_editor", "nope"]),
    ARGUMENTS,
)
REPLIES = st.builds(
    lambda text, calls: Reply(text=text, calls=tuple(calls)),
    st.sampled_from(["", "words", "\ud800"]),
    st.lists(CALLS, max_size=4),
)
RETRY = RetryPiece(attempt=2, max_attempts=3, wait_s=0.0, reason="429")
STREAMS = st.builds(
    lambda reply, cut: (
        [TextPiece("a"), RETRY, TextPiece("b"), CallPiece(0, "x", "submit", "{"), *cut]
        + ([] if cut else [ReplyEnded(reply)])
    ),
    REPLIES,
    st.sampled_from([[], [ModelUnreachable("broken")], [ModelRefused("context length exceeded")]]),
)
TURNS: st.SearchStrategy[list[Turn]] = st.lists(st.one_of(REPLIES, REPLIES, REPLIES, STREAMS), max_size=8)
RULES = st.builds(AllowRule, st.just("execute_bash"), ARGUMENTS)
BREAKPOINTS = st.lists(
    st.builds(
        Breakpoint,
        name=st.just("it"),
        filter=st.sampled_from(
            ["tool:bash", "exit!=0", "file:*", "not tool:submit", "turn>1", "((", "tokens>1"]
        ),
        kind=st.sampled_from(["wait", "log"]),
        hits_needed=st.integers(1, 2),
        is_one_shot=st.booleans(),
        gates=st.sampled_from([(), ("before_model",), ("after_step",)]),
    ),
    max_size=1,
).map(tuple)
DECISIONS: st.SearchStrategy[list[Decision]] = st.lists(
    st.one_of(
        st.just(Approve()),
        st.builds(Edit, ARGUMENTS),
        st.builds(ApproveRule, RULES),
        st.just(SetAllowRules(())),
        st.builds(SetBreakpoints, BREAKPOINTS),
        st.builds(EditObservation, st.sampled_from(["", "seen", "\ud800"])),
        st.builds(Reject, st.sampled_from(["", "no"])),
        st.just(Skip()),
        st.builds(Steer, st.sampled_from(["", "look"])),
        st.just(Pause()),
        st.just(Resume()),
        st.builds(SetMode, st.sampled_from(["auto", "confirm", "step"])),
        st.just(Interrupt()),
        st.just(SendInput(b"y\n")),
        st.just(CloseInput()),
        st.just(RetryNow()),
        st.builds(SetLimits, st.builds(Limits, max_turns=st.integers(1, 9))),
        st.just(FollowUp("more")),
        st.just(End("enough")),
    ),
    max_size=30,
)


class Person:
    """Decides something whenever something happens, whether or not it makes sense."""

    def __init__(self, game: Game, decisions: list[Decision]) -> None:
        self._game = game
        self._left: Iterator[Decision] = iter(decisions)
        self.is_awake = True

    def hear(self, event: Event) -> None:
        """Decide once the event was told to everyone."""
        asyncio.get_running_loop().call_soon(self.act)

    def act(self) -> None:
        """Make the next decision, at the gate that waits; at last let everything go."""
        run = self._game.run
        if not self.is_awake or run.ended is not None:
            return
        decision = next(self._left, None)
        if decision is None:
            self.is_awake = False
            run.decide(Resume())
            run.decide(SetMode("auto"))
            run.decide(SetBreakpoints(()))
            if run._progress.gates.waiting_at is not None:
                run.decide(Approve(), run._progress.gates.waiting_at)
            return
        try:
            run.decide(decision, run._progress.gates.waiting_at)
        except DecisionRefused:
            asyncio.get_running_loop().call_soon(self.act)


class Patience:
    """Resumes a run that a rule holds, a few times, then ends it."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self._left = 4

    def hear(self, event: Event) -> None:
        """Do so once the gate is open and everyone knows."""
        if isinstance(event, GateOpened):
            asyncio.get_running_loop().call_soon(self.act)

    def act(self) -> None:
        run = self._game.run
        if run.ended is None and run._progress.view.held_because:
            self._left -= 1
            run.decide(Resume() if self._left > 0 else End("enough"))


async def play(
    folder: Path, turns: list[Turn], decisions: list[Decision], *, is_watched: bool = False
) -> Game:
    """Play it all, with a follow-up at the end, and close; a run that is watched holds where it would end."""
    commands = {
        "big": Played([b"x" * 50_000]),
        "lost": Played(raises=ShellLost("lost")),
        "gone": Played(exit_code=3),
    }
    limits, gate = Limits(max_turns=6), GateSpec(default="approve")
    spec = make_spec(mode="confirm", limits=limits, gate=gate, is_headless=not is_watched)
    end = ModelRefused("The script is over.")
    game = Game(folder, *turns, *[end] * 8, spec=spec, sandbox=MemorySandbox(commands), window=6000)
    person = Person(game, decisions)
    game.bus.call(person.hear)
    if is_watched:
        game.bus.call(Patience(game).hear)
    game.start()
    await game.ended()
    try:
        game.decide(FollowUp("And then?"))
    except DecisionRefused:
        pass
    else:
        game.go_on()
        await game.ended()
    await game.run.close()
    return game


@settings(max_examples=150, deadline=None)
@given(TURNS, DECISIONS, st.booleans())
def test_any_sequence_of_replies_and_decisions_leaves_a_valid_history(
    turns: list[Turn], decisions: list[Decision], is_watched: bool
) -> None:
    async def once() -> None:
        with tempfile.TemporaryDirectory() as folder:
            game = await play(Path(folder), turns, decisions, is_watched=is_watched)
        game.check_history()
        ends = game.all(RunEnded)
        assert 1 <= len(ends) <= 2
        assert all(end.status != "bug" for end in ends)
        view = RunView().apply_all(game.keeper.records)
        assert view.ended == ends[-1]
        assert all(step.is_over for step in view.steps)
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(once())
