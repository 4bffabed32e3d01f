import pytest

from lis_tui.ui.calls import describe
from lis_tui.ui.screens.edit import part_of, with_part

DEEP = '{"command": ' + "[" * 100_000


def test_a_call_whose_arguments_nest_without_end_is_shown_as_it_was_written() -> None:
    call = describe("execute_bash", DEEP)
    assert call.word == "execute_bash"
    assert call.head.startswith('{"command": [[[')


@pytest.mark.parametrize("text", ["", " ", "[]", DEEP], ids=["empty", "blank", "list", "deep"])
def test_arguments_that_are_edited_to_no_object_are_refused(text: str) -> None:
    part = part_of("other", '{"a": 1}')
    with pytest.raises(ValueError, match="no JSON object"):
        with_part('{"a": 1}', part, text)
