"""The one table of actions: keys, footer, palette, help and README's key list are all printed from it."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView

Group = Literal["Run", "Decide", "Move", "Look", "Always"]
Why = str
"""Why an action cannot run now; empty where it can."""


class Focus(Struct, frozen=True):
    """Where the person is: the pane, what is under its cursor, and what kind of run it is."""

    pane: str = "commands"
    is_recorded: bool = False
    step: StepView | None = None
    has_selection: bool = False


Condition = Callable[[RunView, Focus], Why]


def _always(view: RunView, focus: Focus) -> Why:
    return ""


def _live(view: RunView, focus: Focus) -> Why:
    if focus.is_recorded:
        return "this is a recording"
    if view.started is None:
        return "the run has not begun"
    return "the run has ended" if view.ended is not None else ""


def _gate(view: RunView, focus: Focus) -> Why:
    if view.gate is None and view.asking is not None:
        return "the command waits for input; t types into it"
    return _live(view, focus) or ("" if view.gate is not None else "nothing waits for you")


def _step_gate(view: RunView, focus: Focus) -> Why:
    why = _gate(view, focus)
    if why or (view.gate is not None and view.gate.gate in ("before_step", "before_submit")):
        return why
    return "no step waits; a approves"


def _editable(view: RunView, focus: Focus) -> Why:
    why = _step_gate(view, focus)
    if why or view.waiting is None or view.waiting.tool != "submit":
        return why
    return "submit has nothing to edit; x rejects it with a reason"


def _running(view: RunView, focus: Focus) -> Why:
    return _live(view, focus) or ("" if view.running is not None else "no command runs")


def _typeable(view: RunView, focus: Focus) -> Why:
    why = _running(view, focus)
    if why or (view.running is not None and view.running.tool == "execute_bash"):
        return why
    return "what runs reads no input"


def _retrying(view: RunView, focus: Focus) -> Why:
    if view.ended is not None and view.ended.status == "model_failed" and not focus.is_recorded:
        return ""
    return _live(view, focus) or ("" if view.retry is not None else "no try is waited for")


def _can_follow_up(view: RunView, focus: Focus) -> Why:
    if focus.is_recorded:
        return "this is a recording"
    if view.ended is None:
        return "the run has not ended; s tells the model something"
    return "" if view.has_sandbox else "its sandbox is gone"


def _changeable(view: RunView, focus: Focus) -> Why:
    if focus.is_recorded:
        return "this is a recording"
    if view.started is None:
        return "the run has not begun"
    return "its sandbox is gone" if view.ended is not None and not view.has_sandbox else ""


def _has_step(view: RunView, focus: Focus) -> Why:
    return "" if view.started is not None else "nothing has happened yet"


def _has_turn(view: RunView, focus: Focus) -> Why:
    return "" if len(view.turns) > 1 else "nothing was sent yet"


class Action(Struct, frozen=True):
    """Something a person can do on the workbench."""

    id: str
    keys: str
    """As Textual names them, separated by commas."""
    label: str
    tip: str
    group: Group
    in_footer: bool = False
    why_not: Condition = _always
    shown: str = ""
    """The keys as people read them, where Textual's names differ."""

    @property
    def key(self) -> str:
        """The keys as people read them."""
        return self.shown or self.keys.replace(",", " ")


ACTIONS: tuple[Action, ...] = (
    Action("approve", "a", "approve", "Let the waiting step happen as it stands.", "Decide", True, _gate),
    Action("edit", "e", "edit", "Change the waiting step before it runs.", "Decide", True, _editable),
    Action(
        "reject", "x", "reject", "Do not run it; the model reads your reason.", "Decide", True, _step_gate
    ),
    Action("tell", "s", "tell", "Say something to the model before its next turn.", "Decide", True, _live),
    Action(
        "follow_up",
        "f",
        "follow-up",
        "Go on after the end, in the same sandbox.",
        "Decide",
        True,
        _can_follow_up,
    ),
    Action(
        "limits",
        "L",
        "limits",
        "Change the limits; a run that a limit ended goes on.",
        "Run",
        False,
        _changeable,
    ),
    Action("pause", "p", "pause", "Hold at the next gate; again: go on.", "Run", True, _live),
    Action("next", "n", "next", "One step: approve this one and wait at the next gate.", "Run", True, _live),
    Action(
        "continue",
        "c",
        "continue",
        "Approve what waits and go on; stepping ends, mode confirm stays.",
        "Run",
        True,
        _live,
    ),
    Action("mode", "M", "mode", "Change the mode: auto, confirm, step.", "Run", False, _live),
    Action(
        "interrupt", "", "interrupt", "Stop the running command; the shell lives on.", "Run", False, _running
    ),
    Action(
        "type",
        "t",
        "type",
        "Type into the running command, or end its input.",
        "Run",
        True,
        _typeable,
    ),
    Action("retry_now", "R", "try now", "Do not wait for the countdown.", "Run", True, _retrying),
    Action("end", "", "end the run", "End the run now; what it made is kept.", "Run", False, _live),
    Action("down", "j,down", "down", "Next step, turn, file or line.", "Move", shown="j ↓"),
    Action("up", "k,up", "up", "The one before.", "Move", shown="k ↑"),
    Action(
        "next_notable",
        "right_square_bracket",
        "next mark",
        "Next step that failed or was changed.",
        "Move",
        shown="]",
    ),
    Action(
        "previous_notable",
        "left_square_bracket",
        "previous mark",
        "The step before that failed or was changed.",
        "Move",
        shown="[",
    ),
    Action("first", "g,home", "first", "To the beginning.", "Move", shown="g"),
    Action("last", "G,end", "last", "To the end.", "Move", shown="G"),
    Action("follow", "F", "follow", "Follow the live end.", "Move"),
    Action(
        "open",
        "enter",
        "open",
        "Whole output of a step; fold or open a turn or folder.",
        "Look",
        False,
        _has_step,
    ),
    Action(
        "sent",
        "v",
        "what was sent",
        "The request of this turn, and what is new in it.",
        "Look",
        False,
        _has_turn,
    ),
    Action(
        "copy",
        "y",
        "copy",
        "Copy the block under the cursor as it is, without colours.",
        "Look",
        False,
        _has_step,
    ),
    Action("pane_1", "1", "reasoning", "To the reasoning.", "Look"),
    Action("pane_2", "2", "commands", "To the commands.", "Look"),
    Action("pane_3", "3", "files", "To the files.", "Look"),
    Action("pane_4", "4", "preview", "To the preview.", "Look"),
    Action("zoom", "z", "zoom", "This pane alone; again: all panes.", "Look"),
    Action("narrower", "less_than_sign", "narrower", "Make the pane narrower.", "Look", shown="<"),
    Action("wider", "greater_than_sign", "wider", "Make the pane wider.", "Look", shown=">"),
    Action("theme", "T", "theme", "The next theme.", "Look"),
    Action("help", "question_mark,f1", "keys", "All keys and what they do.", "Always", True, shown="? f1"),
    Action("palette", "ctrl+p,colon", "all actions", "Search all actions.", "Always", shown="ctrl+p :"),
    Action("hold", "escape", "pause", "With nothing open: hold at the next gate.", "Always", shown="esc"),
    Action(
        "copy_or_interrupt",
        "ctrl+c",
        "copy, interrupt",
        "Copy what the mouse selected; else interrupt the running command.",
        "Always",
    ),
    Action(
        "quit",
        "q,ctrl+q",
        "leave",
        "Leave; a live run goes on, pauses or ends, as you say.",
        "Always",
        True,
        shown="q",
    ),
)
FOOTER = ("type", "retry_now", "approve", "edit", "reject", "follow_up", "pause", "tell", "next", "continue")
"""What comes first in the footer, where there is no room for all."""
GATE_IDS = ("approve", "edit", "reject", "tell", "next")
START_KEYS = (
    ("enter", "run"),
    ("tab", "settings, runs"),
    ("f2", "demo"),
    ("f3", "theme"),
    ("f1", "keys"),
    ("esc", "leave"),
)
"""The keys of the start screen, where letters type."""
START_TIPS = (
    ("enter", "Run the task; in the list below: open that run."),
    ("ctrl+j", "A new line in the task."),
    ("tab", "To the settings, then to the recent runs."),
    ("f2", "Watch a scripted model in a real sandbox; no key."),
    ("f3", "The next theme."),
    ("esc", "Leave; live runs go on."),
)
BY_ID = {action.id: action for action in ACTIONS}


def why_not(action_id: str, view: RunView, focus: Focus) -> Why:
    """Say why an action cannot run now; empty where it can."""
    return BY_ID[action_id].why_not(view, focus)


def footer(view: RunView, focus: Focus, *, is_gate_seen: bool = False) -> list[tuple[str, str]]:
    """Give the keys that act now, with their labels; those in the box of a gate that is seen are left out."""
    is_limited = view.ended is not None and view.ended.status.endswith("_limit")
    urgent = [BY_ID[each] for each in (*(("limits",) if is_limited else ()), *FOOTER)]
    found = []
    for action in [*urgent, *[each for each in ACTIONS if each.in_footer and each not in urgent]]:
        is_in_box = is_gate_seen and action.id in (*GATE_IDS, *(("pause",) if view.is_held else ()))
        is_needless = action.id == "type" and view.asking is None
        if not is_in_box and not is_needless and not action.why_not(view, focus):
            found.append((action.key.split(" ")[0], _label(action, view)))
    return found


def gate_keys(view: RunView, focus: Focus) -> list[tuple[str, str]]:
    """Give the keys that answer the waiting gate."""
    ids = ("pause", *GATE_IDS) if view.is_held else GATE_IDS
    return [(BY_ID[each].key, _label(BY_ID[each], view)) for each in ids if not why_not(each, view, focus)]


def _label(action: Action, view: RunView) -> str:
    if action.id != "pause" or not view.is_held:
        return action.label
    return "resume" if view.gate is not None else "cut now"


def end_keys(view: RunView, focus: Focus) -> list[tuple[str, str]]:
    """Give the keys that make sense once the run has ended."""
    looking = ("open", "sent", "copy") if view.steps else ("sent",) if view.turn.asked_at is not None else ()
    ids = ("follow_up", "limits", "retry_now", *looking, "quit")
    return [(BY_ID[each].key, BY_ID[each].label) for each in ids if not why_not(each, view, focus)]


def key_table() -> str:
    """Give README's list of keys, as a Markdown table."""
    lines = ["| Key | What it does |", "| --- | --- |"]
    return "\n".join([*lines, *[f"| `{action.key}` | {action.tip} |" for action in ACTIONS if action.key]])
