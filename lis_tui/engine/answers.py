"""The final answer as a person finds it before it is submitted, and as they have it instead."""

from dataclasses import dataclass

import msgspec

from lis_tui.core.errors import FileRefused
from lis_tui.core.messages import ToolCall
from lis_tui.core.text import safe_str
from lis_tui.engine.hands import Hands, parsed
from lis_tui.engine.progress import Progress
from lis_tui.tools.submit import MOST_ANSWER_BYTES
from lis_tui.tools.textfile import Change, diff


@dataclass(frozen=True)
class Replaced:
    """What came of writing a person's answer."""

    is_changed: bool = False
    diff: str = ""
    problem: str = ""


class Answers:
    """Reads and writes the file that the answer stands in."""

    def __init__(self, progress: Progress, hands: Hands) -> None:
        self._progress = progress
        self._hands = hands

    @property
    def _path(self) -> str:
        return f"{self._hands.sandbox.workdir.rstrip('/')}/answer.txt"

    async def pending(self, call: ToolCall) -> str | None:
        """Give what this call would submit; None where there is no answer yet. Raises SandboxFailed."""
        text = (await self._read()).decode("utf-8", errors="replace").strip()
        return safe_str(text or _given(call)) or None

    async def replace(self, answer: object, call: ToolCall) -> Replaced:
        """Have the file hold a person's answer; what is no text changes nothing. Raises SandboxFailed."""
        if not isinstance(answer, str):
            return Replaced()
        before = await self._read()
        old = before.decode("utf-8", errors="replace").strip() or _given(call)
        if safe_str(answer).strip() == old:
            return Replaced()
        data = (safe_str(answer).rstrip("\n") + "\n").encode()
        try:
            await self._hands.write(self._path, data)
        except FileRefused as error:
            return Replaced(problem=error.sentence)
        return Replaced(is_changed=True, diff=diff(self._path, before, Change(0, before, data)))

    async def _read(self) -> bytes:
        async with self._progress.cuttable():
            try:
                return await self._hands.sandbox.read_file(self._path, MOST_ANSWER_BYTES)
            except FileRefused:
                return b""


def _given(call: ToolCall) -> str:
    """Give the answer that stands in the call itself."""
    try:
        return str(parsed(call.arguments).get("answer") or "").strip()
    except msgspec.DecodeError:
        return ""
