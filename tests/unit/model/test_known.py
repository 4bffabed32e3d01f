"""What is known of a model is known without importing litellm."""

import subprocess
import sys

import pytest

from lis_tui.core.messages import Request
from lis_tui.core.spec import ModelSpec
from lis_tui.model.gateway import Gateway
from lis_tui.model.known import resolve


@pytest.mark.parametrize("name", ["gpt-4o", "openai/gpt-4o"])
def test_a_known_model_brings_its_window_and_bounds_its_reply(name: str) -> None:
    known = resolve(ModelSpec(name=name))
    assert (known.context_tokens, known.max_tokens) == (128_000, 16_384)


def test_a_profile_that_says_less_is_kept() -> None:
    spec = ModelSpec(name="gpt-4o", context_tokens=8_000, max_tokens=100)
    assert resolve(spec) == spec


def test_a_server_of_ones_own_may_call_its_model_anything() -> None:
    spec = ModelSpec(name="gpt-4o", api_base="http://localhost:8000/v1")
    assert resolve(spec) == spec


def test_an_unknown_model_is_assumed_to_have_the_usual_window() -> None:
    spec = ModelSpec(name="openai/never-heard-of-it")
    assert Gateway(None).context_tokens(Request(turn=1, messages=(), tools=(), model=spec)) == 128_000


def test_looking_a_model_up_imports_no_litellm() -> None:
    code = (
        "import sys; from lis_tui.model.known import resolve; from lis_tui.core.spec import ModelSpec;"
        "assert resolve(ModelSpec(name='gpt-4o')).context_tokens; assert 'litellm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
