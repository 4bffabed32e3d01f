"""A command that is interrupted, given more time, let go into the background; and a shell of one's own."""

import asyncio
import contextlib

import pytest

from lis_tui.core.bus import spawn
from lis_tui.core.command import CommandEnd, Reins
from lis_tui.core.ports import Sandbox
from lis_tui.sandbox.bash import Bash, Step
from lis_tui.sandbox.typed import Typed
from tests.conformance.conftest import Home, Terminal

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_S = 30
IGNORES = "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; print('up', flush=True)"


class Held:
    """A command that runs beside the test, by its reins."""

    def __init__(self, sandbox: Sandbox, command: str, *, timeout_s: float = 60) -> None:
        self.signals: list[str] = []
        self.reins = Reins(self.signals.append)
        self.output = b""
        self.end = CommandEnd(exit_code=None)
        self._sandbox = sandbox
        self._came = asyncio.Event()
        self._running = spawn(self._run(command, timeout_s), "held command")

    async def _run(self, command: str, timeout_s: float) -> None:
        self.end = await self._sandbox.run(
            command, timeout_s=timeout_s, on_output=self._take, reins=self.reins
        )

    def _take(self, data: bytes) -> None:
        self.output += data
        self._came.set()

    async def printed(self, text: bytes) -> None:
        """Wait until it has printed this."""
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.output:
                await self._came.wait()
                self._came.clear()

    async def over(self) -> CommandEnd:
        """Wait until the shell is free."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([self._running])
        return self.end

    async def job_over(self) -> CommandEnd:
        """Wait until what went on in the background has ended."""
        assert self.end.job is not None
        async with asyncio.timeout(PATIENCE_S):
            return await self.end.job.wait()


# -- an interrupt ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "signals"),
    [
        ("V=during; echo up; sleep 1000", ["INT"]),
        ("echo up; while :; do :; done", ["INT"]),
        ("echo up; cat", ["INT"]),
        ("trap '' INT TERM; V=during; echo up; sleep 1000", ["INT", "TERM", "KILL"]),
        (f'python3 -c "{IGNORES}; time.sleep(1000)"', ["INT", "TERM", "KILL"]),
        (
            "bash -c 'trap \"\" INT TERM; echo up; while :; do sleep 1; done'; echo not reached",
            ["INT", "TERM", "KILL"],
        ),
    ],
)
async def test_an_interrupt_goes_as_far_as_it_must_and_spares_all_else(
    run: Terminal, command: str, signals: list[str]
) -> None:
    await run("V=before; f() { echo $V; }; cd /usr; sleep 500 & B=$!")
    held = Held(run.sandbox, command)
    await held.printed(b"up\n")
    await run.sandbox.interrupt()
    end = await held.over()
    assert (end.ended_by, held.output, held.signals) == ("person", b"up\n", signals)
    was_killed = "KILL" in signals
    assert bool(end.notes) == was_killed
    known = b"before" if was_killed or "V=" not in command else b"during"
    assert await run("f; pwd") == known + b"\n/usr\n"
    assert await run("kill -0 $B && echo alive; kill $B; cd") == b"alive\n"


async def test_an_interrupt_that_comes_before_the_command_is_not_lost(run: Terminal) -> None:
    held = Held(run.sandbox, "sleep 1000")
    held.reins.cut()
    assert (await held.over()).ended_by == "person"


async def test_a_job_that_prints_outlives_a_shell_that_had_to_be_killed(home: Home, run: Terminal) -> None:
    if home.is_podman:
        pytest.skip("Podman reads nothing any more of a process whose parent was killed")
    await run("(while sleep 0.02; do echo tick; echo alive >>/tmp/alive; done) & B=$!")
    held = Held(run.sandbox, "trap '' INT TERM; echo up; while :; do :; done")
    await held.printed(b"up\n")
    await run.sandbox.interrupt()
    assert (await held.over()).ended_by == "person"
    await run(": >/tmp/alive; sleep 0.5; kill -0 $B && wc -l </tmp/alive; kill $B; rm /tmp/alive")
    assert int(run.output.split()[-1]) > 3


# -- another time limit ----------------------------------------------------------------------------


async def test_a_running_command_is_given_less_time(run: Terminal) -> None:
    held = Held(run.sandbox, "echo up; sleep 1000")
    await held.printed(b"up\n")
    held.reins.set_timeout(0.01)
    assert (await held.over()).ended_by == "time limit"
    assert held.signals == []


async def test_a_running_command_is_given_more_time(run: Terminal) -> None:
    held = Held(run.sandbox, "echo up; sleep 1; echo late", timeout_s=0.5)
    held.reins.set_timeout(60)
    assert (await held.over()).ended_by == "itself"
    assert held.output == b"up\nlate\n"


# -- the background --------------------------------------------------------------------------------


async def test_a_command_goes_on_in_the_background_and_the_shell_is_as_before_it(run: Terminal) -> None:
    await run("cd /usr; V=before; A=(1 2); f() { echo $V ${A[1]}; }; export E=1; sleep 600 & OLD=$!")
    held = Held(run.sandbox, "V=during; cd /; echo up; until [[ -e /tmp/go ]]; do :; done; echo on; (exit 7)")
    await held.printed(b"up\n")
    held.reins.let_go()
    end = await held.over()
    assert (end.ended_by, end.exit_code, end.cwd) == ("background", None, "/usr")
    assert "`jobs`" in end.notes[0]
    assert await run("pwd; f; printenv E; V=after") == b"/usr\nbefore 2\n1\n"
    assert held.output == b"up\n"
    await run("touch /tmp/go")
    assert (await held.job_over()).exit_code == 7
    assert held.output == b"up\non\n"
    assert await run("f; kill -0 $OLD && kill $OLD; rm /tmp/go; cd") == b"after 2\n"


async def test_a_job_s_input_is_at_its_end(run: Terminal) -> None:
    held = Held(run.sandbox, "echo up; cat; echo read all")
    await held.printed(b"up\n")
    held.reins.let_go()
    assert (await held.over()).ended_by == "background"
    assert (await held.job_over()).exit_code == 0
    assert held.output == b"up\nread all\n"


async def test_an_interrupt_does_not_touch_a_job_and_a_stop_does_not_touch_the_command(run: Terminal) -> None:
    await run("cp $(type -P sleep) /tmp/slumber")
    first = Held(run.sandbox, "echo up; /tmp/slumber 1000")
    await first.printed(b"up\n")
    first.reins.let_go()
    job = (await first.over()).job
    assert job is not None
    second = Held(run.sandbox, "echo up; sleep 1000")
    await second.printed(b"up\n")
    await run.sandbox.interrupt()
    assert (await second.over()).ended_by == "person"
    assert await run("grep -lx slumber /proc/[0-9]*/comm | wc -l") == b"1\n"
    third = Held(run.sandbox, "echo up; until [[ -e /tmp/go ]]; do sleep 0.05; done")
    await third.printed(b"up\n")
    await job.stop()
    assert (await first.job_over()).ended_by == "person"
    assert third.signals == []
    await run.sandbox.own_run("touch /tmp/go", timeout_s=30, on_output=lambda _: None)
    assert (await third.over()).exit_code == 0
    assert await run("grep -lx slumber /proc/[0-9]*/comm; rm /tmp/go /tmp/slumber") == b""


async def test_a_command_is_let_go_before_it_has_begun(run: Terminal) -> None:
    held = Held(run.sandbox, "echo up; (exit 3)")
    held.reins.let_go()
    end = await held.over()
    if end.ended_by == "background":
        end = await held.job_over()
    assert (end.exit_code, held.output) == (3, b"up\n")


async def test_a_command_that_is_let_go_has_its_input_before_that_is_made_anew(
    run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, renew, renewed, early = Bash._send, Typed.renew, asyncio.Event(), list[bool]()

    async def late(bash: Bash, text: bytes, step: Step) -> None:
        if b"echo up" in text:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(renewed.wait(), 0.5)
            early.append(renewed.is_set())
        await send(bash, text, step)

    async def tell(typed: Typed) -> None:
        renewed.set()
        await renew(typed)

    monkeypatch.setattr(Bash, "_send", late)
    monkeypatch.setattr(Typed, "renew", tell)
    held = Held(run.sandbox, "echo up; (exit 3)")
    held.reins.let_go()
    end = await held.over()
    end = await held.job_over() if end.ended_by == "background" else end
    assert (end.exit_code, held.output, early) == (3, b"up\n", [False])


# -- the person's own shell ------------------------------------------------------------------------


class Own:
    """Commands in the person's own shell."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.end = CommandEnd(exit_code=None)

    async def __call__(self, command: str, begun: asyncio.Event | None = None) -> bytes:
        pieces: list[bytes] = []

        def take(data: bytes) -> None:
            pieces.append(data)
            if begun is not None:
                begun.set()

        self.end = await self._sandbox.own_run(command, timeout_s=30, on_output=take, eof_after_s=0.2)
        return b"".join(pieces)


async def test_the_person_s_own_shell_works_beside_a_command_and_shares_only_the_files(run: Terminal) -> None:
    own = Own(run.sandbox)
    held = Held(run.sandbox, "M=model; echo up; until [[ -e /tmp/go ]]; do sleep 0.05; done; echo seen")
    await held.printed(b"up\n")
    assert await own("pwd; P=person; cd /tmp") == b"/testbed\n"
    assert await own('echo "$P[$M]"; pwd; touch go') == b"person[]\n/tmp\n"
    assert (await held.over()).exit_code == 0
    assert await run('echo "[$P]$M"; rm /tmp/go') == b"[]model\n"


async def test_the_own_shell_is_interrupted_alone_and_lives_on(run: Terminal) -> None:
    own = Own(run.sandbox)
    await own("Q=1")
    held = Held(run.sandbox, "echo up; until [[ -e /tmp/go ]]; do sleep 0.05; done")
    await held.printed(b"up\n")
    begun = asyncio.Event()
    mine = spawn(own("echo up; sleep 1000", begun), "own command")
    await begun.wait()
    await run.sandbox.own_interrupt()
    await asyncio.wait([mine])
    assert own.end.ended_by == "person"
    assert await own("echo $Q; touch /tmp/go") == b"1\n"
    assert (await held.over()).exit_code == 0
    assert await own("cat; rm /tmp/go") == b""
