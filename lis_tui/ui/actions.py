"""The one table of actions: keys, footer, palette, help and README's key list are all printed from it."""

from lis_tui.core.view import RunView
from lis_tui.ui.action import Action as Action
from lis_tui.ui.arranging import ARRANGING
from lis_tui.ui.conditions import Focus as Focus
from lis_tui.ui.conditions import (
    Why,
    changeable,
    editable,
    gate,
    has_earlier,
    has_fresh_reply,
    has_later,
    has_step,
    has_turn,
    live,
    reexecutable,
    reply_editable,
    resumable,
    retrying,
    rewindable,
    rule_gate,
    sandbox_up,
    sayable,
    shell_running,
    step_gate,
    stoppable,
    typeable,
    under_cursor,
    undoable,
)
from lis_tui.ui.connecting import ANSWERING, CONNECTING, meant_host
from lis_tui.ui.handing import HANDING
from lis_tui.ui.leafing import LEAFING
from lis_tui.ui.moves import MOVES
from lis_tui.ui.recorded import breakable, restable, shell_there

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
    *ANSWERING,
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
        "reexecute",
        "",
        "re-execute",
        "Do again what was recorded, in a fresh sandbox, and compare each step.",
        "Travel",
        False,
        reexecutable,
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
        "A shell of yours in the sandbox, or in a copy of it as it was after the step under the cursor.",
        "Run",
        False,
        shell_there,
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
        breakable,
    ),
    Action("breakpoints", "B", "breakpoints", "All breakpoints: on, off, change.", "Run", False, breakable),
    Action(
        "rest",
        "I",
        "all off",
        "Switch all breakpoints off; again: on as before.",
        "Run",
        False,
        restable,
    ),
    Action("end", "Q", "end the run", "End the run, with an answer of yours or none.", "Run", False, live),
    *MOVES,
    *LEAFING,
    *ARRANGING,
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
    *HANDING,
    *CONNECTING,
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
        "numbers",
        "percent_sign",
        "numbers",
        "The run in numbers: tokens, time, failures, capabilities, a time line; live: the sandbox's load.",
        "Look",
        False,
        has_step,
        "%",
    ),
    Action(
        "export",
        "w",
        "export",
        "Write the run down for others: a page, a recording, messages, ATIF; keys are masked.",
        "Look",
        False,
        has_step,
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
    Action(
        "hold",
        "escape",
        "pause, back",
        "With nothing open: hold at the next gate; of a trajectory of a table: back to that.",
        "Always",
        shown="esc",
    ),
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
    ("tab", "settings"),
    ("ctrl+o", "open"),
    ("f2", "demo"),
    ("f4", "presets"),
    ("f1", "keys"),
    ("esc", "leave"),
)
"""The keys of the start screen, where letters type."""
START_TIPS = (
    ("enter", "Run the task; in the list below: open that run."),
    ("ctrl+j", "A new line in the task."),
    ("tab", "To the settings, then to the recent runs."),
    ("ctrl+o", "Open what any program recorded: a trajectory, a log, a folder of them."),
    ("f2", "Watch a scripted model in a real sandbox; no key."),
    ("f3", "The next theme."),
    ("f4", "Fill in a task that is ready to run, with its files."),
    ("esc", "Leave; live runs go on."),
)
BY_ID = {action.id: action for action in ACTIONS}
_TWINS = {"resample": "faster"}
"""Actions of a live run whose key does another one in a recording; `/` filters where the files are."""


def meant(action_id: str, focus: Focus) -> str:
    """Give the action that a key means here."""
    if action_id == "search" and focus.pane == "files":
        return "filter_files"
    if (about_host := meant_host(action_id, focus)) != action_id:
        return about_host
    return _TWINS.get(action_id, action_id) if focus.is_recorded else action_id


def why_not(action_id: str, view: RunView, focus: Focus) -> Why:
    """Say why an action cannot run now; empty where it can."""
    return BY_ID[action_id].why_not(view, focus)


def key_table() -> str:
    """Give README's list of keys, as a Markdown table."""
    lines = ["| Key | What it does |", "| --- | --- |"]
    return "\n".join([*lines, *[f"| `{action.key}` | {action.tip} |" for action in ACTIONS if action.key]])
