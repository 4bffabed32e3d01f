"""Reads what a terminal with graphics of its own is sent, by the protocols alone: to check what we write."""

import base64
import io
import re
import zlib
from dataclasses import dataclass, field

from PIL import Image


@dataclass
class Kitty:
    """A terminal that knows kitty's graphics: which pictures it holds, and how many cells they stand for."""

    pictures: dict[int, Image.Image] = field(default_factory=dict)
    cells: dict[int, tuple[int, int]] = field(default_factory=dict)
    chunks: list[int] = field(default_factory=list)
    answers: int = 0
    """How often it would have answered."""
    _open: dict[str, str] = field(default_factory=dict)
    _payload: str = ""

    def feed(self, data: str) -> None:
        """Take graphics commands; anything else between them is an error."""
        assert re.fullmatch(r"(?:\x1b_G[^\x1b]*\x1b\\)*", data), data[:80]
        for keys, payload in re.findall(r"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\", data):
            self._command(dict(pair.split("=", 1) for pair in keys.split(",")), payload)

    def _command(self, keys: dict[str, str], payload: str) -> None:
        self.answers += keys.get("q") != "2"
        self.chunks.append(len(payload))
        if self._open:
            assert set(keys) <= {"m", "q"}, "a later chunk has other keys"
            keys = self._open | keys
        if keys.get("a") == "d":
            assert keys["d"] == "I"
            del self.pictures[int(keys["i"])], self.cells[int(keys["i"])]
            return
        self._payload += payload
        if keys.get("m") == "1":
            assert len(payload) % 4 == 0, "a chunk ends within a group of base64"
            self._open = keys
            return
        self._open, whole, self._payload = {}, self._payload, ""
        self._place(keys, base64.b64decode(whole, validate=True))

    def _place(self, keys: dict[str, str], data: bytes) -> None:
        assert keys["a"] == "T"
        assert keys["U"] == "1"
        assert keys.get("t", "d") == "d"
        assert keys["f"] == "32"
        size = (int(keys["s"]), int(keys["v"]))
        raw = zlib.decompress(data) if keys.get("o") == "z" else data
        number = int(keys["i"])
        self.pictures[number] = Image.frombytes("RGBA", size, raw)
        self.cells[number] = (int(keys["c"]), int(keys["r"]))


def read_sixels(data: str) -> Image.Image:
    """Draw a sixel sequence, as DEC's manual has it."""
    found = re.fullmatch(r'\x1bP(\d*);(\d*);(\d*)q"(\d+);(\d+);(\d+);(\d+)([^\x1b]*)\x1b\\', data)
    assert found is not None, data[:40]
    assert found[4] == found[5] == "1", "pixels that are no squares"
    picture = Image.new("RGB", (int(found[6]), int(found[7])), (255, 0, 255))
    palette: dict[int, tuple[int, int, int]] = {}
    colour, column, top = (0, 0, 0), 0, 0
    token = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|(\$)|(-)")
    place, body = 0, found[8]
    while place < len(body):
        one = token.match(body, place)
        assert one is not None, body[place : place + 20]
        place = one.end()
        if one[1] is not None:
            if one[2] is not None:
                red, green, blue = (round(int(each) * 255 / 100) for each in (one[2], one[3], one[4]))
                palette[int(one[1])] = (red, green, blue)
            colour = palette[int(one[1])]
        elif one[8]:
            column = 0
        elif one[9]:
            column, top = 0, top + 6
        else:
            bits, count = ord(one[6] or one[7]) - 0x3F, int(one[5] or 1)
            for row in (row for row in range(6) if bits >> row & 1):
                picture.paste(colour, (column, top + row, column + count, top + row + 1))
            column += count
    return picture


def read_iterm(data: str) -> tuple[dict[str, str], Image.Image]:
    """Give the arguments and the picture of an inline file."""
    found = re.fullmatch(r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07", data)
    assert found is not None, data[:60]
    keys = dict(pair.split("=", 1) for pair in found[1].split(";"))
    raw = base64.b64decode(found[2], validate=True)
    assert len(raw) == int(keys["size"])
    return keys, Image.open(io.BytesIO(raw)).convert("RGB")
