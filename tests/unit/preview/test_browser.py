"""A real browser and a page that tells a canary by every way there is."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused
from lis_tui.preview.viewer import Viewer
from tests.leaking import CHROMIUM, HEARD, PAGES, browser, canary, page_of, unguarded

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine"),
]
NO_ALLOWLIST = "--disable-features=ConnectionAllowlists"


@pytest.mark.parametrize("flags", [(), (NO_ALLOWLIST,)])
async def test_a_page_without_network_tells_nobody_anything_which_it_does_anywhere_else(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    viewer = Viewer()
    async with canary() as deaf, canary() as control, unguarded(control) as pages:

        def fetch(path: str) -> Content:
            return Content(page_of(path.removesuffix(".html"), deaf, "shown"))

        shown = [await viewer.show(f"{name}.html", fetch) for name in PAGES]
        # The same pages without us come last: what is not heard until they are heard is not heard.
        async with browser(tmp_path, *shown, *pages, flags=flags) as log:
            await control.until(*HEARD)
        looked_up = log.read_text(errors="replace")
    await viewer.close()
    assert "control.example.test" in looked_up
    if flags:  # a browser without Connection-Allowlist looks names up and connects, and says nothing there
        assert deaf.heard <= {"connect"}
    else:
        assert deaf.heard == set()
        assert "shown.example.test" not in looked_up


MAP = """<!doctype html><link rel=stylesheet href="map.css"><script src="map.js"></script><img src="pin.png">
<script>const t=document.createElement('script');t.src='{c}/leaflet.js';document.head.append(t);
document.body.append(Object.assign(new Image,{{src:'{c}/tiles/1/2/3.png'}}));
fetch('{c}/data.json').catch(()=>0);setTimeout(()=>location.href='{c}/away',500)</script>"""
LAST = """<!doctype html><script>
addEventListener('load',()=>setTimeout(()=>new Image().src='{c}/over',3000))</script>"""


async def test_a_map_gets_its_tiles_where_the_network_is_allowed_and_leads_nowhere(tmp_path: Path) -> None:
    viewer, taken = Viewer(), set[str]()
    async with canary(certified(tmp_path)) as tiles:
        files = {
            "out/map.html": MAP.format(c=tiles.address).encode(),
            "out/last.html": LAST.format(c=tiles.address).encode(),
            "out/map.css": b"body{color:red}",
            "out/map.js": b"var ready=1",
            "out/pin.png": b"\x89PNG\r\n\x1a\n",
        }

        def fetch(path: str) -> Content:
            if path not in files:
                raise FileRefused("There is none.")
            taken.add(path)
            return Content(files[path])

        names = ("out/map.html", "out/last.html")
        shown = [await viewer.show(name, fetch, has_network=True) for name in names]
        async with browser(tmp_path, *shown, flags=("--ignore-certificate-errors",)):
            await tiles.until("leaflet.js", "tiles/1/2/3.png", "data.json", "over")
    await viewer.close()
    assert "away" not in tiles.heard
    assert {"out/map.css", "out/map.js", "out/pin.png"} <= taken


def certified(folder: Path) -> ssl.SSLContext:
    """Make a certificate that nobody trusts."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost"
    made = ("-keyout", "key.pem", "-out", "cert.pem")
    subprocess.run([*command.split(), *made], cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_what_lies_beside_a_page_reaches_it_also_without_network(tmp_path: Path) -> None:
    viewer, painted = Viewer(), asyncio.Event()
    page = b"""<!doctype html><link rel=stylesheet href=map.css><script src=map.js></script>"""
    files = {
        "out/map.html": page,
        "out/map.css": b"@import 'deep/more.css'; ",
        "out/map.js": b"document.write('<img src=\"made-by-script.png\">')",
        "out/deep/more.css": b"html{background:url(background.png)}",
        "out/deep/background.png": b"\x89PNG\r\n\x1a\n",
        "out/made-by-script.png": b"\x89PNG\r\n\x1a\n",
    }
    left = set(files)

    def fetch(path: str) -> Content:
        left.discard(path)
        if not left:
            loop.call_soon_threadsafe(painted.set)
        return Content(files[path])

    loop = asyncio.get_running_loop()
    async with browser(tmp_path, await viewer.show("out/map.html", fetch)):
        async with asyncio.timeout(20):
            await painted.wait()
    await viewer.close()
