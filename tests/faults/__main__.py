"""`python -m tests.faults`: hurts runs in every way there is, and says what was lost and what was left.

200 times kill -9 of a host or a screen, 20 restarts of an engine, 20 containers killed, a full disk, a model
that is gone: in both homes, at moments that the seed chooses. Ends with 1 where anything was lost or left.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.docker_home import docker_image
from tests.embedded_home import embedded_missing
from tests.faults.engine import OwnEngine, own_engine, smaller, why_no_engine
from tests.faults.lab import Kind, Lab
from tests.faults.outages import Outages
from tests.faults.rounds import Rounds
from tests.faults.tally import Tally

KILLS, RESTARTS, LOSSES, OTHERS = 200, 20, 20, 4


class Faults:
    """One whole run of it."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._began = time.monotonic()
        self._minutes: float = given.minutes
        self._tally = Tally()
        self._dice = {kind: random.Random(f"{given.seed} {kind}") for kind in given.homes}
        image, self._why = docker_image()
        self._image = smaller(image)
        self._why = self._why or why_no_engine(self._image)

    def play(self) -> bool:
        """Hurt runs; tells whether nothing was lost or left."""
        self.say(f"seed {self._given.seed}, share {self._given.share}")
        with ExitStack() as stack:
            engine = None
            if "docker" in self._given.homes and not self._why:
                engine = stack.enter_context(own_engine(self._image))
            with ThreadPoolExecutor(2) as threads:
                list(threads.map(partial(self._home, engine), self._homes()))
        self.say("\n" + self._tally.table())
        return self._tally.is_clean

    def say(self, sentence: str) -> None:
        """Tell how far it is."""
        sys.stdout.write(f"[{time.monotonic() - self._began:5.0f} s] {sentence}\n")
        sys.stdout.flush()

    def _homes(self) -> Iterator[Kind]:
        reasons: dict[Kind, str] = {"docker": self._why, "embedded": embedded_missing()}
        for kind, why in reasons.items():
            if kind in self._given.homes:
                if why:
                    self.say(f"{kind}: not tried, {why}")
                else:
                    yield kind

    def _home(self, engine: OwnEngine | None, kind: Kind) -> None:
        """All of it in one home; the other one goes on beside it."""
        self._kills(kind, engine)
        self._outages(kind, engine)

    def _kills(self, kind: Kind, engine: OwnEngine | None) -> None:
        if self._wants("kills"):
            with self._lab(kind, engine) as lab:
                self._rounds(lab).play(self._often(KILLS / 2), self._given.ways)

    def _outages(self, kind: Kind, engine: OwnEngine | None) -> None:
        with self._lab(kind, engine) as lab:
            outages = Outages(lab, self._tally, self._rounds(lab), self.say)
            if kind == "docker" and engine is not None and self._wants("restarts"):
                outages.restarts(engine, self._often(RESTARTS))
            if self._wants("containers"):
                outages.losses(self._often(LOSSES))
            if self._wants("model"):
                outages.model_down(self._often(OTHERS))
        if self._wants("disk"):
            with self._lab(kind, engine) as lab:
                Outages(lab, self._tally, self._rounds(lab), self.say).full_disk(self._often(OTHERS))

    def _rounds(self, lab: Lab) -> Rounds:
        return Rounds(lab, self._tally, self.say, self._began + 60 * self._minutes)

    def _often(self, times: float) -> int:
        share: float = self._given.share
        return max(1, round(times * share))

    def _wants(self, name: str) -> bool:
        return not self._given.only or name in self._given.only

    @contextmanager
    def _lab(self, kind: Kind, engine: OwnEngine | None) -> Iterator[Lab]:
        root = Path(tempfile.mkdtemp(prefix=f"lis-faults-{kind}-"))
        url = engine.url if engine is not None and kind == "docker" else None
        try:
            with Lab(root, kind, self._image, url, random.Random(self._dice[kind].random())) as lab:
                yield lab
        finally:
            if not self._given.keep:
                shutil.rmtree(root, ignore_errors=True)


def main(words: list[str] | None = None) -> int:
    """Do what was asked; 1 where anything was lost or left."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--share", type=float, default=1.0, help="0.1: a tenth of it")
    parser.add_argument("--homes", nargs="+", default=["docker", "embedded"], choices=["docker", "embedded"])
    parser.add_argument("--only", nargs="*", default=[], help="kills, restarts, containers, disk, model")
    parser.add_argument(
        "--ways", nargs="*", default=[], help="kills: headless, http, host, screen, rewind, …"
    )
    parser.add_argument("--minutes", type=float, default=28.0, help="after this nothing new is begun")
    parser.add_argument("--keep", action="store_true", help="leave the folders of the runs")
    return 0 if Faults(parser.parse_args(words)).play() else 1


if __name__ == "__main__":
    sys.exit(main())
