"""Two branches of the story of tests/story.py: the whole run, and a fork of it that goes another way."""

from lis_tui.core import events
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import ToolCall
from tests.story import Story, bash, ended

POINT = StepAddress(5, 1)
ANSWER = "The area of the Mandelbrot set is 1.51.\n"


def parent() -> list[Record]:
    """Give the run that a person helped to its end."""
    return ended()


def fork(*, is_before: bool = False, copies_times: bool = True) -> list[Record]:
    """Give a fork after step 5.1 (or before it) that goes on by itself and ends with another answer."""
    story = Story()
    kind = events.StepProposed if is_before else events.StepFinished
    for record in parent():
        story.records.append(record)
        if isinstance(record.event, kind) and record.event.address == POINT:
            break
    if not copies_times:
        story.records = [Record(one.n, one.at + 0.5, one.event) for one in story.records]
    story.at = story.records[-1].at + 500.0
    story._n = max(record.n for record in story.records)
    story.say(events.RunForked(parent="mandelbrot-3", point=POINT, is_before=is_before, took_s=0.4))
    _go_on(story)
    return story.records


def _go_on(story: Story) -> None:
    first = bash("python3 -m timeit 'import plot' && python3 label.py --font 18")
    story.think(6, "I draw the labels in one go and look how long it takes.", [first])
    story.run(
        StepAddress(6, 1), first, "1 loop, best of 5: 1.41 sec per loop\nsaved output/set.png\n", took_s=2.0
    )
    listing = bash("ls -l output && cat answer.txt")
    story.think(7, "Let me look at it.", [listing])
    text = "total 96\n-rw-r--r-- 1 root root 96400 Sep 21 14:12 set.png\ncat: answer.txt: No such file\n"
    story.run(StepAddress(7, 1), listing, text, code=1, took_s=0.1)
    write = bash("cut -d' ' -f2 area.txt > answer.txt")
    submit = ToolCall("c2", "submit", "{}")
    story.think(8, "The answer is missing. I write it and submit.", [write, submit])
    story.run(StepAddress(8, 1), write, "", took_s=0.1)
    story.run(StepAddress(8, 2), submit, "", took_s=0.0, answer=ANSWER)
    story.say(events.RunEnded(status="submitted", answer=ANSWER))
