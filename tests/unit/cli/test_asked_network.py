"""The network of a run on the command line and in settings, and what the model is told of it."""

from pathlib import Path

import pytest

from lis_tui.cli.asked import Asked, asked
from lis_tui.cli.parser import make_parser
from lis_tui.config.load import load
from lis_tui.core.errors import SettingsInvalid, UsageWrong
from lis_tui.core.spec import SandboxSpec
from lis_tui.engine.prompts import network, system_prompt


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIS_TUI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def ask(*words: str) -> SandboxSpec:
    return whole(*words).spec.sandbox


def whole(*words: str) -> Asked:
    given = make_parser().parse_args(["run", "Draw it.", "--model", "script/demo", *words])
    return asked(given, is_headless=True)


def test_who_names_hosts_means_the_network_that_knows_them() -> None:
    assert (ask().network, ask().allow, ask().ask_hosts) == ("auto", ("*",), False)
    named = ask("--allow", "a.example", "--allow", "*.b.example:8080")
    assert (named.network, named.allow) == ("allow", ("a.example", "*.b.example:8080"))
    assert (ask("--ask-hosts").network, ask("--ask-hosts").allow) == ("allow", ("*",))
    assert ask("--network", "none").network == "none"
    assert ask("--network", "allow").allow == ("*",)


def test_hosts_of_the_settings_file_mean_it_too_but_no_other_network_that_was_named(config: Path) -> None:
    config.mkdir()
    (config / "config.toml").write_text('[sandbox]\nallow = ["a.example"]\n')
    assert (ask().network, ask().allow) == ("allow", ("a.example",))
    assert ask("--network", "bridge").network == "bridge"
    assert load({}, {"LIS_TUI_SANDBOX_ASK_HOSTS": "true"}, config).settings.sandbox.network == "allow"


@pytest.mark.parametrize("other", ["bridge", "none"])
def test_hosts_and_another_network_make_no_sense_together(other: str) -> None:
    with pytest.raises(UsageWrong, match=f"not with --network {other}"):
        ask("--allow", "a.example", "--network", other)


@pytest.mark.parametrize("rule", ["http://a.example", "a b", "a.example:99999"])
def test_a_rule_that_cannot_be_read_is_refused_with_its_origin(rule: str, config: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"^--allow: The sandbox cannot be allowed"):
        ask("--allow", rule)
    with pytest.raises(SettingsInvalid, match=r"LIS_TUI_SANDBOX_ALLOW: The sandbox cannot"):
        load({}, {"LIS_TUI_SANDBOX_ALLOW": f"fine.example,{rule}"}, config)


def test_no_host_at_all_can_be_set(config: Path) -> None:
    sandbox = load({}, {"LIS_TUI_SANDBOX_ALLOW": ""}, config, ["sandbox.allow="]).settings.sandbox
    assert (sandbox.network, sandbox.allow) == ("allow", ())


def test_the_model_is_told_which_network_it_has() -> None:
    assert network(SandboxSpec(network="bridge")) == network(SandboxSpec()) == ""
    assert "There is none" in network(SandboxSpec(network="none"))
    named = network(SandboxSpec(network="allow", allow=("a.example", "b.example:22"), ask_hosts=True))
    assert "Only these hosts can be reached: a.example, b.example:22; about others the user is asked" in named
    assert "Public hosts can be reached" in network(SandboxSpec(kind="embedded"))
    many = tuple(f"h{number}.example" for number in range(40))
    assert "h29.example and 10 more" in network(SandboxSpec(network="allow", allow=many))
    spec = whole("--allow", "a.example").spec
    assert "Only these hosts can be reached: a.example, by HTTP" in system_prompt(spec)


# ---- a root file system folder


@pytest.mark.parametrize("words", [("--base", "root", "--sandbox", "docker"), ("--set", "sandbox.base=root")])
def test_a_root_file_system_folder_is_refused_for_a_container(words: tuple[str, ...], config: Path) -> None:
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[sandbox]\nkind = "docker"\n')
    with pytest.raises(
        SettingsInvalid, match=r"root is the root of an embedded sandbox, .* --sandbox embedded"
    ):
        ask(*words)


def test_a_settings_file_that_names_a_folder_and_a_container_is_refused_with_both_origins(
    config: Path,
) -> None:
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[sandbox]\nbase = "/srv/root"\n')
    assert ask().base == "/srv/root"
    assert ask("--sandbox", "embedded").kind == "embedded"
    assert ask("--sandbox", "docker", "--base", "").base == ""
    with pytest.raises(SettingsInvalid) as refused:
        ask("--sandbox", "docker")
    assert refused.value.exit_code == 2
    assert str(config / "config.toml") in refused.value.sentence
    assert "docker (--sandbox)" in refused.value.sentence
