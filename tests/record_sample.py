"""Plays the demo for real and ships it as the recorded run: `python -m tests.record_sample`."""

import shutil
import sys
from pathlib import Path

from lis_tui.cli.runs import SAMPLE
from tests.command import LisTui

HOME = Path("/tmp/lis-tui")
"""The paths below it stand in the recording."""


def main() -> None:
    """Play it in a fresh home and copy what `lis-tui open --sample` shows."""
    HOME.mkdir(mode=0o700)
    try:
        code = LisTui(HOME).run("demo", "--headless").returncode
        if code:
            sys.exit(f"The demo ended with {code}.")
        shutil.rmtree(SAMPLE)
        SAMPLE.mkdir()
        data = HOME / "data"
        shutil.copy(data / "runs" / "demo" / "journal.jsonl", SAMPLE / "journal.jsonl")
        shutil.copytree(data / "runs" / "demo" / "outputs", SAMPLE / "outputs")
        shutil.copytree(data / "worktrees" / "demo", SAMPLE / "worktree")
        for path in (SAMPLE, *SAMPLE.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)  # a run is private, what is shipped is not
    finally:
        shutil.rmtree(HOME)


if __name__ == "__main__":
    main()
