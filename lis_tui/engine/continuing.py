"""A reply that goes on from its beginning: what follows is joined to it, once."""

from lis_tui.core.messages import AssistantMessage, Reply

LEAST_REPEAT = 16
"""A beginning shorter than this may well come twice in an honest reply."""


class Continuation:
    """Joins the beginning of a text with the pieces that follow, also where a server repeats it first."""

    def __init__(self, begun: str) -> None:
        self._begun = begun
        self._held = ""
        self._is_over = len(begun) < LEAST_REPEAT
        """Whether it is known that the server repeats nothing, or has done with it."""

    def take(self, piece: str) -> str:
        """Give what is new of a piece; what may be a repetition is held back."""
        if self._is_over:
            return piece
        self._held += piece
        if self._begun.startswith(self._held):
            if self._held == self._begun:
                self._held, self._is_over = "", True
            return ""
        self._is_over = True
        held, self._held = self._held, ""
        return held.removeprefix(self._begun)

    def rest(self) -> str:
        """Give what was held back, at the end of the stream."""
        held, self._held, self._is_over = self._held, "", True
        return held


def joined(begun: AssistantMessage, heard: str, reply: Reply) -> tuple[str, str]:
    """Give reasoning and text of the whole reply.

    `heard` is the text as it came, the beginning included; the reply's own text may have lost its edges.
    """
    fresh = heard.removeprefix(begun.text)
    said = Continuation(begun.text)
    told = said.take(reply.text) + said.rest()
    text = heard.rstrip() if fresh.strip() == told.strip() else begun.text + told
    between = "\n" if begun.text and begun.reasoning and reply.reasoning else ""
    return begun.reasoning + between + reply.reasoning, text
