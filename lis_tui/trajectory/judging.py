"""Whether a step that ran again did what was recorded of it: exit code first, then what was printed."""

import re

import msgspec
from msgspec import Struct

from lis_tui.core.events import StepAddress, StepReplayed, Verdict
from lis_tui.core.messages import Observation
from lis_tui.core.normalising import Rules
from lis_tui.core.sameness import without_remark

_OURS = re.compile(r"\n?\[exit code -?\d+\]\s*$")
_NOTHING = frozenset(["[no output]", "Your command ran successfully and did not produce any output."])
_MINI = re.compile(
    r"^\s*<returncode>-?\d+</returncode>\s*(?:<warning>.*?</warning>\s*)?<output>\n?(.*?)\n?</output>\s*$",
    re.S,
)
_MINI_CUT = re.compile(r"<output_head>|<elided_chars>")
_HEADS = re.compile(r"^(?:OBSERVATION|Observation):[ \n]")
_OPENHANDS = re.compile(
    r"\n?\[(?:The command completed with exit code -?\d+\.|Current working directory: [^\]\n]*"
    r"|Python interpreter: [^\]\n]*|Command finished with exit code -?\d+)[^\]\n]*\]\s*$"
)
_CUT = "the recording holds only a part of what was printed"


def judge(address: StepAddress, expected: Observation, now: Observation, rules: Rules) -> StepReplayed:
    """Compare what came of a step with what was recorded of it."""
    verdict, because, needed = _verdict(expected, now, rules)
    return StepReplayed(
        address=address,
        verdict=verdict,
        expected=expected.text,
        expected_exit_code=expected.exit_code,
        rules=needed,
        because=because,
    )


def _verdict(expected: Observation, now: Observation, rules: Rules) -> tuple[Verdict, str, tuple[str, ...]]:
    if because := _other_end(expected, now):
        return "diverged", because, ()
    like = rules.compare(printed(expected.text), printed(now.text))
    if like.sign == "=":
        return "identical", "", ()
    if like.sign == "≈":
        return "normalised", "", like.rules
    if expected.is_cut != now.is_cut or _MINI_CUT.search(expected.text):
        return "not_replayable", _CUT, ()
    return "diverged", "it printed something else", ()


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


class _Mini(Struct):
    output: str
    returncode: int | None = None


def printed(text: str) -> str:
    """Give what was printed without what the program that recorded it says around that."""
    text = without_remark(text)
    text = _HEADS.sub("", text, count=1)
    if found := _MINI.match(text):
        text = found[1]
    elif text.startswith("{") and '"returncode"' in text:
        text = _from_json(text)
    while (shorter := _OPENHANDS.sub("", text)) != text:
        text = shorter
    text = _OURS.sub("", text).rstrip()
    return "" if text in _NOTHING else text


def _from_json(text: str) -> str:
    try:
        return msgspec.json.decode(text.encode(errors="replace"), type=_Mini).output
    except msgspec.DecodeError:
        return text


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
