"""What a command printed, without the words that programs put around it for the model."""

import re

import msgspec
from msgspec import Struct

from lis_tui.core.sameness import without_remark

NOTHING = frozenset(
    [
        "[no output]",
        "Your command ran successfully and did not produce any output.",
        "Tool ran without output",
        "(Bash completed with no output)",
    ]
)
STREAMS = "\n\\[STDERR]\n"
"""In `llm-in-sandbox` what went to the second stream follows the first."""
_OURS = re.compile(r"\n?\[exit code -?\d+\]\s*$")
_EDITED_CALL = re.compile(r"^\[The user changed this call before it ran\. What ran: [^\n]*\]\n")
_MINI = re.compile(
    r"^\s*<returncode>-?\d+</returncode>\s*(?:<warning>.*?</warning>\s*)?"
    r"<output>\n?(.*?)\n?</output>\s*$",
    re.DOTALL,
)
_CUT = re.compile(r"<output_head>|<elided_chars>|<response clipped>|\[\.\.\. Observation truncated")
_HEADS = re.compile(r"^(?:OBSERVATION|Observation):[ \n]")
_PEER = re.compile(
    r"^(?:Exit code: (?:Error: Exit code )?-?\d+\n)?"
    r"Execution output of \\\[\w+\]:\n(?:\\\[STDOUT\]\n)?"
)
_SWE_AGENT = re.compile(r"\n?\(Open file: [^\n]*\)\n\(Current directory: [^\n]*\)\nbash-\$\s*$")
_OPENHANDS = re.compile(
    r"\n?\[(?:The command completed with exit code -?\d+\.|Current working directory: [^\]\n]*"
    r"|Python interpreter: [^\]\n]*|Command finished with exit code -?\d+)[^\]\n]*\]\s*$"
)
_CODEX = re.compile(
    r"^(?:Chunk ID: [^\n]*\n)?(?:Exit code: -?\d+\n)?Wall time: [^\n]*\n"
    r"(?:Process exited with code -?\d+\n)?(?:[^\n:]+: [^\n]*\n)*?Output:\n"
)
_PROMPT = re.compile(r"[^\s@:]{1,200}@[^\s@:]{1,200}:[^\n#$]{0,500}[#$](?: [^\n]*)?")
_TERMINUS = "New Terminal Output:\n\n"
_CLAUDE = re.compile(r"^(?:Error: )?Exit code \d+\n")
_NUMBERED = re.compile(r"^ *(\d+)(?:\t|→|: ?|\| ?)(.*)$", re.MULTILINE)


class _Mini(Struct):
    output: str
    returncode: int | None = None


def printed(text: str) -> str:
    """Give what was printed."""
    text = _EDITED_CALL.sub("", without_remark(text).replace("\r\n", "\n"), count=1)
    for head in (_HEADS, _PEER, _CODEX, _CLAUDE):
        text = head.sub("", text, count=1)
    if found := _MINI.match(text):
        text = found[1]
    elif text.startswith("{") and '"returncode"' in text:
        text = _from_json(text)
    if text.startswith(_TERMINUS):
        text = _from_terminal(text.removeprefix(_TERMINUS))
    text = _SWE_AGENT.sub("", text)
    while (shorter := _OPENHANDS.sub("", text)) != text:
        text = shorter
    text = _OURS.sub("", text).rstrip()
    return "" if text in NOTHING else text


def is_cut(text: str) -> bool:
    """Whether a program says that it left something out."""
    return _CUT.search(text) is not None


def streams(text: str) -> str | None:
    """Give the lines of both streams in an order that does not matter; None where they are not apart."""
    if STREAMS not in text:
        return None
    return in_any_order(printed(text.replace(STREAMS, "\n")))


def in_any_order(text: str) -> str:
    """Sort the lines that are not empty."""
    return "\n".join(sorted(line for line in text.split("\n") if line))


def numbered(text: str) -> str:
    """Give the lines of a file that an editor shows with their numbers, without these."""
    return "\n".join(f"{number} {line}".rstrip() for number, line in _NUMBERED.findall(text))


def _from_terminal(text: str) -> str:
    """Take off the prompt with what was typed at it, and the next prompt."""
    lines = text.rstrip().split("\n")
    if _PROMPT.fullmatch(lines[0]):
        del lines[0]
        if lines and _PROMPT.fullmatch(lines[-1].rstrip()):
            del lines[-1]
    return "\n".join(lines)


def _from_json(text: str) -> str:
    try:
        return msgspec.json.decode(text.encode(errors="replace"), type=_Mini).output
    except msgspec.DecodeError:
        return text
