"""A picture of a web page is made offline: whatever the page tries, a server on this machine sees nothing."""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from lis_tui.preview import chromium
from lis_tui.preview.parts import CannotShow
from tests.canary import Canary, listening

needs_chromium = pytest.mark.skipif(
    chromium.browser() is None, reason="neither Chromium nor Chrome is installed"
)
needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
REACHING = """<!doctype html><title>reaching</title>
<link rel="stylesheet" href="{canary}/style"><link rel="prefetch" href="{canary}/prefetch">
<link rel="preload" as="image" href="{canary}/preload"><link rel="preconnect" href="{canary}">
<body style="background: #0a0"><img src="{canary}/img"><iframe src="{canary}/frame"></iframe>
<object data="{canary}/object"></object><video src="{canary}/video" autoplay></video>
<form action="{canary}/form" target="answer" method="post"><input name="a"></form>
<iframe name="answer"></iframe>
<script>
fetch("{canary}/fetch", {{mode: "no-cors"}}); navigator.sendBeacon("{canary}/beacon", "x");
document.forms[0].submit(); open("{canary}/open"); new WebSocket("{canary}/socket".replace("http", "ws"));
const x = new XMLHttpRequest(); x.open("GET", "{canary}/xhr"); x.send();
new Worker(URL.createObjectURL(new Blob(["fetch('{canary}/worker')"])));
</script><script src="{canary}/script"></script>"""
LEAVING = "<script>location = '{canary}/leave'</script>"


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as one:
        yield one


def _reaching(canary: Canary) -> str:
    return REACHING.format(canary=canary.address) + LEAVING.format(canary=canary.address)


def _colour(png: bytes, place: tuple[int, int]) -> object:
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("RGB").getpixel(place)


@pytest.mark.slow
@needs_chromium
@needs_bubblewrap
async def test_a_page_is_photographed_with_its_scripts_run_and_its_size_kept() -> None:
    png = await chromium.photograph(
        b"<body style='margin:0'><script>document.body.style.background = '#c00'</script>", 320, 200
    )
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (320, 200)
    assert _colour(png, (160, 100)) == (204, 0, 0)


@pytest.mark.slow
@needs_chromium
@needs_bubblewrap
async def test_a_page_that_reaches_out_is_still_pictured_and_a_canary_sees_nothing(canary: Canary) -> None:
    png = await chromium.photograph(_reaching(canary).encode(), 320, 200)
    assert _colour(png, (310, 190)) == (0, 170, 0)
    assert (canary.calls, canary.asked) == (0, [])


@pytest.mark.slow
@needs_chromium
async def test_without_the_enclosure_the_settings_alone_keep_it_offline(
    canary: Canary, tmp_path: Path
) -> None:
    """Chromium's own sandbox is off here for root alone: the page is ours."""
    own = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [chromium.browser() or "", *own, *chromium._ALWAYS, f"--user-data-dir={tmp_path}"]
    png = await chromium._photographed(command, _reaching(canary), (320, 200))
    assert _colour(png, (310, 190)) == (0, 170, 0)
    assert (canary.calls, canary.asked) == (0, [])


@pytest.mark.slow
@needs_chromium
def test_the_canary_does_see_what_a_browser_without_these_settings_asks_for(
    canary: Canary, tmp_path: Path
) -> None:
    canary.pages["/page"] = REACHING.format(canary=canary.address).encode()
    own = ["--no-sandbox"] if os.geteuid() == 0 else []
    settings = [
        "--headless=new",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--timeout=3000",
    ]
    command = [chromium.browser() or "", *own, *settings, f"--screenshot={tmp_path / 'shot.png'}"]
    subprocess.run([*command, f"{canary.address}/page"], capture_output=True, timeout=60, check=True)
    wanted = {
        "/style",
        "/img",
        "/frame",
        "/fetch",
        "/beacon",
        "/xhr",
        "/script",
        "/form",
        "/prefetch",
        "/socket",
    }
    assert wanted <= set(canary.asked)


@pytest.mark.slow
@needs_chromium
@needs_bubblewrap
async def test_a_page_sees_no_file_of_the_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("<body style='background:#00f'>")
    page = (
        f"<body style='margin:0;background:#0a0'><iframe src='file://{secret}' width=320 height=200></iframe>"
    )
    png = await chromium.photograph(page.encode(), 320, 200)
    assert _colour(png, (100, 100)) == (0, 170, 0)


@pytest.mark.slow
@needs_chromium
@needs_bubblewrap
async def test_a_page_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "MOST_S", 3.0)
    with pytest.raises(CannotShow, match="did not finish the page in 3 s"):
        await chromium.photograph(b"<script>for (;;) {}</script>", 320, 200)


async def test_without_a_browser_the_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "browser", lambda: None)
    with pytest.raises(CannotShow, match="takes Chromium or Chrome"):
        await chromium.photograph(b"<p>", 320, 200)


async def test_root_gets_no_picture_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "browser", lambda: "/usr/bin/true")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(CannotShow, match="no sandbox of its own for root"):
        await chromium.photograph(b"<p>", 320, 200)


async def test_what_is_no_browser_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "browser", lambda: "/usr/bin/true")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CannotShow, match="Chromium did not start"):
        await chromium.photograph(b"<p>", 320, 200)
