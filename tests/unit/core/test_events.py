import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lis_tui.core import events
from lis_tui.core.decisions import Edit
from lis_tui.core.events import Record, StepAddress, UnknownEvent, decode, encode
from lis_tui.core.messages import ToolCall


def test_a_record_comes_back_as_it_was_written() -> None:
    proposed = events.StepProposed(address=StepAddress(8, 1), call=ToolCall("c1", "execute_bash", "{}"))
    record = Record(4, 12.5, proposed)
    assert decode(encode(record)) == record


def test_a_human_edit_keeps_its_decision_in_full() -> None:
    made = events.DecisionMade(
        address=StepAddress(1, 1), gate="before_step", decision=Edit('{"command": "ls data"}'), by="person"
    )
    again = decode(encode(Record(9, 1.0, made))).event
    assert again == made


def test_raw_output_survives_as_bytes() -> None:
    arrived = events.OutputArrived(StepAddress(1, 1), b"\x00\xff\x1b[31m")
    assert decode(encode(Record(0, 1.0, arrived))).event == arrived


def test_an_event_of_a_later_version_is_kept_and_written_back_as_it_came() -> None:
    line = b'{"n":3,"at":1.5,"event":{"type":"DreamRecorded","depth":[1,2]}}'
    record = decode(line)
    assert isinstance(record.event, UnknownEvent)
    assert msgspec.json.decode(encode(record)) == msgspec.json.decode(line)


def test_a_known_event_with_a_field_of_the_wrong_type_is_unknown_not_a_crash() -> None:
    record = decode(b'{"n":3,"at":1.5,"event":{"type":"ModeChanged","mode":7}}')
    assert isinstance(record.event, UnknownEvent)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"n":1}', b'{"n":"x","at":1,"event":{}}'])
def test_what_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(line)


@given(st.integers(0, 999), st.integers(0, 99))
def test_an_address_reads_as_turn_dot_step(turn: int, step: int) -> None:
    assert str(StepAddress(turn, step)) == (f"{turn}.{step}" if step else str(turn))


def test_every_end_has_an_exit_code() -> None:
    assert set(events.EXIT_CODES) == set(events.EndStatus.__args__)  # type: ignore[attr-defined]  # a Literal's members
