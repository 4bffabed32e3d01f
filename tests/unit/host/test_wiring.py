from pathlib import Path

import pytest

from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.engine.run import Run
from lis_tui.host.wiring import wire


@pytest.mark.parametrize(
    ("name", "window"), [("gpt-4o", 128_000), ("openai/never-heard-of-it", None), ("script/demo", None)]
)
async def test_a_run_starts_from_what_is_known_of_its_model(
    tmp_path: Path, name: str, window: int | None
) -> None:
    wired = wire(tmp_path, RunSpec(task="t", model=ModelSpec(name=name)), {})
    assert isinstance(wired.run, Run)
    assert wired.run.spec.model.context_tokens == window
    await wired.release()
