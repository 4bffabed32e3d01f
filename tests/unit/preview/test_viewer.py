"""The viewer as anybody can talk to it: bytes over a socket."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lis_tui.core.beneath import open_beneath
from lis_tui.core.content import Content
from lis_tui.core.paths import unescape_path
from lis_tui.preview import neighbours
from lis_tui.preview.viewer import Viewer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
PAGE = b"<!doctype html><html><head><title>x</title></head><body>map</body></html>"


class Site:
    """A viewer over a folder, and a client that speaks to it byte by byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.viewer = Viewer()

    def fetch(self, path: str) -> Content:
        return Content(descriptor=open_beneath(self.folder, unescape_path(path)))

    async def show(self, path: str, *, has_network: bool = False) -> str:
        """Give the path part of the address."""
        url = await self.viewer.show(path, self.fetch, has_network=has_network)
        return url.removeprefix(f"http://127.0.0.1:{self.viewer.port}")

    async def raw(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.viewer.port)
        writer.write(data)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async def ask(
        self, target: str, method: str = "GET", host: str = "", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Give status, headers (in small letters) and body."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.viewer.port}'}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head, _, body = (await self.raw("\r\n".join([*lines, "", ""]).encode())).partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        return (
            int(first.split()[1]),
            {n.lower(): v for n, _, v in (one.partition(": ") for one in rest)},
            body,
        )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    work = tmp_path / "work"
    (work / "output").mkdir(parents=True)
    (work / "output" / "map.html").write_bytes(PAGE)
    (work / "output" / "map.css").write_text("body{color:red}")
    (work / "output" / "set.png").write_bytes(PNG)
    (work / "output" / "song.wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(100)))
    (work / "secret.txt").write_text("secret")
    (tmp_path / "outside.txt").write_text("secret")
    made = Site(work)
    yield made
    await made.viewer.close()


async def test_a_file_is_shown_at_its_address_inside_a_page_of_ours(site: Site) -> None:
    address = await site.show("output/map.html")
    status, headers, body = await site.ask(address)
    assert status == 200
    assert b'<iframe sandbox="allow-scripts" src="http://127.0.0.1:' in body
    content = body.split(b'src="')[1].split(b'"')[0].decode()
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert f"frame-src {content.removesuffix('output/map.html')}" in policy
    assert "script-src" not in policy
    status, headers, body = await site.ask(
        content.partition("7.0.0.1")[2].partition("/")[1] + content.split("/", 3)[3], Sec_Fetch_Dest="iframe"
    )
    assert (status, body.replace(b"</title>", b"")[:15]) == (200, PAGE[:15])
    assert headers["content-security-policy"].startswith("sandbox allow-scripts; default-src 'none'")
    assert "https:" not in headers["content-security-policy"]
    assert headers["connection-allowlist"].startswith('("http://127.0.0.1:')


@pytest.mark.parametrize("target", ["", "f/output/map.html", "f/output/map.css", "f/output/none.css", "none"])
async def test_every_answer_forbids_guessing_keeping_and_referring(site: Site, target: str) -> None:
    address = await site.show("output/map.html")
    _, headers, _ = await site.ask(address + target, Sec_Fetch_Dest="style")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "content-security-policy" in headers


async def test_our_own_page_is_alone_in_its_window_and_in_no_frame(site: Site) -> None:
    _, headers, _ = await site.ask(await site.show("output/map.html"))
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


async def test_nobody_gets_anything_without_the_token(site: Site) -> None:
    address = await site.show("output/map.html")
    token = address.strip("/")
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    for target in (
        "/",
        f"/{wrong}/",
        f"/{token}",
        "//",
        f"/{wrong}/f/output/map.html",
        f"/{token.lower()}x/",
        "/f/",
    ):
        status, _, body = await site.ask(target, Sec_Fetch_Dest="iframe")
        assert status == 404, target
        assert b"map" not in body
    assert len(token) >= 32


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "2130706433",
        "0.0.0.0",
        "[::1]:80",
        " ",
    ],
)
async def test_a_name_that_was_bent_to_this_machine_is_refused(site: Site, host: str) -> None:
    address = await site.show("output/map.html")
    status, _, body = await site.ask(address, host=host)
    assert status == 403
    assert b"iframe" not in body


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1:1", "localhost"])
async def test_a_tunnel_may_end_at_another_port(site: Site, host: str) -> None:
    status, headers, _ = await site.ask(await site.show("output/map.html"), host=host)
    assert status == 200
    assert f"frame-src http://{host}/" in headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"])
async def test_nothing_but_get_and_head_is_answered(site: Site, method: str) -> None:
    status, headers, _ = await site.ask(await site.show("output/map.html"), method)
    assert status == 405
    assert headers["allow"] == "GET, HEAD"


async def test_head_gives_headers_alone(site: Site) -> None:
    address = await site.show("output/set.png")
    status, headers, body = await site.ask(address + "f/output/set.png", "HEAD")
    assert (status, headers["content-length"], body) == (200, str(len(PNG)), b"")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "../secret.txt",
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "%2E%2E%2Fsecret.txt",
            "output/../secret.txt",
        ),
        *("output/..%2f..%2foutside.txt", "output/%252e%252e/secret.txt", "/etc/passwd", "%2fetc%2fpasswd"),
        *("output/....//secret.txt", "output/..\\secret.txt", "output/%c0%ae%c0%ae/secret.txt", "secret.txt"),
        *("output/map.css%00.png", "output//map.css", "output/./map.css", "output/", "output", ""),
    ],
)
async def test_a_page_gets_nothing_from_outside_its_folder(site: Site, path: str) -> None:
    address = await site.show("output/map.html")
    status, _, body = await site.ask(f"{address}f/{path}", Sec_Fetch_Dest="script")
    assert status == 404, body
    assert b"secret" not in body.replace(b"secret.txt", b"")


async def test_a_page_gets_what_lies_beside_it_and_below(site: Site) -> None:
    (site.folder / "output" / "deep").mkdir()
    (site.folder / "output" / "deep" / "a b.js").write_text("1")
    address = await site.show("output/map.html")
    status, headers, body = await site.ask(f"{address}f/output/map.css", Sec_Fetch_Dest="style")
    assert (status, headers["content-type"], body) == (200, "text/css; charset=utf-8", b"body{color:red}")
    status, headers, body = await site.ask(f"{address}f/output/deep/a%20b.js", Sec_Fetch_Dest="script")
    assert (status, headers["content-type"], body) == (200, "text/javascript; charset=utf-8", b"1")


@pytest.mark.parametrize("wanted_as", ["document", "iframe", "frame", "object", "embed", "empty", ""])
async def test_what_lies_beside_a_page_is_never_a_page(site: Site, wanted_as: str) -> None:
    (site.folder / "output" / "other.html").write_bytes(PAGE)
    address = await site.show("output/map.html")
    headers = {"Sec_Fetch_Dest": wanted_as} if wanted_as else {}
    status, _, _ = await site.ask(f"{address}f/output/other.html", **headers)
    assert status == 404


async def test_a_picture_has_nothing_beside_it(site: Site) -> None:
    address = await site.show("output/set.png")
    status, _, _ = await site.ask(f"{address}f/output/map.css", Sec_Fetch_Dest="style")
    assert status == 404


async def test_the_page_itself_is_given_to_a_frame_alone(site: Site) -> None:
    address = await site.show("output/map.html")
    status, headers, body = await site.ask(f"{address}f/output/map.html", Sec_Fetch_Dest="document")
    assert (status, headers["location"], body) == (303, address, b"")
    status, _, body = await site.ask(f"{address}f/output/map.html")
    assert status == 403
    assert b"newer" in body


async def test_links_are_followed_nowhere_even_where_they_are_swapped_in_later(site: Site) -> None:
    page, css = site.folder / "output" / "map.html", site.folder / "output" / "map.css"
    address = await site.show("output/map.html")
    css.unlink()
    css.symlink_to(site.folder.parent / "outside.txt")
    status, _, body = await site.ask(f"{address}f/output/map.css", Sec_Fetch_Dest="style")
    assert status == 404
    assert b"A link stands in the way" in body or b"This is a link" in body
    page.unlink()
    page.symlink_to(site.folder.parent / "outside.txt")
    for target in (address, f"{address}f/output/map.html"):
        status, _, body = await site.ask(target, Sec_Fetch_Dest="iframe" if "/f/" in target else "document")
        assert status == 404
        assert b"secret" not in body


async def test_what_is_no_plain_file_is_never_waited_for(site: Site) -> None:
    os.mkfifo(site.folder / "output" / "pipe.css")
    address = await site.show("output/map.html")
    status, _, body = await site.ask(f"{address}f/output/pipe.css", Sec_Fetch_Dest="style")
    assert status == 404
    assert b"no plain file" in body


async def test_a_file_that_grows_or_shrinks_while_it_is_read_ends_the_answer_and_nothing_else(
    site: Site,
) -> None:
    song = site.folder / "output" / "song.wav"
    song.write_bytes(song.read_bytes() + bytes(50_000_000))
    address = await site.show("output/song.wav")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.viewer.port)
    writer.write(f"GET {address}f/output/song.wav HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readexactly(1000)
    os.truncate(song, 2_000_000)
    rest = await reader.read()
    assert len(rest) < 50_000_000
    writer.close()
    await writer.wait_closed()
    assert (await site.ask(address))[0] == 200


async def test_two_files_are_apart(site: Site) -> None:
    one, other = await site.show("output/map.html"), await site.show("output/set.png")
    assert one != other
    status, _, _ = await site.ask(f"{one}f/output/set.png", Sec_Fetch_Dest="iframe")
    assert status == 404
    status, _, _ = await site.ask(f"{other}f/output/map.html", Sec_Fetch_Dest="iframe")
    assert status == 404


async def test_the_network_is_allowed_for_one_file_and_never_for_frames_forms_and_navigation(
    site: Site,
) -> None:
    closed, open_ = await site.show("output/map.html"), await site.show("output/map.html", has_network=True)
    _, headers, body = await site.ask(f"{open_}f/output/map.html", Sec_Fetch_Dest="iframe")
    policy = dict(one.partition(" ")[::2] for one in headers["content-security-policy"].split("; "))
    assert policy["connect-src"] == "https:"
    assert policy["img-src"].endswith(" https:")
    assert [policy[one] for one in ("frame-src", "object-src", "form-action", "base-uri")] == ["'none'"] * 4
    assert "connection-allowlist" not in headers
    assert body == PAGE
    _, headers, body = await site.ask(f"{closed}f/output/map.html", Sec_Fetch_Dest="iframe")
    assert "https:" not in headers["content-security-policy"]
    assert b"RTCPeerConnection" in body
    _, headers, _ = await site.ask(open_)
    assert "https:" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-3", 206, slice(0, 4), "bytes 0-3/{}"),
        ("bytes=10-", 206, slice(10, None), "bytes 10-{}/{}"),
        ("bytes=-5", 206, slice(-5, None), None),
        ("bytes=0-99999", 206, slice(0, None), None),
        ("bytes=0-1,4-5", 200, slice(0, None), ""),
        ("pages=1", 200, slice(0, None), ""),
        ("bytes=99999-", 416, slice(0, 0), "bytes */{}"),
        ("bytes=5-2", 416, slice(0, 0), "bytes */{}"),
    ],
)
async def test_sound_is_given_in_the_parts_that_are_asked_for(
    site: Site, asked: str, status: int, part: slice, told: str | None
) -> None:
    data = (site.folder / "output" / "song.wav").read_bytes()
    address = await site.show("output/song.wav")
    found, headers, body = await site.ask(f"{address}f/output/song.wav", Range=asked)
    assert (found, body) == (status, data[part])
    if told is not None:
        size = len(data)
        assert headers.get("content-range", "") == (
            told.format(size - 1, size) if told.count("{}") == 2 else told.format(size)
        )


async def test_each_kind_is_shown_by_what_fits_it(site: Site) -> None:
    (site.folder / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')
    (site.folder / "a.pdf").write_bytes(b"%PDF-1.4\n")
    (site.folder / "a.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100))
    expected = {
        "output/set.png": (b"<img", "image/png"),
        "a.svg": (b"<img", "image/svg+xml"),
        "output/song.wav": (b"<audio controls", "audio/wav"),
        "secret.txt": (b'<iframe sandbox=""', "text/plain; charset=utf-8"),
        "a.pdf": (b"<iframe src", "application/pdf"),
        "a.sqlite": (b"No browser shows this", ""),
    }
    for path, (element, mime) in expected.items():
        address = await site.show(path)
        _, _, body = await site.ask(address)
        assert element in body
        _, headers, _ = await site.ask(f"{address}f/{path}", Sec_Fetch_Dest="iframe")
        assert not mime or headers["content-type"] == mime


async def test_a_file_that_no_browser_shows_can_be_saved_from_it_but_no_program(site: Site) -> None:
    (site.folder / "a.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100))
    (site.folder / "tool.sh").write_text("#!/bin/sh\necho\n")
    address = await site.show("a.sqlite")
    status, headers, body = await site.ask(f"{address}f/a.sqlite?save", Sec_Fetch_Dest="document")
    assert (status, headers["content-type"], len(body)) == (200, "application/octet-stream", 116)
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''a.sqlite"
    address = await site.show("tool.sh")
    status, _, body = await site.ask(f"{address}f/tool.sh?save", Sec_Fetch_Dest="document")
    assert status == 404
    assert b"can be saved" in body


async def test_names_with_anything_in_them_are_shown_and_break_out_of_nothing(site: Site) -> None:
    name = '<script>"\n\x1b[31m%2e&.png'
    (site.folder / name).write_bytes(PNG)
    address = await site.show(name)
    status, _, body = await site.ask(address)
    assert status == 200
    assert b"<script" not in body
    assert b"\x1b" not in body
    content = re.search(rb'src="http://[^/]+([^"]+)"', body)
    assert content is not None
    status, _, body = await site.ask(content[1].decode())
    assert (status, body) == (200, PNG)


@pytest.mark.parametrize(
    "data",
    [
        *(b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n", b"get / HTTP/1.1\r\n\r\n", b"\0" * 20000),
        *(b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n"),
        *(
            b"GET / HTTP/1.1\r\nA: " + b"x" * 20000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        ),
    ],
)
async def test_what_is_no_request_is_refused(site: Site, data: bytes) -> None:
    await site.show("output/map.html")
    assert (await site.raw(data)).startswith(b"HTTP/1.1 400 ")


async def test_one_page_leads_to_several_files(site: Site) -> None:
    files = [("output/map.html", "73 B"), ("output/set.png", "108 B")]
    url = await site.viewer.show_all("two files", files, site.fetch)
    _, _, body = await site.ask("/" + url.split("/", 3)[3])
    links = re.findall(rb'href="([^"]+)"', body)
    assert len(links) == 2
    for link in links:
        status, _, _ = await site.ask(link.decode())
        assert status == 200


async def test_nothing_listens_before_the_first_file_and_after_the_end(site: Site) -> None:
    assert site.viewer.port == 0
    await site.show("output/map.html")
    port = site.viewer.port
    assert port
    await site.viewer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


@contextmanager
def another_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sockets of this process are somebody else's."""
    with monkeypatch.context() as patch:
        patch.setattr("os.getuid", lambda: 54321)
        patch.setattr(neighbours, "_ROOT", 54322)
        yield


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells whose a socket is")
async def test_another_user_of_the_machine_who_read_the_address_gets_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await site.show("output/map.html")
    with another_user(monkeypatch):
        assert await site.raw(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()) == b""
    assert (await site.ask(address))[0] == 200
