"""The part of the table of actions that arranges the tree of files."""

from lis_tui.core.view import RunView
from lis_tui.ui.action import Action
from lis_tui.ui.conditions import Focus, Why


def in_files(view: RunView, focus: Focus) -> Why:
    """The files pane has the focus."""
    return "" if focus.pane == "files" else "this is for the files; 3 goes there"


ARRANGING: tuple[Action, ...] = (
    Action(
        "filter_files",
        "",
        "filter files",
        "In the files: only those with these words in their path; esc shows all.",
        "Look",
        False,
        in_files,
        "/",
    ),
    Action(
        "order_files",
        "dollar_sign",
        "order of files",
        "In the files: by name, largest, newest, changed first.",
        "Look",
        False,
        in_files,
        "$",
    ),
    Action(
        "hidden_files",
        "h",
        "hidden files",
        "In the files: show what is hidden (.git, node_modules, what .gitignore names); again: leave it out.",
        "Look",
        False,
        in_files,
    ),
    Action(
        "since_start",
        "D",
        "changed since",
        "In the files: mark what changed since the start of the run; again: since the step before.",
        "Look",
        False,
        in_files,
    ),
    Action(
        "fold_all",
        "Z",
        "unfold all",
        "In the files: unfold the folder and all below it; again: fold them.",
        "Look",
        False,
        in_files,
    ),
)
