"""Knows whether the processes of a sandbox are still those of one life of it, or all of them have ended."""

from lis_tui.sandbox.service import Service

_ASK = b'IFS= read -r __line </proc/1/stat; echo "${__line##*) }"'
_STARTED = 19
"""The place, behind its name, of when a process started."""


class Lifetime:
    """Tells one life of a sandbox from the next by when its first process started."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known = b""

    async def has_ended(self) -> bool:
        """Whether another life has begun since it was last asked; the first is none. Raises ShellLost."""
        words = (await self._service.ask(_ASK)).output.split()
        known, self._known = self._known, words[_STARTED] if len(words) > _STARTED else b""
        return known not in (b"", self._known)
