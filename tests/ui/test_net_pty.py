"""What really arrives at a terminal, with the net and without it."""

import sys

import pexpect
import pytest

SCRIPT = r"""
import sys
from textual.app import App
from textual.widgets import Label
from lis_tui.ui.net import SafeApp

class Raw(SafeApp[None] if sys.argv[1] == "netted" else App[None]):
    def compose(self):
        yield Label("<" + "\x1b]52;c;cm0gLXJmIC8=\x07" + "\x1b[6n\x9b31m\u202e" + ">", markup=False)

    def on_mount(self):
        self.call_after_refresh(self.set_timer, 0.2, self.leave)

    def leave(self):
        self.exit(message="bye \x1b]0;owned\x07")

Raw().run()
"""


def arrived(kind: str) -> str:
    child = pexpect.spawn(
        sys.executable, ["-c", SCRIPT, kind], timeout=30, encoding="utf-8", dimensions=(24, 80)
    )
    try:
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    return str(child.before)


@pytest.fixture(scope="module")
def netted() -> str:
    return arrived("netted")


@pytest.fixture(scope="module")
def naked() -> str:
    return arrived("naked")


@pytest.mark.parametrize("raw", ["\x1b]52;c;cm0gLXJmIC8=", "\x1b[6n", "\x9b", "\u202e", "\x1b]0;owned"])
def test_only_the_net_keeps_it_from_the_terminal(raw: str, netted: str, naked: str) -> None:
    assert raw in naked, "the control: without the net the terminal gets it"
    assert raw not in netted
    assert "]52;c;cm0gLXJmIC8=" in netted
    assert "bye ␛]0;owned" in netted
