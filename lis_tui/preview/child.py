"""One worker as the screen's side holds it: asked one file at a time, ended. Blocks: for threads."""

import socket
import subprocess
from collections.abc import Callable

from lis_tui.core.text import one_line
from lis_tui.preview.frames import Asked, Began, LinkLost, Ready, Refused, Reply, ask, take_reply
from lis_tui.preview.parts import CannotShow, Pixels, Preview

START_S = 20.0
MOST_S = 5.0
"""A person waits no longer for a picture of a file."""
MOST_MEDIA_S = 20.0
"""Films are sought through, and long sound is read whole."""
_MEDIA = ("video", "audio", "midi")
_LONGEST = 300

Clock = Callable[[], float]


class WorkerLost(CannotShow):
    """The worker ended, was ended, or made no sense; another has to follow it.

    `has_begun`: it was on the file then, so that the file may be what ended it.
    """

    def __init__(self, sentence: str, *, has_begun: bool = True) -> None:
        super().__init__(sentence)
        self.has_begun = has_begun


class Worker:
    """A process that decodes. `barriers` is what holds it."""

    def __init__(self, process: "subprocess.Popen[bytes]", link: socket.socket, clock: Clock) -> None:
        self.barriers: tuple[str, ...] = ()
        self.is_spent = False
        """It may not be asked again."""
        self._process = process
        self._link = link
        self._clock = clock

    @property
    def pid(self) -> int:
        """The process that was started: the worker, or the bubblewrap around it."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait until its limits hold. Raises WorkerLost."""
        try:
            answer = self._take(self._clock() + START_S)
        except (LinkLost, OSError) as error:
            raise WorkerLost("The process that reads files did not start.", has_begun=False) from error
        if isinstance(answer, Ready):
            self.barriers = answer.barriers

    def preview(self, request: Asked, descriptor: int | None = None) -> Preview:
        """Have one file decoded. Raises CannotShow; WorkerLost where another has to follow."""
        began: Began | None = None
        limit_s = MOST_S
        try:
            start = self._clock()
            self._link.settimeout(limit_s)
            ask(self._link, request, descriptor)
            answer = self._take(start + limit_s)
            if isinstance(answer, Began):
                began = answer
                limit_s = MOST_MEDIA_S if answer.kind in _MEDIA else MOST_S
                answer = self._take(start + limit_s)
        except TimeoutError as error:
            sentence = f"The preview took more than {limit_s:.0f} s and was stopped."
            raise self._lost(sentence, has_begun=True) from error
        except (LinkLost, OSError) as error:
            raise self._lost(self._why(began), has_begun=began is not None) from error
        return self._shown(answer)

    def _shown(self, answer: Reply) -> Preview:
        if isinstance(answer, Ready | Began):
            raise self._lost("The process that reads files does not make sense and was stopped.")
        self.is_spent = answer.is_spent
        if isinstance(answer, Refused):
            raise CannotShow(one_line(answer.sentence, _LONGEST))
        if not all(_is_whole(part) for part in answer.preview.parts if isinstance(part, Pixels)):
            raise self._lost("The picture that was made of this file has the wrong size.")
        return answer.preview

    def kill(self) -> None:
        """End it now, from any thread; a call that waits for it raises WorkerLost."""
        self._process.kill()

    def close(self) -> None:
        """End it, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        self._link.close()

    def _take(self, deadline: float) -> Reply:
        return take_reply(self._link, lambda: deadline - self._clock())

    def _lost(self, sentence: str, *, has_begun: bool = True) -> WorkerLost:
        self.is_spent = True
        self._process.kill()
        return WorkerLost(sentence, has_begun=has_begun)

    def _why(self, began: Began | None) -> str:
        what = one_line(began.called, 60).removeprefix("a ").removeprefix("an ") if began else "file"
        return (
            f"What reads it ended at this {what}: it is broken, made to break readers, or takes too much "
            "memory. Other files can be shown."
        )


def _is_whole(part: Pixels) -> bool:
    return part.width > 0 and part.height > 0 and len(part.data) == part.width * part.height * 4
