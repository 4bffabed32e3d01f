import pytest

from tests.command import LisTui

pytestmark = pytest.mark.docker


def test_the_demo_solves_its_task_and_its_exit_code_says_so(lis: LisTui) -> None:
    if not lis.environ["LIS_TUI_IMAGE"].startswith("lis-tui-sandbox"):
        pytest.skip("the demo needs the whole sandbox image")
    lis.environ["LIS_TUI_MODEL_EXTRA_BODY"] = '{"pace": 0}'
    done = lis.run("demo", "--headless")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "KeyError" in done.stdout
    assert "Answer:\nNordholm 0.51" in done.stdout
    saved = lis.home / "data" / "runs" / "demo" / "results"
    assert (saved / "output" / "warming.png").read_bytes().startswith(b"\x89PNG")
