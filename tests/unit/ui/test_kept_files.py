"""Files of a run whose work folder is on another machine are shown as its newest checkpoint has them."""

from typing import cast

import pytest

from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused
from lis_tui.core.events import FileEntry, StepAddress
from lis_tui.trajectory.past_files import Past
from lis_tui.ui.listing import NOT_KEPT_YET, opened_kept

AT = StepAddress(2, 1)


class Kept:
    """One file, as it was after one step."""

    def open(self, shown: StepAddress, path: str) -> Content:
        if (shown, path) != (AT, "p.png"):
            raise FileRefused(f"No file of that name was there after {shown}.")
        return Content(b"1234")


PAST = cast("Past", Kept())


def test_a_file_is_read_from_the_checkpoint_that_has_it() -> None:
    with opened_kept(lambda: PAST, AT)(FileEntry("p.png", size_bytes=4)) as content:
        assert content.read(10) == b"1234"


@pytest.mark.parametrize(
    ("entry", "at"),
    [
        (FileEntry("p.png", size_bytes=4), None),
        (FileEntry("new.txt", size_bytes=4), AT),
        (FileEntry("p.png", size_bytes=9), AT),
    ],
    ids=["no checkpoint", "not in it", "changed since"],
)
def test_what_no_checkpoint_has_is_not_said_to_be_gone(entry: FileEntry, at: StepAddress | None) -> None:
    with pytest.raises(FileRefused) as refused:
        opened_kept(lambda: PAST, at)(entry)
    assert refused.value.sentence == NOT_KEPT_YET
