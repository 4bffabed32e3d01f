"""Scenes in which a person changes a run, for pictures and screen tests: the story's, and a turn more."""

import json

from lis_tui.core import events
from lis_tui.core.breakpoints import SHIPPED, Breakpoint
from lis_tui.core.decisions import Inject
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import Observation, Reply, ToolCall, Usage
from tests import story
from tests.story import Story, bash

HERE = StepAddress(6, 1)
LABEL = "python3 label.py --font 18 output/set.png && cp area.txt answer.txt"
DANGER = Breakpoint(name="deletes", filter=r"cmd~\brm\b")
SETS = Breakpoint(name="python3", filter=r"cmd~python3", kind="log", is_one_shot=True)


def middle() -> Story:
    """Tell the story to its gate; the teller goes on from there."""
    told = Story()
    story.middle(told)
    return told


def amended() -> list[Record]:
    """A waiting step that a person changed and that goes on waiting."""
    told = middle()
    told.say(events.StepAmended(HERE, json.dumps({"command": LABEL})), 4.0)
    return told.records


def injected(*, is_hidden: bool = True) -> list[Record]:
    """A command of the person's ran before the step that waits again."""
    told = middle()
    listing = "total 84\n-rw-r--r-- 1 root root 84112 set.png\n"
    inject(told, "ls -l output", listing, is_hidden=is_hidden)
    told.wait(HERE)
    return told.records


def inject(told: Story, command: str, output: str, *, is_hidden: bool = True) -> StepAddress:
    """Have a command run before the waiting step."""
    place = StepAddress(6, 0, 1)
    decision = Inject(command, is_hidden)
    told.say(events.DecisionMade(address=HERE, gate="before_step", decision=decision), 3.0)
    told.say(events.CommandInjected(address=place, command=command, is_hidden=is_hidden))
    arguments = json.dumps({"command": command})
    told.say(events.StepStarted(address=place, tool="execute_bash", arguments=arguments))
    told.say(events.OutputArrived(place, output.encode()))
    seen = Observation(text=output, exit_code=0, duration_s=0.1, output_bytes=len(output))
    told.say(events.StepFinished(address=place, call_id="", tool="execute_bash", observation=seen))
    return place


def versions() -> list[Record]:
    """The reply was asked for three times; the second counts, and a person changed its words."""
    told = middle()
    thoughts = (
        "ImageMagick can write the labels too. I try that first.",
        "Matplotlib draws axes itself, so I write a new program.",
    )
    for number, thought in enumerate(thoughts, 2):
        call = bash(f"convert output/set.png -annotate +{number}0 'Mandelbrot set' output/set.png")
        told.say(events.ReplyResampled(turn=6, version=number, reply=_reply(thought, call)), 6.0)
        told.say(events.StepProposed(address=HERE, call=call))
        told.wait(HERE)
    told.say(events.VersionChosen(6, 2), 2.0)
    told.say(events.StepProposed(address=HERE, call=bash("convert output/set.png -annotate +20 'Set' o.png")))
    edited = "ImageMagick is installed and can write the labels. I look at its fonts first."
    told.say(events.ReplyEdited(turn=6, reasoning=edited), 5.0)
    told.wait(HERE)
    return told.records


def _reply(thought: str, call: ToolCall) -> Reply:
    usage = Usage(prompt_tokens=19_000, completion_tokens=80, cost_usd=0.004)
    return Reply(reasoning=thought, calls=(call,), finish_reason="tool_calls", usage=usage)


def stopped() -> list[Record]:
    """Breakpoints are set; one stops the step that waits."""
    told = Story()
    told.begin("auto")
    told.say(events.BreakpointsChanged((DANGER, SETS, *SHIPPED)))
    for turn, command in enumerate(("ls data", "python3 tidy.py data"), 1):
        call = bash(command)
        told.think(turn, "I look at the data first.", [call])
        if "python3" in command:
            told.say(events.BreakpointHit(StepAddress(turn, 1), "python3", command))
        told.run(StepAddress(turn, 1), call, "a.csv\nb.csv\n" if turn == 1 else "tidied 2 files\n")
    told.think(3, "The old data is not needed any more. I delete it.", [bash("rm -rf data")])
    because = "breakpoint: deletes"
    told.say(events.GateOpened(address=StepAddress(3, 1), gate="before_step", because=because))
    return told.records


def own() -> list[Record]:
    """A person ran two commands in a shell of their own."""
    told = middle()
    told.say(events.OwnOutputArrived(1, b"set.png\n"))
    told.say(
        events.OwnCommandRan(number=1, command="ls output", output="set.png\n", exit_code=0, duration_s=0.1)
    )
    wrong = "python3: can't open file '/testbed/lable.py': No such file or directory\n"
    told.say(
        events.OwnCommandRan(number=2, command="python3 lable.py", output=wrong, exit_code=2, duration_s=0.2)
    )
    return told.records


def job() -> list[Record]:
    """A command was sent to the background, and another one runs that is being stopped."""
    told = Story()
    told.begin("auto")
    server, sleeper = bash("python3 -m http.server 8000"), bash("sleep 1000", "c2")
    told.think(1, "I start a server.", [server, sleeper])
    first, second = StepAddress(1, 1), StepAddress(1, 2)
    told.say(events.StepStarted(address=first, tool="execute_bash", arguments=server.arguments))
    told.say(events.SentToBackground(first), 5.0)
    seen = Observation(
        text="[goes on in the background]", status="background", duration_s=5.0, ended_by="background"
    )
    told.say(events.StepFinished(address=first, call_id="c1", tool="execute_bash", observation=seen))
    told.say(events.StepStarted(address=second, tool="execute_bash", arguments=sleeper.arguments))
    told.say(events.TimeoutChanged(second, 1200.0), 4.0)
    told.say(events.InterruptSent(second, signal="INT"), 4.0)
    told.say(events.InterruptSent(second, signal="TERM"), 2.0)
    return told.records


def cut_off() -> list[Record]:
    """A reply was cut in mid-stream; the model is about to be asked again."""
    records = story.thinking()
    told = Story()
    told.records, told.at = list(records), records[-1].at
    told.say(events.PauseAsked())
    text = "The picture is right now. The task asks for labelled axes, which"
    told.say(events.ReplyCutOff(turn=6, reasoning=text, reason="Cut by the user."))
    told.say(events.GateOpened(address=StepAddress(6), gate="before_model", because="paused"))
    return told.records


def submitting() -> list[Record]:
    """The final answer waits."""
    told = middle()
    story.ending(told)
    last = max(n for n, one in enumerate(told.records) if isinstance(one.event, events.GateOpened))
    opened = told.records[last]
    answer = "The area of the Mandelbrot set is 1.507 (±0.002).\nThe picture is in output/set.png.\n"
    gate = events.GateOpened(
        address=StepAddress(7, 1), gate="before_submit", because="confirm mode", answer=answer
    )
    return [*told.records[:last], Record(opened.n, opened.at, gate)]


def after_step() -> list[Record]:
    """A breakpoint holds the run after a step."""
    records = submitting()[:-6]
    told = Story()
    told.records, told.at = list(records), records[-1].at
    told.records = [one for one in told.records if not _is_of_turn(one, 7)]
    told.say(
        events.GateOpened(address=StepAddress(6, 2), gate="after_step", because="breakpoint: looks at answer")
    )
    return told.records


def _is_of_turn(record: Record, turn: int) -> bool:
    event = record.event
    address = getattr(event, "address", None)
    return getattr(event, "turn", None) == turn or (address is not None and address.turn == turn)
