import pytest

from lis_tui.core import events
from lis_tui.core.events import Event, Record
from lis_tui.core.remodelling import changed_settings, from_now_on
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.view import RunView

OLD = ModelSpec(name="openai/m", profile="work", temperature=1.0)


def told(*models: ModelSpec) -> list[str]:
    spec = RunSpec(task="t", model=OLD)
    started = events.RunStarted(run="t-1", spec=spec, system_prompt="", task_prompt="", tools=())
    happened: list[Event] = [started, *map(events.ModelChanged, models)]
    view = RunView().apply_all(Record(n, 1.0, event) for n, event in enumerate(happened, 1))
    return [said.text for turn in view.turns for said in turn.said if said.origin == "notice"]


def test_of_the_same_model_it_is_told_how_it_is_asked_from_now_on() -> None:
    warm = ModelSpec(name="openai/m", profile="work", temperature=0.3)
    shy = ModelSpec(name="openai/m", profile="work", max_tokens=100, gap_s=5.0)
    assert told(warm, shy) == [
        "openai/m from now on with temperature 0.3",
        "openai/m from now on with temperature not set, max tokens 100, gap 5.0 s",
    ]


@pytest.mark.parametrize(
    ("new", "text"),
    [
        (
            ModelSpec(name="openai/x", profile="home", api_base="http://h", temperature=1.0),
            "the model is openai/x from now on",
        ),
        (
            ModelSpec(name="openai/x", temperature=0.3),
            "the model is openai/x from now on, with temperature 0.3",
        ),
        (
            ModelSpec(name="openai/m", profile="home", temperature=1.0),
            "openai/m from now on with profile home",
        ),
        (OLD, "openai/m is asked as before"),
    ],
    ids=["another model", "another model, otherwise asked", "reached otherwise", "nothing"],
)
def test_it_is_told_what_changed_and_nothing_else(new: ModelSpec, text: str) -> None:
    assert told(new) == [text]


def test_where_no_model_was_known_before_nothing_of_its_settings_is_new() -> None:
    assert changed_settings(None, OLD) == ""
    assert from_now_on(None, OLD) == "the model is openai/m from now on"
