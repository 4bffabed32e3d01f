"""A picture of a web page: headless Chromium, enclosed, offline, with nothing but the bytes of the page."""

import asyncio
import base64
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from lis_tui.core.child import begin
from lis_tui.core.temporary import TemporaryFolder
from lis_tui.preview.devtools import BrowserLost, Event, Pipe
from lis_tui.preview.encoding import decoded, encoding_of
from lis_tui.preview.parts import CannotShow

MOST_S: Final = 15.0
_LOADING_S = 4.0
_SETTLING_S = 0.4
_MOST_BYTES = 32 << 20
_MOST_ANSWER = 64 << 20
_LARGEST = 4096
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc/fonts",
    "/etc/alternatives",
    "/etc/chromium.d",
    "/nix/store",
    "/gnu/store",
)
_NOBODY = "65534"
# The browser takes 3 and 4 for its pipe. Memory and time are limited for each process.
_START = 'exec 3<&0 4>&1 </dev/null >/dev/null; ulimit -c 0; ulimit -d 1572864; ulimit -t 60; exec "$@"'
_ALWAYS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",
    "--disable-quic",
    "--renderer-process-limit=1",
    "--js-flags=--max-old-space-size=256",
    # Each of these alone keeps it offline, for most of what asks; without bubblewrap they are what does.
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-prefetch-disable",
)
_NOT_ALONE = "--no-sandbox"


class _Target(Struct):
    targetId: str  # noqa: N815  # the protocol's names, here and below


class _Session(Struct):
    sessionId: str  # noqa: N815


class _Frame(Struct):
    id: str


class _Tree(Struct):
    frame: _Frame


class _Frames(Struct):
    frameTree: _Tree  # noqa: N815


class _Shot(Struct):
    data: str


class _Paused(Struct):
    requestId: str  # noqa: N815
    resourceType: str = ""  # noqa: N815


def browser() -> str | None:
    """Give where Chromium or Chrome is, where it is installed."""
    found = next((place for name in _NAMES if (place := shutil.which(name))), None)
    return found or (_ON_A_MAC if Path(_ON_A_MAC).exists() else None)


async def photograph(html: bytes, width: int, height: int) -> bytes:
    """Give a PNG of what the page looks like offline. Raises CannotShow."""
    program = browser()
    if program is None:
        raise CannotShow("A picture of a web page takes Chromium or Chrome, and neither is installed.")
    if len(html) > _MOST_BYTES:
        raise CannotShow(
            f"The page has {len(html) >> 20} MB; no picture is made of more than {_MOST_BYTES >> 20}."
        )
    size = (min(max(width, 16), _LARGEST), min(max(height, 16), _LARGEST))
    try:
        async with asyncio.timeout(MOST_S):
            return await _first_that_starts(program, decoded(html, encoding_of(html[:65536])), size)
    except TimeoutError as error:
        raise CannotShow(f"Chromium did not finish the page in {MOST_S:.0f} s and was ended.") from error
    except (BrowserLost, msgspec.MsgspecError, ValueError) as error:
        raise CannotShow(f"Chromium could not make a picture of the page: {error}.") from error


async def _first_that_starts(program: str, html: str, size: tuple[int, int]) -> bytes:
    """Try the enclosure with Chromium's own sandbox in it, then, where a system allows no two, without."""
    with TemporaryFolder() as profile:
        *better, last = _commands(program, str(profile))
        for command in better:
            with suppress(_NotStarted):
                return await _photographed(command, html, size)
        try:
            return await _photographed(last, html, size)
        except _NotStarted as error:
            raise CannotShow("Chromium did not start.") from error


class _NotStarted(BrowserLost):
    """Nothing of the page was read yet."""


def _commands(program: str, profile: str) -> Sequence[list[str]]:
    """Give the commands that are safe here, the better one first. Raises CannotShow where none is."""
    bubblewrap = shutil.which("bwrap") if sys.platform.startswith("linux") else None
    if bubblewrap:
        inside = [
            *_enclosure(bubblewrap, program),
            os.path.realpath(program),
            *_ALWAYS,
            "--user-data-dir=/tmp/profile",
        ]
        return [*inside], [*inside, _NOT_ALONE]
    if os.geteuid() == 0:
        raise CannotShow(
            "No picture of the page: Chromium has no sandbox of its own for root, and there is no bubblewrap."
        )
    return ([program, *_ALWAYS, f"--user-data-dir={profile}"],)


def _enclosure(bubblewrap: str, program: str) -> list[str]:
    words = [
        bubblewrap,
        "--unshare-all",
        "--unshare-user",
        "--uid",
        _NOBODY,
        "--gid",
        _NOBODY,
        "--die-with-parent",
    ]
    words += ["--new-session", "--cap-drop", "ALL", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin"]
    words += ["--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8"]
    home = Path(os.path.realpath(program)).parent
    for place in (*_SYSTEM, str(home)):
        path = Path(place)
        is_link = path.is_symlink()
        words += ["--symlink", str(path.readlink()), place] if is_link else ["--ro-bind-try", place, place]
    return [*words, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/", "--"]


async def _photographed(command: list[str], html: str, size: tuple[int, int]) -> bytes:
    begun = await begin(
        *("/bin/sh", "-c", _START, "sh", *command),
        stdin=PIPE,
        stdout=PIPE,
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"},
        limit=_MOST_ANSWER,
    )
    async with begun as process:
        if process.stdin is None or process.stdout is None:
            raise BrowserLost("it has no pipe")
        loaded = asyncio.Event()

        async def on_event(pipe: Pipe, event: Event) -> None:
            if event.method == "Page.loadEventFired":
                loaded.set()
            elif event.method == "Fetch.requestPaused":
                await _answer(pipe, msgspec.json.decode(event.params, type=_Paused))
            elif event.method == "Page.javascriptDialogOpening":
                await pipe.tell("Page.handleJavaScriptDialog", accept=False)

        pipe = Pipe(process.stdout, process.stdin, on_event)
        frame = await _page(pipe, size)
        await pipe.ask("Page.setDocumentContent", frameId=frame, html=html)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOADING_S):
                await _listen_until(pipe, loaded)
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLING_S):
                await pipe.listen()
        shot = msgspec.json.decode(await pipe.ask("Page.captureScreenshot", format="png"), type=_Shot)
        return base64.b64decode(shot.data, validate=True)


async def _answer(pipe: Pipe, paused: _Paused) -> None:
    """Keep a request from the network; a page that leads elsewhere is told to stay."""
    if paused.resourceType == "Document":
        await pipe.tell("Fetch.fulfillRequest", requestId=paused.requestId, responseCode=204)
    else:
        await pipe.tell("Fetch.failRequest", requestId=paused.requestId, errorReason="BlockedByClient")


async def _page(pipe: Pipe, size: tuple[int, int]) -> str:
    """Open an empty page that can reach nothing; give its frame. Raises _NotStarted."""
    try:
        await pipe.ask("Browser.getVersion")
    except BrowserLost as error:
        raise _NotStarted(str(error)) from error
    await pipe.ask("Browser.setDownloadBehavior", behavior="deny")
    target = msgspec.json.decode(await pipe.ask("Target.createTarget", url="about:blank"), type=_Target)
    attached = await pipe.ask("Target.attachToTarget", targetId=target.targetId, flatten=True)
    pipe.session = msgspec.json.decode(attached, type=_Session).sessionId
    width, height = size
    await pipe.ask(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
    )
    await pipe.ask("Page.enable")
    await pipe.ask("Fetch.enable", patterns=[{"urlPattern": "*"}])
    return msgspec.json.decode(await pipe.ask("Page.getFrameTree"), type=_Frames).frameTree.frame.id


async def _listen_until(pipe: Pipe, loaded: asyncio.Event) -> None:
    while not loaded.is_set():
        await pipe.listen_once()
