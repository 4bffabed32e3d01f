"""The account as far as it is told, and how something is added to it."""

from collections.abc import Callable
from typing import Any, TypeVar

from lis_tui.core.events import ConnectionEnded, Event, StepAddress
from lis_tui.core.messages import ToolCall
from lis_tui.core.spec import ModelSpec
from lis_tui.trajectory.account import Account, Act, Call, Entry, Step, Turn, Written

E = TypeVar("E", bound=Event)
Telling = Callable[["Teller", Any], None]


class Tellings:
    """What each kind of event adds to the account."""

    def __init__(self) -> None:
        self.by_kind: dict[type, Telling] = {}

    def of(self, kind: type[E]) -> Callable[[Callable[["Teller", E], None]], Callable[["Teller", E], None]]:
        """Say that a function tells of such events."""

        def register(telling: Callable[["Teller", E], None]) -> Callable[["Teller", E], None]:
            self.by_kind[kind] = telling
            return telling

        return register


class Teller:
    """What is told so far; events without an address belong to the turn that goes on."""

    def __init__(self) -> None:
        self.account = Account()
        self.at = 0.0
        """When the event that is being told was."""
        self.n = 0
        """Its number."""
        self.turn = 0
        """The turn that goes on."""
        self.spec: ModelSpec | None = None
        self.model = ""
        """The name of the model that was asked last."""
        self.by_whom = "person"
        """Who wanted the run to end."""
        self.versions: dict[int, list[Written]] = {}
        """The replies of each turn."""
        self.steps: dict[StepAddress, Step] = {}
        self.connections: list[ConnectionEnded] = []
        self.hosts: dict[int, str] = {}
        """Hosts that somebody was asked about, by the number of the question."""

    def add(self, entry: Entry, turn: int | None = None) -> None:
        """Put an entry into its turn, else into the one that goes on."""
        number = self.turn if turn is None else turn
        turns = self.account.turns
        while len(turns) <= number:
            turns.append(Turn(number=len(turns)))
        entry.at = self.at
        turns[number].entries.append(entry)

    def act(self, by: str, did: str, text: str = "", address: StepAddress | None = None) -> None:
        """Note an act at its step, else in its turn."""
        act = Act(by=by, did=did, text=text, at=self.at)
        step = self.steps.get(address) if address is not None else None
        if step is not None:
            step.acts.append(act)
        else:
            self.add(act, None if address is None else address.turn)


def call_of(call: ToolCall) -> Call:
    """Give a call as an account has it."""
    return Call(tool=call.name, arguments=call.arguments)
