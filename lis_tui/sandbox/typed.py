"""What is typed into the commands of a shell: it waits here until the command reads it."""

import asyncio

from lis_tui.sandbox.bash import Step
from lis_tui.sandbox.service import Data, Service

_PIECE = 4096


class Typed:
    """Owns the input that commands read: a FIFO in the private `folder`, which the service holds open."""

    def __init__(self, service: Service, folder: str) -> None:
        self._service = service
        self._folder = folder
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.is_used = False
        """Something was typed, or the input was ended, since it was new."""

    @property
    def fifo(self) -> str:
        """The input's path inside."""
        return f"{self._folder}/in"

    def put(self, data: bytes) -> None:
        """Type this after what was typed before."""
        self.is_used = True
        for at in range(0, len(data), _PIECE):
            self._queue.put_nowait(data[at : at + _PIECE])

    def end(self) -> None:
        """End the input after what was typed."""
        self.is_used = True
        self._queue.put_nowait(None)

    async def feed(self, step: Step) -> None:
        """Pass on what is typed, piece by piece, each in a process that may block until it is read."""
        while not step.is_over:
            piece = await self._queue.get()
            if piece is None:
                await self._service.ask(b"exec 9>&-", is_apart=False)
                return
            note = f"{self._folder}/typed".encode()
            await self._service.ask(b"cat >|" + note, data=Data(len(piece), [piece]))
            await self._service.ask(
                b"{ cat %s >&9; rm -f %s; } </dev/null >/dev/null 2>&1 &" % (note, note), is_apart=False
            )
            while (await self._service.ask(b"[[ -e %s ]]" % note, is_apart=False)).code == 0:  # noqa: ASYNC110 (told by nobody)
                await asyncio.sleep(0.02)

    async def renew(self) -> None:
        """Throw away what was typed and not read, and have an open input again."""
        while not self._queue.empty():
            self._queue.get_nowait()
        await self._service.ask(prepare(self._folder, is_fresh=True), is_apart=False)
        self.is_used = False


def prepare(folder: str, *, is_fresh: bool = False) -> bytes:
    """Make the private folder with what the loop needs; FD 9 of the service holds the input open."""
    lines = (
        f"d={folder}; exec 9>&-; mkdir -p $d; chmod 700 $d",
        "for p in $(jobs -p); do kill $p; done; rm -f $d/in $d/typed" if is_fresh else "",
        "[[ -p $d/in ]] || mkfifo -m 600 $d/in; exec 9<>$d/in",
        """printf '%s\\n' '\\builtin eval "$__lis_cmd"' >|$d/go""",
    )
    return "\n".join(lines).encode()
