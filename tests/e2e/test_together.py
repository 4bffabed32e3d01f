"""One task, two models, real sandboxes; then both side by side."""

import json

import pytest

from tests.command import LisTui

pytestmark = pytest.mark.docker


def test_two_models_work_at_once_and_are_compared(lis: LisTui) -> None:
    good = lis.scenario("echo 42 > answer.txt", name="good")
    bad = lis.scenario("echo 43 > answer.txt; echo more > more.txt", "false", name="bad")
    settings = ("--set", "sandbox.checkpoints=true", "--name", "two", "--max-turns", "2")
    done = lis.run("run", "Compute it.", "-m", good, "-m", bad, "--headless", *settings)
    assert done.returncode == 3, done.stderr
    assert "good │ 1.1 $ echo 42 > answer.txt" in done.stdout
    assert "bad  │ 2.1 $ false" in done.stdout
    assert "lis-tui compare two-good two-bad" in done.stdout
    assert lis.containers() == []
    compared = lis.run("compare", "two-good", "two-bad")
    assert compared.returncode == 0, compared.stderr
    rows = {line.split()[0]: line for line in compared.stdout.splitlines() if line.startswith("two-")}
    assert "submitted" in compared.stdout
    assert "turn limit" in compared.stdout
    assert set(rows) == {"two-good", "two-bad"}
    assert "≠ answer.txt" in compared.stdout
    assert "→ more.txt" in compared.stdout
    judged = lis.run("runs", "verdict", "two-good", "good")
    assert judged.stdout == "two-good: good\n"
    notes = lis.home / "data" / "runs" / "two-good" / "notes.json"
    assert json.loads(notes.read_text()) == {"verdict": "good"}
    assert "two-bad" not in lis.run("runs", "--filter", "verdict:good").stdout
