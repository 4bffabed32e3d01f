"""When an action can run, and in a sentence why not."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from lis_tui.core.events import FileEntry
from lis_tui.core.parts import StepView, TurnView
from lis_tui.core.view import RunView

Why = str
"""Why an action cannot run now; empty where it can."""
Editable = Literal["call", "answer", "observation", "beginning"]
"""What `e` changes: the waiting call, the final answer, what the model sees of a step, a cut reply."""


class Focus(Struct, frozen=True):
    """Where the person is: the pane, what is under its cursor, and what kind of run it is."""

    pane: str = "commands"
    is_recorded: bool = False
    step: StepView | None = None
    has_selection: bool = False
    is_first: bool = False
    is_last: bool = False
    """At the beginning, at the end of a recording."""
    is_partial: bool = False
    """Only the beginning of the recording is there; the rest is being read."""
    breakpoints: int = 0
    breakpoints_on: int = 0
    hits: int = 0
    """What the last search found."""
    is_in_table: bool = False
    """It was opened from a table of trajectories."""
    has_earlier_place: bool = False
    has_later_place: bool = False
    """One was elsewhere before, and went back there."""
    file: FileEntry | None = None
    """What of the tree actions are about."""
    asks_host: bool = False
    """The sandbox wants to reach a host, and no gate waits: keys that decide are about that."""


Condition = Callable[[RunView, Focus], Why]


def always(view: RunView, focus: Focus) -> Why:
    """It can run at any time."""
    return ""


def live(view: RunView, focus: Focus) -> Why:
    """The run goes on."""
    if focus.is_recorded:
        return "this is a recording"
    if view.started is None:
        return "the run has not begun"
    return "the run has ended" if view.ended is not None else ""


def gate(view: RunView, focus: Focus) -> Why:
    """A gate waits."""
    if view.gate is None and view.asking is not None:
        return "the command waits for input; t types into it"
    return live(view, focus) or ("" if view.gate is not None else "nothing waits for you")


def step_gate(view: RunView, focus: Focus) -> Why:
    """A step waits that has not run."""
    why = gate(view, focus)
    if why or (view.gate is not None and view.gate.gate in ("before_step", "before_submit")):
        return why
    return "no step waits; a goes on"


def rule_gate(view: RunView, focus: Focus) -> Why:
    """A call waits about which nobody need be asked again."""
    why = step_gate(view, focus)
    if why or view.waiting is None or view.waiting.amended is None:
        return why
    return "you changed it; a rule would be about what the model wrote"


# ---- changing


def editable(view: RunView, focus: Focus) -> Why:
    """Something waits that can be changed."""
    why = gate(view, focus)
    if why or what_is_edited(view, focus) is not None:
        return why
    return "nothing is there to change yet; a asks the model"


def what_is_edited(view: RunView, focus: Focus) -> Editable | None:
    """Tell what an edit would change now."""
    if view.gate is None:
        return None
    if is_unseen(view, focus.step) and (focus.step is not view.waiting or view.gate.gate == "after_step"):
        return "observation" if not _is_cut(view) else "beginning"
    if view.gate.gate == "before_model":
        return "beginning" if _is_cut(view) else None
    if view.gate.gate == "before_step":
        return "call"
    return "answer" if view.gate.gate == "before_submit" else None


def is_unseen(view: RunView, step: StepView | None) -> bool:
    """The step has run, and the model has not been asked since."""
    if step is None or step.observation is None or step.is_hidden:
        return False
    return step.address.turn == last_turn(view).number


def _is_cut(view: RunView) -> bool:
    return view.gate is not None and view.gate.gate == "before_model" and bool(view.turn.cut_off)


def last_turn(view: RunView) -> TurnView:
    """Give the turn whose reply came last."""
    return next((turn for turn in reversed(view.turns) if turn.replies), view.turns[0])


def undoable(view: RunView, focus: Focus) -> Why:
    """Something a person changed has not taken effect yet."""
    why = live(view, focus)
    if why or what_is_undone(view, focus):
        return why
    return "no change of yours waits to take effect"


def what_is_undone(view: RunView, focus: Focus) -> Literal["", "amended", "observation", "queued"]:
    """Tell what an undo would take back now."""
    if view.waiting is not None and view.waiting.amended is not None:
        return "amended"
    step = focus.step
    if view.gate is not None and step is not None and step.edited_text is not None and is_unseen(view, step):
        return "observation"
    return "queued" if view.queued else ""


# ---- the reply that waits


def has_fresh_reply(view: RunView, focus: Focus) -> Why:
    """A reply waits of which nothing has run yet."""
    why = step_gate(view, focus)
    if why:
        return why
    if view.gate is not None and view.gate.address.step > 1:
        return "something of this reply is decided already; x rejects with a reason"
    return ""


def has_earlier(view: RunView, focus: Focus) -> Why:
    """The reply that waits has a version before the one that counts."""
    return has_fresh_reply(view, focus) or ("" if view.turn.chosen > 1 else "this is the first version")


def has_later(view: RunView, focus: Focus) -> Why:
    """The reply that waits has a version after the one that counts."""
    why = has_fresh_reply(view, focus)
    if why or view.turn.chosen < len(view.turn.replies):
        return why
    return "this is the last version; + asks for another"


def reply_editable(view: RunView, focus: Focus) -> Why:
    """The reply that waits can be changed."""
    why = step_gate(view, focus)
    if why or not view.turn.replies:
        return why
    from lis_tui.core.conversation import is_signed

    reply = view.turn.replies[max(view.turn.chosen, 1) - 1]
    if is_signed(reply.thinking_json):
        return "the provider signed this reasoning; changed, it would be refused"
    if reply.calls_in_text and not reply.reasoning:
        return "the model wrote its calls into this text; e changes the step"
    return ""


# ---- a command


def running(view: RunView, focus: Focus) -> Why:
    """A command runs."""
    return live(view, focus) or ("" if view.running is not None else "no command runs")


def stoppable(view: RunView, focus: Focus) -> Why:
    """A command runs, or went on in the background and is under the cursor."""
    is_job = focus.step is not None and focus.step.job == "running"
    return "" if is_job and not focus.is_recorded else running(view, focus)


def shell_running(view: RunView, focus: Focus) -> Why:
    """A shell command runs."""
    why = running(view, focus)
    if why or (view.running is not None and view.running.tool == "execute_bash"):
        return why
    return "what runs is no shell command"


def typeable(view: RunView, focus: Focus) -> Why:
    """A command runs that may read what is typed."""
    why = running(view, focus)
    if why or (view.running is not None and view.running.tool == "execute_bash"):
        return why
    return "what runs reads no input"


def retrying(view: RunView, focus: Focus) -> Why:
    """A try is waited for, or the last one failed."""
    if view.ended is not None and view.ended.status == "model_failed" and not focus.is_recorded:
        return ""
    return live(view, focus) or ("" if view.retry is not None else "no try is waited for")


# ---- the run


def sandbox_up(view: RunView, focus: Focus) -> Why:
    """The run goes on and its sandbox is there."""
    return live(view, focus) or sandbox_there(view, focus)


def sandbox_there(view: RunView, focus: Focus) -> Why:
    """The sandbox is there, though the run may have ended."""
    if focus.is_recorded:
        return "this is a recording"
    gone = "its sandbox is gone" if view.ended is not None else "the sandbox is not up yet"
    return "" if view.has_sandbox else gone


def sayable(view: RunView, focus: Focus) -> Why:
    """The model can be told something: before its next turn, or as a follow-up after the end."""
    if view.ended is None:
        return live(view, focus)
    if focus.is_recorded or not view.has_sandbox:
        return "the run has ended and its sandbox is gone; U resumes it, f forks it"
    return ""


def rewindable(view: RunView, focus: Focus) -> Why:
    """The run is live, or ended with its sandbox up, and a step is under the cursor."""
    if focus.is_recorded:
        return "this is a recording, which stays as it is; f forks it here"
    if view.ended is not None and not view.has_sandbox:
        return "the run has ended and its sandbox is gone; f forks it here"
    return under_cursor(view, focus)


def reexecutable(view: RunView, focus: Focus) -> Why:
    """Something has run."""
    if not any(step.started_at is not None for step in view.steps):
        return "no step has run yet"
    return ""


def resumable(view: RunView, focus: Focus) -> Why:
    """The run was ended or cut off, and no process has it."""
    if view.started is None:
        return "nothing has happened yet"
    if not focus.is_recorded and view.ended is None:
        return "the run is live"
    if not focus.is_recorded and view.has_sandbox:
        return "its sandbox is still up; s goes on with a message"
    if view.imported is not None:
        return "another program ran it; f takes over here"
    if view.ended is not None and view.ended.status == "rewound":
        return "another run took over its sandbox; f forks it"
    return ""


def changeable(view: RunView, focus: Focus) -> Why:
    """The run goes on, or could."""
    if focus.is_recorded:
        return "this is a recording"
    if view.started is None:
        return "the run has not begun"
    return "its sandbox is gone" if view.ended is not None and not view.has_sandbox else ""


def has_step(view: RunView, focus: Focus) -> Why:
    """Something can be looked at."""
    return "" if view.started is not None else "nothing has happened yet"


def under_cursor(view: RunView, focus: Focus) -> Why:
    """A step is under the cursor."""
    return "" if focus.step is not None else "no step is here yet"


def has_turn(view: RunView, focus: Focus) -> Why:
    """The model was asked."""
    return "" if len(view.turns) > 1 else "nothing was sent yet"
