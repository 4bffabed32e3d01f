"""How much a sandbox has written: counted by `find`, each file once however many names it has."""

import asyncio
import os
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path

from lis_tui.core.child import begin
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.namespaces import as_root
from lis_tui.core.ports import Space
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.service import Service

_SLOW_S = 600.0
_FORM = b"-printf '%b %n %D:%i %y\\n'"
_SUM = (
    b"awk '"
    b'{ c++; if ($2 > 1 && $4 != "d") { if ($3 in seen) next; seen[$3] = 1 } b += $1 }'
    b' END { printf "%.0f %.0f\\n", b * 512, c }\''
)


async def space_inside(service: Service, workdir: str, since: str) -> Space | None:
    """Measure the work folder, and what is newer elsewhere, by the sandbox's own `find`; None: it cannot."""
    top = quote(workdir)
    script = b"{ find %s -xdev %s; find / -xdev -path %s -prune -o -newerct @%s %s; } 2>/dev/null | %s" % (
        top,
        _FORM,
        top,
        since.encode(),
        _FORM,
        _SUM,
    )
    try:
        return _space((await service.ask(script, timeout_s=_SLOW_S)).output)
    except SandboxFailed:
        return None


async def space_here(folders: Sequence[Path]) -> Space | None:
    """Measure folders of this machine, as the root of what an ordinary user has made inside."""
    names = b" ".join(quote(str(folder)) for folder in folders)
    script = b"find %s -xdev %s 2>/dev/null | %s" % (names, _FORM, _SUM)
    words = ["unshare", *as_root(), "--"] if as_root() else []
    words += ["sh", "-c", os.fsdecode(script)]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    async with await begin(*words, stdout=PIPE, environment=environment) as process:
        try:
            async with asyncio.timeout(_SLOW_S):
                output, _ = await process.communicate()
        except TimeoutError:
            return None
    return _space(output)


def _space(output: bytes) -> Space | None:
    words = output.split()
    if len(words) != 2 or not (words[0].isdigit() and words[1].isdigit()):
        return None
    return Space(int(words[0]), int(words[1]))
