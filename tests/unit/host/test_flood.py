from lis_tui.core.events import NoticeGiven, OutputArrived, Record, StepAddress
from lis_tui.host.session import MOST_SHOWN, _end_of_flood

HERE = StepAddress(1, 1)


def test_a_screen_gets_the_end_of_a_flood_and_is_told_how_much_came_before() -> None:
    data = bytes(range(256)) * 4096
    event = _end_of_flood(Record(0, 2.0, OutputArrived(HERE, data, skipped=7))).event
    assert isinstance(event, OutputArrived)
    assert event.data == data[-MOST_SHOWN:]
    assert event.skipped + len(event.data) == len(data) + 7


def test_small_output_and_facts_pass_as_they_are() -> None:
    for event in (OutputArrived(HERE, b"x" * MOST_SHOWN), NoticeGiven("text")):
        record = Record(1, 2.0, event)
        assert _end_of_flood(record) is record
