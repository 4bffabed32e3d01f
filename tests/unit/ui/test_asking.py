from pathlib import Path

import pytest

from lis_tui.config.load import load
from lis_tui.config.places import Places
from lis_tui.core.errors import KeyMissing, LisError, UsageWrong
from lis_tui.core.spec import RunSpec, SandboxSpec
from lis_tui.ui.asking import secrets_of, settings_line, spec_of
from lis_tui.ui.home import network_sentence
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


def test_who_names_hosts_gets_the_network_that_knows_them(tmp_path: Path) -> None:
    sandbox = asked(tmp_path, "model=openai/x network=auto allow=pip.test,*.example.org:8080").sandbox
    assert (sandbox.network, sandbox.allow) == ("allow", ("pip.test", "*.example.org:8080"))
    assert not sandbox.ask_hosts
    sandbox = asked(tmp_path, "model=openai/x ask-hosts").sandbox
    assert (sandbox.network, sandbox.allow, sandbox.ask_hosts) == ("allow", ("*",), True)
    assert asked(tmp_path, "model=openai/x network=none").sandbox.network == "none"


def test_hosts_are_refused_beside_another_network_and_where_they_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageWrong, match="go with network=allow"):
        asked(tmp_path, "model=openai/x network=bridge allow=pip.test")
    with pytest.raises(LisError, match="cannot be allowed"):
        asked(tmp_path, "model=openai/x allow=http://pip.test")


def test_hosts_that_are_set_stand_in_the_line(tmp_path: Path) -> None:
    flags: dict[str, object] = {"sandbox.allow": ["pip.test"], "sandbox.ask_hosts": True, "model": "openai/x"}
    loaded = load({**flags, "sandbox.network": "allow"}, {}, tmp_path)
    assert "network=allow  allow=pip.test  ask-hosts" in settings_line(loaded)
    assert "allow=" not in settings_line(load({"model": "openai/x"}, {}, tmp_path))


@pytest.mark.parametrize(
    ("sandbox", "words"),
    [
        (SandboxSpec(), "all hosts but local ones"),
        (SandboxSpec(network="allow", allow=("a", "b")), "a proxy to 2 hosts"),
        (SandboxSpec(network="none"), "no network"),
        (SandboxSpec(network="bridge"), "this machine's own network"),
    ],
)
def test_it_is_said_what_an_embedded_sandbox_will_reach(sandbox: SandboxSpec, words: str) -> None:
    assert words in network_sentence(sandbox)
