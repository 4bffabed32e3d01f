import os
import stat
import tempfile
from pathlib import Path

import pytest

from lis_tui.config.places import LONGEST_RUNTIME, Places, find_places
from lis_tui.core.errors import StorageFailed
from lis_tui.core.private import is_ours, private_folder


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    places = find_places({"LIS_TUI_HOME": "/h"})
    assert places == Places(Path("/h/data"), Path("/h/config"), Path("/h/run"))
    assert places.settings_path == Path("/h/config/config.toml")


def test_finding_places_makes_none(tmp_path: Path) -> None:
    places = find_places({"LIS_TUI_HOME": str(tmp_path / "h")})
    assert not places.data.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_users_runtime_folder_is_used_where_it_is_theirs() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="lis") as given:
        assert find_places({"XDG_RUNTIME_DIR": given}).runtime == Path(given) / "lis-tui"


def test_a_runtime_folder_that_is_not_the_users_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for given in (str(tmp_path / "file"), str(tmp_path / "missing"), ""):
        found = find_places({"XDG_RUNTIME_DIR": given}).runtime
        assert f"lis-tui-{os.getuid()}" in found.parts


def test_a_runtime_folder_is_always_short_enough_for_a_socket_and_one_for_each_home() -> None:
    homes = [f"/{'long/' * 30}{name}" for name in "ab"]
    found = [find_places({"LIS_TUI_HOME": home}).runtime for home in homes]
    assert found[0] != found[1]
    assert max(len(os.fsencode(path)) for path in found) <= LONGEST_RUNTIME
    assert found[0] == find_places({"LIS_TUI_HOME": homes[0]}).runtime


def test_the_runtime_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    runtime = tmp_path / f"lis-tui-{os.getuid()}" / "abc"
    old = os.umask(0)
    try:
        assert Places(tmp_path, tmp_path, runtime).make_runtime() == runtime
    finally:
        os.umask(old)
    for path in (runtime, runtime.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_folder_with_too_many_rights_is_closed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(0o777)
    private_folder(tmp_path / "run")
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_a_link_or_a_file_in_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(0o755)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "file/below"):
        with pytest.raises(StorageFailed):
            private_folder(tmp_path / name)
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o755


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another user's folder")
def test_another_users_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    assert not is_ours(tmp_path / "theirs")
    with pytest.raises(StorageFailed, match="another user"):
        private_folder(tmp_path / "theirs")
