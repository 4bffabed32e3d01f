import pytest

from lis_tui.core.arguments import arguments_of

DEEP = '{"a": ' + "[" * 100_000


@pytest.mark.parametrize(
    ("text", "arguments"),
    [('{"command": "ls"}', {"command": "ls"}), ("{}", {}), ("", {})],
    ids=["some", "none", "nothing written"],
)
def test_arguments_are_a_json_object(text: str, arguments: dict[str, object]) -> None:
    assert arguments_of(text) == arguments


@pytest.mark.parametrize("text", ["[]", "1", " ", "{", '{"a": "\udc80"', DEEP], ids=lambda text: text[:8])
def test_what_is_no_json_object_is_none_however_it_is_written(text: str) -> None:
    assert arguments_of(text) is None
