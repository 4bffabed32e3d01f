"""Sound, video and music with bytes changed, read by the worker: every answer is a preview or a sentence."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.preview.child import WorkerLost
from lis_tui.preview.parts import CannotShow, Preview, Wanted
from tests.workers import honest_worker, told

MEDIA = Path(__file__).parents[2] / "media"
NAMES = (
    *("clip.mp4", "colours.webm", "dark.avi", "joy.mid"),
    *("tone.wav", "tone.flac", "tone.ogg", "tone.mp3", "tone.opus", "tone.m4a"),
)


class Reader:
    """A worker, and the next one where it ends of itself because it took much memory."""

    def __init__(self) -> None:
        self.worker = honest_worker("bare")

    def told(self, data: bytes, wanted: Wanted) -> Preview | CannotShow:
        if self.worker.is_spent:
            self.worker.close()
            self.worker = honest_worker("bare")
        return told(self.worker, data, wanted)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.worker.close()


def changed(data: bytes, chance: random.Random) -> bytes:
    """Change some bytes, most of them near the beginning, and sometimes cut or stretch it."""
    found = bytearray(data)
    if chance.random() < 0.25:
        del found[chance.randrange(1, len(found)) :]
    for _ in range(chance.choice((1, 3, 20))):
        found[int(chance.random() ** 3 * len(found))] = chance.choice(
            (0, 255, 127, 128, chance.randrange(256))
        )
    if chance.random() < 0.25:
        place = chance.randrange(len(found))
        found[place:place] = chance.randbytes(50)
    return bytes(found)


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_shown_or_refused_and_the_worker_lives(name: str, reader: Reader) -> None:
    data = (MEDIA / name).read_bytes()
    chance = random.Random(name)
    for _ in range(25):
        wanted = Wanted(at_s=chance.choice((None, 0.5)), count=3)
        answer = reader.told(changed(data, chance), wanted)
        assert not isinstance(answer, WorkerLost)
        if isinstance(answer, CannotShow):
            assert "object has no attribute" not in str(answer)
    assert isinstance(reader.told(data, Wanted()), Preview)
