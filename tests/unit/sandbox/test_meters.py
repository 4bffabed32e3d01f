"""What the kernel counts for a group is read the same from version 1 and 2."""

from pathlib import Path

import pytest

from lis_tui.core.command import CommandEnd
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.hits import Hits
from lis_tui.sandbox.home import Home
from lis_tui.sandbox.meters import COUNTS, STRIKES, Counts, Strikes, counts_in, read_groups, strikes_in

FIRST = {
    "memory.usage_in_bytes": "5000\n",
    "memory.stat": "cache 9\ninactive_file 1\ntotal_inactive_file 1000\n",
    "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "pids.current": "7\n",
    "pids.events": "max 3\n",
    "cpuacct.usage": "1500000000\n",
}
SECOND = {
    "memory.current": "5000\n",
    "memory.stat": "anon 9\ninactive_file 1000\n",
    "memory.events": "low 0\nhigh 0\nmax 40\noom 5\noom_kill 2\noom_group_kill 0\n",
    "pids.current": "7\n",
    "pids.events": "max 3\n",
    "cpu.stat": "usage_usec 1500000\nuser_usec 9\nnr_throttled 50\n",
}


@pytest.mark.parametrize("files", [pytest.param(FIRST, id="1"), pytest.param(SECOND, id="2")])
def test_both_versions_say_the_same(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    missing = tmp_path / "not there"
    assert counts_in(read_groups([tmp_path, missing], COUNTS)) == Counts(memory_bytes=4000, pids=7, cpu_s=1.5)
    assert strikes_in(read_groups([missing, tmp_path], STRIKES)) == Strikes(killed=2, refused=3)


def test_what_is_not_counted_is_not_known() -> None:
    assert counts_in({"pids.current": "max", "memory.stat": "nonsense"}) == Counts()
    assert strikes_in({}) == Strikes()


class Struck(Home):
    """A home of which only this is asked."""

    def __init__(self) -> None:
        self.now = Strikes(killed=1, refused=0)

    async def strikes(self) -> Strikes:
        """Tell it."""
        return self.now


async def test_a_hit_is_told_once_and_also_where_a_group_is_new() -> None:
    home = Struck()  # type: ignore[abstract]  # nothing else of it is used
    hits = Hits(home, SandboxSpec())
    end = CommandEnd(exit_code=0)
    killed = "the sandbox's memory limit of 4096 MB was hit: the kernel killed a process"
    assert (await hits.told(end)).hits == (killed,)
    assert (await hits.told(end)).hits == ()
    home.now = Strikes(killed=1, refused=5)
    assert (await hits.told(end)).hits == (
        "the sandbox's limit of 512 processes was hit: the kernel let no more begin",
    )
    home.now = Strikes(killed=0, refused=0)
    assert (await hits.told(end)).hits == ()
    home.now = Strikes(killed=2)
    lost = CommandEnd(exit_code=None, ended_by="shell lost")
    told = (await hits.told(lost)).hits
    assert told == (killed.replace("a process", "2 processes") + " (the shell may be among them)",)
