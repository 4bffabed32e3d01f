"""Runs as llm-in-sandbox writes them, and back."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from lis_tui.core.events import Record
from lis_tui.trajectory.exporting.outline import Outline
from lis_tui.trajectory.foreign.peer import PEER
from tests import changed, story
from tests.exported import STORIES, exported, persons, runs, there_and_back, turns
from tests.foreign_files import imported
from tests.unit.trajectory.foreign.test_peer import run as peers_run

KEYS = ["thought", "reasoning_content", "action", "observation", "metadata"]


def document(records: list[Record]) -> dict[str, list[dict[str, dict[str, object]]]]:
    """The file's content."""
    found: dict[str, list[dict[str, dict[str, object]]]] = json.loads(
        exported("llm-in-sandbox", records).data
    )
    return found


@pytest.mark.parametrize("name", STORIES)
def test_a_story_comes_back_with_its_turns_steps_and_who_did_what(name: str, tmp_path: Path) -> None:
    records = STORIES[name]()
    back = there_and_back("llm-in-sandbox", PEER, tmp_path, records)
    assert turns(back) == turns(records)
    assert persons(back) == persons(records)


@settings(max_examples=60, deadline=None)
@given(runs())
def test_any_run_comes_back_with_its_turns_steps_and_who_did_what(records: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        back = there_and_back("llm-in-sandbox", PEER, Path(folder), records)
    assert turns(back) == turns(records)
    assert persons(back) == persons(records)
    hidden = [deed.is_hidden for deed in Outline(records).deeds]
    assert [deed.is_hidden for deed in Outline(back).deeds] == hidden


def test_a_file_of_that_program_comes_back_as_it_was_and_nothing_is_lost(tmp_path: Path) -> None:
    records = imported(PEER, tmp_path, peers_run()).records
    assert document(records) == peers_run()
    assert exported("llm-in-sandbox", records).lost == ()


def test_the_steps_have_that_programs_fields_and_no_other() -> None:
    found = document(story.ended())
    assert list(found) == ["problem_statement", "steps", "metadata"]
    assert all(list(step) == KEYS for step in found["steps"])
    assert [step["metadata"]["step"] for step in found["steps"]] == list(range(1, len(found["steps"]) + 1))


def test_what_a_person_changed_is_what_ran_and_the_models_own_call_stands_beside_it() -> None:
    steps = document(story.ended())["steps"]
    edited = next(one for one in steps if "changed_by" in json.dumps(one["metadata"]))
    assert "--font 18" in json.dumps(edited["action"])
    beside = json.dumps(edited["metadata"]["lis_tui"])
    assert "--font 14" in beside
    assert '"changed_by": "person"' in beside


def test_what_has_no_place_is_named_with_how_often() -> None:
    lost = exported("llm-in-sandbox", changed.versions()).lost
    assert "versions of replies that do not count (2)" in lost
    assert "the system prompt (1)" in lost
    assert "decisions of somebody (6)" in lost
    assert "interruptions of commands (2)" in exported("llm-in-sandbox", changed.job()).lost
