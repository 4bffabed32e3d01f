import os
from pathlib import Path

from lis_tui.core.temporary import OLD_S, TemporaryFolder


def age(path: Path) -> None:
    then = path.stat().st_mtime - OLD_S - 1
    os.utime(path, (then, then))


def test_it_is_private_and_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    with TemporaryFolder(tmp_path) as folder:
        (folder / "deep" / "deeper").mkdir(parents=True)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_what_killed_processes_left_goes_and_what_is_used_or_young_or_no_ones_of_ours_stays(
    tmp_path: Path,
) -> None:
    used = TemporaryFolder(tmp_path)
    left, young, other = (used.path.with_name(name) for name in ("lis-tui-for-1", "lis-tui-for-2", "other"))
    for path in (left, young, other):
        (path / "inside").mkdir(parents=True)
    link = used.path.with_name("lis-tui-for-3")
    link.symlink_to(other)
    for path in (used.path, left, other):
        age(path)
    os.utime(link, (0, 0), follow_symlinks=False)
    with TemporaryFolder(tmp_path) as fresh:
        assert sorted(tmp_path.iterdir()) == sorted([used.path, young, other, link, fresh])
        assert (other / "inside").exists()
    used.close()
    used.close()
    assert not used.path.exists()
