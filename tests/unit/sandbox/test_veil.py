"""Values that were passed in stay out of a saved shell state, and come back from where they are known."""

import subprocess

import pytest

from lis_tui.sandbox.veil import Veil


@pytest.mark.parametrize(
    "value",
    ["canary-123456", 'a"b$c`d\\e-long', "it's a secret'", "two\nlines\tand\x1b more", "grün-und-blau", "7"],
)
def test_what_bash_writes_holds_no_value_and_reads_back_the_same(value: str) -> None:
    script = 'alias q="echo $TOKEN"; B="x ${TOKEN} y"; A=("$TOKEN" z); declare -p; alias -p'
    saved = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={"TOKEN": value, "PATH": "/bin"},
        capture_output=True,
        check=True,
    ).stdout
    veil = Veil({"TOKEN": value})
    hidden = veil.hide(saved)
    assert f'TOKEN="{value}"'.encode() not in hidden
    if len(value) > 1:
        assert value.encode() not in hidden
    assert veil.show(hidden) == (saved, [])


def test_a_value_that_is_not_known_any_more_is_named() -> None:
    first = Veil({"TOKEN": "canary-123456"}, ["p4ssword"])
    hidden = first.hide(b'declare -x TOKEN="canary-123456"\nU="p4ssword"')
    assert Veil({}).show(hidden) == (b'declare -x TOKEN=""\nU=""', ["TOKEN", "part0"])
    other = Veil({"TOKEN": "another-value"}, ["new"])
    assert other.show(hidden)[0] == b'declare -x TOKEN="another-value"\nU="new"'
