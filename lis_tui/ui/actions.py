"""The one table of actions: keys, footer, palette, help and README's key list are all printed from it."""

from typing import Literal

from msgspec import Struct

from lis_tui.core.view import RunView
from lis_tui.ui.conditions import (
    Condition,
    Why,
    always,
    changeable,
    editable,
    gate,
    has_breakpoints,
    has_earlier,
    has_fresh_reply,
    has_later,
    has_step,
    has_turn,
    live,
    reply_editable,
    resumable,
    retrying,
    rewindable,
    rule_gate,
    sandbox_there,
    sandbox_up,
    sayable,
    shell_running,
    step_gate,
    stoppable,
    typeable,
    under_cursor,
    undoable,
)
from lis_tui.ui.conditions import Focus as Focus

Group = Literal["Run", "Decide", "Travel", "Move", "Look", "Always"]


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
    Action(
        "edit",
        "e",
        "edit",
        "Change what waits: call, answer, what the model sees of a step, a cut reply.",
        "Decide",
        True,
        editable,
    ),
    Action(
        "undo",
        "u",
        "undo",
        "Take back a change or a message that has no effect yet.",
        "Decide",
        True,
        undoable,
    ),
    Action("reject", "x", "reject", "Do not run it; the model reads your reason.", "Decide", True, step_gate),
    Action("skip", "X", "skip", "Do not run it; the model reads only that.", "Decide", False, step_gate),
    Action(
        "inject",
        "i",
        "inject",
        "Run a command of yours as a step, shown to the model or hidden.",
        "Decide",
        True,
        sandbox_up,
    ),
    Action(
        "tell",
        "s",
        "tell",
        "Say something to the model before its next turn; after the end the run goes on with it.",
        "Decide",
        True,
        sayable,
    ),
    Action(
        "allow",
        "A",
        "always",
        "Approve, and ask about this exact call no more; the rule is shown first.",
        "Decide",
        False,
        rule_gate,
    ),
    Action(
        "resample",
        "plus",
        "resample",
        "Ask the model for one more reply; all versions are kept.",
        "Decide",
        False,
        has_fresh_reply,
        "+",
    ),
    Action(
        "earlier_version",
        "comma",
        "version before",
        "Have the version before of the reply count.",
        "Decide",
        False,
        has_earlier,
        ",",
    ),
    Action(
        "later_version",
        "full_stop",
        "next version",
        "Have the next version of the reply count.",
        "Decide",
        False,
        has_later,
        ".",
    ),
    Action(
        "words",
        "E",
        "edit reasoning",
        "Change the reasoning and the text that the model takes for its own.",
        "Decide",
        False,
        reply_editable,
    ),
    Action(
        "model",
        "at",
        "model",
        "Ask another model, or this one in another way, from the next request on.",
        "Decide",
        False,
        live,
        "@",
    ),
    Action(
        "rules", "", "allowed calls", "The calls you are not asked about; revoke them.", "Decide", False, live
    ),
    Action(
        "rewind",
        "r",
        "rewind",
        "Go back to the step under the cursor: files, shell and conversation.",
        "Travel",
        False,
        rewindable,
    ),
    Action(
        "fork",
        "f",
        "fork",
        "Begin another run at the step under the cursor, or take over there.",
        "Travel",
        True,
        under_cursor,
    ),
    Action(
        "resume",
        "U",
        "resume",
        "Take up a run that ended or was cut off, from its last checkpoint.",
        "Travel",
        True,
        resumable,
    ),
    Action("runs", "O", "runs", "Other runs of this family, and live ones: switch.", "Travel"),
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
        "interrupt",
        "",
        "interrupt",
        "Stop the running command, or the job under the cursor; the shell lives on.",
        "Run",
        False,
        stoppable,
    ),
    Action(
        "background",
        "ampersand",
        "background",
        "Let the running command go on as a job; the model goes on too.",
        "Run",
        False,
        shell_running,
        "&",
    ),
    Action(
        "timeout", "l", "time limit", "How long the running command may take.", "Run", False, shell_running
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
    Action(
        "own_shell",
        "exclamation_mark",
        "own shell",
        "A shell of yours in the sandbox; the model sees nothing of it unless you share it.",
        "Run",
        False,
        sandbox_there,
        "!",
    ),
    Action("retry_now", "R", "try now", "Do not wait for the countdown.", "Run", True, retrying),
    Action(
        "breakpoint",
        "b",
        "breakpoint",
        "A new breakpoint, from the step under the cursor.",
        "Run",
        False,
        changeable,
    ),
    Action("breakpoints", "B", "breakpoints", "All breakpoints: on, off, change.", "Run", False, changeable),
    Action(
        "rest",
        "I",
        "all off",
        "Switch all breakpoints off; again: on as before.",
        "Run",
        False,
        has_breakpoints,
    ),
    Action("end", "", "end the run", "End the run, with an answer of yours or none.", "Run", False, live),
    Action("down", "j,down", "down", "Next step, turn, file or line.", "Move", shown="j ↓"),
    Action("up", "k,up", "up", "The one before.", "Move", shown="k ↑"),
    Action(
        "next_notable",
        "right_square_bracket",
        "next mark",
        "Next step that failed, was changed or forked.",
        "Move",
        shown="]",
    ),
    Action(
        "previous_notable",
        "left_square_bracket",
        "previous mark",
        "The step before that failed, was changed or forked.",
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
    Action(
        "compare",
        "equals_sign",
        "compare with…",
        "Put this run beside others: how they came out, steps, files.",
        "Look",
        False,
        has_step,
        "=",
    ),
    Action(
        "judge",
        "V",
        "verdict",
        "Say what you think of the run: verdict, tags, a note.",
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


def key_table() -> str:
    """Give README's list of keys, as a Markdown table."""
    lines = ["| Key | What it does |", "| --- | --- |"]
    return "\n".join([*lines, *[f"| `{action.key}` | {action.tip} |" for action in ACTIONS if action.key]])
