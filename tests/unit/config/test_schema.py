from msgspec import structs

from lis_tui.config.schema import ModelSettings
from lis_tui.core.spec import ModelSpec

OTHERS = {"name", "profile", "key_source", "extra_body_json"}


def test_a_model_that_nothing_is_set_for_is_asked_as_a_spec_would_have_it() -> None:
    settings = structs.asdict(ModelSettings())
    spec = {name: value for name, value in structs.asdict(ModelSpec(name="m")).items() if name not in OTHERS}
    assert {name: settings[name] for name in spec} == spec
