import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lis_tui.trajectory import lines


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.text("ab\n", max_size=12)), block=st.integers(1, 9))
def test_lines_from_the_end_are_the_whole_lines_reversed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[str], block: int
) -> None:
    data = "".join(parts).encode()
    monkeypatch.setattr(lines, "_BLOCK", block)
    path = tmp_path / "file"
    path.write_bytes(data)
    whole = data[: data.rfind(b"\n") + 1]
    expected = whole.split(b"\n")[:-1]
    fd = os.open(path, os.O_RDONLY)
    try:
        assert lines.whole_size(fd) == len(whole)
        assert [line for line in lines.lines_backward(fd) if line] == [
            one for one in reversed(expected) if one
        ]
        assert lines.first_line(fd) == (expected[0] if expected else None)
    finally:
        os.close(fd)
