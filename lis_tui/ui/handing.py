"""The part of the table of actions that hands files to the person: opened, their path, saved elsewhere."""

from lis_tui.core.view import RunView
from lis_tui.ui.action import Action
from lis_tui.ui.conditions import Focus, Why, has_step

_WORDS = {
    "folder": "this is a folder; enter opens it, W saves what is in it",
    "link": "this is a link, which is not followed",
    "fifo": "this is a pipe, no plain file",
    "socket": "this is a socket, no plain file",
    "device": "this is a device, no plain file",
}


def has_entry(view: RunView, focus: Focus) -> Why:
    """Something of the tree is selected."""
    return "" if focus.file is not None else "no file is here yet"


def openable(view: RunView, focus: Focus) -> Why:
    """A plain file is selected."""
    why = has_entry(view, focus)
    return why or (_WORDS.get(focus.file.kind, "") if focus.file is not None else "")


def savable(view: RunView, focus: Focus) -> Why:
    """A plain file or a folder is selected."""
    is_folder = focus.file is not None and focus.file.kind == "folder"
    return "" if is_folder else openable(view, focus)


HANDING: tuple[Action, ...] = (
    Action(
        "open_file",
        "o",
        "open file",
        "Open the file: in its program, or in a browser, where a page runs without the network.",
        "Look",
        True,
        openable,
    ),
    Action(
        "open_networked",
        "H",
        "with network",
        "Open the page and let it use the network, as maps do for their tiles; asks first.",
        "Look",
        False,
        openable,
    ),
    Action(
        "copy_path",
        "Y",
        "copy path",
        "Copy the path of the file in the sandbox; again: its path on this machine.",
        "Look",
        False,
        has_entry,
    ),
    Action(
        "save_file",
        "W",
        "save file",
        "Save a copy of the file, or of a folder, where you say.",
        "Look",
        False,
        savable,
    ),
    Action(
        "extract",
        "",
        "extract",
        "Extract the archive into a new folder: plain files alone, and none that would lie elsewhere.",
        "Look",
        False,
        openable,
    ),
    Action(
        "made",
        "P",
        "what it made",
        "The files that the run made, with their sizes: open or save one or all.",
        "Look",
        False,
        has_step,
    ),
)
