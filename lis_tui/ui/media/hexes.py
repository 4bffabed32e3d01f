"""Bytes: where they stand, as numbers, and those that can be printed as characters."""

from lis_tui.preview.parts import Hex
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row


class HexSheet:
    """Sixteen bytes a line, or fewer where there is less room."""

    def __init__(self, part: Hex, width: int) -> None:
        self._part = part
        self._digits = max(len(f"{part.first + len(part.data):x}"), 4)
        self.at_once = bytes_a_line(width, self._digits)

    def __len__(self) -> int:
        return -(-len(self._part.data) // self.at_once)

    def line(self, number: int, width: int) -> Drawn:
        """Give a line of bytes."""
        start = number * self.at_once
        data = self._part.data[start : start + self.at_once]
        inks: list[Ink] = [(f"{self._part.first + start:0{self._digits}x}  ", "muted")]
        for at in range(0, self.at_once, 4):
            four = data[at : at + 4]
            tone = "output" if any(four) else "rule"
            inks += [(f"{four.hex(' '):<11}", tone), ("  ", "")]
        inks.append((_printable(data), "syntax-string"))
        return Row(inks, lead=LEAD)


def bytes_a_line(width: int, digits: int) -> int:
    """Give how many bytes fit, in fours."""
    for count in (16, 8):
        if 1 + digits + 2 + count * 3 + count // 4 + count <= width:
            return count
    return 4


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in data)
