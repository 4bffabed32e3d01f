"""Writes the story that pictures and screen tests show: a model plots the Mandelbrot set and errs once."""

import functools
import json
from collections.abc import Iterator

from lis_tui.core import events
from lis_tui.core.decisions import Approve, Edit
from lis_tui.core.events import Event, FileEntry, Record, StepAddress
from lis_tui.core.messages import Observation, Reply, StepStatus, ToolCall, ToolSchema, Usage
from lis_tui.core.spec import ModelSpec, RunSpec

START = 1_790_000_000.0
TASK = "Plot the Mandelbrot set with labelled axes, save it as output/set.png, and give its area to 3 digits."
PLOT = """import numpy as np
import matplotlib.pyplot as plt

WIDTH, HEIGHT, LIMIT = 800, 600, 200

def mandelbrot(x, y):
    c = x[None, :] + 1j * y[:, None]
    z = np.zeros_like(c)
    count = np.zeros(c.shape, dtype=int)
    for _ in range(LIMIT):
        inside = abs(z) <= 2
        z[inside] = z[inside] ** 2 + c[inside]
        count += inside
    return count

x = np.linspace(-2.2, 0.8, WIDTH + 1)
y = np.linspace(-1.2, 1.2, HEIGHT)
plt.imsave("output/set.png", mandelbrot(x, y).reshape(HEIGHT, WIDTH))
"""
SYSTEM = """You work on a computer of your own, in /testbed.

- Compute rather than guess; explore before you act.
- Install what is missing.
- Write the final answer to `/testbed/answer.txt`.
"""


class Story:
    """Tells events with plausible times; facts are numbered, fragments are not."""

    def __init__(self, *, has_fragments: bool = True) -> None:
        self.at = START
        self.records: list[Record] = []
        self._has_fragments = has_fragments
        self._n = 0

    def say(self, event: Event, after_s: float = 0.1) -> None:
        """Tell one event."""
        is_fragment = isinstance(event, events.Fragment)
        if is_fragment and not self._has_fragments:
            return
        self.at += after_s
        self._n += not is_fragment
        self.records.append(Record(0 if is_fragment else self._n, self.at, event))

    def begin(self, mode: str = "confirm", model: str = "openai/qwen3-coder") -> None:
        """Start run and sandbox."""
        spec = RunSpec(
            task=TASK,
            model=ModelSpec(name=model, api_base="http://localhost:8000/v1", context_tokens=128_000),
            mode="confirm" if mode == "confirm" else "auto",
        )
        tools = tuple(
            ToolSchema(name, f"{name} does its work.", '{"type": "object", "properties": {}}')
            for name in ("execute_bash", "str_replace_editor", "submit")
        )
        self.say(
            events.RunStarted(
                run="mandelbrot-3",
                spec=spec,
                system_prompt=SYSTEM,
                task_prompt=f"# Task\n\n{TASK}\n",
                tools=tools,
            )
        )
        self.say(
            events.SandboxStarted(
                kind="docker",
                image="lis-tui-sandbox:latest",
                image_id="sha256:1",
                container="c0ffee",
                network="bridge",
                took_s=0.4,
            ),
            0.4,
        )
        whole = (
            FileEntry("documents", "folder"),
            FileEntry("documents/grid.csv", size_bytes=18_204),
            FileEntry("documents/notes.md", size_bytes=912),
        )
        self.say(events.FilesChanged(whole, is_whole=True))

    def think(
        self, turn: int, reasoning: str, calls: list[ToolCall], text: str = "", cost: float | None = 0.004
    ) -> None:
        """Ask the model and stream its reply."""
        tokens = 1800 + turn * 2900
        self.say(
            events.ModelAsked(
                turn=turn, model="openai/qwen3-coder", message_count=2 * turn, prompt_tokens_estimate=tokens
            )
        )
        words = reasoning.split(" ")
        for number, word in enumerate(words):
            self.say(events.ReasoningArrived(turn, word + (" " if number + 1 < len(words) else "")), 0.03)
        for index, call in enumerate(calls):
            self.say(events.CallArrived(turn, index, call.name, call.arguments), 0.4)
        usage = Usage(prompt_tokens=tokens, completion_tokens=120 + 9 * len(words), cost_usd=cost)
        reply = Reply(
            reasoning=reasoning,
            text=text,
            calls=tuple(calls),
            finish_reason="tool_calls",
            usage=usage,
            raw_json='{"choices": [{"finish_reason": "tool_calls"}]}',
        )
        self.say(events.ReplyFinished(turn=turn, reply=reply, first_piece_s=0.6, duration_s=2.4), 0.2)
        for number, call in enumerate(calls, 1):
            self.say(events.StepProposed(address=StepAddress(turn, number), call=call), 0.0)

    def wait(self, address: StepAddress, gate: events.Gate = "before_step") -> None:
        """Open a gate."""
        self.say(events.GateOpened(address=address, gate=gate, because="confirm mode"), 0.05)

    def approve(self, address: StepAddress, after_s: float = 2.0) -> None:
        """Answer it."""
        self.say(events.DecisionMade(address=address, gate="before_step", decision=Approve()), after_s)

    def run(
        self,
        address: StepAddress,
        call: ToolCall,
        output: str,
        *,
        code: int = 0,
        took_s: float = 0.8,
        files: tuple[FileEntry, ...] = (),
        arguments: str = "",
        diff: str = "",
        status: StepStatus | None = None,
        answer: str | None = None,
    ) -> None:
        """Run a step to its end."""
        changed_by: events.Who | None = "person" if arguments else None
        arguments = arguments or call.arguments
        self.say(
            events.StepStarted(address=address, tool=call.name, arguments=arguments, changed_by=changed_by),
            0.02,
        )
        for line in output.splitlines(keepends=True):
            self.say(events.OutputArrived(address, line.encode()), took_s / (output.count("\n") + 1))
        if files:
            self.say(events.FilesChanged(files), 0.05)
        observation = Observation(
            text=output or "[no output]",
            status=status or ("failed" if code else "done"),
            exit_code=code if call.name == "execute_bash" else None,
            duration_s=took_s,
            output_bytes=len(output.encode()),
            output_name=f"{address}.txt",
            diff=diff,
            answer=answer,
        )
        self.say(
            events.StepFinished(address=address, call_id=call.id, tool=call.name, observation=observation),
            0.05,
        )


def bash(command: str, name: str = "c1") -> ToolCall:
    """Call the shell."""
    return ToolCall(name, "execute_bash", json.dumps({"command": command}))


def editor(name: str = "c1", **arguments: object) -> ToolCall:
    """Call the editor."""
    return ToolCall(name, "str_replace_editor", json.dumps(arguments))


def middle(story: Story) -> StepAddress:
    """Tell the story up to the gate where a person is asked."""
    story.begin()
    _explore(story)
    _write_and_fail(story)
    _repair(story)
    here = StepAddress(6, 1)
    label = (
        "python3 label.py --font 14 \\\n  --title 'Mandelbrot set' output/set.png \\\n"
        '  && echo "area ≈ $(cat area.txt)" > answer.txt'
    )
    story.think(
        6,
        "The picture is right now. The task asks for **labelled axes**, which `imsave` cannot draw:\n"
        "\n1. draw it again with axes,\n2. write the area to `answer.txt`.\n\nThen I can submit.",
        [bash(label), bash("ls -l output && cat answer.txt", "c2")],
    )
    story.wait(here)
    return here


def ending(story: Story) -> None:
    """Tell the rest."""
    here = StepAddress(6, 1)
    changed = json.dumps({"command": "python3 label.py --font 18 && cp area.txt answer.txt"})
    story.say(events.DecisionMade(address=here, gate="before_step", decision=Edit(changed)), 9.0)
    files = (FileEntry("output/set.png", size_bytes=96_400), FileEntry("answer.txt", size_bytes=22))
    proposed = bash("python3 label.py --font 14")
    story.run(here, proposed, "saved output/set.png\n", took_s=1.4, files=files, arguments=changed)
    second = StepAddress(6, 2)
    story.approve(second, 1.0)
    listing = "total 96\n-rw-r--r-- 1 root root 96400 Sep 21 13:05 set.png\n1.507 (±0.002)\n"
    story.run(second, bash("ls -l output && cat answer.txt", "c2"), listing, took_s=0.1)
    submit = ToolCall("c1", "submit", "{}")
    story.think(7, "Picture and answer are in place. I submit.", [submit])
    last = StepAddress(7, 1)
    story.wait(last, "before_submit")
    story.say(events.DecisionMade(address=last, gate="before_submit", decision=Approve()), 2.0)
    answer = "The area of the Mandelbrot set is 1.507 (±0.002).\nThe picture is in output/set.png.\n"
    story.run(last, submit, "", took_s=0.0, answer=answer)
    story.say(
        events.OutputsSaved(
            folder="~/mandelbrot/output", files=("answer.txt", "output/set.png", "output/area.csv")
        )
    )
    story.say(events.RunEnded(status="submitted", answer=answer))


def _explore(story: Story) -> None:
    first = StepAddress(1, 1)
    call = bash("ls -la . documents && head -3 documents/grid.csv")
    story.think(1, "Let me look around first. There is a folder with documents.", [call])
    story.wait(first)
    story.approve(first)
    listing = ".:\ntotal 4\ndrwxr-xr-x 2 root root 4096 Sep 21 13:02 documents\n\ndocuments:\n"
    listing += "-rw-r--r-- 1 root root 18204 grid.csv\n-rw-r--r-- 1 root root   912 notes.md\n"
    listing += "x,y,value\n-2.2,-1.2,1\n-2.19625,-1.2,1\n"
    story.run(first, call, listing, took_s=0.1)
    install = bash(
        "pip install --quiet numpy matplotlib && python3 -c 'import numpy; print(numpy.__version__)'"
    )
    story.think(2, "I need numpy and matplotlib; they may be missing.", [install])
    second = StepAddress(2, 1)
    story.wait(second)
    story.approve(second)
    lines = [f"Collecting package-{number}\n" for number in range(38)]
    done = "\x1b[32mSuccessfully installed\x1b[0m matplotlib-3.9.2 numpy-2.1.1\n2.1.1\n"
    story.run(second, install, "".join(lines) + done, took_s=11.2)


def _write_and_fail(story: Story) -> None:
    create = editor(command="create", path="/testbed/plot.py", file_text=PLOT)
    plot = bash("mkdir -p output && python3 plot.py", "c2")
    story.think(3, "I write the program and run it at once.", [create, plot])
    first, second = StepAddress(3, 1), StepAddress(3, 2)
    story.approve(first)
    made = (FileEntry("plot.py", size_bytes=len(PLOT)),)
    diff = "--- /dev/null\n+++ plot.py\n@@ -0,0 +1,18 @@\n"
    diff += "".join(f"+{line}\n" for line in PLOT.splitlines())
    story.run(first, create, "created plot.py", took_s=0.0, files=made, diff=diff)
    story.approve(second)
    trace = 'Traceback (most recent call last):\n  File "/testbed/plot.py", line 18, in <module>\n'
    trace += "\x1b[1;31mValueError\x1b[0m: cannot reshape array of size 480600 into shape (600,800)\n"
    folder = (FileEntry("output", "folder"),)
    story.run(second, plot, trace, code=1, took_s=0.8, files=folder)


def _repair(story: Story) -> None:
    fix = editor(
        command="str_replace",
        path="/testbed/plot.py",
        old_str="np.linspace(-2.2, 0.8, WIDTH + 1)",
        new_str="np.linspace(-2.2, 0.8, WIDTH)",
    )
    story.think(
        4,
        "The array has one column too many, because linspace includes the end point. "
        "I fix the shape and draw it again.",
        [fix],
    )
    address = StepAddress(4, 1)
    story.approve(address)
    diff = "--- plot.py\n+++ plot.py\n@@ -16,3 +16,3 @@\n-x = np.linspace(-2.2, 0.8, WIDTH + 1)\n"
    diff += "+x = np.linspace(-2.2, 0.8, WIDTH)\n y = np.linspace(-1.2, 1.2, HEIGHT)\n"
    story.run(address, fix, "edited", took_s=0.0, diff=diff, files=(FileEntry("plot.py", size_bytes=601),))
    story.think(
        5,
        "Now run it again and compute the area from the grid.",
        [bash("python3 plot.py && python3 area.py")],
    )
    address = StepAddress(5, 1)
    story.approve(address)
    files = (
        FileEntry("output/set.png", size_bytes=84_112),
        FileEntry("area.txt", size_bytes=6),
        FileEntry("label.py", size_bytes=733),
    )
    call = bash("python3 plot.py && python3 area.py | tee area.txt")
    story.run(address, call, "saved output/set.png\narea 1.507\n", took_s=1.2, files=files)


def waiting() -> list[Record]:
    """Give the story up to the waiting gate."""
    return list(_waiting())


@functools.cache
def _waiting() -> tuple[Record, ...]:
    story = Story()
    middle(story)
    return tuple(story.records)


def thinking() -> list[Record]:
    """Give the story to the middle of a reply."""
    records = waiting()
    last = max(n for n, record in enumerate(records) if isinstance(record.event, events.ReasoningArrived))
    return records[: last - 3]


def running() -> list[Record]:
    """Give the story to the middle of a long command."""
    records = waiting()
    last = max(n for n, record in enumerate(records) if b"package-20" in getattr(record.event, "data", b""))
    return records[: last + 1]


def ended() -> list[Record]:
    """Give all of it."""
    story = Story()
    middle(story)
    ending(story)
    return story.records


def long(steps: int) -> Iterator[Record]:
    """Give a run of any length."""
    story = Story()
    story.begin(mode="auto")
    for turn in range(1, steps + 1):
        call = bash(f"python3 step.py --number {turn}")
        story.think(turn, f"Turn {turn}: on with it.", [call])
        story.run(StepAddress(turn, 1), call, f"line one of {turn}\nline two\n", code=turn % 9 == 0)
    yield from story.records
