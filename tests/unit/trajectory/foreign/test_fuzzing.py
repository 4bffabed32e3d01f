"""Spoilt files: opened in part, or refused in a sentence; never a traceback, a hang, or much memory."""

import io
import multiprocessing
import random
import re
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from lis_tui.cli.foreign import ForeignPrinter
from lis_tui.cli.imported import print_reports, print_table
from lis_tui.core.errors import LisError
from lis_tui.core.events import TrajectoryImported, encode
from lis_tui.core.view import RunView
from lis_tui.trajectory.foreign.opening import Collection, open_path
from tests.mutants import SEEDS, mutated

LONGEST_S = 20
MOST_KB = 1 << 20


@contextmanager
def in_time() -> Iterator[None]:
    def over(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def use(found: Collection) -> None:
    """Do with all of it what the program does."""
    out = io.StringIO()
    print_table(out, found, as_json=False)
    print_table(out, found, as_json=True)
    print_reports(out, found, list(range(len(found.rows))), as_json=False)
    print_reports(out, found, list(range(len(found.rows))), as_json=True)
    for place in range(len(found.rows)):
        imported = found.read(place)
        assert imported.records[0].n == 1
        assert found.rows[place].is_ours or isinstance(imported.records[1].event, TrajectoryImported)
        RunView().apply_all(imported.records)
        printer = ForeignPrinter(out)
        for record in imported.records:
            encode(record)
            printer.feed(record)
        printer.finish()
    out.getvalue().encode()


def refusal(path: Path) -> str:
    """Open a file and use it; gives the sentence of a refusal, and nothing where it opened."""
    try:
        found = open_path(path)
        for place in range(len(found.rows)):
            found.read(place)
    except LisError as error:
        return error.sentence
    use(found)
    return ""


def open_spoilt(path: Path, data: bytes) -> bool:
    """Write and open it; gives whether anything was there."""
    path.write_bytes(data)
    sentence = refusal(path)
    assert not sentence or (sentence.endswith(".") and "\n" not in sentence)
    return not sentence


def opened(folder: Path, name: str, numbers: range) -> int:
    seed = SEEDS[name]()
    count = 0
    for number in numbers:
        chance = random.Random(f"{name} {number}")
        data = mutated(seed, chance)
        try:
            with in_time():
                count += open_spoilt(folder / "spoilt.json", data)
        except Exception as error:
            raise AssertionError(f"{name}, number {number}: {error!r}; {data[:2000]!r}") from error
    return count


@pytest.mark.parametrize("name", SEEDS)
def test_every_seed_opens_whole(name: str, tmp_path: Path) -> None:
    assert open_spoilt(tmp_path / "whole", SEEDS[name]())
    found = open_path(tmp_path / "whole")
    assert found.rows
    for place in range(len(found.rows)):
        assert found.read(place).report.problems == ()


@pytest.mark.parametrize("name", SEEDS)
def test_spoilt_files_open_in_part_or_are_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    count = opened(tmp_path, name, range(20))
    assert count > 0


def opened_from(folder: Path, name: str, numbers: range) -> tuple[int, int]:
    """Count the opened ones, and give the most memory that this process ever had, in KB."""
    count = opened(folder, name, numbers)
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return count, int(found[1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as Linux tells it")
def test_five_thousand_spoilt_files(tmp_path: Path) -> None:
    """In a process of their own: what other tests took is not theirs."""
    each = 5000 // len(SEEDS) + 1
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        for name in SEEDS:
            count, most_kb = fresh.submit(opened_from, tmp_path, name, range(1000, 1000 + each)).result()
            assert count > each // 4
            assert most_kb < MOST_KB
