from typing import cast

from lis_tui.sandbox.rounds import Rounds
from lis_tui.sandbox.service import Answer, Data, Service


class ListKeeper:
    """Takes the lists of names, and has nothing new to tell of them."""

    def __init__(self) -> None:
        self.names: list[bytes] = []

    async def ask(self, script: bytes, *, data: Data | None = None, timeout_s: float = 0.0) -> Answer:
        if data is None:
            return Answer(0, b"end\0\0" * (1 + len(self.names)), "")
        self.names = list(data.pieces)
        return Answer(0, b"", "")


async def test_a_deep_folder_that_is_also_named_alone_is_walked_once() -> None:
    keeper = ListKeeper()
    rounds = Rounds(cast("Service", keeper), "/own", b"", b"x", 1)
    rounds.plan(1, {"/testbed": 3, "/testbed/a": 0}, ["/", "/usr"], frozenset({"/testbed", "/etc/issue"}), 9)
    walked = await rounds.walk(b"", b"-true")
    named = [path for names in keeper.names for path in names.rstrip(b"\0").split(b"\0")]
    assert sorted(named) == [b"/", b"/etc/issue", b"/testbed", b"/testbed/a", b"/usr"]
    assert walked.met == 0
