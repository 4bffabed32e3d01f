"""Kitty's graphics: a picture is sent once under a number, and placed by placeholder characters in cells.

The placeholders are text in the colour of the picture's number. So the picture scrolls, is cut and is
covered as text is, and goes with it.
"""

import base64
import random
import zlib
from functools import cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from lis_tui.ui.media.graphics import Colour

MOST_CHUNK = 4096
_PLACEHOLDER = "\U0010eeee"
_MARKS = (
    "0305 030d 030e 0310 0312 033d 033e 033f 0346 034a 034b 034c 0350 0351 0352 0357 035b 0363 0364 0365 "
    "0366 0367 0368 0369 036a 036b 036c 036d 036e 036f 0483 0484 0485 0486 0487 0592 0593 0594 0595 0597 "
    "0598 0599 059c 059d 059e 059f 05a0 05a1 05a8 05a9 05ab 05ac 05af 05c4 0610 0611 0612 0613 0614 0615 "
    "0616 0617 0657 0658 0659 065a 065b 065d 065e 06d6 06d7 06d8 06d9 06da 06db 06dc 06df 06e0 06e1 06e2 "
    "06e4 06e7 06e8 06eb 06ec 0730 0732 0733 0735 0736 073a 073d 073f 0740 0741 0743 0745 0747 0749 074a "
    "07eb 07ec 07ed 07ee 07ef 07f0 07f1 07f3 0816 0817 0818 0819 081b 081c 081d 081e 081f 0820 0821 0822 "
    "0823 0825 0826 0827 0829 082a 082b 082c 082d 0951 0953 0954 0f82 0f83 0f86 0f87 135d 135e 135f 17dd "
    "193a 1a17 1a75 1a76 1a77 1a78 1a79 1a7a 1a7b 1a7c 1b6b 1b6d 1b6e 1b6f 1b70 1b71 1b72 1b73 1cd0 1cd1 "
    "1cd2 1cda 1cdb 1ce0 1dc0 1dc1 1dc3 1dc4 1dc5 1dc6 1dc7 1dc8 1dc9 1dcb 1dcc 1dd1 1dd2 1dd3 1dd4 1dd5 "
    "1dd6 1dd7 1dd8 1dd9 1dda 1ddb 1ddc 1ddd 1dde 1ddf 1de0 1de1 1de2 1de3 1de4 1de5 1de6 1dfe 20d0 20d1 "
    "20d4 20d5 20d6 20d7 20db 20dc 20e1 20e7 20e9 20f0 2cef 2cf0 2cf1 2de0 2de1 2de2 2de3 2de4 2de5 2de6 "
    "2de7 2de8 2de9 2dea 2deb 2dec 2ded 2dee 2def 2df0 2df1 2df2 2df3 2df4 2df5 2df6 2df7 2df8 2df9 2dfa "
    "2dfb 2dfc 2dfd 2dfe 2dff a66f"
)
"""The protocol's marks for the numbers from 0 on, as its table lists them."""


@cache
def _marks() -> tuple[str, ...]:
    return tuple(chr(int(code, 16)) for code in _MARKS.split())


def most_cells() -> int:
    """How many columns and rows can be numbered."""
    return len(_marks())


def new_number(*, has_true_colour: bool) -> int:
    """Give a picture's number, which the colour of its cells can say; others may use the same terminal."""
    return random.randrange(1 << 16, 1 << 24) if has_true_colour else random.randrange(16, 256)


def sending(number: int, data: bytes, size: tuple[int, int], cells: tuple[int, int]) -> list[str]:
    """Give the sequences that send RGBA pixels and have them stand for so many columns and rows of cells."""
    payload = base64.standard_b64encode(zlib.compress(data, 6)).decode("ascii")
    chunks = [payload[at : at + MOST_CHUNK] for at in range(0, len(payload), MOST_CHUNK)]
    head = f"a=T,U=1,q=2,f=32,o=z,t=d,i={number},s={size[0]},v={size[1]},c={cells[0]},r={cells[1]}"
    found = []
    for place, chunk in enumerate(chunks):
        more = int(place < len(chunks) - 1)
        keys = f"{head},m={more}" if place == 0 else f"q=2,m={more}"
        found.append(f"\x1b_G{keys};{chunk}\x1b\\")
    return found


def forgetting(number: int) -> str:
    """Give the sequence that removes a picture and frees what it took."""
    return f"\x1b_Ga=d,d=I,q=2,i={number}\x1b\\"


def wrapped(sequence: str) -> str:
    """Give a sequence as tmux passes it on, where it was told to."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def placeholders(
    number: int, columns: int, rows: int, ground: Colour, *, has_true_colour: bool = True
) -> list[Strip]:
    """Give the cells of a picture; each names its row and column, so that it may be cut anywhere."""
    ink = Color.from_rgb(number >> 16, number >> 8 & 255, number & 255)
    if not has_true_colour:
        ink = Color.from_ansi(number)
    style = Style.from_color(ink, Color.from_rgb(*ground))
    marks = _marks()
    return [
        Strip(
            [Segment(_PLACEHOLDER + marks[row] + marks[column], style) for column in range(columns)], columns
        )
        for row in range(rows)
    ]
