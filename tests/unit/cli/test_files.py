"""What a run made, listed and saved from the command line."""

import io
import tarfile
from pathlib import Path

import pytest

from lis_tui.cli.main import main
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest, Node
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder, Store
from tests.journals import whole_run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "data")
    folder = store.create("task", "poster")
    whole_run(folder)
    (folder.worktree / "output" / "deep").mkdir(parents=True)
    (folder.worktree / "output" / "poster.svg").write_text("<svg/>")
    (folder.worktree / "output" / "deep" / "a\nb.txt").write_text("x")
    (folder.worktree / "output" / "link").symlink_to("/etc/passwd")
    (folder.worktree / "answer.txt").write_text("42\n")
    (folder.worktree / "make.py").write_text("print()")
    data = b"an older one"
    blobs = Blobs(tmp_path / "data")
    digest, _ = blobs.put(data)
    node = Node("/testbed/output/old.txt", "file", 0o644, "0:0", len(data), "1.5", "2.5", 7, digest=digest)
    then = Manifest(address=StepAddress(1, 1), at=1.0, workdir="/testbed", nodes={node.path: node})
    Manifests(folder.path, blobs).save(then)
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(words)
    out, err = capsys.readouterr()
    return exit_.value.code, out, err


def test_what_a_run_made_is_listed_with_sizes(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "files", "poster")
    assert (code, err) == (0, "")
    lines = [line.split("  ")[-1] for line in out.splitlines()]
    assert [lines[0], lines[2]] == ["answer.txt", "output/poster.svg"]
    assert len(lines) == 3
    assert "3 B  answer.txt" in out


def test_all_of_the_work_folder_is_listed_with_what_it_is(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = said(capsys, "files", "poster", "--all")
    assert "output/link@ -> /etc/passwd" in out
    assert "output/deep/" in out
    assert "make.py" in out


def test_files_of_a_step_are_listed_and_saved_as_they_were(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = said(capsys, "files", "poster", "--at", "1.1")
    assert out == "    12 B  output/old.txt\n"
    code, out, err = said(capsys, "save", "poster", "--at", "1.1", "--to", "kept")
    assert (code, out, err) == (0, "1 of 1 saved below kept (as they were after 1.1).\n", "")
    assert (tmp_path / "kept" / "output" / "old.txt").read_bytes() == b"an older one"


def test_what_was_made_is_saved_and_nothing_is_written_over(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "save", "poster", "--to", "kept")
    assert (code, out, err) == (0, "3 of 3 saved below kept (as they are now).\n", "")
    assert (tmp_path / "kept" / "answer.txt").read_text() == "42\n"
    assert (tmp_path / "kept" / "output" / "deep" / "a_b.txt").read_text() == "x"
    (tmp_path / "kept" / "answer.txt").write_text("mine")
    code, out, err = said(capsys, "save", "poster", "answer.txt", "make.py", "--to", "kept")
    assert (code, out) == (7, "1 of 2 saved below kept (as they are now).\n")
    assert "answer.txt: " in err
    assert "is there already" in err
    assert (tmp_path / "kept" / "answer.txt").read_text() == "mine"


@pytest.mark.parametrize("path", ["none.txt", "output/link", "../../secret", "/etc/passwd"])
def test_what_is_no_plain_file_of_the_work_folder_is_not_saved(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    code, _, err = said(capsys, "save", "poster", path, "--to", "kept")
    assert code == 2
    assert "No plain file" in err
    assert not (tmp_path / "kept").exists()


def test_a_folder_is_saved_with_what_is_in_it(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = said(capsys, "save", "poster", "output/deep/", "--to", "kept")
    assert out.startswith("1 of 1 saved")
    assert (tmp_path / "kept" / "output" / "deep" / "a_b.txt").exists()


def test_an_archive_is_extracted_without_what_would_lie_elsewhere(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(run.worktree / "output" / "site.tar.gz", "w:gz") as tar:
        for name in ("index.html", "../outside.txt"):
            member = tarfile.TarInfo(name)
            member.size = 2
            tar.addfile(member, io.BytesIO(b"hi"))
    code, out, err = said(
        capsys, "save", "poster", "output/site.tar.gz", "--extract", "--to", str(tmp_path / "kept")
    )
    assert code == 7
    assert "output/site.tar.gz: extracted: 1 file below" in out
    assert "not extracted: ../outside.txt:" in err
    assert (tmp_path / "kept" / "site" / "index.html").read_bytes() == b"hi"
    assert not (tmp_path / "kept" / "outside.txt").exists()
    code, _, err = said(capsys, "save", "poster", "--extract", "--to", str(tmp_path / "kept"))
    assert (code, "Say which archives" in err) == (2, True)
    code, _, err = said(capsys, "save", "poster", "make.py", "--extract", "--to", str(tmp_path / "kept"))
    assert code == 1
    assert "It cannot be extracted" in err
