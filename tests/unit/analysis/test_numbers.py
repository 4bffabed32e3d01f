import msgspec
import pytest

from lis_tui.analysis.chart import bar, bars, table, timeline
from lis_tui.analysis.numbers import numbers_of
from lis_tui.core.events import Record, ReplyFinished, StepFinished, StepProposed
from lis_tui.core.messages import ToolCall, Usage
from lis_tui.trajectory.foreign.building import Builder
from tests import story


def facts() -> list[Record]:
    return [record for record in story.ended() if record.n]


def test_a_run_is_counted_as_its_facts_say() -> None:
    records = facts()
    counted = numbers_of("mandelbrot-3", records)
    replies = [record.event for record in records if isinstance(record.event, ReplyFinished)]
    finished = [record.event for record in records if isinstance(record.event, StepFinished)]
    usages = [reply.reply.usage for reply in replies if reply.reply.usage is not None]
    assert counted.turns == len(replies)
    assert counted.steps == sum(isinstance(record.event, StepProposed) for record in records)
    assert counted.failures == sum(one.status in ("failed", "malformed") for one in finished)
    assert counted.completion_tokens == sum(usage.completion_tokens or 0 for usage in usages)
    assert counted.prompt_tokens == sum(usage.prompt_tokens or 0 for usage in usages)
    assert counted.model_s == pytest.approx(sum(reply.duration_s or 0.0 for reply in replies))
    assert counted.sandbox_s == pytest.approx(sum(one.observation.duration_s or 0.0 for one in finished))
    assert counted.wall_s == pytest.approx(records[-1].at - records[0].at)
    assert counted.by_person >= 1
    assert len(counted.timeline) == counted.turns


def test_the_shares_are_those_of_the_turns_on_the_time_line() -> None:
    counted = numbers_of("one", facts())
    for one, share in counted.shares.items():
        assert share == sum(one in turn.capabilities for turn in counted.timeline) / counted.turns
    assert counted.shares["files"] > 0
    assert counted.shares["computation"] > 0


def test_what_a_recording_does_not_say_is_not_known_and_not_zero() -> None:
    builder = Builder("other", name="one")
    builder.begin(task="Look.")
    builder.reply(calls=[ToolCall("1", "bash", '{"command": "ls"}')])
    builder.observe("a.txt")
    counted = numbers_of("one", builder.finish().records)
    assert counted.prompt_tokens is None
    assert counted.completion_tokens is None
    assert counted.cost_usd is None
    assert counted.wall_s is None
    assert counted.model_s is None
    assert counted.sandbox_s is None
    assert (counted.failures, counted.outcomes_unknown) == (0, 1)
    assert counted.turns_without_usage == 1
    told = {row[0]: row[1] for row in table([counted])}
    assert told["cost"] == told["time"] == told["tokens sent"] == "not known"
    assert told["failures"] == "0 (of 1 it is not known)"
    assert "?" in next(iter(timeline(counted)))


def test_what_observations_added_is_measured_where_two_requests_are_known() -> None:
    builder = Builder("other", name="one")
    for prompt in (100, 150, 190):
        usage = Usage(prompt_tokens=prompt, completion_tokens=10)
        builder.reply(calls=[ToolCall("", "bash", '{"command": "ls"}')], usage=usage)
        builder.observe("x" * 400)
    counted = numbers_of("one", builder.finish().records)
    assert counted.environment_tokens == (150 - 100 - 10) + (190 - 150 - 10) + 400 // 4
    assert counted.is_environment_estimated


def test_a_call_made_again_is_repeated() -> None:
    builder = Builder("other", name="one")
    for command in ("ls", "ls", "ls", "pwd"):
        builder.reply(calls=[ToolCall("", "bash", msgspec.json.encode({"command": command}).decode())])
        builder.observe("")
    assert numbers_of("one", builder.finish().records).repeated == 2


def test_a_time_line_has_a_column_a_turn_and_gathers_turns_where_there_is_no_room() -> None:
    counted = numbers_of("one", [record for record in story.long(300) if record.n])
    wide, narrow = list(timeline(counted, 1000)), list(timeline(counted, 60))
    assert wide[2].removeprefix("failures").strip() == "".join(
        "✗" if turn.failures else "·" for turn in counted.timeline
    )
    assert all(len(line) <= 80 for line in narrow)
    assert narrow[-1].endswith(str(counted.timeline[-1].number))


def test_a_bar_is_as_long_as_its_share() -> None:
    assert bar(0.5, 8) == "━━━━····"
    assert bar(0.0, 4) == "····"
    assert bar(2.0, 4) == "━━━━"
    assert bar(0.3, 4) == "━···"


def test_a_run_without_turns_has_no_time_line_and_no_shares() -> None:
    counted = numbers_of("one", facts()[:1])
    assert counted.shares == {}
    assert list(timeline(counted)) == []
    assert all("not known" in line for line in bars(counted))
