"""Heavy imports, made in a thread of their own before the first run needs them."""

import asyncio
import threading


async def import_all() -> None:
    """Import what a run needs; the thread is a daemon, so it never holds up the end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def work() -> None:
        try:
            _import()
        finally:
            loop.call_soon_threadsafe(_finish, done)

    threading.Thread(target=work, name="warm-up", daemon=True).start()
    await done


def _import() -> None:
    import lis_tui.host.wiring  # noqa: F401  (for its own sake: it imports all rooms)
    from lis_tui.model import gateway

    gateway.rehearse()


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
