"""How the root of an embedded sandbox is put together: this machine's system folders, with a layer over each.

Nothing else of the machine is there: no home folders, no sockets, no other disks. What not everybody may read
in those folders is hidden too. With a folder as base, that is the root instead, below one layer.
"""

import hashlib
import os
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from lis_tui.core.errors import StorageFailed
from lis_tui.core.private import is_ours, private_folder
from lis_tui.core.removal import remove_tree
from lis_tui.sandbox.furniture import PIP_PATH, furnish, furnish_base, pip_package
from lis_tui.sandbox.groups import remove
from lis_tui.sandbox.sealing import sealed_proc, sealing

LAYERED = ("/usr", "/etc", "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/var/cache/debconf")
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_EMPTY = (
    "opt",
    "proc",
    "dev",
    "tmp",
    "run",
    "home",
    "mnt",
    "srv",
    "var/log",
    "var/tmp",
    "var/lib/misc",
    "var/spool",
)
_GUARDED = ("/etc", "/var/cache/debconf")
"""Where files that not everybody may read are looked for."""
_LONG_AGO = 1_500_000_000
_MASKED = ("kcore", "keys", "key-users", "kmsg", "sched_debug", "timer_list", "vmallocinfo", "slabinfo")
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETUID", "SETGID")


class Places(Struct, frozen=True):
    """The folders of one sandbox on this machine."""

    folder: Path
    """Its own: layers, the root, pipes."""
    worktree: Path
    outputs: Path

    @property
    def layers(self) -> Path:
        """What was written over the base."""
        return self.folder / "layers"

    @property
    def root(self) -> Path:
        """Where the root is put together."""
        return self.folder / "root"

    @property
    def private(self) -> Path:
        """Ours inside, in memory where there is a place for that: values of variables lie in it."""
        name = f"lis-tui-{os.geteuid()}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"
        memory = Path("/dev/shm", f"lis-tui-{os.geteuid()}")
        is_free = os.access(memory.parent, os.W_OK) and not os.path.lexists(memory)
        # it can be opened to all from inside; the folder above it cannot
        return memory / name if is_free or is_ours(memory) else self.folder / name

    @property
    def shared(self) -> Path:
        """Where shared memory is mounted, so large and no larger."""
        return self.folder / "shared"

    @property
    def groups(self) -> Path:
        """The file that names its control groups, for whoever removes it."""
        return self.folder / "groups"

    @property
    def pipes(self) -> Path:
        """Where pipes lead inside."""
        return self.private / "pipes"


def lay_out(places: Places, base: Path | None, files: Mapping[str, bytes]) -> None:
    """Make the folders that are mounted, what hides the secrets of this machine, and the files carried in.

    Raises OSError, StorageFailed.
    """
    for folder in (places.folder.parent, places.folder, places.private.parent, places.private):
        private_folder(folder)
    for name in ("pipes", "outputs"):
        (places.private / name).mkdir(exist_ok=True)
    for folder in (places.root, places.shared):
        folder.mkdir(parents=True, exist_ok=True)
    if base is not None:
        for kind in ("upper", "work"):
            (places.layers / kind).mkdir(parents=True, exist_ok=True)
        _lay_over(base, places.layers / "upper", files)
        return
    _make_root(places.root)
    for number, path in enumerate(layered()):
        _make_layer(places, number, path)
    uppers = {path: upper for path, (_, upper) in parts(places, None).items()}
    _carry(files, {"/": places.root, **uppers})
    places.root.chmod(0o755)
    _settle(places.root, Path("/"))
    for path, upper in uppers.items():
        seen = Path(path).stat()
        _settle(upper, Path(path))
        upper.chmod(stat.S_IMODE(seen.st_mode))
        os.utime(upper, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _lay_over(base: Path, upper: Path, files: Mapping[str, bytes]) -> None:
    """Put over a root file system what it lacks, each time the same."""
    furnish_base(upper)
    _carry(files, {"/": upper})
    _settle(upper, base)
    seen = base.stat()
    upper.chmod(stat.S_IMODE(seen.st_mode))
    os.utime(upper, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _carry(files: Mapping[str, bytes], uppers: Mapping[str, Path]) -> None:
    for name, data in files.items():
        part = max((part for part in uppers if Path(name).is_relative_to(part)), key=len)
        target = uppers[part] / os.path.relpath(name, part)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(0o644)


def _make_layer(places: Places, number: int, path: str) -> None:
    upper = places.layers / f"upper{number}"
    for folder in (places.root / path[1:], upper, places.layers / f"work{number}"):
        folder.mkdir(parents=True, exist_ok=True)
    if path in _GUARDED:
        _hide(path, upper)
    furnish(path, upper)


def _make_root(root: Path) -> None:
    for name in _EMPTY:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "root").mkdir(mode=0o700, exist_ok=True)
    for name in ("tmp", "var/tmp"):
        (root / name).chmod(0o1777)
    for name in _LINKS:
        source = Path("/", name)
        if source.is_symlink():
            (root / name).symlink_to(source.readlink())


def _settle(root: Path, like: Path) -> None:
    """Have what is made for each sandbox anew look the same in all of them, and folders as they are here."""
    for parent, folders, files in os.walk(root, topdown=False):
        for name in folders:
            seen = like / os.path.relpath(Path(parent, name), root)
            if not Path(parent, name).is_symlink():
                Path(parent, name).chmod(stat.S_IMODE(seen.stat().st_mode) if seen.is_dir() else 0o755)
        for name in (*folders, *files):
            os.utime(Path(parent, name), (_LONG_AGO, _LONG_AGO), follow_symlinks=False)
    os.utime(root, (_LONG_AGO, _LONG_AGO))


def layered() -> list[str]:
    """Give the folders of this machine that are part of every sandbox."""
    return [path for path in LAYERED if Path(path).is_dir() and not Path(path).is_symlink()]


def parts(places: Places, base: Path | None) -> dict[str, tuple[Path, Path]]:
    """Give what is layered, by its path inside: its untouched side, and the layer over that."""
    if base is not None:
        return {"/": (base, places.layers / "upper")}
    return {path: (Path(path), places.layers / f"upper{number}") for number, path in enumerate(layered())}


def _hide(base: str, upper: Path) -> None:
    """Put what not everybody may read out of sight; an ordinary user cannot read it anyway."""
    if os.geteuid() != 0:
        return
    for path in _guarded(base):
        hidden = upper / os.path.relpath(path, base)
        hidden.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(hidden):
            os.mknod(hidden, stat.S_IFCHR, os.makedev(0, 0))  # so overlayfs says that nothing is there


def _guarded(base: str) -> Iterator[str]:
    for folder, folders, files in os.walk(base):
        open_ = []
        for name in folders:
            path = f"{folder}/{name}"
            if _is_open(path, stat.S_IROTH | stat.S_IXOTH):
                open_.append(name)
            else:
                yield path
        folders[:] = open_
        for name in files:
            path = f"{folder}/{name}"
            if path not in ("/etc/shadow", "/etc/gshadow") and not _is_open(path, stat.S_IROTH):
                yield path


def _is_open(path: str, wanted: int) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISLNK(mode) or mode & wanted == wanted


def script(
    places: Places,
    base: Path | None,
    words: Sequence[str],
    groups: Sequence[Path] = (),
    *,
    most: int | None = None,
    most_kb: int | None = None,
    shared_mb: int = 64,
) -> str:
    """Give what mounts the root in a namespace of its own and then runs bubblewrap with the words given.

    A part over which no layer can be laid is bound read-only instead, by more words; it is
    told as `R PATH` on standard output. All of it is in the `groups`, and `most` processes; each of them
    may have `most_kb` of data.
    """
    more = ",userxattr" if os.geteuid() != 0 else ""
    lines = [f"echo $$ >{shlex.quote(str(group))}" for group in groups]
    lines += [f"ulimit -u {most}"] if most is not None else []
    lines += [f"ulimit -d {most_kb}"] if most_kb is not None else []
    lines += ["set -e", "set --"]
    size = f"size={shared_mb}m,mode=1777"
    lines += [shlex.join(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(places.shared)])]
    if base is not None:
        lines.append(_mount(base, places.layers / "upper", places.layers / "work", places.root, more))
    else:
        for number, path in enumerate(layered()):
            upper, work = (places.layers / f"{kind}{number}" for kind in ("upper", "work"))
            mount = _mount(Path(path), upper, work, places.root / path[1:], more)
            # the layer over a guarded part is what hides the secrets in it
            lines.append(mount if path in _GUARDED else f"{mount} || {_bound(path)}")
    lines += sealing()
    return "\n".join(
        [*lines, f'exec bwrap --bind {shlex.quote(str(places.root))} / "$@" {shlex.join(words)}']
    )


def _bound(path: str) -> str:
    name = shlex.quote(path)
    return f'{{ echo R {name}; set -- "$@" --ro-bind {name} {name}; }}'


def _mount(lower: Path, upper: Path, work: Path, at: Path, more: str) -> str:
    given = ",".join(
        f"{name}={_escaped(path)}"
        for name, path in (("lowerdir", lower), ("upperdir", upper), ("workdir", work))
    )
    return shlex.join(["mount", "-t", "overlay", "overlay", "-o", given + more, str(at)])


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:")


def enclosed(
    places: Places, *, workdir: str, private: str, variables: Mapping[str, str], has_network: bool
) -> list[str]:
    """Give the words by which bubblewrap encloses a command in the root, which `script` puts there first."""
    words = ["--proc", "/proc", *_guarded_proc(), *sealed_proc(), "--dev", "/dev"]
    words += ["--bind", str(places.shared), "/dev/shm", "--remount-ro", "/dev"]
    words += ["--bind", str(places.worktree), workdir]
    words += ["--bind", str(places.private), private, "--ro-bind", str(places.pipes), f"{private}/pipes"]
    words += ["--ro-bind", str(places.outputs), f"{private}/outputs"]
    if pip := pip_package():
        words += ["--ro-bind", str(pip), f"{PIP_PATH}/pip"]
    words += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", "sandbox", "--die-with-parent"]
    words += [] if has_network else ["--unshare-net"]
    words += ["--cap-drop", "ALL", *(word for name in CAPABILITIES for word in ("--cap-add", f"CAP_{name}"))]
    words += ["--clearenv", *(word for pair in variables.items() for word in ("--setenv", *pair))]
    return [*words, "--chdir", "/"]


def _guarded_proc() -> Iterator[str]:
    """Have nothing of the kernel be changed: much of it asks only whether one is user 0, as root is."""
    for entry in sorted(os.scandir("/proc"), key=lambda one: one.name):
        if not entry.name.isdigit() and not entry.is_symlink():
            mode = entry.stat().st_mode
            if entry.name in _MASKED:
                yield from ("--ro-bind", "/dev/null", f"/proc/{entry.name}")
            elif stat.S_ISDIR(mode) or mode & 0o222:
                yield from ("--ro-bind", f"/proc/{entry.name}", f"/proc/{entry.name}")


def delete(places: Places) -> None:
    """End all that runs in a sandbox, and delete it. Raises StorageFailed."""
    with suppress(OSError):
        left = remove([Path(line) for line in places.groups.read_text().splitlines()])
        if left:  # whoever comes next finds them
            raise StorageFailed(f"The control group {left[0]} does not end.")
    for folder in (places.private, places.folder):
        remove_tree(folder)
