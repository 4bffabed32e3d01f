from pathlib import Path

import msgspec
import pytest

from lis_tui.config.load import load, model_spec, run_spec
from lis_tui.config.schema import ModelSettings, Settings, defaults, keys
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.spec import GateSpec, Limits, ModelSpec, SandboxSpec


def written(folder: Path, text: str) -> Path:
    (folder / "config.toml").write_text(text)
    return folder


def test_without_anything_set_the_defaults_are_those_of_a_run(tmp_path: Path) -> None:
    loaded = load({}, {}, tmp_path)
    assert loaded.settings == Settings()
    assert (loaded.settings.limits, loaded.settings.sandbox, loaded.settings.gate) == (
        Limits(),
        SandboxSpec(),
        GateSpec(),
    )
    assert set(loaded.origins.values()) == {"default"}
    assert set(loaded.origins) == set(keys()) == set(defaults())


def test_the_defaults_of_model_settings_are_those_of_a_model_spec() -> None:
    made = msgspec.structs.asdict(ModelSpec(name=""))
    for name, value in msgspec.structs.asdict(ModelSettings()).items():
        if name not in {"key", "extra_body"}:
            assert made[name] == value, name


def test_each_source_beats_the_weaker_one_and_is_named(tmp_path: Path) -> None:
    folder = written(
        tmp_path, 'mode = "step"\ntheme = "light"\nmodel = "openai/a"\n[limits]\nmax_turns = 5\n'
    )
    environ = {"LIS_TUI_MODE": "confirm", "LIS_TUI_LIMITS_MAX_TURNS": "6", "LIS_TUI_BELL": "false"}
    loaded = load({"max_turns": 7, "timeout_s": None}, environ, folder)
    settings = loaded.settings
    assert (settings.theme, settings.mode, settings.limits.max_turns) == ("light", "confirm", 7)
    assert settings.bell is False
    origins = loaded.origins
    assert origins["theme"] == origins["model.name"] == str(folder / "config.toml")
    assert (origins["mode"], origins["bell"]) == ("LIS_TUI_MODE", "LIS_TUI_BELL")
    assert (origins["limits.max_turns"], origins["limits.timeout_s"]) == ("--max-turns", "default")


def test_set_gives_any_setting_with_its_type(tmp_path: Path) -> None:
    sets = [
        "temperature=0.2",
        "top_k = 40",
        "limits.max_tokens=1000",
        'extra_body={"a": [1]}',
        "env_names=A, B",
        "max_cost_usd=none",
        "model=openai/x",
        "mode=confirm",
    ]
    settings = load({}, {}, tmp_path, [*sets, "follow=0"]).settings
    assert (settings.model.temperature, settings.model.top_k, settings.model.name) == (0.2, 40, "openai/x")
    assert settings.model.extra_body == {"a": [1]}
    assert settings.sandbox.env_names == ("A", "B")
    assert (settings.limits.max_tokens, settings.limits.max_cost_usd) == (1000, None)
    assert (settings.mode, settings.follow) == ("confirm", False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('them = "dark"', ["config.toml", "them", "Did you mean theme?"]),
        ("[limits]\nmax_turn = 3", ["config.toml", "limits.max_turn", "Did you mean limits.max_turns?"]),
        ("[limit]\nmax_turns = 3", ["limit", "Did you mean limits?"]),
        ("max_turns = 3", ["max_turns"]),
        ('[limits]\nmax_turns = "3"', []),
        ("[limits]\nmax_turns = 0", ["limits.max_turns", "1 or more"]),
        ("[limits]\nmax_turns = 2.5", ["limits.max_turns", "a whole number"]),
        ("[limits]\ntimeout_s = true", ["limits.timeout_s", "a number"]),
        ("follow = 3", ["follow", "true or false"]),
        ("[model]\nextra_body = 3", ["model.extra_body", "a JSON object or a table"]),
        ("[model]\nname = 3", ["model.name", "text"]),
        ("[sandbox]\nenv_names = 3", ["sandbox.env_names", "a list of names"]),
        ("[profiles.a.model]\ntemperature = 'hot'", ["[profiles.a]", "a number"]),
        ("[limits]\ntimeout_s = inf", ["limits.timeout_s"]),
        ('mode = "fast"', ["mode", "auto or confirm or step"]),
        ("mode = 3", ["mode"]),
        ("limits = 3", ["limits"]),
        ('[sandbox]\nnetwork = "host"', ["sandbox.network", "bridge or allow or none"]),
        ("profiles = 3", ["[profiles.NAME]"]),
        ("[profiles]\na = 3", ["[profiles.a]"]),
        ("[profiles.a]\ntemprature = 3", ["[profiles.a]", "Did you mean temperature?"]),
        ("[profiles.a]\nmax_turns = 3", ["[profiles.a]", "max_turns"]),
        ('profile = "none-such"', ["none-such", "config.toml"]),
        ("not toml", ["config.toml", "TOML"]),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_a_hint(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    folder = written(tmp_path, text)
    if not words:
        assert load({}, {}, folder).settings.limits.max_turns == 3
        return
    with pytest.raises(SettingsInvalid) as caught:
        load({}, {}, folder)
    for word in words:
        assert word in caught.value.sentence


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("temperature", "NAME=VALUE"),
        ("=3", "NAME=VALUE"),
        ("max_tokens=3", "model.max_tokens or limits.max_tokens"),
        ("temprature=1", "Did you mean model.temperature?"),
        ("temperature=warm", "--set temperature"),
        ("temperature=nan", "0 or more"),
        ("temperature=inf", "0 or more"),
        ("extra_body={", "model.extra_body"),
        ("extra_body=3", "model.extra_body"),
        ("tool_style=loud", "auto or native or text or none"),
    ],
)
def test_a_wrong_set_is_refused_in_a_sentence(tmp_path: Path, setting: str, word: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load({}, {}, tmp_path, [setting])
    assert word in caught.value.sentence


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="LIS_TUI_MAX_TURN.*limits.max_turns"):  # noqa: RUF043  (a pattern)
        load({}, {"LIS_TUI_MAX_TURN": "3"}, tmp_path)
    assert load({}, {"LIS_TUI_HOME": "/x", "LIS_TUI_MODE": ""}, tmp_path).settings == Settings()


@pytest.mark.parametrize(
    "key", ["sk-ant-abc123", "AIzaSyD-xyz", "gsk_abcDEF123", "keyring:sk-abc", "two words"]
)
def test_a_key_in_the_settings_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    for folder, sets in (
        (written(tmp_path, f'[model]\nkey = "{key}"'), []),
        (tmp_path / "no", [f"key={key}"]),
    ):
        with pytest.raises(SettingsInvalid) as caught:
            load({}, {}, folder, sets)
        assert key not in caught.value.sentence
        assert "must name where the key is" in caught.value.sentence


def test_a_password_in_the_servers_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load({"api_base": "https://me:hunter2@example.org/v1"}, {}, tmp_path)
    assert "hunter2" not in caught.value.sentence


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://x/", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"model\.api_base"):
        load({"api_base": address}, {}, tmp_path)


# ---- profiles

FILE = """
[model]
name = "openai/a"
api_base = "http://localhost:8000/v1"
key = "MY_KEY"
temperature = 0.9
[profiles.local]
model = "openai/qwen"
api_base = "http://localhost:1234/v1"
temperature = 0.1
max_tokens = 100
[profiles.big]
model = "anthropic/big"
key = "keyring"
[profiles.big.extra_body]
effort = 3
"""


def test_a_profile_chosen_by_a_flag_beats_file_and_environment(tmp_path: Path) -> None:
    environ = {"LIS_TUI_MODEL": "openai/b", "LIS_TUI_TEMPERATURE": "0.5"}
    loaded = load({"profile": "local"}, environ, written(tmp_path, FILE))
    model = loaded.settings.model
    assert (model.name, model.temperature, model.max_tokens) == ("openai/qwen", 0.1, 100)
    assert loaded.origins["model.temperature"] == "profile local"
    assert set(loaded.profiles) == {"local", "big"}


def test_a_profile_may_be_written_like_the_settings_outside_of_profiles(tmp_path: Path) -> None:
    text = '[profiles.a]\nmodel.name = "openai/q"\n[profiles.b.model]\nname = "openai/r"\ntop_k = 4\n'
    folder = written(tmp_path, text)
    assert load({"profile": "a"}, {}, folder).settings.model.name == "openai/q"
    other = load({"profile": "b"}, {}, folder).settings.model
    assert (other.name, other.top_k) == ("openai/r", 4)


def test_what_is_given_beside_a_profile_beats_it(tmp_path: Path) -> None:
    loaded = load({"profile": "local", "temperature": 0.7}, {}, written(tmp_path, FILE))
    assert loaded.settings.model.temperature == 0.7
    assert loaded.settings.model.name == "openai/qwen"


def test_another_providers_model_does_not_inherit_server_and_key(tmp_path: Path) -> None:
    folder = written(tmp_path, FILE)
    big = load({"profile": "big"}, {}, folder).settings.model
    assert (big.api_base, big.key, big.temperature) == (None, "keyring", 0.9)
    other = load({"model": "gemini/pro"}, {}, folder).settings.model
    assert (other.api_base, other.key) == (None, "")
    same = load({"model": "Qwen/Qwen3-8B"}, {}, folder).settings.model
    assert (same.api_base, same.key) == ("http://localhost:8000/v1", "MY_KEY")


def test_a_profile_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="big, local"):
        load({"profile": "lokal"}, {}, written(tmp_path, FILE))


# ---- the spec of a run


def test_a_run_is_asked_for_with_what_was_loaded(tmp_path: Path) -> None:
    flags = {"profile": "big", "mode": "step", "max_turns": 3, "network": "none"}
    loaded = load(flags, {}, written(tmp_path, FILE))
    spec = run_spec(loaded, task="do it", inputs=[Path("a")], output_dir=Path("/out"), name="n")
    assert (spec.task, spec.mode, spec.limits.max_turns, spec.sandbox.network) == ("do it", "step", 3, "none")
    assert (spec.inputs, spec.output_dir, spec.name) == ((str(Path.cwd() / "a"),), "/out", "n")
    assert (spec.model.name, spec.model.profile, spec.model.key_source) == ("anthropic/big", "big", "keyring")
    assert spec.model.extra_body_json == '{"effort":3}'


def test_without_a_model_a_person_is_told_how_to_name_one(tmp_path: Path) -> None:
    loaded = load({}, {}, tmp_path)
    with pytest.raises(SettingsInvalid, match="--model") as caught:
        model_spec(loaded)
    assert str(tmp_path / "config.toml") in caught.value.sentence
    assert "lis-tui demo" in caught.value.sentence


def test_text_that_is_not_utf_8_is_mended_and_such_a_path_is_refused(tmp_path: Path) -> None:
    loaded = load({"model": "script/x"}, {}, tmp_path)
    assert run_spec(loaded, task="a\udcff").task == "a\ufffd"
    with pytest.raises(SettingsInvalid, match="not UTF-8"):
        run_spec(loaded, task="a", inputs=[Path("b\udcff")])
