"""What a hostile model tries reaches nothing of the machine, and each check has a control that would notice.

A control is the same attempt where it must succeed: on this machine itself, or inside on what is its own.
"""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.conftest import Home, Terminal

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALL = (
    "import ctypes, errno; c = ctypes.CDLL(None, use_errno=True); r = c.syscall({}); "
    "print(errno.errorcode.get(ctypes.get_errno(), 'ok') if r == -1 else 'ok')"
)


def on_host(command: str) -> str:
    """Do the same on this machine."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's own sandbox could read that")


async def test_no_password_of_the_machine_is_read(run: Terminal, home: Home) -> None:
    needs_root()
    which, look = "stat -Lc %d:%i {}/etc/shadow", "cat /etc/shadow"
    machines = on_host(which.format("")).strip()
    assert on_host(which.format("/proc/self/root")).strip() == machines, "the control: it is told by that"
    own = on_host(look).splitlines()
    assert own, "the control: the machine has accounts"
    for root in ("", "/proc/1/root"):
        assert (await run(which.format(root))).decode().strip() != machines
    seen = (await run(look)).decode().splitlines()
    assert seen, "the control: there is something to be read inside"
    if home.name == "embedded":  # an image may have accounts that are the same in each system
        assert set(seen) & set(own) == set()


SECRET = "what nobody else may know"


@pytest.fixture
def at_home() -> Iterator[Path]:
    """A file in the person's own home."""
    with tempfile.TemporaryDirectory(prefix=".lis-canary-", dir=Path.home()) as name:
        Path(name, "id_rsa").write_text(SECRET)
        yield Path(name, "id_rsa")


async def test_no_file_of_a_persons_home_is_seen(run: Terminal, at_home: Path, tmp_path: Path) -> None:
    (tmp_path / "id_rsa").write_text(SECRET)
    for secret in (shlex.quote(str(path)) for path in (at_home, tmp_path / "id_rsa")):
        look = f"cat {secret} /proc/1/root{secret} /proc/[0-9]*/root{secret}"
        assert SECRET in on_host(look)
        assert SECRET.encode() not in await run(look)
    find = "find / -xdev -name '.lis-canary-*' 2>/dev/null"
    assert at_home.parent.name in on_host(find.replace(" / ", f" {shlex.quote(str(Path.home()))} "))
    assert await run(find) == b""
    assert await run("cd /testbed; echo mine >own; cat own") == b"mine\n"


async def test_links_out_of_the_work_folder_lead_nowhere(run: Terminal, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    for link in ("ln -s", "ln"):
        trick = f"{link} {shlex.quote(str(secret))} trick; cat trick"
        assert on_host(f"cd {shlex.quote(str(folder))}; {trick}; rm trick") == "canary", "the control"
        await run(f"cd /testbed; rm -f trick; {trick}")
        assert b"canary" not in run.output
    await run(f"cd /testbed; rm -f trick; ln -s {shlex.quote(str(secret))} trick; echo changed >trick")
    assert secret.read_text() == "canary"
    await run(
        "cd /testbed; rm -rf trick; ln -s /etc trick; ls ..; ls /testbed/../..; cat ../../../../etc/hostname"
    )
    assert str(folder).encode() not in run.output
    await run(
        "cd /testbed; rm -f trick; echo own >real; ln -s real trick; ln real hard; cat trick hard; "
        "rm trick real hard"
    )
    assert run.output == b"own\nown\n"


async def test_no_process_of_the_machine_is_seen_traced_or_ended(run: Terminal) -> None:
    own = subprocess.Popen(["sleep", "86399"])
    try:
        assert "86399" in on_host(f"tr '\\0' ' ' </proc/{own.pid}/cmdline")
        assert b"86399" not in await run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        await run(f"kill -9 {own.pid}; kill -9 -{own.pid}; cat /proc/{own.pid}/environ")
        assert own.poll() is None
        await run("sleep 86398 & until grep -aq 86398 /proc/$!/cmdline; do :; done; echo seen; kill $!")
        assert b"seen" in run.output
    finally:
        own.kill()
        own.wait()


async def test_the_engines_socket_and_others_are_not_there(run: Terminal) -> None:
    look = "find / -xdev -type s 2>/dev/null; ls /var/run/docker.sock /run/docker.sock /run/dbus 2>&1; true"
    sockets = (await run(look)).decode()
    assert "docker.sock\n" not in sockets.replace("cannot access '/var/run/docker.sock'", "")
    made = "import socket; s = socket.socket(socket.AF_UNIX); s.bind('/tmp/odd'); print('made')"
    await run(f"python3 -c {shlex.quote(made)} 2>&1; find /tmp -type s; rm -f /tmp/odd")
    if b"made" in run.output:
        assert b"/tmp/odd" in run.output


# an attempt that is not refused must do no harm: settings get the value they have
REFUSED = {
    "mount": "mount -t tmpfs none /mnt && echo done",
    "bind": "mount --bind /usr /mnt && echo done",
    "remount": "mount -o remount,rw / && echo done",
    "umount": "umount -l /proc && echo done",
    "proc": "mount -t proc proc /mnt && echo done",
    "user namespace": "unshare -Ur true && echo done",
    "mount namespace": "unshare -m true && echo done",
    "another's namespace": "nsenter -t $((PPID ? PPID : 1)) -m true && echo done",
    "character device": "mknod /tmp/zero c 1 5 && echo done",
    "block device": "mknod /tmp/disk b 8 0 && echo done",
    "disks": "find /dev | grep -Eq '^/dev/(sd|vd|nvme|mem|kmsg)' && echo done",
    "sysrq": "echo h >/proc/sysrq-trigger && echo done",
    "kernel settings": "echo x >/proc/sys/kernel/hostname && echo done",
    "core pattern": 'p=/proc/sys/kernel/core_pattern; v=$(cat $p); echo "$v" >$p && echo done',
    "memory settings": "p=/proc/sys/vm/swappiness; v=$(cat $p); echo $v >$p && echo done",
    "network settings": "p=/proc/sys/net/ipv4/ip_forward; v=$(cat $p); echo $v >$p && echo done",
    "memory ranges": ": >>/proc/mtrr && echo done",
    "kernel memory": "head -c 4 /proc/kcore | grep -aq ELF && echo done",
    "modules": "modprobe dummy && echo done",
    "chroot": "chroot / true && echo done",
    "nice": "renice -n -5 -p $$ && echo done",
    "clock": "date -s @$(date +%s.%N) && echo done",
    "log": "dmesg && echo done",
    "oom": "echo -1000 >/proc/self/oom_score_adj && echo done",
    "modes in /proc": "chmod --reference=/proc/uptime /proc/uptime && echo done",
}
LACKING = {
    "disks", "sysrq", "memory ranges", "kernel memory", "nice", "clock", "log", "oom", "core pattern",
}  # fmt: skip
"""What a machine may be without, or refuse its root."""


@pytest.mark.parametrize("command", list(REFUSED.values()), ids=list(REFUSED))
async def test_the_kernel_refuses(run: Terminal, command: str) -> None:
    assert b"done" not in await run(command)
    assert b"done" in await run("mkfifo /tmp/pipe && rm /tmp/pipe && echo done")


@pytest.mark.parametrize("name", list(REFUSED))
async def test_outside_nothing_refuses(name: str) -> None:
    """The control: the same as root of this machine, in mounts and with a name of its own."""
    if os.geteuid() != 0:
        pytest.skip("no control: only root may do these anywhere")
    if name == "modules":
        pytest.skip("no control: it would stay in this machine's kernel (see attempts.py: a module loaded)")
    apart = "unshare --mount --uts --propagation private bash -c"
    said = on_host(f"{apart} {shlex.quote('mount -t tmpfs none /tmp; ' + REFUSED[name])}")
    if "done" not in said and name in LACKING:
        pytest.skip(f"no control: this machine refuses it to all ({said.strip()[-100:]})")
    assert "done" in said


GAIN = "chmod 4755 /tmp/gain; setpriv --reuid=12345 --clear-groups /tmp/gain /proc/self/status"


async def test_setuid_gives_nothing_that_was_not_there(run: Terminal) -> None:
    await run("grep -E '^(NoNewPrivs|CapEff)' /proc/self/status")
    assert b"NoNewPrivs:\t1" in run.output
    held = int((await run("grep ^CapEff /proc/self/status")).split()[1], 16)
    refused = {
        "SYS_ADMIN": 21,
        "SYS_PTRACE": 19,
        "SYS_MODULE": 16,
        "NET_RAW": 13,
        "MKNOD": 27,
        "SYS_CHROOT": 18,
    }
    assert [name for name, bit in refused.items() if held >> bit & 1] == []
    assert held & 1, "the control: what it may do is seen in these bits"
    await run(f"cp $(type -P cat) /tmp/gain; {GAIN} | grep -E '^(Uid|CapEff)'; rm /tmp/gain")
    words = run.output.split()
    if b"Uid:" in words:  # an ordinary user's sandbox has no other user
        assert words[1:3] == [b"12345", b"12345"]
        assert int(words[-1], 16) == 0


RAW = """
import socket
for kind in ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW, 1)):
    try:
        socket.socket(*kind); print("open")
    except OSError:
        print("refused")
socket.socket(socket.AF_INET, socket.SOCK_STREAM); print("plain")
"""


async def test_no_raw_socket_is_opened(run: Terminal) -> None:
    if b"python3" not in await run("type -P python3"):
        pytest.skip("there is no Python inside")
    await run(f"python3 -c {shlex.quote(RAW)}")
    assert run.output == b"refused\nrefused\nplain\n"


CALLS = {
    "keyctl": "250, 0, -3, 0",
    "add_key": "248, b'user', b'x', b'y', 1, -3",
    "bpf": "321, 0, None, 0",
    "perf_event_open": "298, None, 0, -1, -1, 0",
    "userfaultfd": "323, 0",
    "kexec_load": "246, 0, 0, None, 0",
    "open_by_handle_at": "304, -100, None, 0",
    "fsopen": "430, b'tmpfs', 0",
}


@pytest.mark.parametrize("arguments", list(CALLS.values()), ids=list(CALLS))
async def test_doors_of_the_kernel_that_had_holes_are_shut(run: Terminal, arguments: str) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86_64")
    if b"python3" not in await run("type -P python3"):
        pytest.skip("there is no Python inside")
    said = (await run(f"python3 -c {shlex.quote(CALL.format(arguments))}")).decode().strip()
    assert said in ("EPERM", "ENOSYS")
    assert await run(f"python3 -c {shlex.quote(CALL.format('39'))}") == b"ok\n"


async def test_the_machines_files_are_changed_by_nothing(run: Terminal) -> None:
    mark = f"lis-{os.getpid()}"
    await run(
        f"echo x >/usr/bin/{mark}; echo x >/etc/{mark}; rm -f /usr/bin/env; echo y >>/etc/profile; ls /etc"
    )
    assert mark in run.output.decode()
    assert not Path("/usr/bin", mark).exists()
    assert not Path("/etc", mark).exists()
    assert Path("/usr/bin/env").exists()
