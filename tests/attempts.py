"""What a hostile program tries: a script of its own that runs wherever a Python is, and prints what it got.

Each line is `NAME<tab>got|refused<tab>HOW`. It runs inside a sandbox, and as the control where nothing
stands in its way. What succeeds does no harm: files get the mode they have, settings are only opened.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import signal
import socket
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path

Attempt = Callable[[dict[str, str]], object]
ATTEMPTS: dict[str, Attempt] = {}
_LONGEST_S = 5
_LIBC = ctypes.CDLL(None, use_errno=True)
_STANDING = {errno.EPERM, errno.EACCES, errno.ENOSYS}
"""What the kernel answers where it does not even look at the rest."""


class Refused(Exception):
    """It did not work."""


def attempt(name: str) -> Callable[[Attempt], Attempt]:
    """Have it tried under this name."""

    def add(function: Attempt) -> Attempt:
        ATTEMPTS[name] = function
        return function

    return add


def call(number: int, *arguments: object) -> int:
    """Make a system call of x86_64. Raises OSError."""
    _LIBC.syscall.restype = ctypes.c_long
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    found = int(_LIBC.syscall(ctypes.c_long(number), *words))
    if found < 0:
        raise OSError(ctypes.get_errno(), errno.errorcode.get(ctypes.get_errno(), "?"))
    return found


def passes(number: int, *arguments: object) -> str:
    """Make a call that cannot succeed: that the kernel looks at its arguments is enough."""
    try:
        call(number, *arguments)
    except OSError as error:
        if error.errno in _STANDING:
            raise
        return f"looked at: {error}"
    return "done"


def readable(path: str, wanted: str) -> object:
    """Read a file and find a word in it."""
    found = Path(path).read_bytes()
    if wanted.encode() not in found:
        raise Refused(f"{path} holds something else")
    return path


# -- files and processes of the machine ------------------------------------------------------------

for _name in ("home", "other run", "system"):

    @attempt(f"read: {_name}")
    def _read(given: dict[str, str], name: str = _name) -> object:
        return readable(given[name], given["canary"])


@attempt("read: through the root of other processes")
def _through_roots(given: dict[str, str]) -> object:
    for folder in Path("/proc").iterdir():
        for way in ("root", "cwd"):
            path = folder / way / given["home"].lstrip("/")
            try:
                return readable(str(path), given["canary"])
            except (OSError, Refused):
                continue
    raise Refused("no root leads there")


@attempt("read: through open folders of other processes")
def _through_descriptors(given: dict[str, str]) -> object:
    for path in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            here, top = path.stat(), os.stat("/")
            if os.path.isdir(path) and (here.st_dev, here.st_ino) != (top.st_dev, top.st_ino):
                return readable(str(path / given["name"]), given["canary"])
        except (OSError, Refused):
            continue
    raise Refused("no descriptor leads there")


@attempt("read: by a handle of a file")
def _by_handle(given: dict[str, str]) -> object:
    """What the kernel calls a file by number: who may open that sees the whole disk."""
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount = ctypes.c_int()
    call(303, -100, given["own"].encode(), handle, ctypes.byref(mount), 0)
    at = os.open(given["own"], os.O_RDONLY)
    return call(304, at, handle, os.O_RDONLY)


@attempt("process: seen")
def _seen(given: dict[str, str]) -> object:
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                if given["mark"].encode() in (folder / name).read_bytes():
                    return folder
            except OSError:
                continue
    raise Refused("not seen")


@attempt("process: a signal reaches it")
def _signalled(given: dict[str, str]) -> object:
    os.kill(int(given["pid"]), 0)
    return "reached"


@attempt("process: held by a descriptor")
def _held(given: dict[str, str]) -> object:
    return os.pidfd_open(int(given["pid"]))


@attempt("process: traced")
def _traced(given: dict[str, str]) -> object:
    return call(101, 0x4206, int(given["pid"]), None, None)


@attempt("process: its memory is read")
def _memory(given: dict[str, str]) -> object:
    pid = int(given["pid"])
    start = int(given["address"], 16)
    held = ctypes.create_string_buffer(16)
    here = (ctypes.c_ulong * 2)(ctypes.addressof(held), 16)
    there = (ctypes.c_ulong * 2)(start, 16)
    return call(310, pid, here, 1, there, 1, 0)


@attempt("memory: shared by a key")
def _shared(given: dict[str, str]) -> object:
    return call(29, int(given["key"]), 0, 0)


@attempt("file of the machine: its mode is set")
def _modes(given: dict[str, str]) -> object:
    """Set what it has already, of a device and of the program that made the sandbox."""
    for path in ("/dev/null", f"/proc/{given['first']}/exe"):
        try:
            found = os.stat(path)
            os.chmod(path, found.st_mode & 0o7777)
        except OSError:
            continue
        if f"{found.st_dev}:{found.st_ino}" in given["inodes"].split():
            return path
    raise Refused("none")


@attempt("file of the machine: the mode of one in /proc is set")
def _proc_modes(_: dict[str, str]) -> object:
    """These modes are the same in every /proc of a machine."""
    device = os.stat("/proc").st_dev
    for folder, _folders, names in os.walk("/proc"):
        _folders[:] = [name for name in _folders if not name.isdigit() and name != "sys"]
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            try:
                found = os.lstat(path)
                if found.st_dev == device and not stat.S_ISLNK(found.st_mode) and path != "/proc":
                    os.chmod(path, found.st_mode & 0o7777)
                    return path
            except OSError:
                continue
    raise Refused("of none")


# -- mounts and namespaces -------------------------------------------------------------------------


@attempt("mount: a file system")
def _mount(given: dict[str, str]) -> object:
    return call(165, b"none", given["empty"].encode(), b"tmpfs", 0, None)


@attempt("mount: a folder elsewhere")
def _bind(given: dict[str, str]) -> object:
    return call(165, b"/usr", given["empty"].encode(), None, 0x1000, None)


@attempt("mount: processes anew, without what hides them")
def _proc(given: dict[str, str]) -> object:
    return call(165, b"proc", given["empty"].encode(), b"proc", 0, None)


@attempt("mount: what is read-only made writable")
def _remount(_: dict[str, str]) -> object:
    return call(165, None, b"/proc", None, 0x1000 | 0x20 | 2 | 4 | 8, None)


@attempt("mount: what lies over the machine's taken off")
def _umount(_: dict[str, str]) -> object:
    return call(166, b"/dev/shm" if os.path.ismount("/dev/shm") else b"/proc", 2)


@attempt("mount: another root")
def _pivot(given: dict[str, str]) -> object:
    return passes(155, given["empty"].encode(), given["empty"].encode())


@attempt("mount: a new root for oneself")
def _chroot(_: dict[str, str]) -> object:
    os.chroot("/")
    return "/"


@attempt("mount: by the newer calls")
def _newer(given: dict[str, str]) -> object:
    opened = call(430, b"tmpfs", 0)
    call(431, opened, 6, None, None, 0)
    made = call(432, opened, 0, 0)
    return call(429, made, b"", -100, given["empty"].encode(), 4)


@attempt("mount: a copy of a tree")
def _tree(_: dict[str, str]) -> object:
    return call(428, -100, b"/proc", 1)


@attempt("mount: other attributes")
def _attributes(_: dict[str, str]) -> object:
    return call(442, -100, b"/proc", 0, struct.pack("QQQQ", 0, 1, 0, 0), 32)


@attempt("mount: a picked one configured")
def _picked(_: dict[str, str]) -> object:
    return call(433, -100, b"/proc", 0)


_NAMESPACES = {
    "user": 0x10000000,
    "mount": 0x20000,
    "process": 0x20000000,
    "network": 0x40000000,
    "ipc": 0x8000000,
    "name": 0x4000000,
    "group": 0x2000000,
    "time": 0x80,
}
for _name, _bits in _NAMESPACES.items():

    @attempt(f"namespace: {_name}")
    def _unshare(_: dict[str, str], bits: int = _bits) -> object:
        return call(272, bits)


@attempt("namespace: by clone")
def _clone(_: dict[str, str]) -> object:
    return _child(lambda: call(56, 0x10000000 | signal.SIGCHLD, None, None, None, None))


@attempt("namespace: by clone3")
def _clone3(_: dict[str, str]) -> object:
    wanted = struct.pack("QQQQQQQQ", 0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    return _child(lambda: call(435, wanted, 64))


@attempt("namespace: by the calls of 32 bits")
def _narrow(_: dict[str, str]) -> object:
    """`unshare(CLONE_NEWUSER)` by interrupt 0x80, which has numbers of its own."""
    code = b"\x53\xb8\x36\x01\x00\x00\xbb\x00\x00\x00\x10\xcd\x80\x5b\xc3"
    held = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    held.write(code)
    run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(held)))
    found = run()
    if found < 0:
        raise OSError(-found, errno.errorcode.get(-found, "?"))
    return found


@attempt("namespace: by the calls of x32")
def _x32(_: dict[str, str]) -> object:
    return call(0x40000000 + 272, 0x10000000)


@attempt("namespace: that of another process")
def _setns(given: dict[str, str]) -> object:
    return call(308, os.open(f"/proc/{given['first']}/ns/uts", os.O_RDONLY), 0)


def _child(make: Callable[[], int]) -> object:
    pid = make()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


# -- the kernel ------------------------------------------------------------------------------------

_CALLS: dict[str, tuple[object, ...]] = {
    "a module loaded": (175, b"x", 1, b""),
    "a module loaded from a file": (313, -1, b"", 0),
    "a module removed": (176, b"lis_no_such", 0x800),
    "another kernel": (246, 0, 17, None, 0),
    "restarted": (169, 0, 0, 0, 0),
    "swap": (167, b"/lis-no-such", 0),
    "its name": (170, b"x", -1),
    "its log": (103, 3, ctypes.create_string_buffer(64), 64),
    "ports": (172, 4),
    "accounting": (163, b"/lis-no-such"),
    "quotas": (179, 0x80000700, b"/lis-no-such", 0, None),
    "events": (300, 0, 0),
    "a key": (248, b"lis-no-such", b"x", b"y", 1, -3),
    "keys": (250, 99, 0, 0, 0, 0),
    "a program in it": (321, 99, ctypes.create_string_buffer(64), 64),
    "counters": (298, ctypes.create_string_buffer(struct.pack("II", 1, 112) + bytes(104)), 0, -1, -1, 0),
    "faults of memory": (323, 0xFFFF),
    "rings": (425, 1, None),
    "a terminal hung up": (153,),
}
for _name, _words in _CALLS.items():

    @attempt(f"kernel: {_name}")
    def _called(_: dict[str, str], words: tuple[object, ...] = _words) -> object:
        number, *arguments = words
        assert isinstance(number, int)
        return passes(number, *arguments)


def _opens(top: str, skipped: tuple[str, ...]) -> object:
    for parent, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not name.isdigit() and name not in ("self", *skipped)]
        for name in files:
            path = f"{parent}/{name}"
            if os.path.islink(path):
                continue
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
            except OSError:
                continue
            found = os.stat(path)  # root opens also what nobody can write
            if found.st_mode & 0o222 and stat.S_ISREG(found.st_mode):
                return path
    raise Refused("none opens for writing")


@attempt("kernel: a setting is opened for writing")
def _settings(_: dict[str, str]) -> object:
    return _opens("/proc", ("pressure",))  # there one asks to be told, and changes nothing


@attempt("kernel: a file of devices or groups is opened for writing")
def _system(_: dict[str, str]) -> object:
    return _opens("/sys", ())


@attempt("kernel: its memory or keys are read")
def _kernel_memory(_: dict[str, str]) -> object:
    for name in ("kcore", "kmsg", "keys"):
        try:
            if os.read(os.open(f"/proc/{name}", os.O_RDONLY | os.O_NONBLOCK), 1):
                return name
        except OSError:
            continue
    raise Refused("none")


# -- devices, sockets, rights ----------------------------------------------------------------------

_USUAL = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}


@attempt("device: made")
def _made(given: dict[str, str]) -> object:
    for path, kind in (("zero", 0o020000), ("disk", 0o060000)):
        try:
            os.mknod(f"{given['empty']}/{path}", 0o600 | kind, os.makedev(1, 5))
        except OSError:
            continue
        return path
    raise Refused("none")


@attempt("device: of the machine's")
def _devices(_: dict[str, str]) -> object:
    for path in Path("/dev").rglob("*"):
        try:
            is_other = path.name not in _USUAL and path.parent.name != "pts" and not path.is_symlink()
            if is_other and (path.is_char_device() or path.is_block_device()):
                return path
        except OSError:
            continue
    raise Refused("none but those that harm nobody")


@attempt("terminal: typed into")
def _typed(given: dict[str, str]) -> object:
    """Put a letter into the input of whoever has the terminal after this."""
    if given["terminal"]:
        os.setsid()
    return fcntl.ioctl(os.open(given["terminal"] or "/dev/tty", os.O_RDWR), 0x5412, b"x")


FAMILIES = {
    "packets": (17, 3, 0),
    "raw": (2, 3, 1),
    "virtual machines": (40, 1, 0),
    "ciphers": (38, 5, 0),
    "keys": (15, 3, 2),
    "rings of packets": (44, 3, 0),
    "the bus of cars": (29, 3, 1),
    "clusters": (30, 1, 0),
}
for _name, _family in FAMILIES.items():

    @attempt(f"socket: {_name}")
    def _opened(_: dict[str, str], family: tuple[int, int, int] = _family) -> object:
        return socket.socket(*family)


@attempt("socket: of the machine's")
def _sockets(given: dict[str, str]) -> object:
    found = None
    for path in (
        given["socket"],
        "/run/docker.sock",
        "/var/run/docker.sock",
        "/run/containerd/containerd.sock",
    ):
        with socket.socket(socket.AF_UNIX) as one:
            try:
                one.connect(path)
                found = path
            except OSError:
                continue
    if found is None:
        raise Refused("none")
    return found


@attempt("socket: without a file")
def _abstract(given: dict[str, str]) -> object:
    socket.socket(socket.AF_UNIX).connect(f"\0{given['abstract']}")
    return "connected"


@attempt("socket: a service of the machine's alone")
def _loopback(given: dict[str, str]) -> object:
    return socket.create_connection(("127.0.0.1", int(given["port"])), timeout=3)


@attempt("rights: of a file's owner, by its mode")
def _setuid(given: dict[str, str]) -> object:
    """A copy of a program that is root's and says so: another user becomes root by it."""
    made = f"{given['empty']}/gain"
    Path(made).write_bytes(Path(os.path.realpath("/bin/cat")).read_bytes())
    os.chmod(made, 0o4755)
    os.setgroups([])
    os.setresgid(12345, 12345, 12345)
    os.setresuid(12345, 12345, 12345)
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.dup2(writer, 1)
        os.execv(made, [made, "/proc/self/status"])
    os.close(writer)
    lines = os.fdopen(reader).read().splitlines()
    (effective,) = [line.split()[2] for line in lines if line.startswith("Uid:")]
    if effective != "0":
        raise Refused(f"it ran as {effective}")
    return effective


@attempt("rights: of a file")
def _capability(given: dict[str, str]) -> object:
    path = f"{given['empty']}/capable"
    Path(path).touch()
    os.setxattr(path, "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 21, 0, 0, 0))
    return path


@attempt("rights: attributes of layers")
def _trusted(given: dict[str, str]) -> object:
    path = f"{given['empty']}/opaque"
    Path(path).mkdir()
    os.setxattr(path, "trusted.overlay.opaque", b"y")
    return path


@attempt("rights: spared when memory is short")
def _spared(_: dict[str, str]) -> object:
    return Path("/proc/self/oom_score_adj").write_text("-1000")


def tried(name: str, given: dict[str, str]) -> tuple[str, str]:
    """Try one in a process of its own, which may end in any way."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        signal.alarm(_LONGEST_S)
        try:
            if given.get("apart"):  # the control has all rights: its mounts must vanish with it
                call(272, 0x20000)
            os.write(writer, f"got\t{ATTEMPTS[name](given)}".encode())
        except (OSError, Refused, ValueError) as error:
            os.write(writer, f"refused\t{error}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read(300).decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    result, _, rest = (told or f"refused\tended by {status}").partition("\t")
    return result, " ".join(rest.split())


def main() -> None:
    """Try all; where to look for what is in a file that is named."""
    given: dict[str, str] = json.loads(Path(sys.argv[1]).read_bytes())
    for name in ATTEMPTS:
        sys.stdout.write("\t".join((name, *tried(name, given))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
