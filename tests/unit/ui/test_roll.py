"""A piano roll has as many lines as it says, whatever the music and the room."""

import pytest

from lis_tui.preview.parts import Note, Roll
from lis_tui.ui.media.roll import RollSheet


@pytest.mark.parametrize("highest", [36, 50, 61, 86, 108])
@pytest.mark.parametrize("room", [3, 6, 20, 34, 60, 200])
def test_every_line_that_a_roll_counts_can_be_drawn(highest: int, room: int) -> None:
    notes = (Note(pitch=36, start_s=0, end_s=1), Note(pitch=highest, start_s=1, end_s=2))
    sheet = RollSheet(Roll(notes, 2.0), room)
    lines = [sheet.line(number, 80) for number in range(len(sheet))]
    assert len(lines) <= max(room, 6)
    with pytest.raises(IndexError):
        sheet.line(len(sheet), 80)
