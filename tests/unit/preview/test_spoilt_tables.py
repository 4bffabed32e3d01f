"""Spoilt tables, outlines and archives are shown as far as they go, or refused with a reason."""

import gzip
import random
from collections.abc import Callable

import msgspec
import pytest

from lis_tui.preview.formats import Kind
from lis_tui.preview.parts import CannotShow
from tests.tables import mutant, part_of, sample, shown, with_part

MUTANTS = 60
FILES: dict[str, Kind] = {
    "cities.csv": "csv",
    "cities.tsv": "csv",
    "data.json": "json",
    "turns.jsonl": "jsonl",
    "notebook.ipynb": "notebook",
    "rows.parquet": "parquet",
    "shop.sqlite": "sqlite",
    "workbook.xlsx": "xlsx",
    "workbook.ods": "xlsx",
    "files.zip": "archive",
    "files.tar.gz": "archive",
    "files.tar.xz": "archive",
    "readme.txt.gz": "archive",
}
INSIDE: dict[str, tuple[Kind, Callable[[random.Random], bytes]]] = {
    "a sheet": ("xlsx", lambda chance: _part("workbook.xlsx", "xl/worksheets/sheet1.xml", chance)),
    "a workbook": ("xlsx", lambda chance: _part("workbook.xlsx", "xl/workbook.xml", chance)),
    "styles": ("xlsx", lambda chance: _part("workbook.xlsx", "xl/styles.xml", chance)),
    "texts": ("xlsx", lambda chance: _part("workbook.xlsx", "xl/sharedStrings.xml", chance)),
    "a tar file": ("archive", lambda chance: mutant(gzip.decompress(sample("files.tar.gz")), chance)),
}


def _part(name: str, part: str, chance: random.Random) -> bytes:
    return with_part(name, part, mutant(part_of(name, part), chance))


def outcome(data: bytes, kind: Kind, chance: random.Random) -> str:
    """Show it; what comes out can be sent. Any other error than a reason fails the test."""
    try:
        preview = shown(data, kind, first=chance.choice((0, 0, 3, 150)), page=chance.randrange(3))
    except CannotShow as error:
        return "refused" if str(error).endswith(".") else f"no sentence: {error}"
    assert len(msgspec.msgpack.encode(preview)) < 4_000_000
    return "shown"


@pytest.mark.parametrize("name", FILES)
def test_a_spoilt_file_is_shown_or_refused(name: str) -> None:
    chance = random.Random(name)
    found = {outcome(mutant(sample(name), chance), FILES[name], chance) for _ in range(MUTANTS)}
    assert found <= {"shown", "refused"}
    assert found


@pytest.mark.parametrize("what", INSIDE)
def test_what_is_packed_may_be_spoilt_too(what: str) -> None:
    chance = random.Random(what)
    kind, spoil = INSIDE[what]
    assert "shown" in {outcome(spoil(chance), kind, chance) for _ in range(MUTANTS)}


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_anywhere_is_shown_or_refused(name: str) -> None:
    chance, whole = random.Random(name), sample(name)
    for place in sorted(chance.randrange(len(whole)) for _ in range(20)):
        assert outcome(whole[:place], FILES[name], chance) in {"shown", "refused"}


@pytest.mark.parametrize("kind", sorted(set(FILES.values())))
def test_noise_is_shown_or_refused(kind: Kind) -> None:
    chance = random.Random(kind)
    for length in (0, 1, 2, 100, 5000, 200_000):
        assert outcome(chance.randbytes(length), kind, chance) in {"shown", "refused"}
        assert outcome(bytes(length), kind, chance) in {"shown", "refused"}
