"""What is ignored is what git ignores, and no pattern takes long."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lis_tui.core.ignore import MOST_BYTES, Ignore

RULES = (
    "# a comment",
    "*.pyc",
    "!keep.pyc",
    "/build",
    "docs/*.txt",
    "logs/",
    "**/cache",
    "deep/**/end",
    "all/**",
    "a?c",
    "[xyz]1",
    "\\#odd",
    "\\!odd",
    "space\\ ",
    "trailing   ",
    "!all/but",
    "*.tar.*",
    "**/x/y",
)
PATHS = (
    "a.pyc",
    "keep.pyc",
    "sub/a.pyc",
    "build",
    "sub/build",
    "build/x",
    "docs/a.txt",
    "docs/sub/a.txt",
    "sub/docs/a.txt",
    "logs",
    "logs/a",
    "sub/logs/a",
    "cache",
    "sub/cache",
    "sub/cache/a",
    "deep/end",
    "deep/1/end",
    "deep/1/2/end",
    "deep",
    "all/a",
    "all/but",
    "all",
    "abc",
    "axxc",
    "sub/abc",
    "x1",
    "w1",
    "#odd",
    "!odd",
    "trailing",
    "a.tar.gz",
    "tar",
    "x/y",
    "s/x/y",
    "s/x/y/z",
    "plain",
    "sub/plain",
)


def is_ignored(ignore: Ignore, path: str, folders: set[str]) -> bool:
    """A file cannot be had again once a folder that it is in is ignored."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        part = "/".join(parts[:count])
        if ignore.leaves_out(part, is_folder=part in folders):
            return True
    return False


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed: nothing to compare with")
def test_it_leaves_out_what_git_leaves_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("\n".join(RULES))
    folders = {path.rpartition("/")[0] for path in PATHS} | {"logs", "all", "build", "deep", "sub"}
    folders |= {folder.rpartition("/")[0] for folder in folders} - {""}
    for folder in sorted(folders - {""}):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for path in PATHS:
        if path not in folders:
            (tmp_path / path).write_text("")
    asked = [path for path in PATHS if path not in folders]
    told = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=tmp_path,
        input="\0".join(asked).encode(),
        capture_output=True,
        check=False,
    )
    theirs = set(told.stdout.decode().split("\0")) - {""}
    ignore = Ignore("\n".join(RULES).encode())
    assert {path for path in asked if is_ignored(ignore, path, folders)} == theirs
    assert 10 < len(theirs) < len(asked)


def test_the_last_rule_that_fits_counts_and_silence_is_none() -> None:
    ignore = Ignore(b"*.log\n!good.log\ngood.log\n")
    assert ignore.leaves_out("good.log", is_folder=False) is True
    assert Ignore(b"*.log\n!good.log\n").leaves_out("good.log", is_folder=False) is False
    assert Ignore(b"only/\n").leaves_out("only", is_folder=False) is None
    assert Ignore(b"only/\n").leaves_out("only", is_folder=True) is True


def test_patterns_made_to_take_long_are_done_at_once() -> None:
    evil = b"*a" * 100 + b"b\n" + b"**/" * 15 + b"*x*x*x*x\n" + b"**/" * 500 + b"z\n"
    ignore = Ignore(evil + b"[" * 1000 + b"\n" + b"\xff\\\n")
    assert ignore.leaves_out("/".join(["a" * 250] * 40), is_folder=False) is None


def test_no_more_is_read_than_makes_sense() -> None:
    assert Ignore(b"#" * MOST_BYTES + b"\nlate\n").leaves_out("late", is_folder=False) is None
    assert Ignore(b"early\n" * 400 + b"#").leaves_out("early", is_folder=False) is True
