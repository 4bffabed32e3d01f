"""Archives: their members as a table, and of a single packed file its beginning."""

import tarfile
import zipfile
from collections.abc import Sequence
from contextlib import closing
from itertools import islice

from lis_tui.preview.decoders import cells
from lis_tui.preview.encoding import decoded, text_encoding
from lis_tui.preview.file import File
from lis_tui.preview.kinds import called
from lis_tui.preview.members import Member, is_cut_off, of_tar, of_zip, opened_tar
from lis_tui.preview.parts import MOST_TEXT, CannotShow, Column, Lines, Preview, Wanted
from lis_tui.preview.unpacking import UNPACKING_FAILED, TooMuch, packing_of, unpacked
from lis_tui.preview.zipped import BROKEN, opened_zip

_LISTED_BYTES = 64_000_000
"""So much of a packed tar file is unpacked to list it."""
_MOST_MEMBERS = 100_000
_BEGINNING_BYTES = 65_536
_MOST_LINES = 200
_BOMB_RATIO, _BOMB_BYTES = 200, 1_000_000_000
_LONGEST_TARGET = 4096
_TAR_MARK = slice(257, 262)


def decode(file: File, wanted: Wanted) -> Preview:
    """List the members from the first one that is asked for on."""
    if file.read_at(0, 2) == b"PK":
        return _zip(file, wanted)
    packing = packing_of(file)
    try:
        beginning = _beginning(file) if packing else file.read_at(0, 512)
    except UNPACKING_FAILED as error:
        raise CannotShow(
            f"It cannot be unpacked: {cells.cut(str(error), 200) or 'it is damaged'}."
        ) from error
    if beginning[_TAR_MARK] == b"ustar" or called(file, wanted.name).startswith("a tar"):
        return _tar(file, wanted)
    if packing:
        return _single(file, wanted, packing, beginning)
    return Preview(
        kind="archive",
        called=called(file, wanted.name),
        note="The members of an archive of this kind are not listed.",
    )


def _zip(file: File, wanted: Wanted) -> Preview:
    with closing(opened_zip(file)) as archive:
        entries = archive.infolist()
        members = [of_zip(entry) for entry in entries]
        for place in islice(range(len(members)), *_stretch(wanted)):
            if members[place].kind == "link":
                members[place] = _with_target(archive, entries[place], members[place])
    return _listed(file, wanted, members, "")


def _with_target(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, member: Member) -> Member:
    """Say where a link leads: in a zip file this is its content."""
    try:
        with archive.open(entry) as stream:
            return member._replace(target=stream.read(_LONGEST_TARGET).decode("utf-8", "replace"))
    except BROKEN:
        return member  # it is encrypted or damaged; that it is a link is known


def _tar(file: File, wanted: Wanted) -> Preview:
    members: list[Member] = []
    note = ""
    try:
        with opened_tar(file, _LISTED_BYTES) as archive:
            for entry in archive:
                members.append(of_tar(entry))
                if len(members) == _MOST_MEMBERS:
                    note = f"Only the first {_MOST_MEMBERS:,} members are listed."
                    break
            else:
                note = "It is cut off or damaged behind these members." if is_cut_off(archive) else ""
    except TooMuch:
        size = cells.size(_LISTED_BYTES)
        note = f"It is unpacked no further than {size}: members behind that are not listed."
    except (tarfile.TarError, *UNPACKING_FAILED) as error:
        said = cells.cut(str(error), 200) or "it is damaged"
        if not members:
            raise CannotShow(f"The tar archive cannot be read: {said}.") from error
        note = f"It is damaged behind these members: {said}."
    return _listed(file, wanted, members, note)


def _listed(file: File, wanted: Wanted, members: Sequence[Member], note: str) -> Preview:
    first, end = _stretch(wanted)
    shown = members[first:end]
    in_all = None if note else len(members)
    has_packed = any(member.packed_bytes is not None for member in members[:1])
    columns = [Column("name"), Column("size", is_number=True), Column("kind"), Column("date")]
    if has_packed:
        columns.insert(3, Column("packed", is_number=True))
    rows = [_row(member, has_packed=has_packed) for member in shown]
    return Preview(
        kind="archive",
        called=called(file, wanted.name),
        facts=_facts(members, in_all),
        parts=(cells.table(columns, rows, first=first, rows_in_all=in_all),),
        note=cells.sentences(_warned(file, members), note),
        has_more=end < len(members),
    )


def _row(member: Member, *, has_packed: bool) -> list[str | None]:
    size = cells.size(member.size_bytes) if member.kind == "file" else None
    packed = cells.size(member.packed_bytes or 0) if member.kind == "file" else None
    kind: str = member.kind
    if member.target is not None:
        kind = f"{kind} to {cells.sound(member.target)}"
    if member.is_encrypted:
        kind = f"encrypted {kind}"
    if member.danger:
        kind = f"{kind}: {member.danger}"
    row = [cells.sound(member.name), size, kind]
    return [*row, packed, member.modified] if has_packed else [*row, member.modified]


def _facts(members: Sequence[Member], in_all: int | None) -> tuple[str, ...]:
    files = sum(member.kind == "file" for member in members)
    number = cells.counted(files, "file")
    unpacked_bytes = sum(member.size_bytes for member in members)
    facts = [
        number if in_all is not None else f"{number} or more",
        f"{cells.size(unpacked_bytes)} unpacked",
        "encrypted" if any(member.is_encrypted for member in members) else "",
    ]
    return tuple(fact for fact in facts if fact)


def _warned(file: File, members: Sequence[Member]) -> str:
    """Say what would be dangerous to extract, and what cannot be true or is a bomb."""
    outside = sum(bool(member.danger) for member in members)
    unpacked_bytes = sum(member.size_bytes for member in members)
    is_bomb = unpacked_bytes > max(_BOMB_BYTES, _BOMB_RATIO * file.size_bytes)
    return cells.sentences(
        f"{cells.counted(outside, 'member')} would leave the folder it is extracted to." if outside else "",
        f"It says that it unpacks to {cells.size(unpacked_bytes)}: it may be a bomb." if is_bomb else "",
    )


def _single(file: File, wanted: Wanted, packing: str, beginning: bytes) -> Preview:
    """Show the beginning of what is packed, where it is a text."""
    parts: tuple[Lines, ...] = ()
    note = "What is packed is not shown: it is no text."
    encoding = text_encoding(beginning) if beginning else None
    if encoding is not None:
        lines = decoded(beginning, encoding).splitlines()
        is_cut = len(beginning) == _BEGINNING_BYTES or len(lines) > _MOST_LINES
        shown = lines[:_MOST_LINES]
        parts = (Lines(tuple(cells.cut(cells.sound(line), MOST_TEXT) for line in shown)),)
        note = f"The first {cells.counted(len(shown), 'line')} of what is packed." if is_cut else ""
    return Preview(
        kind="archive",
        called=called(file, wanted.name),
        facts=_claimed(file, packing),
        parts=parts,
        note=note,
    )


def _claimed(file: File, packing: str) -> tuple[str, ...]:
    """Say how large gzip's last bytes say that it is: it counts up to 4 GB, and then from 0 again."""
    if packing != "gzip" or file.size_bytes < 18:
        return ()
    size = int.from_bytes(file.read_at(file.size_bytes - 4, 4), "little")
    return (f"{cells.size(size)} unpacked",) if size >= file.size_bytes // 2 else ()


def _beginning(file: File) -> bytes:
    with unpacked(file, _BEGINNING_BYTES) as stream:
        found = b""
        try:
            while len(found) < _BEGINNING_BYTES and (piece := stream.read1(_BEGINNING_BYTES - len(found))):
                found += piece
        except UNPACKING_FAILED:
            if not found:
                raise  # of a file that is cut off, what there is can be shown
    return found


def _stretch(wanted: Wanted) -> tuple[int, int]:
    first = max(0, wanted.first)
    return first, first + min(max(1, wanted.count), cells.MOST_ROWS)
