"""The processes of a command: which they are, which of them to stop, and whether one waits for input."""

from collections.abc import Collection, Iterable

from msgspec import Struct

from lis_tui.sandbox.service import Service

PREAMBLE = rb"""
__lis_list() {
  local s line
  for s in /proc/[0-9]*/stat; do
    line=; { IFS= read -r -d '' line <"$s"; } 2>/dev/null
    [[ $line ]] || continue
    set -- ${line##*) }
    printf '%s %s %s\n' "${line%% *}" "$2" "$1"
  done
}
__lis_look() {
  local fifo=$1 p line call fd ignored caught wait reads
  shift
  for p; do
    ignored=0 caught=0 call= wait= reads=0
    while read -r line fd; do
      case $line in SigIgn:) ignored=$fd ;; SigCgt:) caught=$fd ;; esac
    done
    { read -r call fd line </proc/$p/syscall; } 2>/dev/null
    { read -r wait </proc/$p/wchan; } 2>/dev/null
    if [[ $call == 0 || $call == 63 ]]; then
      [[ /proc/$p/fd/$((fd)) -ef $fifo ]] && reads=2
    elif [[ ! $call && $wait == *pipe_read* && /proc/$p/fd/0 -ef $fifo ]]; then
      reads=1
    fi
    printf '%s %s %s %s\n' "$p" "$ignored" "$caught" "$reads"
  done 2>/dev/null </dev/null
}
__lis_look_at() { local f=$1 p; shift; for p; do __lis_look "$f" "$p" </proc/$p/status; done 2>/dev/null; }
"""


class Process(Struct, frozen=True):
    """One line of the process list."""

    pid: int
    parent: int
    state: str


class Details(Struct, frozen=True):
    """What decides about a process: the signals it ignores and handles, and whether it reads our input.

    `reads` 2: proven by the system call; 1: it sleeps in a pipe and its input is the command's; 0: no.
    """

    pid: int
    ignored: int
    caught: int
    reads: int

    @property
    def is_background(self) -> bool:
        """A shell without job control starts `&` with INT and QUIT ignored."""
        return self.ignored & 0b110 == 0b110

    @property
    def dies_of_int(self) -> bool:
        """It neither ignores INT nor handles it: where it got one and lives, that came before its exec."""
        return not (self.ignored | self.caught) & 0b10


class Tree(Struct, frozen=True):
    """The processes below a shell."""

    root: int
    processes: tuple[Process, ...]

    @property
    def has_root(self) -> bool:
        """Tell whether the shell lives."""
        return any(process.pid == self.root and process.state not in "ZX" for process in self.processes)

    def children(self, parent: int) -> list[int]:
        """Give the living children."""
        return [p.pid for p in self.processes if p.parent == parent and p.state not in "ZX"]

    def below(self, tops: Iterable[int]) -> list[int]:
        """Give these and all that descends from them."""
        found: dict[int, None] = {}
        todo = list(tops)
        while todo:
            pid = todo.pop()
            if pid not in found:
                found[pid] = None
                todo.extend(self.children(pid))
        return list(found)


async def list_tree(service: Service, root: int) -> Tree:
    """Read the process list. Raises ShellLost."""
    answer = await service.ask(b"__lis_list", is_apart=False, timeout_s=10)
    rows = (line.split() for line in answer.output.decode("ascii", errors="replace").splitlines())
    return Tree(root, tuple(Process(int(row[0]), int(row[1]), row[2]) for row in rows if len(row) == 3))


async def look_at(service: Service, fifo: str, pids: Collection[int]) -> list[Details]:
    """Read details of processes; those that are gone are left out. Raises ShellLost."""
    if not pids:
        return []
    script = b"__lis_look_at " + fifo.encode() + b" " + _words(pids)
    answer = await service.ask(script, is_apart=False, timeout_s=10)
    rows = (line.split() for line in answer.output.decode("ascii", errors="replace").splitlines())
    found = [row for row in rows if len(row) == 4]
    return [Details(int(row[0]), int(row[1], 16), int(row[2], 16), int(row[3])) for row in found]


async def signal(service: Service, name: str, pids: Collection[int]) -> None:
    """Send a signal to each. Raises ShellLost."""
    if pids:
        await service.ask(b"kill -" + name.encode() + b" " + _words(pids) + b" 2>/dev/null", is_apart=False)


def _words(pids: Iterable[int]) -> bytes:
    return b" ".join(str(pid).encode() for pid in pids)
