"""What lis-tui writes beside the steps and messages of formats that know one author, under a key of its own.

Read back by the importers: who asked for what, and how it came out where the format's own words do not say.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from lis_tui.core.events import EndStatus, Who
from lis_tui.core.messages import StepStatus

KEY = "lis_tui"
Code = Annotated[int, Meta(ge=-(2**31), le=2**32)]


class Asked(Struct):
    """A call: a tool and its arguments, as they were written."""

    tool: str
    arguments: str


class Wrote(Struct, omit_defaults=True):
    """What the model itself wrote."""

    text: str = ""
    reasoning: str = ""


class BesideStep(Struct, omit_defaults=True, kw_only=True):
    """At a step, a result or a message; what is not set is as the format itself says."""

    continues: bool = False
    """The step is one more call of the reply before it."""
    status: StepStatus | Literal["asked"] | None = None
    """`asked`: nothing came of it."""
    exit_code: Code | None = None
    by: Who | None = None
    """Who had it run, where that was not the model."""
    is_hidden: bool = False
    """The model was not told."""
    asked: Asked | None = None
    """What was asked for, where something else ran."""
    ran: Asked | None = None
    """What ran, where something else was asked for."""
    changed_by: Who | None = None
    edited_by: Who | None = None
    """Who wrote what the model sees as the result, in place of `really`."""
    really: str | None = None
    rewritten_by: Who | None = None
    """Who wrote what the model sees as its own words, in place of `wrote`."""
    wrote: Wrote | None = None
    origin: Literal["person", "nudge", "follow_up", "limits", "command"] | None = None
    """Who said the message."""
    end: EndStatus | None = None
    reason: str = ""


NOTHING = BesideStep()


def written(beside: BesideStep) -> dict[str, object]:
    """Give it as a field to be merged into the format's free ones; nothing where nothing is set."""
    plain = msgspec.to_builtins(beside)
    return {KEY: plain} if plain else {}


def beside(fields: dict[str, object]) -> BesideStep:
    """Read it from the free fields of a step; nothing where it is not ours."""
    if KEY not in fields:
        return NOTHING
    try:
        return msgspec.convert(fields[KEY], BesideStep)
    except (msgspec.ValidationError, RecursionError):
        return NOTHING


def known(fields: dict[str, object]) -> frozenset[str]:
    """Give the key where what stands there was read."""
    return frozenset() if beside(fields) is NOTHING else frozenset([KEY])
