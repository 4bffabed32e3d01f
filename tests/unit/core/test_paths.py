from hypothesis import given
from hypothesis import strategies as st

from lis_tui.core.paths import escape_path, unescape_path


@given(st.binary())
def test_any_file_name_comes_back_as_the_same_bytes(name: bytes) -> None:
    text = escape_path(name)
    text.encode()
    assert unescape_path(text) == name


def test_plain_names_stay_as_they_are_and_odd_ones_are_readable() -> None:
    assert escape_path("größe.txt".encode()) == "größe.txt"
    assert escape_path(b"a\xffb") == "a\\xffb"
    assert escape_path(b"a\\xffb") == "a\\\\xffb"
