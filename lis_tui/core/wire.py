"""What a screen and a host say to each other: length-prefixed frames of JSON over a unix socket.

A frame is four bytes of length (big-endian) and as many bytes of JSON. Asks go to the host, tells come back.
Every ask but Bye is answered by exactly one tell with the same `id`; records come unasked after an Attach.
"""

import asyncio
import struct
from typing import Literal

import msgspec
from msgspec import Struct

from lis_tui.core.decisions import Decision
from lis_tui.core.errors import HostUnreachable
from lis_tui.core.events import Gate, StepAddress
from lis_tui.core.normalising import Rule
from lis_tui.core.spec import Limits, Mode, ModelSpec, RunSpec

MOST_FRAME = 256 << 20
PROTOCOL_VERSION = 1


class Hello(Struct, frozen=True, tag=True, kw_only=True):
    """First ask of every client; a host of another program version refuses."""

    id: int
    version: str


class StartRun(Struct, frozen=True, tag=True, kw_only=True):
    """Start a run. `secrets` (variables for the sandbox, API keys) live in memory only."""

    id: int
    spec: RunSpec
    secrets: dict[str, str] = {}


class Attach(Struct, frozen=True, tag=True):
    """Send the run's journal, then its stream."""

    id: int
    run: str


class Leave(Struct, frozen=True, tag=True):
    """Stop sending the run's records; the run goes on."""

    id: int
    run: str


class Decide(Struct, frozen=True, tag=True, kw_only=True):
    """A person's decision; `address` is that of the step that was painted, for gate decisions."""

    id: int
    run: str
    decision: Decision
    address: StepAddress | None = None
    gate: Gate | None = None
    """The gate that was painted: a step may wait before and after it runs. None: whichever waits there."""


class Changes(Struct, frozen=True, kw_only=True):
    """What is to be different where a run is taken up again or forked; None: as it was."""

    model: ModelSpec | None = None
    mode: Mode | None = None
    limits: Limits | None = None
    system_prompt: str | None = None
    message: str = ""
    """Said to the model before its next turn."""
    arguments: str | None = None
    """What the step that is next runs instead; only where the fork is before a step."""
    name: str | None = None
    """Wished for a fork."""
    is_held: bool = False
    """It waits for a person at its next gate."""


class Fork(Struct, frozen=True, tag=True, kw_only=True):
    """Begin a new run at a step of this one, live or not; answered by its name. See `events.RunForked`."""

    id: int
    run: str
    point: StepAddress
    is_before: bool = False
    kind: Literal["fork", "rewind"] = "fork"
    rebuild: bool = False
    """The sandbox is rebuilt by re-execution, also where there is a checkpoint. See `Reexecute`."""
    changes: Changes = Changes()
    secrets: dict[str, str] = {}


class Reexecute(Struct, frozen=True, tag=True, kw_only=True):
    """Do again what is recorded of a run, in a fresh sandbox; answered by the new run's name.

    Up to `last` (None: to its end); then, where `takes_over`, a live model goes on as `changes` say.
    """

    id: int
    run: str
    last: StepAddress | None = None
    is_before: bool = False
    is_stopping: bool = False
    """It stops at the first step that diverges."""
    mode: Mode = "auto"
    """`step`: each step waits."""
    image: str = ""
    """Another image than the recorded one."""
    sandbox: Literal["", "docker", "embedded"] = ""
    """Another home than the recorded one."""
    fallback_image: str = ""
    """Taken for a trajectory of another program whose own image is not here."""
    network: Literal["", "auto", "bridge", "allow", "none"] = ""
    inputs: tuple[str, ...] | None = None
    """Host paths that take the place of the recorded inputs."""
    rules: tuple[Rule, ...] | None = None
    """The rules of normalising that are on; None: the shipped ones."""
    takes_over: bool = False
    changes: Changes = Changes()
    secrets: dict[str, str] = {}


class TakeUp(Struct, frozen=True, tag=True, kw_only=True):
    """Go on with a run that no process has any more, from its last checkpoint, in its own journal."""

    id: int
    run: str
    changes: Changes = Changes()
    secrets: dict[str, str] = {}


class ListLive(Struct, frozen=True, tag=True):
    """Which runs live here."""

    id: int


class WarmUp(Struct, frozen=True, tag=True):
    """Import what the next run will need, so that it starts at once."""

    id: int


class CloseRun(Struct, frozen=True, tag=True):
    """The ended run needs no follow-up: remove its sandbox."""

    id: int
    run: str


class Bye(Struct, frozen=True, tag=True):
    """The client leaves."""


Ask = (
    Hello
    | StartRun
    | Fork
    | Reexecute
    | TakeUp
    | Attach
    | Leave
    | Decide
    | ListLive
    | WarmUp
    | CloseRun
    | Bye
)


class Done(Struct, frozen=True, tag=True):
    """The ask was carried out; `run` names the run it was about."""

    id: int
    run: str = ""


class Refused(Struct, frozen=True, tag=True):
    """The ask was not carried out; a sentence for a person."""

    id: int
    sentence: str
    exit_code: int = 1


class LiveRuns(Struct, frozen=True, tag=True):
    """The runs that live here."""

    id: int
    runs: tuple[str, ...]


class Happened(Struct, frozen=True, tag=True):
    """A record of an attached run, encoded by `events.encode`."""

    run: str
    record: msgspec.Raw


class CaughtUp(Struct, frozen=True, tag=True):
    """The journal so far was sent; what follows is live."""

    run: str


class Closed(Struct, frozen=True, tag=True):
    """Nothing more will come of this run."""

    run: str


Tell = Done | Refused | LiveRuns | Happened | CaughtUp | Closed

ASKS: msgspec.json.Decoder[Ask] = msgspec.json.Decoder(Ask)
TELLS: msgspec.json.Decoder[Tell] = msgspec.json.Decoder(Tell)
_ENCODER = msgspec.json.Encoder()
_LENGTH = struct.Struct(">I")


def frame(message: Ask | Tell) -> bytes:
    """Give the message as one frame."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body)) + body


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """Read one frame's body; None where the other side has left. Raises HostUnreachable."""
    try:
        head = await reader.readexactly(_LENGTH.size)
        (length,) = _LENGTH.unpack(head)
        if length > MOST_FRAME:
            raise HostUnreachable(
                f"A message of {length:,} bytes is too long; the two programs do not match."
            )
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
