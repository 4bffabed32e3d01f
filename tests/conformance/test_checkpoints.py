"""Checkpoints: what a step left behind is kept, looked into without restoring, and brought back exactly."""

import functools
import os
import random
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import CheckpointTaken, StepAddress
from lis_tui.core.manifest import Manifest, differences
from lis_tui.core.ports import Restored
from lis_tui.sandbox import census, scope
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from tests.conformance.conftest import Home, Terminal, must_share

pytestmark = pytest.mark.asyncio(loop_scope="module")

SNAPSHOT = r"""(
LC_ALL=C find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run/lis \) -prune -o \
  \( -type s -printf '' \) -o -type d -printf '%p %y %m %U:%G %T@\n' \
  -o -printf '%p %y %m %U:%G %s %T@ %n %l\n' \
  | grep -avE '^/(etc/(hosts|hostname|resolv.conf)|run/.containerenv) ' | sort
LC_ALL=C find /testbed \( -type s -printf '' \) -o -type d -printf '%p %y %m %U:%G %T@\n' \
  -o -printf '%p %y %m %U:%G %s %T@ %n %l\n' | sort
cd /; find testbed etc opt/tool opt/moved root tmp usr/local/bin -xdev -type f \
  ! -path 'etc/host*' ! -path etc/resolv.conf -print0 | sort -z | xargs -0 sha256sum
tar -C / --sort=name --format=posix --numeric-owner --pax-option=delete=atime,delete=ctime,exthdr.name=x \
  --exclude=etc/hosts --exclude=etc/hostname --exclude=etc/resolv.conf \
  -cf - testbed etc root tmp 2>/dev/null | sha256sum
) 2>&1"""
STATE = "pwd; declare -p V A 2>&1; declare -f f; alias; umask; set -o | grep pipefail"


class Kept:
    """A sandbox with a place to keep its checkpoints, and the words to use them."""

    def __init__(
        self,
        home: Home,
        folder: Path,
        *,
        has_carried: bool = False,
        blobs: Blobs | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self.blobs = blobs or Blobs(folder)
        self.sandbox = home.make(folder, blobs=self.blobs, has_carried=has_carried, env=env)
        self.terminal = Terminal(self.sandbox)
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
async def kept(home: Home, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kept]:
    made = Kept(home, tmp_path_factory.mktemp("kept"))
    await made.sandbox.start()
    yield made
    await made.sandbox.stop()


STEPS = [
    "mkdir -p a/b/c empty/er; echo one >a/one; echo two >a/b/two; cd a; V=1",
    "chmod 640 one; chown 12:34 b/two; touch -d '2001-02-03 04:05:06.123456789' one; A=(x 'y z')",
    "ln one hard; ln -s ../empty link; ln -s nowhere dead; ln -s /etc/passwd absolute",
    'cd /testbed; mv a/b a/moved; echo three >a/moved/three; f() { echo "f $V"; }',
    "rm -r empty; mkdir empty; chmod 700 empty",
    r"printf x >$'bad\xff\xfename'; printf y >$'line\nbreak'; printf z >'-rf'; mkdir $'\e[31m'",
    r"printf x >'back\slash'; touch '*?[x]'; mkdir 'two words'; echo deep >'two words/deep'; touch \~ ' '",
    "echo secret >root-only; chmod 600 root-only; mkdir -m 700 closed; echo in >closed/in; "
    "chmod 000 closed/in",
    "cp /bin/true suid; chmod 4755 suid; cp /bin/true sgid; chmod 2755 sgid; mkdir -m 3777 sticky",
    "mkdir -p repo/.git/objects repo/.git/refs; echo ref >repo/.git/HEAD; echo o >repo/.git/objects/o",
    "chmod 400 repo/.git/objects/o; mkdir repo/sub; mkdir repo/sub/.git; echo >repo/sub/.git/config",
    "rm suid; mkdir suid; echo now a folder >suid/x; shopt -s nullglob; umask 027; alias q='echo q'",
    "rm -r sticky; echo now a file >sticky; rm a/link; mkdir a/link; echo z >a/link/z",
    "echo more >>a/hard; touch -d @0.5 a/hard",
    "mkfifo pipe; chmod 622 pipe; head -c 300000 /dev/urandom >random",
    "echo hosts >>/etc/profile; mkdir -p /opt/tool/bin; echo '#!/bin/sh' >/opt/tool/bin/t; "
    "chmod +x /opt/tool/bin/t",
    "rm /etc/issue; rm -r /usr/share/base-passwd; ln -s /opt/tool/bin/t /usr/local/bin/t; V=2; "
    "set -o pipefail",
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


async def test_after_thirty_steps_any_of_them_comes_back_exactly(home: Home, tmp_path: Path) -> None:
    kept = Kept(home, tmp_path)
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


async def test_what_was_there_before_the_first_checkpoint_is_kept(home: Home, tmp_path: Path) -> None:
    papers = tmp_path / "worktree/documents"
    papers.mkdir(parents=True)
    (papers / "old").write_text("old")
    os.utime(papers / "old", (1, 1))
    kept = Kept(home, tmp_path)
    await kept.sandbox.start()
    try:
        must_share(kept.sandbox)
        await kept.take()
        await kept("rm -r documents; echo later >later")
        assert kept.read("/testbed/documents/old", 1) == b"old"
        assert (await kept.back_to(1)).problems == ()
        assert await kept.terminal("cat documents/old; ls") == b"olddocuments\n"
    finally:
        await kept.sandbox.stop()


async def test_what_is_easily_missed_is_caught(home: Home, kept: Kept) -> None:
    await kept("echo 1 >quick; echo a >/opt/far")
    first = kept.turn
    for text in ("2", "3", "4", "5"):
        await kept(f"echo {text} >quick; echo {text} >/opt/far")
    for turn, text in enumerate(("2", "3", "4", "5"), start=first + 1):
        assert kept.read("/testbed/quick", turn) == f"{text}\n".encode()
        assert kept.read("/opt/far", turn) == f"{text}\n".encode()
    await kept('t=$(stat -c %y quick); echo 6 >quick; touch -d "$t" quick; rm /opt/far /etc/issue.net')
    assert kept.read("/testbed/quick", kept.turn) == b"6\n"
    assert "/opt/far" not in kept.at(kept.turn).nodes
    assert "/etc/issue.net" in kept.at(kept.turn).gone
    assert differences(kept.at(kept.turn - 1), kept.at(kept.turn)) == {
        "/etc/issue.net": "gone",
        "/opt/far": "gone",
        "/testbed/quick": "changed",
    }
    await kept("chmod 600 /etc/shells; mkdir -p old/in; echo x >old/in/x; mv old /opt/new; mv /opt/new back")
    if home.has_owners:
        assert kept.at(kept.turn).nodes["/etc/shells"].mode == 0o600
    assert kept.read("/testbed/back/in/x", kept.turn) == b"x\n"


async def test_a_folder_whose_place_a_link_has_taken_is_not_seen_twice(kept: Kept) -> None:
    await kept("cd /testbed; mkdir -p was/in /opt/far/in; echo 1 | tee was/in/f /opt/far/in/f")
    await kept(
        "mv was is; ln -s is was; echo 2 >was/in/f; cd /opt; mv far near; ln -s near far; echo 2 >far/in/f"
    )
    nodes = kept.at(kept.turn).nodes
    assert [path for path in nodes if path.startswith(("/testbed/was/", "/opt/far/"))] == []
    assert (nodes["/testbed/was"].kind, nodes["/opt/far"].kind) == ("link", "link")
    assert kept.read("/testbed/is/in/f", kept.turn) == kept.read("/opt/near/in/f", kept.turn) == b"2\n"
    await kept("cd /testbed; rm was /opt/far; mv is was; mv /opt/near /opt/far; echo 3 >was/in/f")
    assert kept.read("/testbed/was/in/f", kept.turn) == b"3\n"
    assert "/testbed/is/in/f" not in kept.at(kept.turn).nodes
    assert (await kept.back_to(kept.turn - 1)).problems == ()
    assert await kept.terminal("cat /testbed/is/in/f /opt/far/in/f") == b"2\n2\n"


LETTERS = {"file": "f", "folder": "d", "link": "l", "fifo": "p"}
LISTED = r"find /testbed -printf '%p\0%y %m %s %T@ %i\0\0'"


def some_changes(chance: random.Random, paths: list[str]) -> str:
    """Make up commands that change a few of these paths; some will fail."""
    lines = []
    for number in range(chance.randint(1, 3)):
        one, two = (shlex.quote(path) for path in chance.choices(paths, k=2))
        name = f"n{chance.randint(1, 30)}"
        lines += chance.choice(
            [
                [f"echo {number} >>{one}"],
                [f"echo {number} >{one}/{name}"],
                [f"echo {number} >{one}/{name}.new; mv -T {one}/{name}.new {one}/{name}"],
                [f"rm -r {one}"],
                [f"mkdir {one}/{name}"],
                [f"mv {one} {two}"],
                [f"mv -T {one} swap && mv -T {two} {one}; mv -T swap {two}"],
                [f"mv -T {one} {two}.moved && ln -s {two}.moved {one}"],
                [f"ln {one} {two}/{name}; chmod 7{chance.randint(10, 77)} {two}"],
                [f"rm -f {one}/n*; mkfifo {one}/{name}"],
                ["true"],
            ]
        )
    return "cd /testbed; " + "; ".join(lines)


@pytest.mark.parametrize("has_sure_times", [True, False], ids=["sure", "unsure"])
async def test_whatever_is_done_is_seen(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_sure_times: bool
) -> None:
    monkeypatch.setattr(census, "MANY", 6)
    if not has_sure_times:
        monkeypatch.setattr(scope, "_SURE", frozenset())
    chance = random.Random(7)
    kept = Kept(home, tmp_path)
    await kept.sandbox.start()
    try:
        await kept("mkdir -p a/b c/d large; for i in {1..20}; do echo $i >large/n$i; echo $i >a/n$i; done")
        for _ in range(60):
            paths = [path for path in kept.at(kept.turn).nodes if path.startswith("/testbed/")]
            command = some_changes(chance, sorted(paths) or ["/testbed"])
            await kept(f"{{ {command}; }} 2>/dev/null; mkdir -p /testbed/a /testbed/large")
            found = {}
            for record in (await kept.terminal(LISTED)).split(b"\0\0")[:-1]:
                path, _, facts = record.decode().partition("\0")
                found[path] = facts
            said = {
                path: f"{LETTERS[node.kind]} {node.mode:o} {node.size_bytes} {node.mtime} {node.inode}"
                for path, node in kept.at(kept.turn).nodes.items()
                if path.startswith("/testbed")
            }
            assert said == found, command
    finally:
        await kept.sandbox.stop()


async def test_what_comes_and_goes_in_a_large_folder_is_caught(kept: Kept) -> None:
    await kept("mkdir /testbed/large; cd /testbed/large; for ((i = 0; i < 2500; i++)); do echo $i >$i; done")
    await kept(
        "rm 7; echo new >8.new; mv 8.new 8; echo more >>9; mkdir 10d; mv 11 10d/in; mv 12 twelve; ln 13 x"
    )
    nodes = kept.at(kept.turn).nodes
    gone = {"7", "11", "12"}
    expected = {str(number) for number in range(2500)} - gone | {"10d", "10d/in", "twelve", "x"}
    assert {path[15:] for path in nodes if path.startswith("/testbed/large/")} == expected
    assert [kept.read(f"/testbed/large/{name}", kept.turn) for name in ("8", "9")] == [b"new\n", b"9\nmore\n"]
    assert nodes["/testbed/large/13"].links == 2
    await kept("mkdir d; echo a >d/a; rm 2499; mv d 2499; rm -r 10d; mkfifo 10d; rm 20; echo y >20; rm 20")
    nodes = kept.at(kept.turn).nodes
    assert kept.read("/testbed/large/2499/a", kept.turn) == b"a\n"
    assert (nodes["/testbed/large/10d"].kind, "/testbed/large/10d/in" in nodes) == ("fifo", False)
    assert "/testbed/large/20" not in nodes
    await kept("echo 1 >/testbed/large/late")
    await kept("rm /testbed/large/late")
    assert "/testbed/large/late" in kept.at(kept.turn - 1).nodes
    assert "/testbed/large/late" not in kept.at(kept.turn).nodes
    await kept("mv /testbed/large /testbed/moved; rm /testbed/moved/30")
    expected = expected - {"20", "30", "10d/in"} | {"2499/a"}
    nodes = kept.at(kept.turn).nodes
    assert {path[15:] for path in nodes if path.startswith("/testbed/moved/")} == expected
    assert not any(path.startswith("/testbed/large") for path in nodes)
    assert (await kept.back_to(kept.turn - 5)).problems == ()
    assert await kept.terminal("cat /testbed/large/{7,8,9,11}; rm -r /testbed/large") == b"7\n8\n9\n11\n"
    await kept.take()


async def test_notes_of_ours_that_somebody_removed_are_written_again(kept: Kept) -> None:
    await kept("cd /testbed; echo 1 >noted")
    await kept("rm -rf /run/lis/round* /run/lis/census*; echo 2 >noted")
    assert kept.read("/testbed/noted", kept.turn) == b"2\n"


async def test_a_write_to_a_mapping_is_caught_also_by_a_job(kept: Kept) -> None:
    if b"python3" not in await kept.terminal("type -P python3"):
        pytest.skip("the image has no python3 to map a file with")
    await kept.terminal("cd /testbed")
    await kept("head -c 8192 /dev/zero >mapped")
    script = "import mmap,sys,time; f=open('mapped','r+b'); m=mmap.mmap(f.fileno(),0); m[:3]=b'one'; "
    await kept(f'python3 -c "{script}"')
    assert kept.read("/testbed/mapped", kept.turn)[:3] == b"one"
    script += "open('ready','w')\nwhile True: m[:3]=open('say','rb').read(3); time.sleep(.01)"
    await kept.terminal(
        f'echo two >say; python3 -c "{script}" & while ! [[ -e ready ]]; do :; done; sleep 0.1'
    )
    taken = await kept.take()
    assert "python3" in taken.notes[0]
    assert kept.read("/testbed/mapped", kept.turn)[:3] == b"two"
    # at once, for a reader of an empty file would end
    await kept("echo three >new; mv new say; while [[ $(head -c 3 mapped) != thr ]]; do :; done")
    assert kept.read("/testbed/mapped", kept.turn)[:3] == b"thr"
    restored = await kept.back_to(kept.turn - 1)
    assert "python3" in restored.lost[0]
    assert (await kept.terminal("head -c 3 mapped; jobs")) == b"two"


async def test_a_step_costs_what_it_changed(kept: Kept) -> None:
    before = kept.blobs.size_bytes()
    taken = await kept("mkdir /opt/big; head -c 50000000 /dev/urandom >/opt/big/lib; cp /opt/big/lib copy")
    assert 50_000_000 <= taken.bytes_new < 50_200_000
    for _ in range(3):
        taken = await kept("echo more >>small")
        assert taken.bytes_new < 100_000
    assert kept.blobs.size_bytes() - before < 50_500_000
    pruned = kept.blobs.prune(kept.manifests.digests(), young_s=0)
    assert pruned.bytes_freed < 100_000
    assert kept.blobs.missing(kept.manifests.digests()) == set()


async def test_a_value_that_was_passed_in_is_not_written_down_and_comes_back(
    home: Home, tmp_path: Path
) -> None:
    canary = "canary-\"7f3a$9' é"
    kept = Kept(home, tmp_path, env={"TOKEN": canary})
    await kept.sandbox.start()
    try:
        await kept('alias q="echo $TOKEN"; B="x $TOKEN y"; A=("$TOKEN"); trap "echo $B" USR1; export B')
        kept.blobs.put(b"the folder is looked through")
        holders = [
            path
            for path in tmp_path.rglob("*")
            if path.is_file() and (b"7f3a" in (data := path.read_bytes()) or b"canary" in data)
        ]
        assert holders == []
        before = await kept.terminal("echo $TOKEN; declare -p A B TOKEN; alias q; trap -p USR1")
        await kept("unset TOKEN A B; unalias q")
        assert (await kept.back_to(1)).problems == ()
        assert canary.encode() in before
        after = await kept.terminal("echo $TOKEN; declare -p A B TOKEN; alias q; trap -p USR1")
        assert after == before
    finally:
        await kept.sandbox.stop()
    other = Kept(home, tmp_path / "other", blobs=kept.blobs)
    await other.sandbox.start()
    try:
        restored = await other.sandbox.restore(kept.at(1))
        assert restored.problems == ("TOKEN was passed in, and its value is not known here",)
    finally:
        await other.sandbox.stop()


async def test_two_that_go_on_from_one_checkpoint_never_meet(home: Home, tmp_path: Path) -> None:
    parent = Kept(home, tmp_path / "parent")
    await parent.sandbox.start()
    try:
        await parent("echo base >file; echo far >/opt/far; V=base; cd /opt")
        ends = []
        for name in ("one", "two"):
            fork = Kept(home, tmp_path / name, blobs=parent.blobs)
            await fork.sandbox.start()
            try:
                told: list[tuple[int, int]] = []
                on_progress = functools.partial(lambda heard, *both: heard.append(both), told)
                assert (await fork.sandbox.restore(parent.at(1), on_progress)).problems == ()
                assert told[0] == (0, told[-1][0])
                assert told[-1][0] == told[-1][1] > 0
                await fork(
                    f'cat /testbed/file far; echo "$V $PWD"; echo {name} >>/testbed/file; rm far; V={name}'
                )
                ends.append((fork.terminal.output, fork.read("/testbed/file", 1)))
            finally:
                await fork.sandbox.stop()
        said = b"base\nfar\nbase /opt\n"
        assert ends == [(said, b"base\none\n"), (said, b"base\ntwo\n")]
        assert await parent.terminal('cat /testbed/file far; echo "$V $PWD"') == said
        assert parent.manifests.addresses() == [StepAddress(1, 1)]
    finally:
        await parent.sandbox.stop()


async def test_what_cannot_be_brought_back_is_named(kept: Kept) -> None:
    socket = "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(q(odd/socket)))'"
    taken = await kept(f"mkdir odd; mkfifo odd/fifo; echo x >odd/x; {socket}; sleep 300 & disown")
    assert "sockets and devices are named and not made again: /testbed/odd/socket" in taken.notes
    assert (kept.at(kept.turn).jobs) == ("sleep 300",)
    entries = {entry.path: entry.kind for entry in kept.at(kept.turn).tree()}
    assert (entries["odd"], entries["odd/fifo"]) == ("folder", "fifo")
    await kept("rm -r odd")
    restored = await kept.back_to(kept.turn - 1)
    assert restored.lost == ("sleep 300",)
    assert restored.problems == ("/testbed/odd/socket is a socket and was not made again",)
    assert restored.started is None
    assert (await kept.terminal("cd /testbed; ls odd; cat odd/x")) == b"fifo\nx\nx\n"
    with pytest.raises(StorageFailed, match="no file"):
        kept.read("/testbed/odd/fifo", kept.turn - 1)


@pytest.mark.slow
async def test_an_installed_program_is_there_or_not_as_it_was(home: Home, tmp_path: Path) -> None:
    kept = Kept(home, tmp_path, has_carried=True)
    await kept.sandbox.start()
    try:
        await kept("echo before >file")
        missing = [name for name in ("ed", "bc", "tree") if not await kept.terminal(f"type -P {name}")]
        if not missing:
            pytest.skip("all that could be installed is there")
        name = missing[0]
        before = await shown(kept)
        install = f"apt-get update && apt-get install -y --no-install-recommends {name}"
        await kept(f"({install}) 2>&1 | tail -3", 300)
        if not await kept.terminal(f"type -P {name}"):
            pytest.skip("no package can be installed from here")
        after = await shown(kept)
        await kept("echo later >file")
        restored = await kept.back_to(1)
        assert restored.started is not None
        assert await kept.terminal(f"type -P {name}") == b""
        assert sorted(set(before[0]) ^ set((await shown(kept))[0])) == []
        assert (await kept.back_to(2)).problems == ()
        there = f"type -P {name} && {name} --version >/dev/null; echo $?"
        assert await kept.terminal(there) == f"/usr/bin/{name}\n0\n".encode()
        assert sorted(set(after[0]) ^ set((await shown(kept))[0])) == []
    finally:
        await kept.sandbox.stop()


async def test_what_lay_over_the_image_before_anything_ran_is_watched_too(kept: Kept) -> None:
    places = "/.dockerenv /etc/apt/apt.conf.d/9?lis-tui"
    names = (await kept.terminal(f"for f in {places}; do [[ -e $f ]] && echo $f; done")).decode().split()
    if not names:
        pytest.skip("nothing was laid over what the image has")
    await kept("true")
    await kept(f"for f in {' '.join(names)}; do echo mine >>$f; done")
    assert differences(kept.at(kept.turn - 1), kept.at(kept.turn)).keys() >= set(names)
    assert all(kept.read(name, kept.turn).endswith(b"mine\n") for name in names)
    assert (await kept.back_to(kept.turn - 1)).problems == ()
    assert b"mine" not in await kept.terminal(f"cat {' '.join(names)}")


async def test_a_folder_of_the_image_comes_and_goes_with_all_that_is_in_it(
    home: Home, kept: Kept, tmp_path: Path
) -> None:
    if not home.has_owners:
        pytest.skip("what root owns cannot be changed")
    listing = "cd /; LC_ALL=C find usr/lib/*/perl-base -printf '/%p %s %T@\\n' | sort"
    before = await kept.terminal(listing)
    names = {line.split(b" ")[0].decode() for line in before.splitlines()}
    top = min(names, key=len)
    await kept("true")
    await kept(
        f"rm -r {top}; mkdir {top}; echo new >{top}/strict.pm; echo x >/etc/beside; chmod 600 /etc/issue"
    )
    manifest = kept.at(kept.turn)
    assert manifest.gone >= names - {top, f"{top}/strict.pm"}
    assert not manifest.gone & {top, f"{top}/strict.pm"}
    found = differences(kept.at(kept.turn - 1), manifest)
    assert {path: what for path, what in found.items() if path.startswith((f"{top}/", "/etc/"))} == {
        **dict.fromkeys(names - {top}, "gone"),
        f"{top}/strict.pm": "new",
        "/etc/beside": "new",
        "/etc/issue": "new",
    }
    after = await kept.terminal(listing)
    fork = Kept(home, tmp_path, blobs=kept.blobs)
    await fork.sandbox.start()
    try:
        assert (await fork.sandbox.restore(manifest)).problems == ()
        assert await fork.terminal(listing) == after
        assert await fork.terminal("stat -c %a /etc/issue; cat /etc/beside") == b"600\nx\n"
        await fork("echo more >>/etc/beside")
        assert fork.at(1).gone == manifest.gone
        found = differences(manifest, fork.at(1))
        # what is right below the root is made for each computer anew
        assert {path for path in found if path.startswith(("/etc/", "/usr/"))} == {"/etc/beside"}
    finally:
        await fork.sandbox.stop()
    restored = await kept.back_to(kept.turn - 1)
    assert (restored.problems, restored.started is None) == ((), False)
    assert await kept.terminal(listing) == before


async def test_after_the_clock_was_set_back_all_is_counted_anew(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(home, tmp_path)
    await kept.sandbox.start()
    try:
        await kept("echo 1 >file; echo far >/srv/far")
        monkeypatch.setattr(census, "_CLOCK_SLACK_S", -1e9)
        await kept("echo 2 >file; rm /srv/far; mkdir /srv/new; echo new >/srv/new/file")
        assert differences(kept.at(1), kept.at(2)) == {
            "/srv/far": "gone",
            "/srv/new": "new",
            "/srv/new/file": "new",
            "/testbed/file": "changed",
        }
    finally:
        await kept.sandbox.stop()
