"""Pages that try to tell somebody something by every way a browser has, and the canary that would hear it."""

import asyncio
import os
import re
import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)

_MANY = """<!doctype html><html><head><meta charset=utf-8>
<link rel=prefetch href="{c}/prefetch"><link rel=preload as=image href="{c}/preload">
<link rel=modulepreload href="{c}/modulepreload"><link rel=stylesheet href="{c}/style">
<style>@import url({c}/import); body{{background:url({c}/background)}}
@font-face{{font-family:x;src:url({c}/font)}} p{{font-family:x}}</style>
<script type=speculationrules>{{"prefetch":[{{"urls":["{c}/speculation"]}}]}}</script>
</head><body><p>text</p>
<img src="{c}/image"><iframe src="{c}/frame"></iframe><object data="{c}/object"></object>
<embed src="{c}/embed"><video src="{c}/video" poster="{c}/poster"></video><audio src="{c}/audio"
autoplay></audio><script src="{c}/script"></script><svg><image href="{c}/drawing"/></svg>
<iframe srcdoc="<img src='{c}/inner-image'><script>fetch('{c}/inner-fetch').catch(()=>0)</script>"></iframe>
<a id=ping href="#x" ping="{c}/ping">x</a>
<script>
const c='{c}', all=[
 ()=>fetch(c+'/fetch').catch(()=>0), ()=>fetch(c+'/kept',{{mode:'no-cors',keepalive:true}}).catch(()=>0),
 ()=>{{const x=new XMLHttpRequest;x.open('GET',c+'/xhr');x.send()}},
 ()=>navigator.sendBeacon(c+'/beacon','x'),
 ()=>new WebSocket(c.replace('http','ws')+'/socket'), ()=>new EventSource(c+'/events'),
 ()=>{{new Image().src=c+'/new-image'}}, ()=>import(c+'/module').catch(()=>0),
 ()=>new Worker(URL.createObjectURL(new Blob(
   ["fetch('"+c+"/worker').catch(()=>0);importScripts('"+c+"/imported')"]))),
 ()=>new Worker("data:text/javascript,fetch('"+c+"/data-worker').catch(()=>0)"),
 ()=>{{const i=document.createElement('iframe');i.src=URL.createObjectURL(new Blob(
   ["<img src='"+c+"/blob-image'>"],{{type:'text/html'}}));document.body.append(i)}},
 ()=>{{const i=document.createElement('iframe');document.body.append(i);
   i.contentDocument.write("<img src='"+c+"/written-image'>")}},
 ()=>document.getElementById('ping').click()];
for(const one of all)try{{one()}}catch(e){{}}
</script></body></html>"""
_CALL = """<!doctype html><script>
const p=new RTCPeerConnection({{iceServers:[
{{urls:'turn:{host}?transport=tcp',username:'a',credential:'b'}}]}});
p.createDataChannel('x');p.createOffer().then(o=>p.setLocalDescription(o))</script>"""
_INNER_CALL = _CALL.replace("<!doctype html>", '<!doctype html><body><iframe srcdoc="').replace(
    "</script>", '</script>"></iframe>'
)
PAGES = {
    "many": _MANY,
    "form": '<!doctype html><form id=f action="{c}/form" method=post></form><script>f.submit()</script>',
    "navigation": "<!doctype html><script>location.href='{c}/navigation'</script>",
    "refresh": '<!doctype html><meta http-equiv=refresh content="0;url={c}/refresh">',
    "top": "<!doctype html><script>top.location='{c}/top'</script>",
    "parent": "<!doctype html><script>parent.location='{c}/parent'</script>",
    "window": "<!doctype html><script>window.open('{c}/window')</script>",
    "link": '<!doctype html><a id=a href="{c}/link" target=_blank>x</a><script>a.click()</script>',
    "connect": '<!doctype html><link rel=preconnect href="{c}">',
    "look-up": '<!doctype html><link rel=dns-prefetch href="//{name}">',
    "call": _CALL,
    "inner call": _INNER_CALL,
}
"""Some leave their page and so have one of their own. `{c}` is the canary, `{host}` what calls go to."""
HEARD = {
    *(
        "prefetch",
        "preload",
        "modulepreload",
        "style",
        "import",
        "background",
        "font",
        "image",
        "frame",
        "object",
    ),
    *("embed", "poster", "script", "drawing", "inner-image", "fetch", "kept", "xhr", "beacon"),
    *(
        "socket",
        "events",
        "inner-fetch",
        "new-image",
        "module",
        "worker",
        "imported",
        "data-worker",
        "blob-image",
        "written-image",
    ),
    *("ping", "form", "navigation", "refresh", "top", "parent", "window", "link", "connect", "call"),
}
"""What the canary hears where nothing holds them."""


class Canary:
    """Takes note of what reaches it: the paths of requests, and connections that ask for nothing."""

    def __init__(self) -> None:
        self.heard: set[str] = set()
        self.address = ""
        self._news = asyncio.Event()

    async def until(self, *expected: str, patience_s: float = 240.0) -> None:
        """Wait until it has heard these. Raises TimeoutError."""
        async with asyncio.timeout(patience_s):
            while not set(expected) <= self.heard:
                self._news.clear()
                await self._news.wait()

    def note(self, what: str) -> None:
        self.heard.add(what)
        self._news.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a request with nothing that helps; what is no request is a call."""
        self.note("connect")
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            first = await reader.readexactly(4)
            if not re.match(rb"[A-Z]{3}", first):
                self.note("call")
            else:
                line = first + await reader.readuntil(b"\r\n")
                await reader.readuntil(b"\r\n\r\n")
                self.note(line.split(b" ")[1].decode().strip("/"))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAccess-Control-Allow-Origin: *\r\n"
                )
                writer.write(b"Content-Length: 2\r\nConnection: close\r\n\r\n//")
                await writer.drain()
        writer.close()


@asynccontextmanager
async def canary(context: ssl.SSLContext | None = None) -> AsyncIterator[Canary]:
    """Give one that listens."""
    made = Canary()
    server = await asyncio.start_server(made.take, "127.0.0.1", 0, ssl=context)
    host, port = server.sockets[0].getsockname()[:2]
    made.address = f"{'https' if context else 'http'}://{host}:{port}"
    try:
        yield made
    finally:
        server.close()


@asynccontextmanager
async def unguarded(canary: Canary) -> AsyncIterator[list[str]]:
    """Give the addresses of the same pages as any server has them, without a policy and without a frame."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            line = (await reader.readuntil(b"\r\n\r\n")).split(b" ")
            page = page_of(line[1].decode().strip("/").replace("%20", " "), canary, "control")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + page)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield [f"http://127.0.0.1:{port}/{name.replace(' ', '%20')}" for name in PAGES]
    finally:
        server.close()


def page_of(name: str, canary: Canary, mode: str) -> bytes:
    """Give a page that tells a canary; it looks up a name that holds the mode."""
    host = canary.address.rpartition("/")[2]
    page = PAGES.get(name, "").format(c=canary.address, host=host, name=f"{mode}.example.test")
    return page.encode()


@asynccontextmanager
async def browser(folder: Path, *urls: str, flags: tuple[str, ...] = ()) -> AsyncIterator[Path]:
    """Have Chromium open these, each in a tab, until this is left; gives its log of the network."""
    log = folder / "net.json"
    program = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *(
            "--disable-popup-blocking",
            "--disable-background-timer-throttling",
            "--autoplay-policy=no-user-gesture-required",
        ),
        *(
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={log}",
            "--remote-debugging-port=0",
            *flags,
        ),
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert program.stderr is not None
        async with asyncio.timeout(30):
            said = b""
            while (found := re.search(rb"listening on ws://127.0.0.1:(\d+)/", said)) is None:
                said = await program.stderr.readuntil()
        for url in urls:
            await _open_tab(int(found[1]), url)
        yield log
    finally:
        os.killpg(program.pid, signal.SIGTERM)
        await program.wait()


async def _open_tab(port: int, url: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"PUT /json/new?{url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n")
    assert b" 200 " in answer, answer
    writer.close()
    await writer.wait_closed()
