"""What the kernel tells of a tree, and what is said where it cannot."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Collection
from pathlib import Path

import pytest
from watchfiles import Change

from lis_tui.sandbox.watch import CLOSED, ELSEWHERE, MOST_NAMED, NO_WATCHES, Watch, blindness

Noticed = asyncio.Queue[Collection[str] | None]


def unexpected(paths: Collection[str] | None) -> None:
    pytest.fail(f"{paths} changed")


async def told(folder: Path, *paths: str) -> Collection[str] | None:
    """Give what is made of the paths that the library names."""

    async def watching(folder: Path, stop: asyncio.Event) -> AsyncGenerator[set[tuple[Change, str]], None]:
        yield {(Change.modified, path) for path in paths}

    noticed: Noticed = asyncio.Queue()
    watch = Watch(folder, noticed.put_nowait, pytest.fail, watching, lambda _: "")
    try:
        return await asyncio.wait_for(noticed.get(), 5)
    finally:
        watch.close()


async def test_paths_are_told_relative_and_escaped(tmp_path: Path) -> None:
    found = await told(tmp_path, f"{tmp_path}/a/b", f"{tmp_path}/back\\slash\n", f"{tmp_path}")
    assert sorted(found or ()) == ["a/b", "back\\\\slash\n"]


@pytest.mark.parametrize(
    "names",
    [["odd\N{REPLACEMENT CHARACTER}"], ["d/" * 2000], [str(n) for n in range(MOST_NAMED + 1)]],
    ids=len,
)
async def test_what_cannot_be_named_is_told_as_anything(tmp_path: Path, names: list[str]) -> None:
    assert await told(tmp_path, *[f"{tmp_path}/{name}" for name in names]) is None


async def test_the_kernel_names_what_changed(tmp_path: Path) -> None:
    noticed: Noticed = asyncio.Queue()
    watch = Watch(tmp_path, noticed.put_nowait, pytest.fail, blindness=lambda _: "")
    named: set[str] = set()
    async with asyncio.timeout(10):
        while "file" not in named:
            (tmp_path / "file").write_text(str(len(named)))  # the watch may not be up at the first
            await asyncio.sleep(0)
            named.update(noticed.get_nowait() or () if not noticed.empty() else ())
    watch.close()


async def test_an_engine_elsewhere_tells_of_nothing() -> None:
    reasons: list[str] = []
    Watch(None, unexpected, reasons.append).close()
    assert reasons == [ELSEWHERE]


async def test_a_watch_that_fails_is_told_once(tmp_path: Path) -> None:
    async def watching(folder: Path, stop: asyncio.Event) -> AsyncGenerator[set[tuple[Change, str]], None]:
        raise OSError(28, "No space left on device")
        yield set()

    reasons: asyncio.Queue[str] = asyncio.Queue()
    watch = Watch(tmp_path, unexpected, reasons.put_nowait, watching, lambda _: CLOSED)
    assert await asyncio.wait_for(reasons.get(), 5) in (NO_WATCHES, CLOSED)
    watch.close()
    await asyncio.sleep(0)
    assert reasons.empty()


def test_a_tree_that_can_be_watched_is_not_doubted(tmp_path: Path) -> None:
    assert blindness(tmp_path) == ""


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("unshare"), reason="needs user namespaces")
def test_a_system_without_watches_is_found_out(tmp_path: Path) -> None:
    script = (
        "echo 0 >/proc/sys/user/max_inotify_watches && "
        'exec "$0" -c "import sys, pathlib; from lis_tui.sandbox.watch import blindness; '
        'print(blindness(pathlib.Path(sys.argv[1])))" "$1"'
    )
    command = ["unshare", "-Ur", "bash", "-c", script, sys.executable, str(tmp_path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environ, check=False)
    if "unshare:" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("this user may not make a namespace")
    assert done.stdout == f"{NO_WATCHES}\n", done.stderr
