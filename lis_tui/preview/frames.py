"""What the screen and its worker say to each other: a length, then msgpack; a descriptor may come along."""

import os
import socket
from collections.abc import Callable

import msgspec
from msgspec import Struct

from lis_tui.preview.kinds import Kind
from lis_tui.preview.parts import Preview, Wanted

MOST_INLINE = 64 << 20
"""Bytes of a file that go along with a request; a larger one goes as a descriptor."""
MOST_REPLY = 24 << 20
"""Bytes of a reply: more than any screen can draw."""
MOST_WORDS = 4 << 20
"""Of those all but the points of pictures and the bytes of a hex view: small values take up to fifty times as
much memory as they do in a message."""
_LENGTH = 4


class Asked(Struct, frozen=True, tag=True):
    """A preview is asked for, of these bytes; None: of the descriptor that comes along."""

    wanted: Wanted
    data: bytes | None = None
    kind: Kind | None = None
    """None: the content tells."""


class Ready(Struct, frozen=True, tag=True):
    """The worker has given up what it does not need, and waits."""

    barriers: tuple[str, ...]
    """What holds it now, in the words of `limits`."""


class Began(Struct, frozen=True, tag=True):
    """It knows what the file is, `a PNG picture`, and reads it."""

    kind: Kind
    called: str


class Shown(Struct, frozen=True, tag=True):
    """The preview. `is_spent`: the worker took so much that it ends, and another has to follow it."""

    preview: Preview
    is_spent: bool = False


class Refused(Struct, frozen=True, tag=True):
    """There is none, in a sentence."""

    sentence: str
    is_spent: bool = False


Reply = Ready | Began | Shown | Refused


class _Bulk(Struct):
    """A part of a preview, of which only the one large value is looked at, and not even that unpacked."""

    data: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class _Parts(Struct):
    parts: tuple[_Bulk, ...] = ()


class _Sized(Struct):
    preview: _Parts = msgspec.field(default_factory=_Parts)


_SIZES: msgspec.msgpack.Decoder[_Sized] = msgspec.msgpack.Decoder(_Sized)
_REPLIES: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
_REQUESTS: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)


class TooLong(ValueError):
    """There is more in a preview than a screen takes."""


class LinkLost(Exception):
    """The other side is gone, or does not keep to the protocol."""


def ask(link: socket.socket, request: Asked, descriptor: int | None = None) -> None:
    """Send a request. Raises OSError."""
    body = msgspec.msgpack.encode(request)
    head = len(body).to_bytes(_LENGTH, "big")
    if descriptor is None:
        link.sendall(head)
    else:
        # four bytes always fit into an empty buffer at once
        socket.send_fds(link, [head], [descriptor])
    link.sendall(body)


def take_request(link: socket.socket) -> tuple[Asked, int | None]:
    """Wait for a request, and for what came along with it. Raises LinkLost, OSError."""
    head, descriptors, _, _ = socket.recv_fds(link, _LENGTH, 1)
    try:
        head += _exactly(link.recv, _LENGTH - len(head))
        size = int.from_bytes(head, "big")
        body = _exactly(link.recv, size)
        return _REQUESTS.decode(body), descriptors[0] if descriptors else None
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def reply(link: socket.socket, answer: Reply) -> None:
    """Send one reply. Raises OSError, TooLong."""
    body = msgspec.msgpack.encode(answer)
    if len(body) > MOST_REPLY or _words(body) > MOST_WORDS:
        raise TooLong(f"the preview has {len(body):,} bytes, more than a screen takes")
    link.sendall(len(body).to_bytes(_LENGTH, "big"))
    link.sendall(body)


def take_reply(link: socket.socket, left_s: Callable[[], float]) -> Reply:
    """Wait for a reply as long as there is time left. Raises LinkLost, TimeoutError, OSError.

    The worker may be in the hands of the file it read: nothing it says is believed unlooked at.
    """

    def receive(most: int) -> bytes:
        rest = left_s()
        if rest <= 0:
            raise TimeoutError
        link.settimeout(rest)
        return link.recv(most)

    size = int.from_bytes(_exactly(receive, _LENGTH), "big")
    if size > MOST_REPLY:
        raise LinkLost(f"A reply of {size:,} bytes was announced.")
    try:
        body = _exactly(receive, size)
        if _words(body) > MOST_WORDS:
            raise LinkLost("The reply would take too much memory.")
        return _REPLIES.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise LinkLost("The reply makes no sense.") from error


def _words(body: bytes) -> int:
    """Count the bytes of a reply that become small values."""
    return len(body) - sum(len(part.data) for part in _SIZES.decode(body).preview.parts)


def _exactly(receive: Callable[[int], bytes], size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        piece = receive(min(size - len(found), 1 << 20))
        if not piece:
            raise LinkLost("The other side is gone.")
        found += piece
    return bytes(found)
