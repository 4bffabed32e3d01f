"""Whether a step that ran again did what was recorded of it: exit code first, then what was printed."""

import re

import msgspec
from msgspec import Struct

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import StepReplayed, Verdict
from lis_tui.core.messages import Observation
from lis_tui.core.normalising import Likeness, Rules
from lis_tui.trajectory.envelopes import in_any_order, is_cut, numbered, printed, streams
from lis_tui.trajectory.replay import RecordedStep

_Judged = tuple[Verdict, str, tuple[str, ...]]

_EDITOR = "str_replace_editor"
_FAILED = re.compile(
    r"(?i)^\W*(?:error|failed|invalid|no replacement|no match|<tool_use_error>)|did not appear verbatim"
)
_CUT = "the recording holds only a part of what was printed"
EDITS, STREAMED = "edits", "streams"
"""Names of what is the same by other means than a rule: see docs/reexecute.md."""


def judge(step: RecordedStep, expected: Observation, now: Observation, rules: Rules) -> StepReplayed:
    """Compare what came of a step with what was recorded of it."""
    if step.is_foreign and step.call.name == _EDITOR:
        verdict, because, needed = _edited(step, expected, now, rules)
    else:
        verdict, because, needed = _verdict(expected, now, rules)
    return StepReplayed(
        address=step.address,
        verdict=verdict,
        expected=_recorded(expected),
        expected_exit_code=expected.exit_code,
        rules=needed,
        because=because,
    )


def _verdict(expected: Observation, now: Observation, rules: Rules) -> _Judged:
    if because := _other_end(expected, now):
        return "diverged", because, ()
    recorded = _recorded(expected)
    like = rules.compare(printed(recorded), printed(now.text))
    if like.sign == "=":
        return "identical", "", ()
    if like.sign == "≈":
        return "normalised", "", like.rules
    both = streams(recorded)
    apart = Likeness("≠") if both is None else rules.compare(both, in_any_order(printed(now.text)))
    if apart.sign != "≠":
        return "normalised", "", (STREAMED, *apart.rules)
    if expected.is_cut != now.is_cut or is_cut(expected.text):
        return "not_replayable", _CUT, ()
    return "diverged", "it printed something else", ()


def _recorded(expected: Observation) -> str:
    """Give what the command wrote where that is recorded apart from what the model was shown."""
    return expected.text if expected.output is None else expected.output


def _edited(step: RecordedStep, expected: Observation, now: Observation, rules: Rules) -> _Judged:
    """Another program's editor says what it did in words of its own: what counts is whether it did it."""
    has_failed = expected.status == "failed" or _FAILED.search(printed(expected.text)) is not None
    if has_failed != (now.status == "failed"):
        return "diverged", f"it {'failed' if now.status == 'failed' else 'worked'} here, and not there", ()
    if has_failed or not _is_view(step):
        return "normalised", "", (EDITS,)
    like = rules.compare(numbered(expected.text), numbered(now.text))
    if like.sign == "≠" and numbered(expected.text):
        return ("not_replayable", _CUT, ()) if is_cut(expected.text) else ("diverged", "the file differs", ())
    return "normalised", "", (EDITS, *like.rules)


def _is_view(step: RecordedStep) -> bool:
    given = arguments_of(step.call.arguments) or {}
    return given.get("command") == "view"


def _other_end(expected: Observation, now: Observation) -> str:
    """Say how it ended otherwise; empty where it did not, or where that is not known."""
    codes = expected.exit_code, now.exit_code
    if None not in codes and codes[0] != codes[1]:
        return f"exit code {codes[1]}, recorded {codes[0]}"
    if expected.ended_by != now.ended_by:
        return f"ended by the {now.ended_by}, recorded {expected.ended_by}"
    if None in codes and {expected.status, now.status} == {"done", "failed"}:
        return f"it is {now.status}, recorded {expected.status}"
    return ""


VERDICTS: dict[Verdict, tuple[str, str]] = {
    "identical": ("=", "identical"),
    "normalised": ("≈", "same after normalising"),
    "diverged": ("≠", "diverged"),
    "not_replayable": ("–", "not replayable"),
}
"""The sign of each verdict, and its words."""


class Counts(Struct, frozen=True):
    """How many steps compared how."""

    identical: int = 0
    normalised: int = 0
    diverged: int = 0
    not_replayable: int = 0

    def plus(self, verdict: Verdict) -> "Counts":
        """Count one more."""
        return msgspec.structs.replace(self, **{verdict: getattr(self, verdict) + 1})

    def __str__(self) -> str:
        named = {name.replace("_", " "): getattr(self, name) for name in self.__struct_fields__}
        return ", ".join(f"{count} {name}" for name, count in named.items() if count) or "no step"
