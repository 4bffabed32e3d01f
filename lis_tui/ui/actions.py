"""The one table of actions: keys, footer, palette, help and README's key list are all printed from it."""

from typing import Literal

from msgspec import Struct

from lis_tui.core.view import RunView
from lis_tui.ui.conditions import (
    Condition,
    Why,
    always,
    can_follow_up,
    changeable,
    editable,
    gate,
    has_step,
    has_turn,
    live,
    retrying,
    running,
    step_gate,
    typeable,
)
from lis_tui.ui.conditions import (
    Focus as Focus,
)

Group = Literal["Run", "Decide", "Move", "Look", "Always"]


class Action(Struct, frozen=True):
    """Something a person can do on the workbench."""

    id: str
    keys: str
    """As Textual names them, separated by commas."""
    label: str
    tip: str
    group: Group
    in_footer: bool = False
    why_not: Condition = always
    shown: str = ""
    """The keys as people read them, where Textual's names differ."""

    @property
    def key(self) -> str:
        """The keys as people read them."""
        return self.shown or self.keys.replace(",", " ")


ACTIONS: tuple[Action, ...] = (
    Action("approve", "a", "approve", "Let the waiting step happen as it stands.", "Decide", True, gate),
    Action("edit", "e", "edit", "Change the waiting step before it runs.", "Decide", True, editable),
    Action("reject", "x", "reject", "Do not run it; the model reads your reason.", "Decide", True, step_gate),
    Action("tell", "s", "tell", "Say something to the model before its next turn.", "Decide", True, live),
    Action(
        "follow_up",
        "f",
        "follow-up",
        "Go on after the end, in the same sandbox.",
        "Decide",
        True,
        can_follow_up,
    ),
    Action(
        "limits",
        "L",
        "limits",
        "Change the limits; a run that a limit ended goes on.",
        "Run",
        False,
        changeable,
    ),
    Action("pause", "p", "pause", "Hold at the next gate; again: go on.", "Run", True, live),
    Action("next", "n", "next", "One step: approve this one and wait at the next gate.", "Run", True, live),
    Action(
        "continue",
        "c",
        "continue",
        "Approve what waits and go on; stepping ends, mode confirm stays.",
        "Run",
        True,
        live,
    ),
    Action("mode", "M", "mode", "Change the mode: auto, confirm, step.", "Run", False, live),
    Action(
        "interrupt", "", "interrupt", "Stop the running command; the shell lives on.", "Run", False, running
    ),
    Action(
        "type",
        "t",
        "type",
        "Type into the running command, or end its input.",
        "Run",
        True,
        typeable,
    ),
    Action("retry_now", "R", "try now", "Do not wait for the countdown.", "Run", True, retrying),
    Action("end", "", "end the run", "End the run now; what it made is kept.", "Run", False, live),
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
        has_step,
    ),
    Action(
        "sent",
        "v",
        "what was sent",
        "The request of this turn, and what is new in it.",
        "Look",
        False,
        has_turn,
    ),
    Action(
        "copy",
        "y",
        "copy",
        "Copy the block under the cursor as it is, without colours.",
        "Look",
        False,
        has_step,
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
