"""The net before the terminal, the end of the app, and the sequences that name a window."""

import base64
import re

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.strip import Strip
from textual.widgets import DataTable, Footer, Header, Input, Label, Static, TextArea, Tree

from lis_tui.core.errors import KeyMissing
from lis_tui.core.text import Secrets
from lis_tui.ui.net import Net, SafeApp, clipboard, crash_report, terminal_notice, terminal_title
from tests.hostile import PAYLOADS, danger

HOSTILE = [payload for name, payload in PAYLOADS.items() if name not in ("surrogate", "piled marks")]


class Surfaces:
    """Widgets that were given raw text by someone who forgot to clean it."""

    def __init__(self, payload: str) -> None:
        super().__init__()
        self.payload = payload

    def compose(self) -> ComposeResult:
        raw = self.payload
        yield Header()
        yield Label(raw, markup=False)
        yield Static(raw, markup=False)
        tree: Tree[None] = Tree("root")
        tree.root.add_leaf(raw.replace("[", "("))
        tree.root.expand()
        yield tree
        table: DataTable[str] = DataTable()
        table.add_column("name")
        table.add_row(raw.replace("[", "("))
        yield table
        yield Input(raw)
        yield TextArea(raw)
        boxed = Static("x")
        boxed.styles.border = ("round", "red")
        boxed.border_title = raw.replace("[", "(")
        yield boxed
        yield Footer()

    def on_mount(self) -> None:
        assert isinstance(self, App)
        announce(self, self.payload)


def announce(app: App[None], text: str) -> None:
    app.title = text
    app.notify(text, markup=False)


class Netted(Surfaces, SafeApp[None]):
    """With the net."""


class Naked(Surfaces, App[None]):
    """Without it."""


async def drawn(app: App[None]) -> list[Strip]:
    async with app.run_test(size=(60, 50)) as pilot:
        await pilot.pause()
        return app.screen._compositor.render_strips()


@pytest.mark.parametrize("payload", HOSTILE)
async def test_nothing_raw_is_drawn_whatever_a_widget_forgot(payload: str) -> None:
    strips = await drawn(Netted(payload))
    assert danger("".join(strip.text for strip in strips)) == ""
    assert {sum(segment.cell_length for segment in strip) for strip in strips} == {60}


@pytest.mark.parametrize(
    "payload", ["\x1b]52;c;AAAA\x07", "a\x9b31m", "a\u202eb", "a\u200bb", "ok\U000e0041"]
)
async def test_without_the_net_it_is(payload: str) -> None:
    strips = await drawn(Naked(payload))
    assert danger("".join(strip.text for strip in strips)) != ""


async def test_what_is_written_holds_no_sequence_but_textuals_own() -> None:
    app = Netted(PAYLOADS["clipboard"] + PAYLOADS["settings request"])
    async with app.run_test(size=(60, 50)) as pilot:
        await pilot.pause()
        written = "".join(strip.render(app.console) for strip in app.screen._compositor.render_strips())
    assert danger(re.sub(r"\x1b\[[\d;]*m", "", written)) == ""
    assert "\x1b[" in written


def test_the_net_keeps_widths_and_styles() -> None:
    red = Style(color="red")
    segments = [Segment("a\x1bb", red), Segment("👩\u200d💻!", red), Segment("plain", red)]
    caught = Net().apply(segments, Color(0, 0, 0))
    assert [segment.cell_length for segment in caught] == [segment.cell_length for segment in segments]
    assert [segment.style for segment in caught] == [red, red, red]
    assert caught[0].text == "ab"


def test_a_link_cannot_break_out_of_its_sequence() -> None:
    bad = [Segment("x", Style(link="http://a\x1b\\\x1b]52;c;AAAA\x07"))]
    good = [Segment("x", Style(link="https://example.org/a"))]
    assert "\x1b]52" in Strip.render_style(bad[0].style or Style(), "x", None), "the control"  # type: ignore[arg-type]  # the colour system is not used here
    [caught] = Net().apply(bad, Color(0, 0, 0))
    [kept] = Net().apply(good, Color(0, 0, 0))
    assert caught.style is not None
    assert caught.style.link is None
    assert kept.style is not None
    assert kept.style.link == "https://example.org/a"


class Crashing(SafeApp[None]):
    """Falls over in its first second, with a key in a variable and an escape in the message."""

    secrets = Secrets(["hunter2-hunter2"])

    def on_mount(self) -> None:
        api_key = "hunter2-hunter2"
        local_thing = "visible-local-value"
        raise ValueError(f"bad key {api_key} \x1b]0;owned\x07\u202e {len(local_thing)}")


class CrashingRaw(App[None]):
    """The same without our handler."""

    on_mount = Crashing.on_mount


async def crash(app: App[None], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(ValueError, match="bad key"):
        async with app.run_test():
            pass
    return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().err)


async def test_a_crash_shows_no_variables_secrets_or_controls(capsys: pytest.CaptureFixture[str]) -> None:
    shown = await crash(Crashing(), capsys)
    assert shown.startswith("lis-tui stopped because of a bug of its own (ValueError: bad key [hidden]")
    assert "on_mount" in shown
    assert "hunter2" not in shown
    assert "visible-local-value'" not in shown
    assert danger(shown, allowed="\n") == ""


async def test_textuals_own_crash_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    shown = await crash(CrashingRaw(), capsys)
    assert "'hunter2-hunter2'" in shown
    assert "visible-local-value'" in shown


async def test_an_exit_message_is_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    app = SafeApp[None]()
    async with app.run_test():
        app.exit(message="the end [/] \x1b]0;owned\x07")
    assert capsys.readouterr().err == "the end [/] ␛]0;owned\n"


def test_a_failure_on_purpose_is_one_sentence() -> None:
    error = KeyMissing("No key for sk-abcdefghijklmnop1234.\x1b[c")
    assert crash_report(error, Secrets()) == "No key for [hidden].␛[c"


def test_window_and_clipboard_sequences_carry_cleaned_text() -> None:
    evil = "run\x07\x1b]52;c;AAAA\x07\x9c\nnext"
    for sequence in (terminal_title(evil), terminal_notice(evil)):
        body = sequence.removeprefix("\x1b]0;").removeprefix("\x1b]9;").removesuffix("\x07")
        assert len(sequence) - len(body) == 5
        assert danger(body) == ""
    assert terminal_notice("4;3;waits").startswith("\x1b]9; 4;")
    assert terminal_notice("42 waits") == "\x1b]9;42 waits\x07"
    data = clipboard("a\x1b[201~b\tc\n").removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(data) == "a␛[201~b\tc\n".encode()


async def test_copying_takes_cleaned_text() -> None:
    app = SafeApp[None]()
    async with app.run_test():
        app.copy_to_clipboard("a\x1b[201~b\udc80")
        assert app.clipboard == "a␛[201~b\\x80"
