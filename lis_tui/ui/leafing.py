"""The part of the table of actions that leads through a table of trajectories and a file's other states."""

from lis_tui.core.view import RunView
from lis_tui.ui.action import Action
from lis_tui.ui.conditions import Focus, Why, has_step


def in_table(view: RunView, focus: Focus) -> Why:
    """It was opened from a table."""
    return "" if focus.is_in_table else "this was not opened from a table"


LEAFING: tuple[Action, ...] = (
    Action(
        "next_trajectory",
        "right_curly_bracket",
        "next of the table",
        "The next trajectory, in the order of the table that this one was opened from.",
        "Travel",
        True,
        in_table,
        "}",
    ),
    Action(
        "previous_trajectory",
        "left_curly_bracket",
        "the one before",
        "The trajectory before, in the order of the table.",
        "Travel",
        False,
        in_table,
        "{",
    ),
    Action(
        "file_diff",
        "d",
        "compare file",
        "What the file under the cursor was after another step, line by line.",
        "Look",
        False,
        has_step,
    ),
)
