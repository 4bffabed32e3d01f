"""What makes previews, as the screen needs it; nothing is started before the first one is asked for."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lis_tui.core.content import Content
    from lis_tui.preview.kinds import Kind
    from lis_tui.preview.parts import Preview, Wanted
    from lis_tui.preview.studio import Studio


class Previews(Protocol):
    """Makes previews of files that nobody trusts."""

    async def preview(
        self,
        content: "Content | bytes",
        wanted: "Wanted",
        kind: "Kind | None" = None,
        *,
        asker: Hashable = None,
    ) -> "Preview":
        """Say what a file looks like. Raises CannotShow.

        A new call of an `asker` takes the place of the one before, which raises Overtaken.
        """
        ...

    async def close(self) -> None:
        """End what works on them."""
        ...


class LazyStudio:
    """The studio, which is not even imported before somebody looks at a file."""

    def __init__(self) -> None:
        self._studio: Studio | None = None

    async def preview(
        self,
        content: "Content | bytes",
        wanted: "Wanted",
        kind: "Kind | None" = None,
        *,
        asker: Hashable = None,
    ) -> "Preview":
        """Say what a file looks like. Raises CannotShow."""
        if self._studio is None:
            from lis_tui.preview.studio import Studio

            self._studio = Studio()
        return await self._studio.preview(content, wanted, kind, asker=asker)

    async def close(self) -> None:
        """End the workers, if there are any."""
        if self._studio is not None:
            await self._studio.close()
