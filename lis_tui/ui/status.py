"""The status line: state first, then mode, limits, context, tokens, cost, time; keys at the right."""

from msgspec import Struct

from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.held import held_words
from lis_tui.ui.load import load_warnings
from lis_tui.ui.offers import Offer
from lis_tui.ui.reaching import asked_host, place
from lis_tui.ui.rows import Ink, cells, cut

WINDOW = 128_000
"""Assumed where the model's window is not known, as the engine does."""
_BARS = " ▁▂▃▄▅▆▇█"
FIRST_PARTS, FIRST_KEYS = 2, 2
"""Mode, turn and these keys come before the numbers: which key to press matters more than a count."""


class Moment(Struct, frozen=True):
    """What the status line needs besides the run."""

    now: float
    is_recorded: bool = False
    flash: str = ""
    """A sentence for a person, shown for a while in place of the rest."""
    lost: str = ""
    """Why the connection to the host is gone."""
    place: str = ""
    """Where one is in a recording, in words."""
    is_at_end: bool = True
    """All of the recording is shown."""
    hit: str = ""
    """Which of the hits of a search one is at."""
    warned: frozenset[str] = frozenset()
    """The names of the gauges that a person is warned of."""


def state_words(view: RunView, moment: Moment) -> Ink:
    """Give the state of the run."""
    if moment.lost:
        return f"✗ {one_line(moment.lost, 120)}", "error"
    if view.trouble:
        return f"‖ {one_line(view.trouble, 120)}", "error"
    if not moment.is_at_end:
        return "", "output"
    if not moment.is_recorded and (text := _coming_back(view)):
        return f"▶ {text}", "accent"
    if view.ended is not None:
        return _ended(view)
    if moment.is_recorded:
        return _without_end(view) if moment.is_at_end and view.started is not None else ("", "output")
    if waits := _waits(view):
        return f"‖ {waits}", "warning"
    text, tone = _busy(view, moment.now)
    why = held_words(view)
    pausing = f"pausing: {why}" if why else "pausing"
    return (f"‖ {pausing} · {text}", "warning") if view.is_held else (f"▶ {text}", tone)


def _waits(view: RunView) -> str:
    """Say what the run waits for a person with; empty where it goes on."""
    asked = asked_host(view)
    if view.gate is not None and (why := held_words(view)):
        return f"paused: {why}"
    if view.gate is not None:
        return "paused" if view.gate.because == "paused" else "waiting for you"
    return f"asks for {one_line(place(asked.host, asked.port), 40)}" if asked is not None else ""


def _without_end(view: RunView) -> Ink:
    """Of a run of ours that is not live the end is missing; another program's file may just not tell it."""
    return ("■ no end is recorded", "muted") if view.imported is not None else ("✗ cut off", "error")


def status_line(view: RunView, moment: Moment, keys: list[Offer], width: int) -> list[Ink]:
    """Give the line; what does not fit is left out from the right."""
    state, tone = state_words(view, moment)
    line: list[Ink] = [(" ", "")]
    if moment.is_recorded:
        line.append((f"▷ {moment.place or 'recorded'}", "accent bold"))
        line += [("  ", "")] if state else []
    line += [(state, f"{tone} bold")] if state else []
    if moment.flash:
        return cut([*line, ("   ", ""), (moment.flash, "command")], width)
    *others, last = [_key(offer) for offer in sorted(keys, key=lambda offer: offer.key == "?")] or [[]]
    parts = [[("   ", ""), part] for part in _parts(view, moment)]
    room = max(width - cells(last) - cells(others[0] if others else []) - 3, width // 2)
    if cells(line) > room:
        line, parts = cut(line, room), []
    line = _filled(line, parts[:FIRST_PARTS], width - cells(last) - 2)
    urgent = _filled([], others[:FIRST_KEYS], width - cells(line) - cells(last) - 3)
    left = _filled(line, parts[FIRST_PARTS:], width - cells(urgent) - cells(last) - 3)
    more = others[FIRST_KEYS:] if cells(urgent) == sum(map(cells, others[:FIRST_KEYS])) else []
    right = [*urgent, *_filled([], more, width - cells(left) - cells(urgent) - cells(last) - 3), *last]
    gap = width - cells(left) - cells(right)
    return [*left, (" " * gap, ""), *right] if gap >= 1 else cut(left, width)


def _filled(line: list[Ink], pieces: list[list[Ink]], room: int) -> list[Ink]:
    """Add pieces while they fit."""
    line = list(line)
    for piece in pieces:
        if cells(line) + cells(piece) > room:
            break
        line += piece
    return line


def _ended(view: RunView) -> Ink:
    if view.ended is None:
        return "", ""
    text, tone = words.end_words(view.ended.status)
    reason = one_line(view.ended.reason, 60)
    with_reason = tone == "error" and reason
    return f"■ {text}: {reason}" if with_reason else f"■ {text}", tone


def _coming_back(view: RunView) -> str:
    """Say how far a sandbox has been brought back; a fork is its own only once that is done."""
    if view.restoring is not None:
        part = view.restoring.done_bytes / max(view.restoring.total_bytes, 1)
        return f"bringing back files {part:.0%}"
    parent = view.started.parent if view.started is not None else None
    is_begun = parent is None or (view.fork is not None and view.fork.parent == parent)
    return "" if is_begun else "bringing back the sandbox"


def _busy(view: RunView, now: float) -> Ink:
    since = int(max(now - view.phase_at, 0)) if view.phase_at else 0
    if view.asking is not None:
        return "the command waits for input", "warning"
    if view.phase == "retrying" and view.retry is not None:
        left = view.retry.wait_s - (now - view.phase_at)
        text = f"try {view.retry.attempt} of {view.retry.max_attempts}"
        if left < 0:
            return f"{text}: waiting for first token {-left:.0f} s", "warning"
        return f"{text} in {left:.0f} s", "warning"
    if view.phase == "thinking":
        return f"thinking{_speed(view, now)}", "accent"
    text = {
        "starting": "connecting" if view.started is None else "starting the sandbox",
        "asking": "waiting for first token",
        "running": "running",
    }.get(view.phase, "working")
    return (f"{text} {since} s" if since and view.started is not None else text), "accent"


def _speed(view: RunView, now: float) -> str:
    turn = view.turn
    spent = now - (turn.first_piece_at or now)
    length = turn.reasoning.length + turn.text.length + sum(d.text.length for d in turn.drafts.values())
    return f" {length / 4 / spent:.0f} tok/s" if spent >= 1 else ""


def _parts(view: RunView, moment: Moment) -> list[Ink]:
    if view.started is None:
        return []
    is_foreign = view.imported is not None
    spent: list[Ink] = [
        (f"{words.tokens(view.totals)} · {words.cost(view.totals)}", "output"),
        (_time(view, moment), "output"),
    ]
    context: Ink = (_context(view), "output")
    parts: list[Ink] = [
        (moment.hit, "human"),
        *([] if moment.is_recorded else load_warnings(view.load, moment.warned)),
        ("" if moment.is_recorded else view.mode, "output"),
        (words.turns(len(view.turns) - 1, view.limits, is_foreign=is_foreign), "output"),
        *_warnings(view),
        *([*spent, context] if moment.is_recorded else [context, *spent]),
    ]
    return [part for part in parts if part[0]]


def _time(view: RunView, moment: Moment) -> str:
    """Give how long it has taken; times that nobody wrote down are not known."""
    end = view.ended_at if view.ended_at is not None else view.last_at if moment.is_recorded else moment.now
    return words.clock(end - view.started_at) if view.started_at and end else ""


def _warnings(view: RunView) -> list[Ink]:
    found: list[Ink] = []
    if view.repeats >= 3 and view.ended is None:
        found.append((f"same {view.repeats}×", "warning"))
    if view.queued:
        found.append((f"{words.plural(len(view.queued), 'message')} queued", "human"))
    return found


def _context(view: RunView) -> str:
    used = view.totals.context_tokens
    if not used or view.started is None:
        return ""
    window = view.started.spec.model.context_tokens
    known = window if window is not None else WINDOW
    bar = _BARS[min(int(used / known * 8) + 1, 8)]
    return f"context {words.count(used)}/{words.count(known)}{'' if window else '?'} {bar}"


def _key(offer: Offer) -> list[Ink]:
    pressed = f" @{offer.action}"
    return [(offer.key, f"accent{pressed}"), (f" {offer.label}", f"muted{pressed}"), ("  ", "muted")]
