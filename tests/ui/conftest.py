"""What every test of the screen lives under: a sentence stays, however slow the machine."""

import pytest

from lis_tui.ui import hints


@pytest.fixture(autouse=True)
def _lasting_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said for some seconds would be in a picture or not, as the machine has time."""
    monkeypatch.setattr(hints, "HINT_S", 3600.0)
