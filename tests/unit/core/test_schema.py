"""The journal's format: what is printed and documented of it, and that old journals stay readable."""

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from lis_tui.cli.main import main
from lis_tui.core.cursor import Timeline
from lis_tui.core.events import Fact, UnknownEvent, decode, encode
from lis_tui.core.schema import FACTS, journal_schema
from lis_tui.core.view import RunView
from lis_tui.trajectory.reading import read
from tests import story

ROOT = Path(__file__).parents[3]
VERSION_1 = ROOT / "tests" / "recordings" / "version-1"
KEPT = ("journal.jsonl", "every-fact.jsonl")


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = journal_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def lines(name: str) -> list[bytes]:
    return (VERSION_1 / name).read_bytes().splitlines()


def contains(whole: object, part: object) -> bool:
    """Whether all that is in `part` is in `whole`, which may have more fields: an address, too."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and contains(whole[key], part[key]) for key in part
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) >= len(part) and all(map(contains, whole, part))
    return whole == part


@pytest.mark.parametrize("name", KEPT)
def test_a_journal_of_version_1_is_read_whole_and_nothing_of_it_is_lost(name: str) -> None:
    for line in lines(name):
        record = decode(line)
        assert isinstance(record.event, Fact)
        assert contains(msgspec.json.decode(encode(record)), msgspec.json.decode(line))


def test_a_run_of_version_1_looks_as_it_did() -> None:
    records = list(read(VERSION_1 / "journal.jsonl"))
    view = RunView().apply_all(records)
    assert view.unknown == []
    assert (len(view.turns), len(view.steps)) == (9, 9)
    assert [step.status for step in view.steps] == ["done"] * 3 + ["failed"] + ["done"] * 5
    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("submitted", "Nordholm 0.51")
    assert len(Timeline(records).places) == 19


def test_every_fact_of_version_1_folds() -> None:
    timeline = Timeline(map(decode, lines("every-fact.jsonl")))
    view = RunView()
    for place in timeline.places:
        timeline.move(view, place.index)
    assert view.unknown == []


@pytest.mark.parametrize("name", KEPT)
def test_kept_journals_agree_with_the_schema(validator: jsonschema.Draft202012Validator, name: str) -> None:
    for line in lines(name):
        validator.validate(json.loads(line))


def test_what_is_written_now_agrees_with_the_schema(validator: jsonschema.Draft202012Validator) -> None:
    for record in story.ended():
        if record.n:
            validator.validate(json.loads(encode(record)))


def test_what_is_no_line_of_a_journal_disagrees(validator: jsonschema.Draft202012Validator) -> None:
    good = json.loads(encode(story.ended()[0]))
    assert validator.is_valid(good)
    for spoil in ({"n": "1"}, {"event": {"type": "Teleported"}}, {"event": {**good["event"], "run": None}}):
        assert not validator.is_valid({**good, **spoil})
    assert isinstance(decode(b'{"n": 1, "at": 0, "event": {"type": "Teleported"}}').event, UnknownEvent)


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["schema"])
    assert left.value.code == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(journal_schema()))


def test_every_fact_is_in_the_documents() -> None:
    page = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(named) == sorted(kind.__name__ for kind in FACTS)


def test_examples_in_the_documents_are_lines_of_a_journal(
    validator: jsonschema.Draft202012Validator,
) -> None:
    page = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)\n```", page, re.DOTALL)]
    assert [validator.is_valid(one) for one in examples] == [True, False]
