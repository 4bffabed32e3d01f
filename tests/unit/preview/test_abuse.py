"""Files made to break what reads them break nothing: each is answered, in little memory, as are others.

All of it runs over whatever kinds have a decoder, through the studio, as the screen does. Each family has a
control: what happens to a throw-away process without the defence.
"""

import asyncio
import functools
import io
import os
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from lis_tui.core.content import Content
from lis_tui.preview import child, decoders
from lis_tui.preview.child import Worker
from lis_tui.preview.file import HeldFile
from lis_tui.preview.frames import Shown
from lis_tui.preview.kinds import Kind, kind_of
from lis_tui.preview.limits import MOST_DATA
from lis_tui.preview.parts import CannotShow, Column, Pixels, Preview, Table, Wanted
from lis_tui.preview.starting import Starting
from lis_tui.preview.studio import Studio
from tests import bombs
from tests.canary import Canary, listening
from tests.workers import can_enclose

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory has limits on Linux alone")
MOST_PEAK = MOST_DATA + (64 << 20)
"""What libraries bring along is mapped from their files, and is no data of the process."""
GOOD = bombs.svg('<rect width="64" height="64" fill="#00ff00"/>')


class Screen:
    """Asks as the screen does, and watches the workers."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.peak = 0
        self.studio = Studio(self._started)
        self._starting = Starting()

    def _started(self) -> Worker:
        self.workers.append(self._starting())
        return self.workers[-1]

    async def ask(self, content: bytes | Content, name: str = "", kind: Kind | None = None) -> str:
        """Tell what came of it: what is shown, or why nothing is; nothing else may come of it."""
        try:
            found = await self.studio.preview(content, Wanted(name=name), kind)
            said = f"{found.called}: {', '.join(found.facts)} {found.note}"
        except CannotShow as refused:
            said = str(refused)
        self.peak = max(self.peak, *(peak_bytes(worker.pid) for worker in self.workers))
        assert self.peak < MOST_PEAK, said
        return said

    async def check(self) -> None:
        """Show a good file, as before."""
        found = await self.studio.preview(GOOD, Wanted())
        assert isinstance(found.parts[0], Pixels)
        assert found.parts[0].data[:4] == b"\0\xff\0\xff"


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    made = Screen()
    yield made
    await made.check()
    await made.studio.close()


def peak_bytes(pid: int) -> int:
    """Tell the most memory that a process and those below it ever had; none of one that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return max([int(own.split()[1]) * 1024, *(peak_bytes(int(child)) for child in children)])


def alone(code: str, given: bytes, *, most_s: int = 5) -> "subprocess.CompletedProcess[bytes]":
    """Run a program without any defence of ours in a process that may take as much as a worker."""
    limits = (
        "import resource as r, sys, io, gzip, json, zlib, zipfile, tarfile\n"
        f"r.setrlimit(r.RLIMIT_DATA, ({MOST_DATA},) * 2); r.setrlimit(r.RLIMIT_CPU, ({most_s},) * 2)\n"
        "r.setrlimit(r.RLIMIT_CORE, (0, 0)); data = sys.stdin.buffer.read(); file = io.BytesIO(data)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", limits + code], input=given, capture_output=True, check=False
    )


# ---- bombs, lies and nests

PILLOW = "from PIL import Image; Image.MAX_IMAGE_PIXELS = None; Image.open(file).load()"
RESVG = "import resvg_py; resvg_py.svg_to_bytes(svg_string=data.decode())"
LAUGHING = r"""
import re
names = dict(re.findall(r'<!ENTITY (\w+) "([^"]*)">', text))
text = text[text.index(']>') :]
while found := re.search(r'&(a[0-9]);', text):
    text = text.replace(found[0], names[found[1]])
"""
"""What a reader does that simply puts in what entities stand for; expat, which ours use, stops by itself."""
SHEET = (
    "book = zipfile.ZipFile(file); name = next(n for n in book.namelist() if n.startswith('xl/worksheets'))\n"
)
DOUBLING = "shapes = [1]\nfor _ in range(data.count(b'<use') // 2): shapes = shapes + shapes"
"""What a reader does that puts a copy in the place of each use."""
CONTROLS = {
    "svg entities": f"text = data.decode()\n{LAUGHING}",
    "xlsx entities": f"{SHEET}text = book.read(name).decode()\n{LAUGHING}",
    "svg uses": DOUBLING,
    "png": PILLOW,
    "gif": PILLOW,
    "bmp of 2^31": PILLOW,
    "png comment": "zlib.decompressobj().decompress(data[data.index(b'zTXt') + 13 :])",
    "gzip": "gzip.decompress(data)",
    "tar.gz": "tar = tarfile.open(fileobj=file); tar.extractfile(tar.next()).read()",
    "zip": "book = zipfile.ZipFile(file); book.read(book.namelist()[0])",
    "xlsx": "import fastexcel; fastexcel.read_excel(data).load_sheet(0)",
    "svg nested": RESVG,
    "json nested": "json.loads(data)",
    "pdf": "import pypdfium2; pypdfium2.PdfDocument(data)[0].render()",
}
"""What a library does with it that is simply asked; where there is none, the library defends itself."""
QUICK = ("svg entities", "xlsx entities", "svg uses", "bmp of 2^31", "svg nested", "json nested", "pdf")


@linux
@pytest.mark.parametrize("family", bombs.FAMILIES)
async def test_a_bomb_is_answered_in_little_memory(screen: Screen, family: str) -> None:
    for name in bombs.FAMILIES[family]:
        said = await screen.ask(bombs.BOMBS[name]())
        assert said, name
        assert "ended at this" not in said, f"{name} is known, and need not cost a worker"


@linux
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CONTROLS]
)
def test_without_a_defence_a_bomb_ends_its_reader(name: str) -> None:
    found = alone(CONTROLS[name], bombs.BOMBS[name]())
    assert found.returncode != 0
    said = found.stderr.decode(errors="replace")
    errors = ("MemoryError", "RecursionError", "OverflowError")
    assert found.returncode < 0 or any(error in said for error in errors), said


READ_REPLY = """
import socket, threading
from lis_tui.preview import frames
here, there = socket.socketpair()
message = len(data).to_bytes(frames._LENGTH, 'big') + data
threading.Thread(target=there.sendall, args=(message,), daemon=True).start()
try:
    frames.take_reply(here, lambda: 60.0)
except frames.LinkLost as lost:
    print(lost)
"""


@linux
def test_a_reply_of_very_many_small_values_is_not_taken() -> None:
    """Ten million rows of 2 bytes, as a worker would send them that is in the hands of a file."""
    row = msgspec.msgpack.encode((None,))
    table = Table((Column("a"),), ((None,),))
    reply = msgspec.msgpack.encode(Shown(Preview(kind="csv", called="a table", parts=(table,))))
    count = 10_000_000
    rows = b"\xdd" + count.to_bytes(4, "big") + row * count
    assert reply.count(b"\x91" + row) == 1
    reply = reply.replace(b"\x91" + row, rows)
    found = alone(READ_REPLY, reply, most_s=30)
    assert found.stdout == b"The reply would take too much memory.\n", found.stderr
    control = alone("from lis_tui.preview import frames; frames._REPLIES.decode(data)", reply, most_s=30)
    assert b"MemoryError" in control.stderr or control.returncode < 0


# ---- what would be read or asked elsewhere


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as one:
        yield one


def drawings(secret: str, address: str) -> list[bytes]:
    """Make drawings that would load a picture of this machine or of the network."""
    found = []
    for place in (secret, f"file://{secret}", f"../../../../../../../../../../{secret}", f"{address}/image"):
        found += [
            bombs.svg(f'<image width="64" height="64" xlink:href="{place}"/>'),
            bombs.svg(f'<image width="64" height="64" href="{place}"/>'),
            bombs.svg(
                f'<defs><pattern id="p" width="64" height="64"><image width="64" height="64" href="{place}"/>'
                '</pattern></defs><rect width="64" height="64" fill="url(#p)"/>'
            ),
            bombs.svg(f'<filter id="f"><feImage href="{place}"/></filter><rect filter="url(#f)"/>'),
            bombs.svg(
                f'<use href="{place}#x"/><style>@import url({place}); rect {{fill: url({place})}}</style>'
            ),
            bombs.svg("<text>&x;</text>", f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{place}">]>'),
            bombs.svg("<text>x</text>", f'<!DOCTYPE svg SYSTEM "{place}"><?xml-stylesheet href="{place}"?>'),
            bombs.svg(f"<script>fetch('{place}')</script><script href='{place}'/>"),
        ]
    return found


async def test_a_drawing_reads_no_file_and_asks_nobody(
    screen: Screen, canary: Canary, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (64, 64), (255, 0, 0)).save(secret)
    for drawing in drawings(str(secret), canary.address):
        try:
            found = await screen.studio.preview(drawing, Wanted())
        except CannotShow:
            continue
        pixels = [part.data for part in found.parts if isinstance(part, Pixels)]
        assert pixels
        assert not any(b"\xff\0\0\xff" in data for data in pixels), drawing
    assert canary.asked == []
    # the control: resvg itself draws the secret, and a canary does hear
    code = "from PIL import Image; import resvg_py\n"
    code += "picture = Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=data.decode())))\n"
    code += "print(picture.convert('RGB').getpixel((32, 32)))"
    assert alone(code, drawings(str(secret), canary.address)[0]).stdout.strip() == b"(255, 0, 0)"
    assert alone(f"import urllib.request as u; u.urlopen('{canary.address}/heard')", b"").returncode != 0
    assert canary.asked == ["/heard"]


async def test_texts_that_name_files_and_addresses_read_and_ask_nothing(
    screen: Screen, canary: Canary, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    for place in (str(secret), f"file://{secret}", f"{canary.address}/x"):
        for text in (
            f'<!doctype html><title>t</title><img src="{place}"><iframe src="{place}"></iframe>'
            f'<link rel=prefetch href="{place}"><script src="{place}"></script><object data="{place}">',
            f"# Title\n\n![]({place})\n\n[x]: {place}\n",
            f"#EXTM3U\n#EXTINF:1,\n{place}\n",
            f"ffconcat version 1.0\nfile '{place}'\n",
            f'{{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": [{{"cell_type": "markdown", '
            f'"metadata": {{}}, "source": "![]({place})"}}]}}',
        ):
            for kind in (None, "video", "audio"):
                assert "secret words" not in await screen.ask(text.encode(), "x", kind)
    assert canary.asked == []


# ---- files that are not what they were


def endless(start: bytes, folder: Path) -> Content:
    """Open a file of 10 GB that begins like another and has holes after that."""
    path = folder / "endless"
    path.write_bytes(start)
    os.truncate(path, 10 << 30)
    return Content(descriptor=os.open(path, os.O_RDONLY))


@linux
async def test_a_file_of_ten_gigabytes_is_answered_in_little_memory(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # whether it is shown in time or given up: this is about neither memory nor the screen being lost
    monkeypatch.setattr(child, "MOST_S", 0.3)
    monkeypatch.setattr(child, "MOST_MEDIA_S", 0.3)
    for kind in decoders._MODULES:
        with endless(seeds()[kind][0], tmp_path) as content:
            for forced in (None, kind):
                assert await screen.ask(content, f"x.{kind}", forced), kind
    monkeypatch.undo()


@linux
def test_without_a_defence_such_a_file_ends_its_reader(tmp_path: Path) -> None:
    with endless(b"", tmp_path):
        found = alone(f"open({str(tmp_path / 'endless')!r}, 'rb').read()", b"")
    assert b"MemoryError" in found.stderr


async def test_a_file_that_is_cut_and_grows_while_it_is_read_is_answered(
    screen: Screen, tmp_path: Path
) -> None:
    for kind in decoders._MODULES:
        await unsteady(screen, kind, tmp_path / kind)


async def unsteady(screen: Screen, kind: Kind, path: Path) -> None:
    """Ask for a file while another cuts it, lets it grow and in the end removes it."""
    seed = seeds()[kind][0]
    path.write_bytes(seed)
    is_over = threading.Event()

    # Opened before the thread begins, which may be after the file was removed.
    file = path.open("r+b", buffering=0)

    def change() -> None:
        with file:
            while not is_over.is_set():
                for size in (0, len(seed) // 2, len(seed)):
                    file.truncate(size)
                    file.seek(0)
                    file.write(seed[:size])

    changing = threading.Thread(target=change)
    changing.start()
    try:
        with Content(descriptor=os.open(path, os.O_RDONLY)) as content:
            for _ in range(5):
                assert await screen.ask(content, "x", kind)
            path.unlink()
            assert await screen.ask(content, "x", kind)
    finally:
        is_over.set()
        changing.join()


async def test_names_with_anything_in_them_are_answered_cleanly(screen: Screen) -> None:
    for name in (
        "a\nb.png",
        "\x1b]0;evil\x07.csv",
        "\u202egpj.exe",
        "x" * 100_000,
        "\ud800",
        "",
        "../..",
        "\0",
    ):
        for data in (GOOD, b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\nbroken", b"\0\1\2"):
            said = await screen.ask(data, name)
            assert "\x1b" not in said
            assert "\n" not in said


# ---- noise


@functools.cache
def seeds() -> dict[str, list[bytes]]:
    """Give real files of every kind that has a decoder."""
    found: dict[str, list[bytes]] = {kind: [] for kind in decoders._MODULES}
    files = [path.read_bytes() for path in sorted(bombs.MEDIA.iterdir()) if path.is_file()]
    for data in (
        *files,
        GOOD,
        bombs.pdf("0 0 200 100", 1),
        b"# Title\n\ntext *of* **it**\n",
        bytes(range(256)),
    ):
        kind = kind_of(HeldFile(data), "x")
        if kind in found:
            found[kind].append(data)
    found["markdown"].append(
        b"# Title\n\n- a\n- b\n\n```python\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    found["html"].append(b"<!doctype html><title>t</title><h1>h</h1><p>text <a href=x>a</a><table><tr><td>1")
    found["picture"] += [painted(name) for name in ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX")]
    found["empty"] = [b""]
    assert all(found.values()), "every kind has a sample in tests/media"
    return found


def painted(format: str) -> bytes:  # noqa: A002  (as Pillow names it)
    """Give a small picture in one of the rarer formats."""
    held = io.BytesIO()
    Image.linear_gradient("L").resize((32, 32)).convert("RGB").save(held, format)
    return held.getvalue()


def fuzzed(seed: bytes, chance: random.Random) -> bytes:
    """Damage a file: bits, numbers, pieces cut out, doubled and moved, its end."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        if not data:
            break
        place = (
            chance.randrange(len(data)) if chance.random() < 0.5 else chance.randrange(min(len(data), 256))
        )
        size = chance.choice((1, 2, 4, 8, 64, 1024))
        match chance.randrange(6):
            case 0:
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                data[place : place + size] = chance.randbytes(size)
            case 2:
                data[place : place + 4] = chance.choice(
                    (b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4), b"\x80\0\0\0")
                )
            case 3:
                del data[place : place + size]
            case 4:
                data[place:place] = data[place : place + size] * chance.choice((1, 2, 50))
            case _:
                del data[chance.randrange(len(data)) :]
    return bytes(data)


async def fuzz(screen: Screen, kind: Kind, count: int) -> None:
    """Ask for so many damaged files of a kind, as what they are and as what their content tells."""
    chance = random.Random(f"{kind} {count}")
    samples = seeds()[kind]
    for number in range(count):
        data = fuzzed(chance.choice(samples), chance)
        assert await screen.ask(data, "x", kind if number % 2 else None)


async def test_some_damaged_files_of_each_kind_are_answered(screen: Screen) -> None:
    for kind in decoders._MODULES:
        await fuzz(screen, kind, 12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", decoders._MODULES)
async def test_a_thousand_damaged_files_of_each_kind_are_answered(screen: Screen, kind: Kind) -> None:
    await fuzz(screen, kind, 1000)


def test_these_tests_run_inside_bubblewrap_where_it_is() -> None:
    starting = Starting()
    starting().close()
    assert bool(starting.why_bare) is not can_enclose()


async def test_the_screen_goes_on_while_a_worker_hangs(screen: Screen) -> None:
    """The loop is never held: other work goes on while a large file is read."""
    task = asyncio.ensure_future(screen.ask(bombs.zip_overlapping(5000)))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    assert isinstance(await task, str)
