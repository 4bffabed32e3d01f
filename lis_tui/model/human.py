"""A person in the place of the model: asked, nobody answers, and the run holds for them."""

from collections.abc import AsyncIterator

from lis_tui.core.errors import NobodyAnswers
from lis_tui.core.messages import Piece, Request

HUMAN = "human/"
"""Names of models that begin so are played by a person."""


class HumanModel:
    """What is to be done a person does at the gates, by commands of their own. A `core.ports.Model`."""

    async def ask(self, request: Request) -> AsyncIterator[Piece]:  # noqa: ARG002  (the port's)
        """Have the run hold. Raises NobodyAnswers."""
        raise NobodyAnswers("you play the model: run commands, then end the run with your answer")
        yield  # makes it a stream, as the port has it

    def count_tokens(self, request: Request) -> int:  # noqa: ARG002  (the port's)
        """Nothing is sent."""
        return 0

    def context_tokens(self, request: Request) -> int:  # noqa: ARG002  (the port's)
        """A person's window is not known."""
        return 1 << 40

    def cannot_continue(self, request: Request) -> str:  # noqa: ARG002  (the port's)
        """There is no reply to go on from."""
        return "A person plays the model: there is no reply to go on from."

    async def close(self) -> None:
        """Nothing to let go of."""
