"""When an action can run that leads through a recording, or to what was found or visited; and why not."""

from lis_tui.core.view import RunView
from lis_tui.ui.conditions import Focus, Why, changeable, live, sandbox_there

LIVE = "this run is live"


def stepping(view: RunView, focus: Focus) -> Why:
    """A live run can go on; a recording has a step after this one."""
    if not focus.is_recorded:
        return live(view, focus)
    return _loaded(view) or ("this is the end" if focus.is_last else "")


def stepping_back(view: RunView, focus: Focus) -> Why:
    """A recording has a step before this one."""
    if not focus.is_recorded:
        return f"{LIVE}; r goes back to a step, k looks at it"
    return _loaded(view) or ("this is the beginning" if focus.is_first else "")


def matching(view: RunView, focus: Focus) -> Why:
    """A live run can go on; of a recording, breakpoints mean some steps."""
    if not focus.is_recorded:
        return live(view, focus)
    return stepping(view, focus) or _has_breakpoints(focus)


def matching_back(view: RunView, focus: Focus) -> Why:
    """Of a recording, breakpoints mean some steps."""
    return stepping_back(view, focus) or _has_breakpoints(focus)


def recording(view: RunView, focus: Focus) -> Why:
    """It is a recording."""
    return _loaded(view) if focus.is_recorded else LIVE


def playable(view: RunView, focus: Focus) -> Why:
    """It is a recording, and not at its end."""
    why = recording(view, focus)
    return why or ("this is the end; g goes to the beginning" if focus.is_last else "")


def has_hits(view: RunView, focus: Focus) -> Why:
    """A search has found something."""
    return "" if focus.hits else "nothing was searched for; / searches"


def has_earlier_place(view: RunView, focus: Focus) -> Why:
    """One has been elsewhere before."""
    return "" if focus.has_earlier_place else "you were nowhere else before"


def has_later_place(view: RunView, focus: Focus) -> Why:
    """One has gone back to where one was before."""
    return "" if focus.has_later_place else "you did not go back"


def breakable(view: RunView, focus: Focus) -> Why:
    """Breakpoints can be set: for a run that goes on, or to move through a recording."""
    return _loaded(view) if focus.is_recorded else changeable(view, focus)


def restable(view: RunView, focus: Focus) -> Why:
    """There are breakpoints to switch."""
    why = breakable(view, focus)
    return why or ("" if focus.breakpoints else "there are no breakpoints; b makes one")


def shell_there(view: RunView, focus: Focus) -> Why:
    """A shell of the person's can be had: in the sandbox, or in a copy of it as it was after a step."""
    if focus.is_recorded:
        return "no host has this recording; f forks it here, ! works in the fork"
    return sandbox_there(view, focus)


def _loaded(view: RunView) -> Why:
    return "" if view.started is not None else "the recording is being read"


def _has_breakpoints(focus: Focus) -> Why:
    if focus.breakpoints_on:
        return ""
    return (
        "the breakpoints are off; I switches them on"
        if focus.breakpoints
        else "there are no breakpoints; b makes one"
    )
