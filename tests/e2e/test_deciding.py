"""Breakpoints in a real sandbox, answered by a program."""

import shlex
import sys

import pytest

from lis_tui.core.events import (
    BreakpointHit,
    DecisionMade,
    GateOpened,
    ObservationEdited,
    StepFinished,
    StepProposed,
    StepStarted,
)
from tests.command import LisTui

pytestmark = pytest.mark.docker

PROGRAM = """
import json, sys
asked = json.loads(sys.stdin.readline())
if asked["gate"]["gate"] == "after_step":
    decision = {"type": "EditObservation", "text": "A page was drawn."}
else:
    decision = {"type": "Edit", "arguments": json.dumps({"command": "ls data"})}
print(json.dumps(decision))
"""


def test_a_breakpoint_stops_rm_and_a_program_makes_ls_of_it(lis: LisTui) -> None:
    path = lis.home / "decide.py"
    path.write_text(PROGRAM)
    commands = (
        "mkdir data; echo 1 > data/kept",
        "rm -rf data",
        "echo '<p>' > page.html",
        "echo 42 > answer.txt",
    )
    done = lis.run(
        *("run", "Tidy up.", "--model", lis.scenario(*commands), "--headless", "--name", "one"),
        *("--break", 'cmd~"rm -rf"', "--break", "file:*.html", "--break-log", "file:answer.txt"),
        *("--decide", shlex.join([sys.executable, str(path)])),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert '2.1 waits for a decision (breakpoint: cmd~"rm -rf")' in done.stdout
    assert "2.1: edit by script" in done.stdout
    assert "3.1: what the model sees of it was changed by a script" in done.stdout
    events = [record.event for record in lis.journal("one")]
    opened = [event for event in events if isinstance(event, GateOpened)]
    assert [(str(one.address), one.gate) for one in opened] == [("2.1", "before_step"), ("3.1", "after_step")]
    proposed = [event for event in events if isinstance(event, StepProposed)][1]
    started = [event for event in events if isinstance(event, StepStarted)][1]
    assert "rm -rf data" in proposed.call.arguments
    assert (started.arguments, started.changed_by) == ('{"command": "ls data"}', "script")
    finished = [event for event in events if isinstance(event, StepFinished)][1]
    assert "kept" in finished.observation.text
    assert {event.by for event in events if isinstance(event, DecisionMade)} == {"script"}
    assert [event.text for event in events if isinstance(event, ObservationEdited)] == ["A page was drawn."]
    noted = [event for event in events if isinstance(event, BreakpointHit)]
    assert [(str(one.address), one.name) for one in noted] == [("4.1", "file:answer.txt")]
    assert lis.containers() == []


def test_a_filter_that_cannot_be_read_is_pointed_at(lis: LisTui) -> None:
    done = lis.run("run", "Go.", "--model", "script/demo", "--headless", "--break", "cmd~a( or")
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == ["  cmd~a( or", "       ^"]
