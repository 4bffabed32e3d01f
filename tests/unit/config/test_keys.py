import os
from pathlib import Path

import pytest

from lis_tui.config.keys import Key, find_key, needs_key, read_dotenv, require_key
from lis_tui.core.errors import KeyMissing
from lis_tui.core.spec import ModelSpec


def model(name: str, key_source: str = "", api_base: str | None = None) -> ModelSpec:
    return ModelSpec(name=name, key_source=key_source, api_base=api_base)


class FakeKeyring:
    """Entries by name, and which were asked for."""

    def __init__(self, **entries: str) -> None:
        self.entries = entries
        self.asked: list[str] = []

    def __call__(self, name: str) -> str | None:
        self.asked.append(name)
        return self.entries.get(name)


def found(key: Key | None) -> tuple[str, str] | None:
    return (key.value, key.source) if key else None


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai/gpt-5", "OPENAI_API_KEY"),
        ("gpt-5", "OPENAI_API_KEY"),
        ("anthropic/claude", "ANTHROPIC_API_KEY"),
        ("claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("openrouter/anthropic/claude", "OPENROUTER_API_KEY"),
        ("gemini/pro", "GEMINI_API_KEY"),
        ("gemini/pro", "GOOGLE_API_KEY"),
        ("groq/llama", "GROQ_API_KEY"),
        ("mistral/large", "MISTRAL_API_KEY"),
        ("deepseek/chat", "DEEPSEEK_API_KEY"),
        ("together_ai/x", "TOGETHER_API_KEY"),
        ("fireworks_ai/x", "FIREWORKS_API_KEY"),
        ("xai/grok", "XAI_API_KEY"),
        ("some-new.one/model", "SOME_NEW_ONE_API_KEY"),
    ],
)
def test_each_provider_has_its_usual_variable(tmp_path: Path, name: str, variable: str) -> None:
    key = find_key(model(name), {variable: "secret", "OTHER_API_KEY": "no"}, tmp_path, FakeKeyring())
    assert found(key) == ("secret", f"env:{variable}")


def test_environment_beats_keyring_and_keyring_beats_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-file\n")
    keyring = FakeKeyring(OPENAI_API_KEY="from-ring")
    spec = model("openai/x")
    assert found(find_key(spec, {"OPENAI_API_KEY": "from-env"}, tmp_path, keyring)) == (
        "from-env",
        "env:OPENAI_API_KEY",
    )
    assert found(find_key(spec, {"OPENAI_API_KEY": " "}, tmp_path, keyring)) == (
        "from-ring",
        "keyring:OPENAI_API_KEY",
    )
    assert found(find_key(spec, {}, tmp_path, FakeKeyring())) == ("from-file", ".env:OPENAI_API_KEY")


def test_a_profiles_own_variable_is_the_only_one_looked_for(tmp_path: Path) -> None:
    environ = {"OPENAI_API_KEY": "usual", "MY_KEY": "mine"}
    assert found(find_key(model("openai/x", "MY_KEY"), environ, tmp_path, FakeKeyring())) == (
        "mine",
        "env:MY_KEY",
    )
    assert find_key(model("openai/x", "OTHER"), environ, tmp_path, FakeKeyring()) is None


def test_a_profile_may_name_the_keyring(tmp_path: Path) -> None:
    keyring = FakeKeyring(WORK="w", OPENAI_API_KEY="o")
    environ = {"OPENAI_API_KEY": "usual"}
    assert found(find_key(model("openai/x", "keyring:WORK"), environ, tmp_path, keyring)) == (
        "w",
        "keyring:WORK",
    )
    assert found(find_key(model("openai/x", "keyring"), environ, tmp_path, keyring)) == (
        "o",
        "keyring:OPENAI_API_KEY",
    )


def test_the_source_of_a_found_key_finds_it_again(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=f")
    for environ, keyring in (({"OPENAI_API_KEY": "e"}, FakeKeyring()), ({}, FakeKeyring())):
        key = find_key(model("openai/x"), environ, tmp_path, keyring)
        assert key is not None
        again = find_key(model("openai/x", key.source), environ, tmp_path, keyring)
        assert found(again) == found(key)


def test_no_key_is_wanted_for_scripts_local_servers_and_none(tmp_path: Path) -> None:
    for spec in (
        model("script/demo"),
        model("ollama/llama3"),
        model("openai/x", api_base="http://localhost:8000/v1"),
        model("openai/x", api_base="http://192.168.1.5:8000/v1"),
        model("Qwen/Qwen3", api_base="http://gpu-box/v1"),
        model("openai/x", "none"),
    ):
        assert not needs_key(spec)
        assert require_key(spec, {}, tmp_path, FakeKeyring()) is None


def test_no_key_goes_where_none_was_wanted(tmp_path: Path) -> None:
    environ = {"OPENAI_API_KEY": "x", "SCRIPT_API_KEY": "x", "OLLAMA_API_KEY": "x"}
    assert find_key(model("openai/x", "none"), environ, tmp_path, FakeKeyring()) is None
    assert find_key(model("script/demo"), environ, tmp_path, FakeKeyring()) is None


def test_a_local_server_asks_for_no_keyring(tmp_path: Path) -> None:
    keyring = FakeKeyring(OPENAI_API_KEY="x")
    spec = model("openai/x", api_base="http://127.0.0.1:8000/v1")
    assert find_key(spec, {}, tmp_path, keyring) is None
    assert keyring.asked == []
    assert found(find_key(spec, {"OPENAI_API_KEY": "e"}, tmp_path, keyring)) == ("e", "env:OPENAI_API_KEY")


def test_a_missing_key_is_named_with_every_place_it_may_be_put(tmp_path: Path) -> None:
    for spec in (
        model("gemini/x"),
        model("openai/x", "MY_KEY"),
        model("Qwen/x", api_base="https://example.org"),
    ):
        with pytest.raises(KeyMissing) as caught:
            require_key(spec, {}, tmp_path, FakeKeyring())
        for word in ("environment", ".env", "keyring set lis-tui", "_"):
            assert word in caught.value.sentence
    with pytest.raises(KeyMissing, match="GEMINI_API_KEY or GOOGLE_API_KEY"):
        require_key(model("gemini/x"), {}, tmp_path, FakeKeyring())


def test_an_unknown_providers_server_may_say_itself_that_it_wants_a_key(tmp_path: Path) -> None:
    assert require_key(model("brand_new/x"), {}, tmp_path, FakeKeyring()) is None


@pytest.mark.parametrize("value", ["sk-a\nX: y", "schlüssel", "sk\x00"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(tmp_path: Path, value: str) -> None:
    with pytest.raises(KeyMissing, match="env:OPENAI_API_KEY") as caught:
        find_key(model("openai/x"), {"OPENAI_API_KEY": value}, tmp_path, FakeKeyring())
    assert value not in caught.value.sentence


def test_a_key_never_prints_itself() -> None:
    key = Key("hunter2", "env:X")
    assert "hunter2" not in f"{key} {key!r} {[key]} {key:}"
    assert "env:X" in repr(key)


# ---- .env


def test_only_api_keys_are_read_from_a_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        """
# a comment
OPENAI_API_KEY=plain
export GROQ_API_KEY = "quoted # not a comment" # comment
XAI_API_KEY='single'
MISTRAL_API_KEY=tail # comment
DEEPSEEK_API_KEY=$HOME/${OPENAI_API_KEY}
EMPTY_API_KEY=
OPENAI_API_BASE=https://evil.example
OPENAI_BASE_URL=https://evil.example
HTTPS_PROXY=evil
NOT_API_KEY_EITHER=evil
LIS_TUI_MODEL=evil
"""
    )
    assert read_dotenv(tmp_path / ".env") == {
        "OPENAI_API_KEY": "plain",
        "GROQ_API_KEY": "quoted # not a comment",
        "XAI_API_KEY": "single",
        "MISTRAL_API_KEY": "tail",
        "DEEPSEEK_API_KEY": "$HOME/${OPENAI_API_KEY}",
    }


def test_a_profiles_variable_is_not_read_from_a_dotenv_unless_it_is_an_api_key(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MY_TOKEN=t\nMY_API_KEY=k\n")
    assert find_key(model("openai/x", "MY_TOKEN"), {}, tmp_path, FakeKeyring()) is None
    key = find_key(model("openai/x", "MY_API_KEY"), {}, tmp_path, FakeKeyring())
    assert found(key) == ("k", ".env:MY_API_KEY")


def test_a_dotenv_that_is_a_pipe_a_folder_or_binary_hinders_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00OPENAI_API_KEY=\xff\n" * 10_000)
    for name in ("pipe", "folder", "missing"):
        assert read_dotenv(tmp_path / name) == {}
    read_dotenv(tmp_path / "binary")


def test_without_a_keyring_on_the_machine_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring
    from keyring.backends.fail import Keyring

    monkeypatch.setattr(keyring.core, "_keyring_backend", Keyring())  # type: ignore[no-untyped-call]  # keyring has no types here
    assert find_key(model("openai/x"), {}, tmp_path) is None
