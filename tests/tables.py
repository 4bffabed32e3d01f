"""Tables, outlines and archives for the tests: the samples, what is shown of them, and ways to spoil them."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

from lis_tui.preview import decoders
from lis_tui.preview.file import HeldFile
from lis_tui.preview.formats import Kind
from lis_tui.preview.kinds import kind_of
from lis_tui.preview.parts import Item, Lines, Outline, Preview, Table, Wanted

MEDIA = Path(__file__).parent / "media"
SPOILT = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80")


def sample(name: str) -> bytes:
    """Give the bytes of a sample."""
    return (MEDIA / name).read_bytes()


def shown(
    data: bytes, kind: Kind | None = None, *, first: int = 0, count: int = 200, page: int = 0
) -> Preview:
    """Decode it, as what it is or is said to be."""
    file = HeldFile(data)
    wanted = Wanted(name="file", first=first, count=count, page=page)
    return decoders.decode(kind or kind_of(file), file, wanted)


def table_of(preview: Preview) -> Table:
    """Give the one table of a preview."""
    (part,) = preview.parts
    assert isinstance(part, Table)
    assert all(len(row) == len(part.columns) for row in part.rows)
    return part


def items_of(preview: Preview) -> tuple[Item, ...]:
    """Give the items of the one outline of a preview."""
    (part,) = preview.parts
    assert isinstance(part, Outline)
    return part.items


def lines_of(preview: Preview) -> list[Lines]:
    """Give the texts of a preview."""
    return [part for part in preview.parts if isinstance(part, Lines)]


def types_of(table: Table) -> dict[str, str]:
    """Give the columns with their types."""
    return {column.name: column.type for column in table.columns}


def mutant(data: bytes, chance: random.Random) -> bytes:
    """Spoil a few places of it."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 2, 5, 20))):
        place = chance.randrange(len(spoilt) + 1)
        match chance.randrange(5):
            case 0:
                spoilt[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del spoilt[place : place + chance.choice((1, 4, 50, 500))]
            case 2:
                spoilt[place:place] = chance.randbytes(chance.choice((1, 4, 30)))
            case 3:
                spoilt[place : place + 4] = chance.choice(SPOILT)
            case _:
                other = chance.randrange(len(spoilt) + 1)
                spoilt[place:place] = spoilt[other : other + 200]
    return bytes(spoilt)


def with_part(name: str, part: str, content: bytes) -> bytes:
    """Give a zipped sample with another content of one part."""
    packed = io.BytesIO()
    with zipfile.ZipFile(MEDIA / name) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for other in old.namelist():
            new.writestr(other, content if other == part else old.read(other))
    return packed.getvalue()


def part_of(name: str, part: str) -> bytes:
    """Give one part of a zipped sample."""
    with zipfile.ZipFile(MEDIA / name) as archive:
        return archive.read(part)


def entry(name: str, kind: bytes = tarfile.REGTYPE, *, target: str = "", size: int = 0) -> tarfile.TarInfo:
    """Make a member of a tar file."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mtime = kind, target, size, 1_700_000_000
    return made


def tar_of(*entries: tarfile.TarInfo) -> bytes:
    """Make a tar file; its files are full of x."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for one in entries:
            archive.addfile(one, io.BytesIO(b"x" * one.size))
    return packed.getvalue()


def hostile_tar() -> bytes:
    """Make one that tries to get out in each way there is."""
    return tar_of(
        entry("docs", tarfile.DIRTYPE),
        entry("docs/fine.txt", size=500),
        entry("/etc/cron.d/evil", size=1),
        entry("docs/../../up", size=1),
        entry("C:\\windows", size=1),
        entry("out", tarfile.SYMTYPE, target="/etc"),
        entry("out/passwd", size=3),
        entry("near", tarfile.SYMTYPE, target="docs/fine.txt"),
        entry("hard", tarfile.LNKTYPE, target="../secret"),
        entry("disk", tarfile.BLKTYPE),
        entry("pipe", tarfile.FIFOTYPE),
        entry("docs/fine.txt", size=9),
    )
