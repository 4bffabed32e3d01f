"""Runs as mini-swe-agent writes them, and back."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from lis_tui.core.events import MessageSent, Record, ReplyFinished, RunStarted, StepAddress
from lis_tui.core.messages import Usage
from lis_tui.trajectory.exporting.outline import Deed, Outline
from lis_tui.trajectory.foreign.mini import MINI
from tests import changed, story
from tests.exported import STORIES, exported, persons, runs, said, shown, there_and_back, turns
from tests.foreign_files import imported
from tests.unit.trajectory.foreign.test_mini import bare, with_calls
from tests.unit.trajectory.foreign.test_mini import document as minis_document

Message = dict[str, object]


def messages(records: list[Record]) -> list[Message]:
    """The file's messages."""
    found: list[Message] = json.loads(exported("mini", records).data)["messages"]
    return found


def told(records: list[Record]) -> list[tuple[object, ...]]:
    """The commands of persons that the model was told of and that ran."""
    own = [item for item in Outline(records).items if isinstance(item, Deed)]
    return [shown(deed) for deed in own if not deed.is_hidden]


def used(records: list[Record]) -> list[Usage | None]:
    """Tokens and price of each reply."""
    return [turn.reply.usage for turn in Outline(records).turns]


def prompts(records: list[Record]) -> tuple[str, str]:
    """What the model was told first."""
    started = records[0].event
    assert isinstance(started, RunStarted)
    return started.system_prompt, started.task_prompt


@pytest.mark.parametrize("name", STORIES)
def test_a_story_comes_back_with_its_turns_steps_and_who_did_what(name: str, tmp_path: Path) -> None:
    records = STORIES[name]()
    back = there_and_back("mini", MINI, tmp_path, records)
    assert turns(back) == turns(records)
    assert persons(back) == told(records)
    assert prompts(back) == prompts(records)
    assert used(back) == used(records)


@settings(max_examples=60, deadline=None)
@given(runs())
def test_any_run_comes_back_with_its_words_steps_tokens_and_end(records: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        back = there_and_back("mini", MINI, Path(folder), records)
    assert turns(back) == turns(records)
    assert persons(back) == told(records)
    assert [one for one in said(back) if one[0] != "command"] == said(records)
    assert used(back) == used(records)
    assert Outline(back).ended == Outline(records).ended


@pytest.mark.parametrize("content", [bare(), minis_document(with_calls())], ids=["bare", "1.1"])
def test_a_file_of_that_program_comes_back_with_all_that_was_read(content: object, tmp_path: Path) -> None:
    records = imported(MINI, tmp_path, content).records
    back = there_and_back("mini", MINI, tmp_path, records)
    assert turns(back) == turns(records)
    assert used(back) == used(records)
    assert Outline(back).ended == Outline(records).ended
    assert [turn.at for turn in Outline(back).turns] == [turn.at for turn in Outline(records).turns]


def test_the_model_asked_for_what_it_wrote_and_what_ran_instead_stands_at_the_result() -> None:
    found = messages(story.ended())
    result = next(one for one in found if "changed_by" in json.dumps(one.get("extra")))
    asked = next(one for one in found if "--font 14" in json.dumps(one.get("tool_calls")))
    assert "--font 18" not in json.dumps(asked)
    assert "--font 18" in json.dumps(result["extra"])


def test_a_command_that_the_model_was_not_told_of_is_in_no_message_and_is_named() -> None:
    records = changed.injected(is_hidden=True)
    assert "ls -l output" not in json.dumps([one for one in messages(records) if one["role"] != "assistant"])
    lost = exported("mini", records).lost
    assert "a person's commands that the model was not told of, or that did not run (1)" in lost


def test_a_persons_command_is_one_of_the_human_mode_and_not_told_twice(tmp_path: Path) -> None:
    records = changed.injected(is_hidden=False)
    event = MessageSent(turn=7, text="I ran `ls -l output`:\ntotal 84", origin="command")
    records.append(Record(9_000, 0.0, event))
    found = [one for one in messages(records) if "ls -l output" in str(one["content"])]
    assert [one["role"] for one in found] == ["user"]
    assert str(found[0]["content"]).startswith("User command: \n```bash\n")
    back = there_and_back("mini", MINI, tmp_path, records)
    assert [item.address for item in Outline(back).items if isinstance(item, Deed)] == [StepAddress(7, 0, 1)]


def test_a_price_that_is_not_known_is_0_there_and_not_known_again_here(tmp_path: Path) -> None:
    records = [
        Record(one.n, one.at, replace(one.event, reply=replace(one.event.reply, usage=None)))
        if isinstance(one.event, ReplyFinished)
        else one
        for one in story.ended()
    ]
    data = json.loads(exported("mini", records).data)
    assert data["info"]["model_stats"]["instance_cost"] == 0
    assert used(there_and_back("mini", MINI, tmp_path, records)) == [None] * 7


def test_what_another_program_did_not_say_of_itself_is_not_made_up(tmp_path: Path) -> None:
    data = json.loads(exported("mini", imported(MINI, tmp_path, bare()).records).data)
    assert data["info"]["config"] == {}
    assert data["trajectory_format"] == "mini-swe-agent-1.1"
