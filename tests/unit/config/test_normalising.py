"""A person's rules of normalising: switched off by name, added in a file, refused with a sentence."""

from pathlib import Path

import pytest

from lis_tui.config.normalising import HEAD, read_rules, rules_path
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.normalising import SHIPPED, Rules


def write(folder: Path, text: str) -> Path:
    rules_path(folder).write_text(text)
    return folder


def test_without_a_file_the_shipped_rules_are_on(tmp_path: Path) -> None:
    assert read_rules(tmp_path).on == SHIPPED
    assert read_rules(write(tmp_path, HEAD)).on == SHIPPED


def test_rules_are_switched_off_by_name_and_added(tmp_path: Path) -> None:
    text = "off = ['versions']\n[[rule]]\nname = 'build'\npattern = 'build-\\d+'\ninstead = '‹build›'\n"
    rules = Rules(read_rules(write(tmp_path, text)).on)
    assert rules.compare("1.2.3", "1.2.4").sign == "≠"
    assert rules.compare("build-1", "build-2").rules == ("build",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("off = [", "not valid TOML"),
        ("off = ['nothing']", "there is no rule 'nothing'"),
        ("[[rule]]\nname = 'x'\npattern = '('\ninstead = ''", "the rule 'x' cannot be used"),
        ("[[rule]]\nname = 'x'\npattern = 'a'\ninstead = '\\9'", "the rule 'x' cannot be used"),
        ("[[rule]]\nname = ''\npattern = 'a'\ninstead = ''", "a rule has no name"),
        ("[[rule]]\nname = 'x'", "missing required field"),
        ("on = true", "unknown field"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_files_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsInvalid) as error:
        read_rules(write(tmp_path, text))
    assert said in error.value.sentence
    assert "normalising.toml" in error.value.sentence
