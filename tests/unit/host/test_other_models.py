"""Another model for a run that goes on, with a key of its own."""

import pytest

from lis_tui.config.secrets import API_KEY
from lis_tui.core.errors import KeyMissing, SettingsInvalid
from lis_tui.core.spec import ModelSpec
from lis_tui.host import wiring
from lis_tui.host.wiring import other_models, with_key_for
from lis_tui.model.retry import RetryingModel
from lis_tui.model.script import ScriptModel

FIRST = ModelSpec(name="gpt-4o")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The keys that models were given."""
    given: list[str | None] = []
    real = wiring.choose_model

    def choose(spec: ModelSpec, key: str | None) -> object:
        given.append(key)
        return real(spec, key)

    monkeypatch.setattr(wiring, "choose_model", choose)
    monkeypatch.setattr("lis_tui.config.keys._in_keyring", lambda _: None)
    return given


def test_a_model_of_the_same_server_has_the_key_of_the_first(keys: list[str | None]) -> None:
    spec, model = other_models(FIRST, {API_KEY: "sk-first"}, {})(ModelSpec(name="gpt-4o-mini"))
    assert isinstance(model, RetryingModel)
    assert keys == ["sk-first"]
    assert spec.context_tokens == 128_000


def test_no_other_server_gets_it(keys: list[str | None]) -> None:
    make = other_models(FIRST, {API_KEY: "sk-first"}, {"MISTRAL_API_KEY": "sk-mistral"})
    make(ModelSpec(name="mistral/mistral-large-latest"))
    make(ModelSpec(name="gpt-4o", api_base="http://127.0.0.1:9/v1"))
    assert keys == ["sk-mistral", None]


def test_a_missing_key_and_an_unknown_scenario_are_said(keys: list[str | None]) -> None:
    make = other_models(FIRST, {API_KEY: "sk-first"}, {})
    with pytest.raises(KeyMissing, match="MISTRAL_API_KEY"):
        make(ModelSpec(name="mistral/mistral-large-latest"))
    with pytest.raises(SettingsInvalid, match="no scenario"):
        make(ModelSpec(name="script/never-written"))
    assert isinstance(make(ModelSpec(name="script/demo"))[1], ScriptModel)
    assert keys[-1] is None


def test_a_fork_after_another_model_was_chosen_has_the_key_of_that_one(keys: list[str | None]) -> None:
    known = {API_KEY: "sk-first", "env.TOKEN": "t"}
    environ = {"MISTRAL_API_KEY": "sk-mistral"}
    mistral = ModelSpec(name="mistral/mistral-large-latest")
    assert with_key_for(FIRST, FIRST, known, {}) == known
    assert with_key_for(mistral, FIRST, known, environ) == known | {API_KEY: "sk-mistral"}
    assert with_key_for(ModelSpec(name="script/demo"), FIRST, known, {}) == {"env.TOKEN": "t"}
    with pytest.raises(KeyMissing, match="MISTRAL_API_KEY"):
        with_key_for(mistral, FIRST, known, {})
