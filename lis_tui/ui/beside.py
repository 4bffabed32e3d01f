"""A file after two steps, where it was a picture both times: as pictures beside each other."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lis_tui.core.content import Content
from lis_tui.core.errors import LisError
from lis_tui.core.events import StepAddress
from lis_tui.preview.parts import CannotShow, Pixels, Preview, Wanted
from lis_tui.preview.signatures import by_signature
from lis_tui.ui.media.drawing import Easel
from lis_tui.ui.media.fitting import Room, box, is_whole
from lis_tui.ui.media.gallery import GAP, gallery
from lis_tui.ui.media.sheet import Sentences, Sheet

if TYPE_CHECKING:
    from lis_tui.trajectory.past_files import Past
    from lis_tui.ui.previews import Previews

_HEAD = 4096


async def side_by_side(
    past: "Past",
    path: str,
    between: tuple[StepAddress, StepAddress],
    previews: "Previews",
    easel: Easel,
    names: tuple[str, str],
) -> Sequence[Sheet] | None:
    """Draw before, after, and what differs; None where one of them is no picture."""
    opened = await asyncio.to_thread(_opened, past, path, between)
    if opened is None:
        return None
    look = easel.plain_look()
    room = Room(max(easel.room.columns // 3 - GAP, 1), max(easel.room.rows - 1, 1))
    width, height = box(room, look)
    wanted = Wanted(name=path.rpartition("/")[2], width_px=width, height_px=height)
    left, right = opened
    with left, right:
        try:
            shown = [await previews.preview(each, wanted, "picture") for each in (left, right)]
        except CannotShow as refused:
            return [Sentences(str(refused))]
    pictures = [_picture(preview) for preview in shown]
    if pictures[0] is None or pictures[1] is None:
        return None
    said = tuple(f"{name} · {_fact(preview)}" for name, preview in zip(names, shown, strict=True))
    drawn, _ = await asyncio.to_thread(
        gallery, (said[0], said[1]), pictures[0], pictures[1], easel.room, look
    )
    return [drawn]


def _opened(
    past: "Past", path: str, between: tuple[StepAddress, StepAddress]
) -> tuple[Content, Content] | None:
    """Open both where both begin as a picture does. Slow, for a thread."""
    found: list[Content] = []
    try:
        for address in between:
            content = past.open(address, path)
            found.append(content)
            format_ = by_signature(content.read(_HEAD))
            if format_ is None or format_.kind != "picture":
                break
        else:
            return found[0], found[1]
    except (LisError, OSError):
        pass
    for content in found:
        content.close()
    return None


def _picture(preview: Preview) -> Pixels | None:
    return next((part for part in preview.parts if isinstance(part, Pixels) and is_whole(part)), None)


def _fact(preview: Preview) -> str:
    return preview.facts[0] if preview.facts else preview.called
