from pathlib import Path

import pytest

from lis_tui.config.load import load
from lis_tui.config.places import Places
from lis_tui.core.errors import KeyMissing, LisError, UsageWrong
from lis_tui.core.spec import RunSpec
from lis_tui.ui.asking import secrets_of, settings_line, spec_of
from lis_tui.ui.screens.start import engine_note


def asked(tmp_path: Path, line: str, **flags: object) -> RunSpec:
    places = Places(tmp_path, tmp_path, tmp_path)
    loaded = load(flags, {}, tmp_path)
    return spec_of("add", line or settings_line(loaded), loaded, places)


def test_the_line_as_it_is_written_gives_the_settings_in_force(tmp_path: Path) -> None:
    spec = asked(tmp_path, "", model="openai/x", max_turns=7, mode="confirm")
    assert spec.model.name == "openai/x"
    assert spec.limits.max_turns == 7
    assert spec.mode == "confirm"


def test_what_is_changed_in_the_line_counts_and_what_is_not_named_stays(tmp_path: Path) -> None:
    spec = asked(tmp_path, "model=openai/y turns=3", model="openai/x", max_cost_usd=2.5)
    assert (spec.model.name, spec.limits.max_turns, spec.limits.max_cost_usd) == ("openai/y", 3, 2.5)


def test_inputs_may_have_spaces_and_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "two words.csv"
    path.write_text("x")
    assert asked(tmp_path, f"model=openai/x input='{path}'").inputs == (str(path),)
    with pytest.raises(UsageWrong, match="no file or folder"):
        asked(tmp_path, "model=openai/x input=/nowhere/at/all")


@pytest.mark.parametrize("line", ["colour=red", "model", "input='open", "turns=many", "mode=odd"])
def test_a_line_that_makes_no_sense_is_answered_by_a_sentence(tmp_path: Path, line: str) -> None:
    with pytest.raises(LisError) as caught:
        asked(tmp_path, line)
    assert len(caught.value.sentence) > 10


def test_an_engine_that_may_be_elsewhere_is_not_called_missing(tmp_path: Path) -> None:
    assert engine_note({"DOCKER_HOST": "tcp://far"}, tmp_path) == ""
    (tmp_path / ".docker" / "contexts").mkdir(parents=True)
    assert engine_note({}, tmp_path) == ""


def test_no_limit_can_be_written_and_read(tmp_path: Path) -> None:
    assert asked(tmp_path, "model=openai/x cost=none").limits.max_cost_usd is None


def test_a_missing_model_is_asked_for_in_the_words_of_the_line(tmp_path: Path) -> None:
    with pytest.raises(UsageWrong, match="after model="):
        asked(tmp_path, "model=  mode=auto")


def test_a_missing_key_is_asked_for_in_the_words_of_the_line(tmp_path: Path) -> None:
    spec = asked(tmp_path, "model=openai/gpt-4o")
    with pytest.raises(KeyMissing, match="needs base=URL in the line above and no key") as caught:
        secrets_of(spec, {}, tmp_path)
    assert "--api-base" not in caught.value.sentence
