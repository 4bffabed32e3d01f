"""The lasting shell, whatever a command does to it."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Collection

import pytest

from lis_tui.core.bus import spawn
from lis_tui.core.command import Reins
from lis_tui.core.errors import AllKilled
from lis_tui.core.ports import Sandbox
from lis_tui.sandbox import processes, stopping
from lis_tui.sandbox.computer import Computer
from lis_tui.sandbox.engines import connect
from lis_tui.sandbox.service import Service
from tests.conformance.conftest import Terminal

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_a_command_leaves_behind_is_there_for_the_next(run: Terminal) -> None:
    await run("cd /tmp; X='a  b'; export Y=1; A=(1 '2 3'); declare -A M=([k]=v); f() { echo \"f $X\"; }")
    await run("alias hi='echo hello'; shopt -s nullglob; umask 027; sleep 60 & J=$!")
    assert await run('pwd; f; echo $Y "${A[1]}" ${M[k]}; hi; shopt nullglob; umask') == (
        b"/tmp\nf a  b\n1 2 3 v\nhello\nnullglob       \ton\n0027\n"
    )
    assert b"Running" in await run("jobs")
    assert run.end.cwd == "/tmp"
    await run("kill $J; shopt -u nullglob; umask 022; cd; unset X Y A M J; unset -f f; unalias hi; wait")


@pytest.mark.parametrize("code", [0, 1, 2, 124, 126, 127, 130, 137, 143, 255])
async def test_an_exit_code_is_exact_and_never_taken_for_a_time_limit(run: Terminal, code: int) -> None:
    await run(f"(exit {code})")
    assert (run.end.exit_code, run.end.ended_by, run.end.notes) == (code, "itself", ())
    assert await run("echo $?") == f"{code}\n".encode()


async def test_a_command_of_the_shells_own_starts_no_process(run: Terminal) -> None:
    """How long it takes is in the bench."""
    last = "read -r _ _ _ _ last </proc/loadavg; echo $last"
    before = int(await run(last))
    for _ in range(100):
        await run("true")
    assert int(await run(last)) - before < 50
    assert int(await run(f"/bin/true; {last}")) > before, "the control: a process is counted"


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("printf 'no newline'", b"no newline"),
        ("printf 'a\\0b\\0'", b"a\0b\0"),
        ("printf '\\0lis-0123;\\0lis-\\0'", b"\0lis-0123;\0lis-\0"),
        ("printf 'E 1 0 0 /\\0' >&2", b"E 1 0 0 /\0"),
        ("printf '\\377\\376\\r\\n\\r'", b"\xff\xfe\r\n\r"),
        ("true", b""),
        ("echo one\necho two", b"one\ntwo\n"),
        ("cat <<'END'\n$x `y`\nEND", b"$x `y`\n"),
        ("echo 'grüße 🦊'", "grüße 🦊\n".encode()),
        ("echo out; echo err >&2; echo out", b"out\nerr\nout\n"),
        ("# only a comment", b""),
        ("", b""),
        ("echo \"it's\" 'a \"test\"' \\$x '!!'", b'it\'s a "test" $x !!\n'),
        ("sleep 0.01 & wait", b""),
    ],
)
async def test_output_is_what_the_command_printed_and_nothing_else(
    run: Terminal, command: str, output: bytes
) -> None:
    assert await run(command) == output
    assert run.end.exit_code == 0


async def test_a_megabyte_of_command_runs(run: Terminal) -> None:
    await run("x='" + "ä" * 500_000 + "'; echo ${#x}; unset x")
    assert (run.output, run.end.exit_code, run.end.notes) == (b"500000\n", 0, ())


@pytest.mark.parametrize(
    "command", ["echo 'open", 'echo "open', "if true; then", "f() {", "$(", ")", "<<", "done"]
)
async def test_a_syntax_error_is_said_and_wedges_nothing(run: Terminal, command: str) -> None:
    assert await run(command, timeout_s=10)
    assert run.end.exit_code != 0
    assert await run("echo fine") == b"fine\n"


async def test_a_command_with_a_nul_byte_is_refused_and_the_shell_stays(run: Terminal) -> None:
    await run("K=kept")
    assert b"NUL" in await run("echo a\0b")
    assert run.end.exit_code == 126
    assert await run("echo $K") == b"kept\n"


async def test_output_is_passed_on_while_the_command_runs(run: Terminal) -> None:
    seen = asyncio.Event()
    task = spawn(
        run.sandbox.run("echo now; sleep 60", timeout_s=50, on_output=lambda _: seen.set()), "a long command"
    )
    async with asyncio.timeout(5):
        await seen.wait()
    assert not task.done()
    await run.sandbox.interrupt()
    await task


async def test_a_child_that_holds_the_output_delays_nothing(run: Terminal) -> None:
    assert await run("(sleep 30; echo late) & echo done", timeout_s=10) == b"done\n"
    assert run.end.ended_by == "itself"
    await run("kill $!")


async def test_a_hundred_megabytes_come_whole(run: Terminal) -> None:
    sizes: list[int] = []
    end = await run.sandbox.run(
        "head -c 100000000 /dev/zero", timeout_s=60, on_output=lambda data: sizes.append(len(data))
    )
    assert sum(sizes) == 100_000_000
    assert max(sizes) < 1_000_000
    assert end.exit_code == 0


# -- being stopped ---------------------------------------------------------------------------------

STUBBORN = [
    "sleep 1000",
    "while :; do :; done",
    "cat",
    "read x",
    "wait_for() { while true; do sleep 5; done; }; wait_for; echo not reached",
    "for i in 1 2 3; do sleep 100; done; echo not reached",
    "x=$(sleep 100); echo not reached",
    "sleep 100 | cat; echo not reached",
    "(trap '' INT TERM; sleep 100); echo not reached",
    "bash -c 'trap \"\" INT TERM; while :; do sleep 1; done'; echo not reached",
    "sleep 100 & wait; echo not reached",
    "yes > /dev/null",
]


@pytest.mark.parametrize("command", STUBBORN)
async def test_a_time_limit_ends_anything_and_keeps_what_was(run: Terminal, command: str) -> None:
    await run("V=before; sleep 500 & BG=$!")
    began = time.monotonic()
    assert await run(f"echo begun; {command}", timeout_s=0.3) == b"begun\n"
    assert run.end.ended_by == "time limit"
    assert await run('echo "$V"') == b"before\n"
    assert time.monotonic() - began < 4
    assert await run("kill -0 $BG && echo alive; kill $BG") == b"alive\n"


async def test_a_person_ends_a_command_and_the_shell_is_the_same(run: Terminal) -> None:
    await run("MINE=$$")
    task = asyncio.ensure_future(run("cd /usr; echo begun; sleep 1000"))
    await asyncio.sleep(0.2)
    await run.sandbox.interrupt()
    assert await task == b"begun\n"
    assert (run.end.ended_by, run.end.exit_code, run.end.notes) == ("person", 130, ())
    assert await run("[[ $MINE == $$ ]] && pwd; cd") == b"/usr\n"


async def test_an_interrupt_without_a_command_does_nothing(run: Terminal) -> None:
    await run.sandbox.interrupt()
    assert await run("echo fine") == b"fine\n"


async def test_a_command_in_a_shell_that_ignores_interrupts_ends_by_force(run: Terminal) -> None:
    await run("W=before")
    await run("trap '' INT TERM; W=after; while :; do :; done", timeout_s=0.3)
    assert run.end.ended_by == "time limit"
    assert "shell restarted" in run.end.notes[0]
    assert await run('echo "$W"; trap -p INT') == b"before\n"


async def test_cancelling_stops_the_command_too(run: Terminal) -> None:
    await run("cp $(type -P sleep) /tmp/slumber")
    task = asyncio.ensure_future(run("/tmp/slumber 987"))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await run("grep -lx slumber /proc/[0-9]*/comm") == b""


SHOW_STATE = "declare -p S T A M R; f; q; set +o; shopt; umask; trap -p; ulimit -Sn; pwd; echo ${#L}"


# -- a lost shell ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        ("exit 3", {3}),
        ("exec sh -c 'exit 4'", {4}),
        ("set -e; false; echo not reached", {1}),
        ("kill -9 $$", {137}),
        # Nobody is left to tell: the engine may know, or not yet.
        ("kill -9 $PPID $$", {None, 137}),
        ("sleep 20 & exit 5", {5}),
    ],
)
async def test_a_lost_shell_is_replaced_with_its_state(
    run: Terminal, command: str, codes: set[int | None]
) -> None:
    await run(
        "cd /tmp; S=$'two\\nlines \"q\" \\'s\\' \\\\ $x'; export T=1; A=([2]=x [5]='y z')\n"
        "declare -A M=([a b]='c d')\n"
        "f() { cat <<END\nin f $S\nEND\n}; alias q='echo quick'\n"
        "set -o pipefail; shopt -s extglob; umask 077\n"
        "readonly R=fixed; trap 'echo bye' USR1; ulimit -S -n 512; L=$(head -c 5000 /dev/zero | tr '\\0' x)"
    )
    before = await run(
        "declare -p S T A M R; f; q; set +o; shopt; umask; trap -p; ulimit -Sn; pwd; echo ${#L}"
    )
    await run(f"echo said; {command}")
    assert run.output == b"said\n"
    assert run.end.exit_code in codes
    assert run.end.notes
    assert run.end.notes[0].startswith("shell restarted")
    assert (
        await run("declare -p S T A M R; f; q; set +o; shopt; umask; trap -p; ulimit -Sn; pwd; echo ${#L}")
        == before
    )
    await run("trap - USR1; set +o pipefail; shopt -u extglob; umask 022; cd; unalias q; unset -f f")


async def test_an_unbound_variable_ends_the_command_only(run: Terminal) -> None:
    await run("set -u; echo $no_such_thing; echo not reached")
    assert b"unbound" in run.output
    assert b"not reached" not in run.output
    assert run.end.exit_code == 1
    await run("set +u")
    assert await run("echo $no_such_thing") == b"\n"


async def test_a_value_over_a_megabyte_is_not_kept_and_that_is_said(run: Terminal) -> None:
    await run("BIG=$(head -c 1500000 /dev/zero | tr '\\0' x); SMALL=1")
    await run("exit 0")
    assert any("BIG" in note for note in run.end.notes)
    assert await run('echo "${#BIG} $SMALL"') == b"0 1\n"


async def test_everything_in_the_sandbox_killed_is_survived(run: Terminal) -> None:
    await run("Z=still")
    await run("kill -9 -1")
    await run("true")
    assert await run("echo $Z") == b"still\n"


def kill_all(sandbox: Sandbox) -> None:
    """What a person does elsewhere: `docker kill`, or `kill -9` of the process at its top."""
    assert isinstance(sandbox, Computer)
    home = sandbox._home
    if home.kind == "embedded":
        os.kill(int(home.name), signal.SIGKILL)
        return
    with contextlib.closing(connect()) as engine:
        engine.containers.get(home.name).kill()


async def measured_on(sandbox: Sandbox) -> None:
    async with asyncio.timeout(20):
        while True:
            await sandbox.load()
            await asyncio.sleep(0.02)


async def test_all_that_runs_killed_from_outside_is_told_once(run: Terminal) -> None:
    await run("Z=still; echo kept > /var/kept")
    await asyncio.to_thread(kill_all, run.sandbox)
    with pytest.raises(AllKilled):
        await measured_on(run.sandbox)
    await run.sandbox.load()
    assert await run("echo $Z; cat /var/kept") == b"still\nkept\n"
    await run.sandbox.load()


async def test_a_shell_killed_alone_is_not_taken_for_more(run: Terminal) -> None:
    await run("echo $BASHPID > /tmp/shell")
    await run.sandbox.own_run("kill -9 $(cat /tmp/shell)", timeout_s=30, on_output=lambda _: None)
    await run.sandbox.load()
    await run("true")
    (note,) = run.end.notes
    # The end may be told only after the next command was given.
    assert "it ended between two commands" in note or "the command ended it" in note
    await run.sandbox.load()


# -- input -----------------------------------------------------------------------------------------


async def until(claim: list[bool]) -> None:
    async with asyncio.timeout(10):
        while not claim:
            await asyncio.sleep(0.02)


async def test_a_person_types_into_a_waiting_command(run: Terminal) -> None:
    task = asyncio.ensure_future(run('read -r name; echo "hello $name"; cat'))
    await asyncio.sleep(0)
    await until(run.waits)
    assert run.waits == [True]
    await run.sandbox.send_input("grüß dich\nrest ".encode())
    await run.sandbox.send_input(b"\xff" * 100_000)
    await run.sandbox.close_input()
    assert await task == "hello grüß dich\nrest ".encode() + b"\xff" * 100_000
    assert run.waits[-1] is False
    assert run.end.exit_code == 0


async def test_where_nobody_answers_the_input_ends_by_itself(run: Terminal) -> None:
    assert await run("cat; read x; echo $?", eof_after_s=0.2) == b"1\n"
    assert run.waits[0] is True
    assert run.end.ended_by == "itself"


async def test_what_was_typed_and_not_read_does_not_reach_the_next_command(run: Terminal) -> None:
    task = asyncio.ensure_future(run("read -r one; sleep 0.3"))
    await asyncio.sleep(0)
    await until(run.waits)
    await run.sandbox.send_input(b"one\ntwo\n")
    await task
    assert await run('read -r two; echo "[$two]"', eof_after_s=0.1) == b"[]\n"


async def test_a_command_that_works_is_not_said_to_wait(run: Terminal) -> None:
    await run("x=$(sleep 0.6; echo 1); sleep 0.3 | cat")
    assert run.waits == []


async def test_a_shell_that_stands_still_is_replaced(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "TAKEN_S", 0.5)
    await run("Z=still; sleep 600 & (sleep 0.2; kill -STOP $$) &")
    await run.sandbox.own_run("sleep 0.5", timeout_s=30, on_output=lambda _: None)
    async with asyncio.timeout(30):
        await run("echo taken", timeout_s=0.5)
    assert run.end.ended_by == "time limit"
    assert await run("echo $Z") == b"still\n"
    assert await run("pkill -cf 'sleep 600'") == b"1\n", "what the shell had begun before goes on"


async def test_a_command_that_ends_when_its_shell_is_made_to_stand_still_leaves_it_usable(
    run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = processes.signal

    async def late(service: Service, name: str, pids: Collection[int]) -> None:
        if name == "STOP":
            asked.set()
            await asyncio.wait_for(over.wait(), 20)
        await send(service, name, pids)

    monkeypatch.setattr(processes, "signal", late)
    asked, over, up, reins = asyncio.Event(), asyncio.Event(), asyncio.Event(), Reins()
    words = "Z=kept; trap '' INT; echo up; until [[ -e /tmp/over ]]; do sleep 0.1; done; trap - INT; echo end"

    def hear(data: bytes) -> None:
        if b"up" in data:
            up.set()
        if b"end" in data:
            asyncio.get_running_loop().call_later(0.2, over.set)

    command = run.sandbox.run(words, timeout_s=60, on_output=hear, reins=reins)
    running = asyncio.ensure_future(command)
    await asyncio.wait_for(up.wait(), 20)
    reins.stop("a limit")
    await asyncio.wait_for(asked.wait(), 20)
    await run.sandbox.own_run("touch /tmp/over", timeout_s=30, on_output=lambda _: None)
    async with asyncio.timeout(40):
        end = await running
        assert await run("echo $Z", timeout_s=20) == b"kept\n"
    assert end.ended_by == "limit"
    assert (end.exit_code, run.end.notes) == (0, ())


async def test_what_a_command_left_behind_is_stopped_with_it_however_slowly_it_ends(
    run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, free, up = processes.signal, asyncio.Event(), asyncio.Event()

    async def slow(service: Service, name: str, pids: Collection[int]) -> None:
        await send(service, name, pids)
        if name == "INT":  # it may come too early, and is sent again then
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(free.wait(), 0.5)

    monkeypatch.setattr(processes, "signal", slow)
    reins, command = Reins(), "setsid sleep 603 & echo up; sleep 60"
    stopped = run.sandbox.run(command, timeout_s=30, on_output=lambda _: up.set(), reins=reins)
    running = asyncio.ensure_future(stopped)
    await asyncio.wait_for(up.wait(), 20)
    reins.stop("a limit")
    await run.sandbox.stop_rest()
    free.set()
    assert (await running).ended_by == "limit"
    assert await run("pgrep -f 'sleep 603'") == b""
