"""Which keys are offered where: in the footer, in the box of a gate, at a running command, at the end."""

from collections.abc import Iterable
from typing import NamedTuple

from lis_tui.core.breakpoints import Gate
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.actions import ACTIONS, BY_ID, Action, Focus, why_not
from lis_tui.ui.conditions import what_is_edited
from lis_tui.ui.connecting import HOST_IDS
from lis_tui.ui.rows import GLUE, Ink

FOOTER = ("type", "retry_now", "approve", "edit", "reject", "pause", "tell", "next", "continue")
"""What comes first in the footer, where there is no room for all."""
REPLAY_FOOTER = ("next", "back", "play", "continue", "next_notable", "search", "mark", "fork")
"""The same in a recording."""
GATE_IDS = (
    *("approve", "edit", "undo", "reject", "skip", "inject", "tell", "next"),
    *("allow", "resample", "earlier_version", "later_version", "words"),
)
"""What answers a gate, in the order of its box; each gate shows those that can be done there."""
HELD_IDS = ("pause", "limits", "model", "end")
"""What helps a run that holds by itself: what was lost is there again, has more room, or is done without."""
_APPROVE: dict[Gate, str] = {"before_submit": "submit", "after_step": "go on", "before_model": "ask"}
_EDIT = {"answer": "edit answer", "observation": "edit what it sees", "beginning": "edit and go on from it"}
_SHORT = {"earlier_version": "earlier", "later_version": "later", "words": "its words"}


class Offer(NamedTuple):
    """A key, what it does here, and the action it stands for."""

    key: str
    label: str
    action: str


def footer(view: RunView, focus: Focus, *, is_gate_seen: bool = False) -> list[Offer]:
    """Give the keys that act now, with their labels; those in the box of a gate that is seen are left out."""
    is_limited = view.ended is not None and view.ended.status.endswith("_limit")
    first = REPLAY_FOOTER if focus.is_recorded else FOOTER
    asked = HOST_IDS if focus.asks_host else ()
    urgent = [BY_ID[each] for each in (*asked, *(("limits",) if is_limited else ()), *first)]
    found = []
    boxed = (*GATE_IDS, *HOST_IDS, *(("pause",) if view.is_held else ()))
    for action in [*urgent, *[each for each in ACTIONS if each.in_footer and each not in urgent]]:
        is_in_box = is_gate_seen and action.id in boxed
        is_needless = action.id == "type" and view.asking is None
        is_needless |= action.id == "open_file" and focus.pane not in ("files", "preview")
        is_needless |= action.id == "resume" and focus.is_recorded and not focus.is_last
        if not is_in_box and not is_needless and not action.why_not(view, focus):
            found.append(_offer(action, view, focus))
    return found


def gate_keys(view: RunView, focus: Focus) -> list[Offer]:
    """Give the keys that answer the waiting gate."""
    ids: tuple[str, ...] = GATE_IDS
    if view.is_held and view.held_because:
        is_only_held = view.gate is not None and view.gate.because == "paused"
        ids = (*HELD_IDS, *(() if is_only_held else ("approve",)), "edit", "reject", "tell")
    elif view.is_held:
        ids = ("pause", *ids)
    if view.gate is not None and view.gate.gate == "before_model" and "model" not in ids:
        ids = (*ids, "model")
    return [_offer(BY_ID[each], view, focus) for each in ids if not why_not(each, view, focus)]


def host_keys(view: RunView, focus: Focus) -> list[Offer]:
    """Give what answers a question about a host; while a gate waits its keys are the gate's."""
    offers = [_offer(BY_ID[each], view, focus) for each in HOST_IDS if not why_not(each, view, focus)]
    if not focus.asks_host:
        offers = [offer._replace(key="") for offer in offers]
    return [*offers, _offer(BY_ID["connections"], view, focus)] if offers else []


def held_keys(view: RunView, focus: Focus) -> list[Offer]:
    """Give what helps a run that holds by itself and is on its way to the next gate."""
    stop = [Offer("ctrl+c", "interrupt", "interrupt")] if view.running is not None else []
    ids = [each for each in HELD_IDS if each != "pause" and not why_not(each, view, focus)]
    return [*stop, *(_offer(BY_ID[each], view, focus) for each in ids)]


def end_keys(view: RunView, focus: Focus) -> list[Offer]:
    """Give the keys that make sense once the run has ended."""
    looking = ("open", "sent", "copy") if view.steps else ("sent",) if view.turn.asked_at is not None else ()
    made = ("made",) if view.outputs is not None and view.outputs.files else ()
    ids = ("tell", "limits", "retry_now", "fork", "resume", *looking, *made, "quit")
    return [_offer(BY_ID[each], view, focus) for each in ids if not why_not(each, view, focus)]


def running_keys(view: RunView, step: StepView, focus: Focus) -> list[Offer]:
    """Give the keys that handle the command that runs."""
    limit_s = step.timeout_s or view.limits.command_timeout_s
    ids = {"background": "background", "timeout": f"limit {words.clock(limit_s)}"}
    found = [Offer(BY_ID[each].key, label, each) for each, label in ids.items()]
    found = [Offer("ctrl+c", "interrupt", "interrupt"), *found]
    return [offer for offer in found if not why_not(offer.action, view, focus)]


def inks_of(offers: Iterable[Offer]) -> list[Ink]:
    """Give offers as inks: the key stands out, a key and its words stay together, the mouse does the same."""
    inks: list[Ink] = []
    for key, label, action in offers:
        pressed = f" @{action}"
        words_ = label.replace(" ", GLUE)
        if key:
            inks.append((key.replace(" ", GLUE), f"accent bold{pressed}"))
            inks.append((f"{GLUE}{words_}", f"output{pressed}"))
        else:  # the mouse alone does it here
            inks.append((words_, f"accent underline{pressed}"))
        inks.append(("  ", ""))
    return inks


def _offer(action: Action, view: RunView, focus: Focus) -> Offer:
    return Offer(action.key.split(" ")[0], _label(action, view, focus), action.id)


def _label(action: Action, view: RunView, focus: Focus) -> str:
    if action.id == "pause" and view.is_held:
        return "resume" if view.gate is not None else "cut now"
    if action.id == "approve" and view.gate is not None:
        return _APPROVE.get(view.gate.gate, action.label)
    if action.id == "tell" and view.ended is not None:
        return "follow-up"
    if action.id == "edit":
        return _EDIT.get(what_is_edited(view, focus) or "", action.label)
    return _SHORT.get(action.id, action.label)
