"""A run whose model sets off one bomb after the other: each ends at a limit, in words, and it goes on."""

import asyncio
import re
from pathlib import Path
from typing import cast

import pytest

from lis_tui.core.decisions import End, Resume
from lis_tui.core.events import Event, NoticeGiven, PauseAsked
from lis_tui.core.removal import remove_tree
from lis_tui.core.spec import Limits, SandboxSpec
from lis_tui.engine import room
from tests.conformance.conftest import Home
from tests.fakes import MemorySandbox, bash, calls, submit
from tests.playing import Game, make_spec

FULL = r"stopped: what the sandbox has written takes [\d,]+ MB; the limit is 40 MB\. Delete what is"
MANY = r"stopped: the sandbox has written [\d,]+ files; the limit is 3,000\. Delete what is not needed"
KILLED = (
    r"memory limit of 128 MB was hit: the kernel killed a process|MB of memory; the limit is 128 MB"
    r"|memory exhausted"  # where each process is limited by itself
)
CLEAN = "cd /testbed; rm -rf /testbed/* /tmp/* /dev/shm/* 2>/dev/null; echo clean"
BOMBS = {
    "output": ("yes", r"stopped: it printed more than 2 MB, which is the most that one command may print"),
    "memory": ("head -c 3000000000 /dev/zero | tail -c 2900000000 | (sleep 2; wc -c)", KILLED),
    "processes": ("for i in {1..64}; do sleep 1 & done; wait", r"Resource temporarily unavailable"),
    "open files": ("(for i in {1..17000}; do exec {x}</dev/null; done)", r"Too many open files"),
    "shared memory": ("head -c 99000000 /dev/zero | split -b 20M - /dev/shm/x", r"No space left on device"),
    "one large file": (
        "head -c 100000000 /dev/zero >big; code=$?; rm big; (exit $code)",
        r"no file may be larger than 40 MB here",
    ),
    "a hole": ("truncate -s 1T hole; ls -s hole", r"^0 hole"),
    "many large files": ("for i in {1..999}; do head -c 2000000 /dev/zero >b$i; sleep 0.02; done", FULL),
    "allocated at once": ("for i in {1..999}; do fallocate -l 2000000 a$i; sleep 0.02; done", FULL),
    "elsewhere": ("for i in {1..999}; do head -c 2000000 /dev/zero >/tmp/t$i; sleep 0.02; done", FULL),
    "left in the background": (
        "setsid bash -c 'for i in {1..999}; do head -c 2000000 /dev/zero >g$i; sleep 0.02; done' & sleep 60",
        FULL,
    ),
    "many small files": ("i=0; while :; do : >s$((i++)); done", MANY),
    "hard links": ("mkdir h; touch h/{1..300}; for i in {1..99}; do cp -al h h$i; done; sleep 60", MANY),
    "loops and depth": (
        "ln -s . here; ln -s a b; ln -s b a; mkdir -p $(printf 'd/%.0s' {1..1500}); echo made",
        r"^made",
    ),
}
COUNTED = {"memory", "processes"}
"""What an engine without control groups limits in no way; it is said at the start."""


async def test_every_bomb_ends_at_a_limit_and_the_run_goes_on(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"GAP_S": 0.1, "SETTLE_S": 0.3, "SHARE": 2, "HURRIED": 1}.items():
        monkeypatch.setattr(room, name, value)
    sandbox = home.make(tmp_path / "home", spec=SandboxSpec(pids=64, memory_mb=128, network="none"))
    bombs = {name: bomb for name, bomb in BOMBS.items() if home.is_limited or name not in COUNTED}
    commands = [one for bomb, _ in bombs.values() for one in (bomb, CLEAN)]
    turns = [calls(bash(one, f"c{number}")) for number, one in enumerate(commands)]
    limits = Limits(
        max_cost_usd=None, max_turns=200, command_timeout_s=30, disk_mb=40, files=3000, output_mb=2
    )
    outputs = tmp_path / "home" / "outputs"
    game = Game(
        outputs,
        *turns,
        calls(submit("42")),
        spec=make_spec(limits=limits),
        sandbox=cast(MemorySandbox, sandbox),
    )

    def hear(event: Event) -> None:
        if isinstance(event, PauseAsked):  # one that does not start would be tried again for ever
            answer = End(event.reason) if event.reason.startswith("The sandbox") else Resume()
            asyncio.get_running_loop().call_soon(game.decide, answer)

    game.bus.call(hear)
    game.run._computer._load._gap_s = 0.1
    try:
        ended = await game.run.play()
        assert ended.status == "submitted", ended.reason
        written = await sandbox.space()
    finally:
        await game.run.close()
        # Too deep for pytest to remove where a test was cut off
        remove_tree(tmp_path / "home" / "worktree")
    for number, (name, (_, said)) in enumerate(bombs.items()):
        text = game.observation(2 * number + 1, 1).text
        assert re.search(said, text, re.MULTILINE), f"{name}: {text[-600:]}"
        assert "clean" in game.observation(2 * number + 2, 1).text, name
    assert written is not None
    assert written.bytes < 40 << 20
    assert all(path.stat().st_size <= 2 << 20 for path in outputs.glob("*.txt"))
    told = [notice.text for notice in game.all(NoticeGiven)]
    assert sum("was stopped: what the sandbox has written" in text for text in told) >= 4
