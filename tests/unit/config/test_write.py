import stat
from pathlib import Path

import pytest

from lis_tui.config.load import load
from lis_tui.config.write import save_setting
from lis_tui.core.errors import SettingsInvalid

FILE = """# my settings
theme = "dark"  # at night
mode = 'auto'

[limits]
# not too long
max_turns = 5
[profiles.x]
model = "openai/x"
"""


def test_a_saved_setting_changes_its_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    save_setting(path, "theme", "light")
    assert path.read_text() == FILE.replace('"dark"', '"light"')
    save_setting(path, "mode", "step")
    save_setting(path, "bell", False)
    settings = load({}, {}, tmp_path).settings
    assert (settings.theme, settings.mode, settings.bell, settings.limits.max_turns) == (
        "light",
        "step",
        False,
        5,
    )
    assert "# at night" in path.read_text()
    assert "# not too long" in path.read_text()


def test_the_first_setting_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    save_setting(path, "theme", "light")
    assert path.read_text() == 'theme = "light"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["", "bell = true", "# no end of line", "[limits]\n", "\n\n[limits]\nmax_turns=3"]
)
def test_a_new_setting_stands_before_the_sections(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    save_setting(path, "theme", 'a "b" \\ é')
    assert load({}, {}, tmp_path).settings.theme == 'a "b" \\ é'


def test_a_link_to_the_file_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text('theme = "dark"\n')
    real.chmod(0o644)
    (tmp_path / "config.toml").symlink_to(real)
    save_setting(tmp_path / "config.toml", "theme", "light")
    assert (tmp_path / "config.toml").is_symlink()
    assert real.read_text() == 'theme = "light"\n'
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["config.toml", "dotfiles.toml"]


@pytest.mark.parametrize(
    "text",
    ['theme = """\na\nmode = "step"\n"""\n', "not toml", '"theme" = "quoted"\n', 'theme = """dark"""\n'],
)
def test_a_file_that_cannot_be_changed_safely_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsInvalid):
        save_setting(path, "theme", "light")
    assert path.read_text() == text


@pytest.mark.parametrize(("key", "value"), [("limits.max_turns", "3"), ("nothing", "x"), ("mode", "fast")])
def test_what_is_no_setting_of_that_kind_is_not_saved(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(SettingsInvalid):
        save_setting(tmp_path / "config.toml", key, value)
    assert list(tmp_path.iterdir()) == []
