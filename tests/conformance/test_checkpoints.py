"""Checkpoints: what a step left behind is kept, looked into without restoring, and brought back exactly."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lis_tui.core.events import CheckpointTaken, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import Restored
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from tests.conformance.conftest import Terminal
from tests.docker_home import docker_sandbox

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.docker]

SNAPSHOT = r"""(
LC_ALL=C find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run/lis \) -prune -o \
  \( -type s -printf '' \) -o -type d -printf '%p %y %m %U:%G %T@\n' \
  -o -printf '%p %y %m %U:%G %s %T@ %n %l\n' | grep -avE '^/etc/(hosts|hostname|resolv.conf) ' | sort
LC_ALL=C find /testbed \( -type s -printf '' \) -o -type d -printf '%p %y %m %U:%G %T@\n' \
  -o -printf '%p %y %m %U:%G %s %T@ %n %l\n' | sort
cd /; find testbed etc opt root tmp usr/local/bin -xdev -type f ! -path 'etc/host*' ! -path etc/resolv.conf \
  -print0 | sort -z | xargs -0 sha256sum
tar -C / --sort=name --format=posix --numeric-owner --pax-option=delete=atime,delete=ctime,exthdr.name=x \
  --exclude=etc/hosts --exclude=etc/hostname --exclude=etc/resolv.conf \
  -cf - testbed etc opt root tmp 2>/dev/null | sha256sum
) 2>&1"""
STATE = "pwd; declare -p V A 2>&1; declare -f f; alias; umask; set -o | grep pipefail"


class Kept:
    """A sandbox with a place to keep its checkpoints, and the words to use them."""

    def __init__(self, folder: Path, *, has_carried: bool = False) -> None:
        self.sandbox = docker_sandbox(folder, has_checkpoints=True, has_carried=has_carried)
        self.terminal = Terminal(self.sandbox)
        self.blobs = Blobs(folder)
        self.manifests = Manifests(folder / "run", self.blobs)
        self.turn = 0

    async def __call__(self, command: str, timeout_s: float = 60) -> CheckpointTaken:
        """Run a command and keep what it left."""
        await self.terminal(command, timeout_s=timeout_s)
        return await self.take()

    async def take(self) -> CheckpointTaken:
        self.turn += 1
        return await self.sandbox.checkpoint(StepAddress(self.turn, 1))

    async def back_to(self, turn: int) -> Restored:
        return await self.sandbox.restore(self.at(turn))

    def at(self, turn: int) -> Manifest:
        return self.manifests.load(StepAddress(turn, 1))

    def read(self, path: str, turn: int) -> bytes:
        return self.manifests.read(self.at(turn), path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kept]:
    made = Kept(tmp_path_factory.mktemp("kept"))
    await made.sandbox.start()
    yield made
    await made.sandbox.stop()


STEPS = [
    "mkdir -p a/b/c empty/er; echo one >a/one; echo two >a/b/two; cd a; V=1",
    "chmod 640 one; chown 12:34 b/two; touch -d '2001-02-03 04:05:06.123456789' one; A=(x 'y z')",
    "ln one hard; ln -s ../empty link; ln -s nowhere dead; ln -s /etc/passwd absolute",
    'cd /testbed; mv a/b a/moved; echo three >a/moved/three; f() { echo "f $V"; }',
    "rm -r empty; mkdir empty; chmod 700 empty",
    r"printf x >$'bad\xff\xfename'; printf y >$'line\nbreak'; printf z >'-rf'; mkdir $'\e[31m'; touch '*?[x]'",
    r"printf x >'back\slash'; mkdir 'two words'; echo deep >'two words/deep'; touch \~ ' '",
    "echo secret >root-only; chmod 600 root-only; mkdir -m 700 closed; echo in >closed/in; chmod 000 closed/in",
    "cp /bin/true suid; chmod 4755 suid; cp /bin/true sgid; chmod 2755 sgid; mkdir -m 3777 sticky",
    "mkdir -p repo/.git/objects repo/.git/refs; echo ref >repo/.git/HEAD; echo o >repo/.git/objects/o",
    "chmod 400 repo/.git/objects/o; mkdir repo/sub; mkdir repo/sub/.git; echo >repo/sub/.git/config",
    "rm suid; mkdir suid; echo now a folder >suid/x; shopt -s nullglob; umask 027; alias q='echo q'",
    "rm -r sticky; echo now a file >sticky; rm a/link; mkdir a/link; echo z >a/link/z",
    "echo more >>a/hard; touch -d @0.5 a/hard",
    "mkfifo pipe; chmod 622 pipe; head -c 300000 /dev/urandom >random",
    "echo hosts >>/etc/profile; mkdir -p /opt/tool/bin; echo '#!/bin/sh' >/opt/tool/bin/t; chmod +x /opt/tool/bin/t",
    "rm /etc/issue; rm -r /usr/share/base-passwd; ln -s /opt/tool/bin/t /usr/local/bin/t; V=2; set -o pipefail",
    "echo hosts >>/etc/profile; echo x >/tmp/x; mkdir /root/.cache; echo c >/root/.cache/c",
    "mv /opt/tool /opt/moved; touch -d '1999-01-01 00:00:00.000000001' /opt/moved/bin",
    "rm -r /opt/moved; rm /tmp/x; ln random random2; ln random a/random3",
    "rm random; chmod 600 random2; mv a/moved 'a/mo ved'; cd 'a/mo ved'",
    "echo issue >/etc/issue; chown -h 5:6 ../dead; touch -hd @5.25 ../dead; unset V",
    "cd /testbed; find a -type f -exec touch -d @1000000000.000000007 {} +; chmod -R g+w a",
    "i=0; while (( i < 300 )); do echo $i >many-$i; i=$((i+1)); done",
    "rm many-1*; i=0; while (( i < 50 )); do mkdir -p d/d$i; echo $i >d/d$i/f; i=$((i+1)); done",
    "mv d e; mkdir d; mv e/d1 d/d1; chmod 1777 d; chown -R 7:8 e",
    "n=$(printf 'n%.0s' {1..200}); mkdir -p $n/$n; echo long >$n/$n/$n; ln -s $n/$n/$n long-link",
    "rm -rf e many-*; : >empty-file; truncate -s 100000 holes; ln empty-file empty-hard",
    "rm -f $'bad\\xff\\xfename'; mv a A; unset -f f; unalias q; cd A",
    "exit 3",
]


async def shown(kept: Kept) -> tuple[list[bytes], bytes]:
    state = await kept.terminal(STATE)
    return (await kept.terminal(SNAPSHOT, timeout_s=120)).splitlines(), state


async def test_after_thirty_steps_any_of_them_comes_back_exactly(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    await kept.sandbox.start()
    try:
        seen = {}
        for number, step in enumerate(STEPS, start=1):
            taken = await kept(step)
            assert taken.notes == (), step
            seen[number] = await shown(kept)
        some = random.Random(4).sample(sorted(seen), 8)
        for number in [*some, 17, 16, 20, 30, 1]:
            restored = await kept.back_to(number)
            files, state = await shown(kept)
            assert b"\n".join(sorted(set(files) ^ set(seen[number][0]))).decode(errors="replace") == "", (
                number
            )
            assert state == seen[number][1]
            assert restored.problems == ()
    finally:
        await kept.sandbox.stop()
