"""A server of map tiles, all of one colour, and a browser that takes it for the one in the world."""

import asyncio
import io
import ssl
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from PIL import Image

from tests.leaking import CHROMIUM

COLOUR = (190, 255, 190)


class Tiles:
    """What was asked for, and where it listens."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer with a tile."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode())
            tile = io.BytesIO()
            Image.new("RGB", (256, 256), COLOUR).save(tile, "PNG")
            head = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {tile.tell()}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + tile.getvalue())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def tile_server(folder: Path) -> AsyncIterator[Tiles]:
    """Give one that listens, with a certificate that nobody trusts."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=tiles"
    made = ("-keyout", "key.pem", "-out", "cert.pem")
    subprocess.run([*command.split(), *made], cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    tiles = Tiles()
    server = await asyncio.start_server(tiles.serve, "127.0.0.1", 0, ssl=context)
    tiles.port = server.sockets[0].getsockname()[1]
    try:
        yield tiles
    finally:
        server.close()


async def picture_of(address: str, folder: Path, tiles: Tiles) -> Image.Image:
    """Give what Chromium shows at an address; every name in the world leads to the tiles."""
    path = folder / f"shot-{len(list(folder.iterdir()))}.png"
    program = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *(f"--user-data-dir={path.with_suffix('.profile')}", "--window-size=1280,800", "--hide-scrollbars"),
        *("--ignore-certificate-errors", f"--host-resolver-rules=MAP *:443 127.0.0.1:{tiles.port}"),
        *("--virtual-time-budget=10000", f"--screenshot={path}", address),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            await program.wait()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    return Image.open(path).convert("RGB")


def colours_of(picture: Image.Image) -> Counter[tuple[int, int, int]]:
    """Count the dots of each colour."""
    data = picture.tobytes()
    return Counter(zip(data[::3], data[1::3], data[2::3], strict=True))
