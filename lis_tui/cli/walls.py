"""One thing between a person and what is hostile, as `doctor --security` prints it."""

from typing import Literal

from msgspec import Struct

State = Literal["ok", "weaker", "missing"]


class Wall(Struct, frozen=True):
    """Whether it stands here and now; `weaker`: less than there could be."""

    state: State
    about: str
    sentence: str
