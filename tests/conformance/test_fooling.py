"""What a hostile program does to our own ends inside: it may break its sandbox, never the process outside."""

import resource

import pytest

from tests.conformance.conftest import Terminal

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORGED = r"P 1\0X x\0S 1 a\0S\0E 1 2\0E 9999999999 x y z\0E 1 0 ../../etc/x /\0\0junk\0"
INTO = "for d in /proc/[0-9]*; do [[ -w $d/fd/251 ]] && {} >$d/fd/251; done 2>/dev/null"
"""Every process of ours that has the control channel's end; in a container it is shut."""


async def test_forged_records_fool_no_shell(run: Terminal) -> None:
    await run("cd /tmp; " + INTO.format(f"printf '{FORGED}'") + "; echo said")
    assert run.output == b"said\n"
    assert await run("pwd; (exit 3)") == b"/tmp\n"
    assert run.end.exit_code == 3


async def test_a_record_that_never_ends_does_not_fill_the_process_outside(run: Terminal) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await run(INTO.format("head -c 150000000 /dev/zero | tr '\\0' x"), timeout_s=1)
    assert await run("echo on") == b"on\n"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


async def test_lines_to_the_keeper_that_are_not_its_own_end_nothing(run: Terminal) -> None:
    long = "head -c 300000 /dev/zero | tr '\\0' x; printf '\\nX 1 77777\\nS 99 1\\n\\nR x\\nX y\\n'"
    await run(f"for f in /proc/2/fd/3 /proc/1/fd/1; do {{ {long}; }} >$f; done 2>/dev/null; echo said")
    assert run.output == b"said\n"
    assert await run("(exit 4); echo $?") == b"4\n"
