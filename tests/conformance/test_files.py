"""File work inside a sandbox: bytes in, bytes out, any path, and no way out to the host."""

import asyncio
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import pytest

from lis_tui.core.errors import FileRefused
from lis_tui.core.paths import escape_path
from lis_tui.core.ports import Sandbox
from lis_tui.core.spec import SandboxSpec
from tests.conformance.conftest import Home, Terminal, must_share

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = [
    b"plain",
    b"two words",
    b"-rf",
    b"$(touch pwned)`id`$HOME",
    b"quote'\"\\",
    "grüße 🦊".encode(),
    b"line\nbreak\ttab",
    b"not utf-8 \xff\xfe",
    b"\x1b[31mred",
    b"a\\x41b",
    b"*?[x]",
    b"~",
    b" ",
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
async def test_any_name_can_be_written_read_listed_and_described(sandbox: Sandbox, name: bytes) -> None:
    path = f"{sandbox.workdir}/names/{escape_path(name)}"
    await sandbox.write_file(path, b"content")
    assert await sandbox.read_file(path) == b"content"
    found = await sandbox.stat(path)
    assert found is not None
    assert (found.path, found.kind, found.size_bytes) == (path, "file", 7)
    assert path in [entry.path for entry in await sandbox.list_folder(f"{sandbox.workdir}/names", 1)]
    assert f"names/{escape_path(name)}" in [entry.path for entry in (await sandbox.walk()).entries]
    assert await sandbox.stat(f"{sandbox.workdir}/pwned") is None


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"a\r\nb\tc", b"\xff" * 1000, os.urandom(3_000_000), b"\0lis-0;\n" * 9], ids=len
)
async def test_bytes_survive_both_ways(sandbox: Sandbox, data: bytes) -> None:
    await sandbox.write_file("/tmp/bytes", data)
    assert await sandbox.read_file("/tmp/bytes") == data
    assert await sandbox.read_file("/tmp/bytes", max_bytes=10) == data[:10]


async def test_writing_keeps_mode_and_owner_and_makes_folders(
    home: Home, sandbox: Sandbox, run: Terminal
) -> None:
    await run("echo old >script; chmod 4751 script; chown 12:34 script; ln script twin")
    await sandbox.write_file(f"{sandbox.workdir}/script", b"new")
    # writing takes setuid away, as it does everywhere
    owner = b"12:34" if home.has_owners else b"0:0"
    assert (await run("stat -c '%a %u:%g' script; cat twin")).endswith(b"751 %s\nnew" % owner)
    await sandbox.write_file(f"{sandbox.workdir}/a/b/c/new", b"x")
    assert await run("cat a/b/c/new") == b"x"


async def test_links_lead_to_places_inside(sandbox: Sandbox, run: Terminal) -> None:
    await run("echo inside >/etc/hostname.inside; ln -sf /etc/hostname.inside link; ln -sf nowhere dead")
    assert await sandbox.read_file(f"{sandbox.workdir}/link") == b"inside\n"
    found = await sandbox.stat(f"{sandbox.workdir}/link")
    assert found is not None
    assert found.kind == "file"
    assert await sandbox.stat(f"{sandbox.workdir}/dead") is None
    entries = {entry.path: entry for entry in (await sandbox.walk()).entries}
    assert (entries["link"].kind, entries["link"].target) == ("link", "/etc/hostname.inside")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("mkdir odd", "folder"),
        ("mkfifo odd", "not a regular file"),
        ("ln -s /dev/zero odd", "not a regular file"),
        ("ln -s odd odd", "no such file"),
        (":", "no such file"),
    ],
)
async def test_what_is_no_file_is_refused_and_not_waited_for(
    sandbox: Sandbox, run: Terminal, made: str, reason: str
) -> None:
    await run(f"rm -rf odd; {made}")
    async with asyncio.timeout(5):
        with pytest.raises(FileRefused, match=reason):
            await sandbox.read_file(f"{sandbox.workdir}/odd")
    if reason != "no such file":
        with pytest.raises(FileRefused, match=reason):
            await sandbox.write_file(f"{sandbox.workdir}/odd", b"x")
    await run("rm -rf odd")


async def test_a_path_that_cannot_be_is_refused(sandbox: Sandbox) -> None:
    for path in ("", "/tmp/a\0b", "/etc/hostname/x"):
        with pytest.raises(FileRefused):
            await sandbox.write_file(path, b"x")
    assert await sandbox.read_file("/etc/passwd")


async def test_a_write_that_fails_harms_nothing_that_follows(sandbox: Sandbox) -> None:
    with pytest.raises(FileRefused):
        await sandbox.write_file("/proc/version", b"echo this must never run\n" * 100_000)
    await sandbox.write_file("/tmp/after", b"fine")
    assert await sandbox.read_file("/tmp/after") == b"fine"


async def test_a_folder_is_listed_to_its_depth_and_sorted(sandbox: Sandbox, run: Terminal) -> None:
    await run("mkdir -p tree/b/c/d; touch tree/a tree/b/x tree/b/c/y; chmod 600 tree/a")
    found = await sandbox.list_folder(f"{sandbox.workdir}/tree", 2)
    base = f"{sandbox.workdir}/tree/"
    assert [entry.path.removeprefix(base) for entry in found] == ["a", "b", "b/c", "b/x"]
    assert (found[0].mode, found[1].kind) == (0o600, "folder")
    with pytest.raises(FileRefused, match="not a folder"):
        await sandbox.list_folder(f"{base}a", 1)


async def test_files_that_only_root_may_read_are_read_and_listed(sandbox: Sandbox, run: Terminal) -> None:
    await run("mkdir -m 700 closed; echo secret >closed/file; chmod 600 closed/file; chown -R 0:0 closed")
    assert await sandbox.read_file(f"{sandbox.workdir}/closed/file") == b"secret\n"
    assert "closed/file" in [entry.path for entry in (await sandbox.walk()).entries]


async def test_inputs_arrive_whole_under_their_own_names(
    sandbox: Sandbox, run: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/data.csv").write_bytes(b"1,2\r\n")
    (tmp_path / "one/deep/er").mkdir(parents=True)
    (tmp_path / "one/deep/er/big").write_bytes(b"z" * 5_000_000)
    (tmp_path / "data.csv").write_bytes(b"other")
    names = await sandbox.put_inputs([tmp_path / "one", tmp_path / "one/data.csv", tmp_path / "data.csv"])
    base = f"{sandbox.workdir}/documents"
    assert names == [f"{base}/one", f"{base}/data.csv", f"{base}/data-2.csv"]
    assert await sandbox.read_file(f"{base}/one/data.csv") == b"1,2\r\n"
    assert await sandbox.read_file(f"{base}/data-2.csv") == b"other"
    assert await run("stat -c '%s %u' documents/one/deep/er/big") == b"5000000 0\n"


async def test_outputs_come_out_without_anything_that_leads_elsewhere(
    sandbox: Sandbox, run: Terminal, tmp_path: Path
) -> None:
    await run(
        "mkdir -p output/sub; cd output; echo one >one; printf 'a\\0' >'sub/two words'; ln one hard\n"
        "mkfifo fifo\n"
        "ln -s /etc link; ln -s one inner; echo far >/tmp/far; echo x >$'bad\\xff\\033name'\n"
        "python3 -c 0 2>/dev/null; chmod 000 one; cd ..; ln -sf /etc/hostname answer.txt"
    )
    saved = await sandbox.save_outputs(tmp_path)
    assert sorted(saved.files) == [
        "output/bad\\xff\x1bname",
        "output/hard",
        "output/one",
        "output/sub/two words",
    ]
    assert {problem.split(":")[0] for problem in saved.problems} == {
        "output/fifo",
        "output/link",
        "output/inner",
        "answer.txt",
    }
    assert (tmp_path / "output/hard").read_bytes() == b"one\n"
    assert not os.path.lexists(tmp_path / "answer.txt")
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))
    await run("rm -rf answer.txt output; echo 42 >answer.txt")
    assert (await sandbox.save_outputs(tmp_path)).files == ("answer.txt",)
    assert (tmp_path / "answer.txt").read_text() == "42\n"
    await run("rm answer.txt; ln -s /etc output")
    assert (await sandbox.save_outputs(tmp_path / "other")).files == ()
    await run("rm output")


async def test_a_change_in_the_tree_is_noticed(sandbox: Sandbox, run: Terminal) -> None:
    must_share(sandbox)
    noticed: asyncio.Queue[Collection[str] | None] = asyncio.Queue()
    sandbox.watch(noticed.put_nowait, pytest.fail)
    named: set[str] = set()
    for number in range(3):
        while f"w{number}/file" not in named:
            await run(f"mkdir -p w{number}; echo >>w{number}/file")  # the watch may not be up at the first
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    named.update(await noticed.get() or ())


async def test_entries_are_described_by_name_with_what_is_below(sandbox: Sandbox, run: Terminal) -> None:
    await run(
        "rm -rf odd; mkdir -p odd/in/deep; cd odd; echo x >in/deep/f; ln -s /etc l; mkfifo p; "
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"s\")' || touch s; cd .."
    )
    flat = await sandbox.look_at(["odd", "odd/l", "odd/p", "odd/none", "odd/in"])
    assert [(one.path, one.kind) for one in flat] == [
        ("odd", "folder"), ("odd/in", "folder"), ("odd/l", "link"), ("odd/p", "fifo"),
    ]  # fmt: skip
    deep = await sandbox.look_at(["odd"], is_deep=True)
    walked = (await sandbox.walk()).entries
    assert all(one in walked for one in flat)  # whoever looks sees the same
    assert deep == [one for one in walked if one.path == "odd" or one.path.startswith("odd/")]
    assert {"odd/in/deep/f", "odd/s"} <= {one.path for one in deep}


@pytest.mark.parametrize("name", NAMES, ids=repr)
async def test_any_name_can_be_looked_at(sandbox: Sandbox, name: bytes) -> None:
    await sandbox.write_file(f"{sandbox.workdir}/looked/{escape_path(name)}", b"x")
    found = await sandbox.look_at([f"looked/{escape_path(name)}"])
    assert [(one.path, one.size_bytes) for one in found] == [(f"looked/{escape_path(name)}", 1)]


async def test_five_thousand_levels_are_walked(sandbox: Sandbox, run: Terminal) -> None:
    script = "import os\nfor _ in range(5000): os.mkdir('d'); os.chdir('d')"
    await run(f'mkdir deep; cd deep; python3 -c "{script}" || skipped=1; cd ..')
    walked = await sandbox.walk()
    depth = max(one.path.count("/") for one in walked.entries)
    assert depth == 5000 or not any(one.path == "deep/d" for one in walked.entries)
    assert walked.total == len(walked.entries)
    await run("rm -rf deep")


async def test_of_too_many_entries_some_are_listed_and_all_counted(
    sandbox: Sandbox, run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run("rm -rf *; mkdir many; cd many; seq 3000 | xargs touch; cd ..")
    monkeypatch.setattr("lis_tui.sandbox.files.MOST_LISTED", 1000)
    walked = await sandbox.walk()
    assert (len(walked.entries), walked.total) == (1000, 3001)
    monkeypatch.setattr("lis_tui.sandbox.files.MOST_LISTED_BYTES", 10_000)
    await run("touch many/another")
    walked = await sandbox.walk()
    assert 100 < len(walked.entries) < 1000
    assert walked.total == 3002
    await run("rm -rf many")


async def test_the_load_is_measured(home: Home, sandbox: Sandbox) -> None:
    if not home.is_limited:
        pytest.skip("its engine has no control groups")
    load = await sandbox.load()
    assert (load.memory_bytes or 0) > 0
    assert (load.pids or 0) > 0
    assert (load.cpu_s or 0) > 0
    assert load.free_bytes is None or load.free_bytes > 0
    assert load.memory_limit_bytes in (None, SandboxSpec().memory_mb << 20)


async def test_full_outputs_of_the_run_can_be_read_inside_and_not_written(
    sandbox: Sandbox, run: Terminal, folder: Path
) -> None:
    if sandbox.outputs_path is None:
        pytest.skip("this home does not show them inside")
    (folder / "outputs/1.1.txt").write_text("whole")
    assert await run(f"cat {sandbox.outputs_path}/1.1.txt") == b"whole"
    await run(f"echo no >{sandbox.outputs_path}/1.1.txt")
    assert run.end.exit_code == 1
