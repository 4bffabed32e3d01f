"""A person stops what a model is about to do and changes it on the screen, and the run tells of both."""

import json
import sys
from pathlib import Path

import pexpect
import pytest
import yaml

from lis_tui.core.conversation import messages_of_turn
from lis_tui.core.events import DecisionMade, GateOpened, RunEnded, StepFinished, StepProposed, StepStarted
from lis_tui.core.messages import ToolMessage
from tests.command import LONGEST_S, LisTui

pytestmark = pytest.mark.docker
HOME, DELETE_TO_END, CTRL_S = "\x1b[H", "\x0b", "\x13"


def bash(command: str, when: str | None = None) -> dict[str, object]:
    turn: dict[str, object] = {"calls": [{"tool": "execute_bash", "arguments": {"command": command}}]}
    return turn if when is None else {"when": when, **turn}


def scenario(folder: Path) -> str:
    """The model tidies up far too well; it answers only where it saw the file that it wanted to delete."""
    turns = [
        bash("mkdir data; echo 42 > data/precious"),
        bash("rm -rf data"),
        bash("cp data/precious answer.txt", when="precious"),
        {"calls": [{"tool": "submit"}]},
    ]
    path = folder / "tidy.yaml"
    path.write_text(yaml.safe_dump({"task": "t", "pace": 0, "turns": turns}))
    return f"script/{path}"


def play_as_a_person(lis: LisTui) -> None:
    """Start the run on a screen, wait for the breakpoint, make `ls` of `rm`, let it run, leave."""
    screen = pexpect.spawn(
        sys.executable,
        [
            *("-m", "lis_tui", "run", "Tidy up.", "--model", scenario(lis.home), "--name", "one"),
            *("--break", 'cmd~"rm -rf"'),
        ],
        env={**lis.environ, "TERM": "xterm-256color"},
        cwd=str(lis.home),
        dimensions=(40, 120),
        timeout=LONGEST_S,
        encoding="utf-8",
    )
    screen.expect(" skip")
    press_e_once_it_can_have_been_read(screen)
    screen.send(f"{HOME}{DELETE_TO_END}ls data{CTRL_S}")
    screen.expect("submitted")
    screen.send("q")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def press_e_once_it_can_have_been_read(screen: "pexpect.spawn[str]") -> None:
    """What is typed as soon as the question is painted decides nothing; a person presses again."""
    screen.send("e")
    while screen.expect(["Edit step 2.1", "nothing was decided"]):
        screen.expect("turn 2/100")
        screen.send("e")


def test_rm_is_stopped_edited_to_ls_on_the_screen_and_the_journal_and_the_export_show_both(
    lis: LisTui,
) -> None:
    play_as_a_person(lis)
    records = lis.journal("one")
    events = [record.event for record in records]
    (opened,) = [event for event in events if isinstance(event, GateOpened)]
    assert (str(opened.address), opened.because) == ("2.1", 'breakpoint: cmd~"rm -rf"')
    (made,) = [event for event in events if isinstance(event, DecisionMade)]
    assert made.by == "person"
    proposed = [event for event in events if isinstance(event, StepProposed)][1]
    started = [event for event in events if isinstance(event, StepStarted)][1]
    assert json.loads(proposed.call.arguments) == {"command": "rm -rf data"}
    assert (json.loads(started.arguments), started.changed_by) == ({"command": "ls data"}, "person")
    finished = [event for event in events if isinstance(event, StepFinished)][1]
    assert "precious" in finished.observation.text
    told = messages_of_turn(records, 3)[-1]
    assert isinstance(told, ToolMessage)
    assert told.text == finished.observation.text
    assert [event.answer for event in events if isinstance(event, RunEnded)] == ["42"]
    check_export(lis)


def check_export(lis: LisTui) -> None:
    text = lis.run("export", "one").stdout
    parts = (
        "### Step 2.1: asked for by the model",
        "rm -rf data",
        'A rule stopped it before step: `breakpoint: cmd~"rm -rf"`',
        "A person edited it",
        "**What ran, changed by a person:**",
        "ls data",
        "precious",
    )
    place = text.index("## Turn 2")
    for part in parts:
        place = text.index(part, place)
    path = lis.home / "one.json"
    done = lis.run("export", "one", "--to", "json", "-o", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    entries = json.loads(path.read_text())["turns"][2]["entries"]
    (step,) = [entry for entry in entries if entry["type"] == "Step"]
    assert (step["by"], step["changed_by"]) == ("model", "person")
    assert json.loads(step["proposed"]["arguments"])["command"] == "rm -rf data"
    assert json.loads(step["ran"]["arguments"])["command"] == "ls data"
