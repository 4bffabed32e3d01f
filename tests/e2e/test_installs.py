"""What a task lacks can be installed in a sandbox made the usual way, with what is carried into it."""

import pytest

from lis_tui.core.events import SandboxStarted, StepFinished
from tests.command import LisTui

pytestmark = [pytest.mark.docker, pytest.mark.slow]

INSTALLS = {
    "pip": "pip install --no-cache-dir iniconfig && python3 -c 'import iniconfig; print(iniconfig.__name__)'",
    "apt-get": "apt-get update -q && apt-get install -qy --no-install-recommends hello && hello",
}


@pytest.mark.usefixtures("index_answers")
@pytest.mark.parametrize("tool", INSTALLS)
def test_what_is_missing_can_be_installed(lis: LisTui, tool: str) -> None:
    model = lis.scenario(f"{INSTALLS[tool]} && echo installed > answer.txt")
    done = lis.run("run", "Install it.", "--model", model, "--headless", "--name", "one")
    events = [record.event for record in lis.journal("one")]
    (started,) = (event for event in events if isinstance(event, SandboxStarted))
    if tool not in started.capabilities:
        pytest.skip(f"the image has no {tool}")
    first = next(event for event in events if isinstance(event, StepFinished))
    assert (first.observation.exit_code, first.observation.status) == (0, "done"), first.observation.text
    assert done.returncode == 0
