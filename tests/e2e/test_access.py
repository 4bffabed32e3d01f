"""What other users of this machine find of a run, whatever the umask of whoever started it."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import LisTui
from tests.embedded_home import embedded_missing
from tests.ordinary import THROUGH_SHELL

WORDS = ("sh", "-c", 'umask 0; exec "$0" "$@"')
LEFT_TO_THE_MODEL = ("worktrees/*", "computers/*", "runs/*/results")
"""In these are the model's own files, with the modes that it gave them."""


@pytest.fixture
def lis() -> Iterator[LisTui]:
    """In a folder that all may enter, as pytest's own is not."""
    if reason := embedded_missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="lis-") as folder:
        Path(folder).chmod(0o755)
        yield from started(Path(folder))


def started(folder: Path) -> Iterator[LisTui]:
    plain = LisTui(folder)
    home = LisTui(folder, command=[*WORDS, *plain._command], environ={"DOCKER_HOST": "unix:///nonexistent"})
    yield home
    home.close()


def open_to_others(top: Path) -> list[str]:
    """Name what others may read, write or enter; a work tree is open inside, below a shut folder."""
    own = {path for name in LEFT_TO_THE_MODEL for folder in top.glob(name) for path in folder.rglob("*")}
    own |= set(top.glob("worktrees/*"))
    found = (top, *(path for path in top.rglob("*") if path not in own and not path.is_symlink()))
    return [str(path.relative_to(top)) for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_nothing_of_a_run_is_open_to_others_whatever_the_umask(lis: LisTui) -> None:
    planted = (
        "mkdir -m 777 open; cp /bin/cat root; chmod 4777 root; echo 42 > answer.txt; chmod 666 answer.txt"
    )
    words = ("run", "Go.", "--network", "none", "--model", lis.scenario(planted), "--name", "one")
    assert lis.run(*words, "--headless").returncode == 0
    assert open_to_others(lis.home / "data") == []
    assert open_to_others(lis.home / "run") == []
    (lis.home / "data" / "runs" / "one" / "journal.jsonl").chmod(0o644)
    assert open_to_others(lis.home / "data") == ["runs/one/journal.jsonl"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_program_that_a_model_left_with_its_owners_rights_is_out_of_reach(lis: LisTui) -> None:
    planted = "cp /bin/cat root; chmod 4755 root; echo 42 > answer.txt"
    words = ("run", "Go.", "--network", "none", "--model", lis.scenario(planted), "--name", "one")
    assert lis.run(*words, "--headless").returncode == 0
    left = lis.worktree("one") / "root"
    assert left.stat().st_mode & stat.S_ISUID
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *THROUGH_SHELL]
    look = [*become, str(left), "/proc/self/status"]
    assert subprocess.run(look, capture_output=True, check=False).returncode != 0
    for folder in (lis.home / "data", lis.home / "data/worktrees", lis.worktree("one")):
        folder.chmod(0o755)
    done = subprocess.run(look, capture_output=True, text=True, check=False)
    assert "Uid:\t65534\t0\t0" in done.stdout, "the control: where it can be reached it has root's rights"


def test_a_data_folder_that_is_a_link_is_refused_in_words(lis: LisTui) -> None:
    (lis.home / "real").mkdir()
    (lis.home / "data").symlink_to(lis.home / "real")
    words = ("run", "Go.", "--network", "none", "--model", lis.scenario("true"), "--headless")
    done = lis.run(*words)
    assert done.returncode == 7
    assert "is a link, no folder, or another user's" in done.stderr
    assert "Traceback" not in done.stderr
