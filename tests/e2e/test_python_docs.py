import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import LisTui

pytestmark = pytest.mark.docker
ROOT = Path(__file__).parents[2]


def test_the_example_for_python_runs(lis: LisTui) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    model = lis.scenario("echo 664579 > answer.txt")
    assert "openai/gpt-5" in code
    done = subprocess.run(
        [sys.executable, "-c", code.replace("openai/gpt-5", model)],
        env={**lis.environ, "PYTHONPATH": str(ROOT)},
        cwd=lis.home,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["1.1 done 0", "2.1 done None", "submitted 664579"]
