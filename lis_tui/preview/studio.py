"""Has previews made without ever blocking the screen: one worker at work, one warm beside it."""

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Protocol

from msgspec import structs

from lis_tui.core.bus import spawn
from lis_tui.core.content import Content
from lis_tui.core.text import safe_str
from lis_tui.preview.child import WorkerLost
from lis_tui.preview.frames import MOST_INLINE, Asked
from lis_tui.preview.kinds import Kind
from lis_tui.preview.parts import CannotShow, Preview, Wanted
from lis_tui.preview.starting import Starting

GRACE_S = 0.3
"""How long a preview that nobody waits for any more may go on: starting a worker takes as long."""

_TRIES = 3
"""Both that wait may have been ended from outside; the third is a new one."""


class Reader(Protocol):
    """What a studio needs of a worker; all of it is called in threads, `kill` in any."""

    is_spent: bool

    def preview(self, request: Asked, descriptor: int | None = None) -> Preview:
        """Read one file. Raises CannotShow; WorkerLost where another has to follow."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def close(self) -> None:
        """End it, and wait until it is gone."""
        ...


class Overtaken(CannotShow):
    """The same asker asked for something else meanwhile; nobody waits for this one."""


class _Job:
    """One preview that somebody waits for, or does not any more."""

    def __init__(self, content: Content, request: Asked) -> None:
        self.content = content
        self.request = request
        self.answer: asyncio.Future[Preview] = asyncio.get_running_loop().create_future()
        self.worker: Reader | None = None

    @property
    def is_waited_for(self) -> bool:
        return not self.answer.done()

    def answered(self, result: Preview | CannotShow) -> None:
        if not self.is_waited_for:
            return
        if isinstance(result, Preview):
            self.answer.set_result(result)
        else:
            self.answer.set_exception(result)

    def abandon(self) -> None:
        """Nobody waits any more: what works on it gets a moment, and is ended then."""
        if not self.answer.cancel() and not self.answer.cancelled():
            self.answer.exception()  # it came too late, and is nobody's any more
        if self.worker is not None:
            asyncio.get_running_loop().call_later(GRACE_S, self._end, self.worker)

    def _end(self, worker: Reader) -> None:
        if self.worker is worker:
            worker.kill()


class Studio:
    """Makes previews of hostile files in a process of their own. Belongs to one event loop.

    `start` gives a worker; it blocks, and is called in a thread.
    """

    def __init__(self, start: Callable[[], Reader] | None = None) -> None:
        self._start = start if start is not None else Starting()
        self._line = asyncio.Lock()
        self._jobs: dict[Hashable, _Job] = {}
        self._idle: Reader | None = None
        self._spare: asyncio.Future[Reader] | None = None
        self._at_work: Reader | None = None
        self._is_closed = False

    async def preview(
        self, content: Content | bytes, wanted: Wanted, kind: Kind | None = None, *, asker: Hashable = None
    ) -> Preview:
        """Say what a file looks like. Raises CannotShow with a sentence that says why not.

        `kind` None: the content tells. The content may be closed while this is awaited. A new call of an
        `asker` takes the place of the one before, which raises Overtaken; whoever cancels delays nobody.
        """
        job = _Job(*self._request(content, wanted, kind))
        if asker is not None:
            self._overtake(asker, job)
        spawn(self._serve(job), "preview")
        try:
            return await job.answer
        finally:
            job.abandon()
            if self._jobs.get(asker) is job:
                del self._jobs[asker]

    async def close(self) -> None:
        """End the workers; what is asked after that is refused."""
        self._is_closed = True
        if self._at_work is not None:
            self._at_work.kill()
        async with self._line:
            idle, self._idle = self._idle, None
            spare, self._spare = self._spare, None
            if idle is not None:
                await asyncio.to_thread(idle.close)
            if spare is not None:
                with suppress(WorkerLost):
                    await asyncio.to_thread((await spare).close)

    def _request(self, content: Content | bytes, wanted: Wanted, kind: Kind | None) -> tuple[Content, Asked]:
        content = content if isinstance(content, Content) else Content(content)
        if self._is_closed:
            raise CannotShow("The previews are closed.")
        if content.data is not None and len(content.data) > MOST_INLINE:
            raise CannotShow("It is too large to be shown from memory.")
        wanted = structs.replace(wanted, name=safe_str(wanted.name))
        return content.again(), Asked(wanted, content.data, kind)

    def _overtake(self, asker: Hashable, job: _Job) -> None:
        before = self._jobs.get(asker)
        if before is not None:
            before.answered(Overtaken("Another preview was asked for."))
            before.abandon()
        self._jobs[asker] = job

    async def _serve(self, job: _Job) -> None:
        try:
            with job.content:
                async with self._line:
                    if job.is_waited_for:
                        await self._work(job)
        finally:
            job.answered(WorkerLost("It could not be shown."))

    async def _work(self, job: _Job) -> None:
        try:
            job.answered(await self._made(job))
        except CannotShow as error:
            job.answered(error)

    async def _made(self, job: _Job) -> Preview:
        """Have it made; by another worker where one was gone before it looked at the file."""
        for _ in range(_TRIES - 1):
            try:
                return await self._tried(job)
            except WorkerLost as error:
                if error.has_begun or self._is_closed or not job.is_waited_for:
                    raise
        return await self._tried(job)

    async def _tried(self, job: _Job) -> Preview:
        worker = await self._take()
        if not job.is_waited_for:
            self._idle = worker
            raise Overtaken("It was given up before it began.")
        job.worker = self._at_work = worker
        try:
            return await asyncio.to_thread(worker.preview, job.request, job.content.descriptor)
        except asyncio.CancelledError:  # the loop ends without `close`, and would wait for the thread
            self._is_closed = worker.is_spent = True
            worker.kill()
            raise
        finally:
            job.worker = self._at_work = None
            await self._give_back(worker)

    async def _take(self) -> Reader:
        if self._is_closed:
            raise CannotShow("The previews are closed.")
        idle, self._idle = self._idle, None
        if idle is not None:
            return idle
        spare, self._spare = self._spare, None
        return await (spare if spare is not None else self._started())

    async def _give_back(self, worker: Reader) -> None:
        if worker.is_spent:
            await asyncio.to_thread(worker.close)
        else:
            self._idle = worker
        if self._spare is None and not self._is_closed:
            self._spare = self._started()

    def _started(self) -> asyncio.Future[Reader]:
        return asyncio.get_running_loop().run_in_executor(None, self._start)
