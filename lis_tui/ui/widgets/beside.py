"""How keys move in a list of options that has not the focus itself."""

from textual.widgets import OptionList


def move_beside(options: OptionList, direction: int) -> None:
    """Put the cursor on the option below, or for -1 above."""
    if direction > 0:
        options.action_cursor_down()
    else:
        options.action_cursor_up()
