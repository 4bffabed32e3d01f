"""The user's breakpoints on disk."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lis_tui.config.breakpoints import breakpoints_path, read_breakpoints, save_breakpoints
from lis_tui.core.breakpoints import SHIPPED, Breakpoint
from lis_tui.core.errors import FilterInvalid, SettingsInvalid, UsageWrong
from lis_tui.core.filter import quoted

RM = Breakpoint(name="rm", filter='cmd~"rm -rf"')
LOG = Breakpoint(
    name='a "name" \\ é \x7f',
    filter="exit!=0",
    is_on=False,
    kind="log",
    hits_needed=3,
    is_one_shot=True,
    gates=("after_step",),
)


def test_without_a_file_there_are_the_shipped_ones_and_they_are_off(tmp_path: Path) -> None:
    assert read_breakpoints(tmp_path).of("any") == SHIPPED
    assert not any(one.is_on for one in SHIPPED)


def test_what_is_saved_is_read_again_for_the_user_and_for_a_task(tmp_path: Path) -> None:
    save_breakpoints(tmp_path, [RM, LOG])
    own = Breakpoint(name="rm", filter="cmd~^rm")
    save_breakpoints(tmp_path, [own], "draw a.b")
    saved = read_breakpoints(tmp_path)
    assert saved.of("other") == (RM, LOG)
    assert saved.of("draw a.b") == (LOG, own)
    assert stat.S_IMODE(breakpoints_path(tmp_path).stat().st_mode) == 0o600
    save_breakpoints(tmp_path, [], "draw a.b")
    assert read_breakpoints(tmp_path).tasks == {}
    save_breakpoints(tmp_path, [])
    assert read_breakpoints(tmp_path).of("draw a.b") == ()


def test_a_task_may_be_saved_first_and_the_shipped_ones_stay(tmp_path: Path) -> None:
    save_breakpoints(tmp_path, [RM], "draw")
    assert read_breakpoints(tmp_path).of("draw") == (*SHIPPED, RM)


@given(name=st.text(min_size=1).filter(str.strip), word=st.text(min_size=1))
def test_any_text_can_be_saved(tmp_path_factory: pytest.TempPathFactory, name: str, word: str) -> None:
    folder = tmp_path_factory.mktemp("home")
    made = Breakpoint(name=name, filter=quoted(word))
    save_breakpoints(folder, [made], name)
    assert read_breakpoints(folder).tasks == {name: (made,)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[", "not valid TOML"),
        ("x = 1", "alone"),
        ("breakpoint = 1", r"\[\[breakpoint\]\]"),
        ("breakpoint = [1]", "Expected"),
        ("task = 1", "alone"),
        ("[task]\na = 1", r"\[\[task.a.breakpoint\]\]"),
        ('[[breakpoint]]\nname = "a"', "filter"),
        ('[[breakpoint]]\nname = "a"\nfilter = "x"\nhits_neded = 1', "no hits_neded. Did you mean"),
        ('[[breakpoint]]\nname = "a"\nfilter = "exit:0"', "a: exit is a number.*column 5"),
        ('[[breakpoint]]\nname = "a"\nfilter = "x"\nkind = "stop"', "stop"),
        ('[[breakpoint]]\nname = "a"\nfilter = "x"\n' * 2, "Two breakpoints"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, sentence: str
) -> None:
    breakpoints_path(tmp_path).write_text(text)
    with pytest.raises(SettingsInvalid, match=sentence) as caught:
        read_breakpoints(tmp_path)
    assert str(breakpoints_path(tmp_path)) in caught.value.sentence


def test_what_cannot_be_used_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(FilterInvalid):
        save_breakpoints(tmp_path, [Breakpoint(name="a", filter="(")])
    with pytest.raises(UsageWrong):
        save_breakpoints(tmp_path, [RM, RM])
    assert not breakpoints_path(tmp_path).exists()
