"""What is handed to the desktop, and what never is."""

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lis_tui.core.beneath import read_beneath
from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused, UsageWrong
from lis_tui.core.paths import unescape_path
from lis_tui.preview.copies import Copies, safe_stem
from lis_tui.preview.desktop import Desktop, find_desktop
from lis_tui.preview.file import File
from lis_tui.preview.opener import Opener
from tests.desktops import FakeDesktop, zipped

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Opening:
    """A work folder, a desktop that takes note, and what opens files with it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work = folder / "work"
        self.work.mkdir()
        self.kept = folder / "cache"
        self.desktop = FakeDesktop(folder, monkeypatch)
        self.opener = Opener(lambda: self.kept, {"DISPLAY": ":0"}, "linux")

    def fetch(self, path: str) -> Content:
        return Content(read_beneath(self.work, unescape_path(path), 1 << 24).data)

    def put(self, name: str, data: bytes) -> str:
        (self.work / name).write_bytes(data)
        return name


@pytest.fixture
async def opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opening]:
    made = Opening(tmp_path, monkeypatch)
    yield made
    await made.opener.close()


async def test_a_program_gets_a_private_copy_with_a_safe_name_and_never_the_sandboxs_path(
    opening: Opening,
) -> None:
    name = opening.put("--eval=x\x1b[31m;$(id).exe.png", PNG)
    opened = await opening.opener.open("run", name, opening.fetch)
    assert (opened.how, opened.called) == ("program", "a PNG picture")
    (given,) = await opening.desktop.given()
    path = Path(given)
    assert path.name == "eval=x__31m___id__exe.png"
    assert path.is_relative_to(opening.kept)
    assert path.read_bytes() == PNG
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(path.parents)[:3]} == {0o700}
    await opening.opener.close()
    assert list(opening.kept.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data", "ending"),
    [
        ("a.txt", PNG, ".png"),
        ("song", b"RIFF\x24\0\0\0WAVEfmt " + bytes(100), ".wav"),
        ("paper.exe.pdf", b"%PDF-1.4\n", ".pdf"),
        ("tool.py", b"import os\nprint(1)\n", ".txt"),
        ("notes.md", b"# Title\n\ntext\n", ".txt"),
        ("numbers.csv", b"a,b\n1,2\n3,4\n5,6\n", ".csv"),
        ("book.xlsx", zipped({"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b""}), ".xlsx"),
    ],
)
async def test_the_ending_of_a_copy_says_what_it_is_not_what_it_is_called(
    opening: Opening, name: str, data: bytes, ending: str
) -> None:
    await opening.opener.open("run", opening.put(name, data), opening.fetch)
    (given,) = await opening.desktop.given()
    assert Path(given).suffix == ending


RUNS = {
    "a.desktop": b"x",
    "b.sh": b"echo\n",
    "c": b"#!/bin/sh\necho\n",
    "d.txt": b"\xef\xbb\xbf  #! /usr/bin/env python3\n",
    "e.txt": b"# hello\n[Desktop Entry]\nExec=sh -c id\n",
    "f.txt": b"[InternetShortcut]\r\nURL=file:///etc/passwd\r\n",
    "g.png": b"\x7fELF\x02\x01\x01" + bytes(100),
    "h.pdf": b"MZ" + bytes(100),
    "i.png": b"L\0\0\0\x01\x14\x02\0" + bytes(100),
    "j.zip": zipped({"META-INF/MANIFEST.MF": b"Main-Class: A\n", "A.class": b""}),
    "k.docx": zipped({"word/document.xml": b"<x/>", "word/vbaProject.bin": b"macro"}),
    "l.xlsx": zipped({"xl/workbook.xml": b"<x/>", "xl/macrosheets/sheet1.xml": b"<x/>"}),
    "m.odt": zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "Basic/script-lc.xml": b"x"}),
    "n.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000),
    "o.txt": "[Desktop Entry]\nExec=id\n".encode("utf-16"),
    "p.docm": zipped({"word/document.xml": b"<x/>"}),
    "q.app": b"x",
    "r.COMMAND": b"x",
    "s.jar": b"x",
    "t.lnk": b"x",
    "u": b"\xcf\xfa\xed\xfe" + bytes(100),
    "v.rtf": b"{\\rtf1 x}",
    "w.txt": b"<?xml version='1.0'?>\n<?mso-application progid='Word.Document'?><x/>",
}


@pytest.mark.parametrize("name", RUNS)
async def test_what_a_program_would_run_is_refused_with_a_sentence_and_only_saved(
    opening: Opening, name: str
) -> None:
    opening.put(name, RUNS[name])
    with pytest.raises(FileRefused, match="can be saved"):
        await opening.opener.open("run", name, opening.fetch)
    assert await opening.desktop.given(0) == []
    assert not opening.kept.exists() or not [one for one in opening.kept.rglob("*") if one.name == "copy"]


async def test_a_macro_is_found_wherever_it_stands_in_a_large_file(opening: Opening) -> None:
    filler = os.urandom((1 << 20) - 5)
    data = zipped({"word/document.xml": b"<x/>", "word/media/1.png": filler, "word/vbaProject.bin": b"macro"})
    with pytest.raises(FileRefused, match="macros"):
        await opening.opener.open("run", opening.put("a.docx", data), opening.fetch)


async def test_a_file_that_turns_into_a_program_while_it_is_opened_is_not_handed_over(
    opening: Opening,
) -> None:
    looks = iter([b"plain text\n", b"#!/bin/sh\nid\n"])
    with pytest.raises(FileRefused, match="a script"):
        await opening.opener.open("run", "a.txt", lambda path: Content(next(looks)))
    assert await opening.desktop.given(0) == []
    assert not list(opening.kept.rglob("*.txt"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("map.html", b"<!doctype html><title>x</title>"),
        ("map.txt", b"<!doctype html><title>x</title>"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
        ("a.png", b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'),
    ],
)
async def test_pages_and_drawings_are_opened_by_address_and_never_as_files(
    opening: Opening, name: str, data: bytes
) -> None:
    opened = await opening.opener.open("run", opening.put(name, data), opening.fetch)
    assert opened.how == "browser"
    assert opened.address.startswith("http://127.0.0.1:")
    assert await opening.desktop.given() == [opened.address]
    assert not opening.kept.exists()


async def test_without_a_desktop_everything_is_served_and_the_reason_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Opening(tmp_path, monkeypatch)
    made.opener = Opener(lambda: made.kept, {"SSH_CONNECTION": "1 2 3 4", "DISPLAY": ":0"}, "linux")
    opened = await made.opener.open("run", made.put("a.png", PNG), made.fetch)
    assert (opened.how, opened.why_served) == ("served", "you are here over SSH")
    assert opened.address.startswith("http://127.0.0.1:")
    assert await made.desktop.given(0) == []
    await made.opener.close()


async def test_a_desktop_that_cannot_open_it_is_not_believed(opening: Opening) -> None:
    opening.desktop.fail(3)
    with pytest.raises(UsageWrong, match="no program is known"):
        await opening.opener.open("run", opening.put("a.png", PNG), opening.fetch)
    opened = await opening.opener.open("run", opening.put("a.html", b"<!doctype html>"), opening.fetch)
    assert (opened.how, "no program is known" in opened.why_served) == ("served", True)


async def test_a_program_that_stays_open_outlives_the_screen(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lis_tui.preview.desktop.PATIENCE_S", 0.01)
    opening.desktop.stay()
    opened = await opening.opener.open("run", opening.put("a.png", PNG), opening.fetch)
    assert opened.how == "program"
    await opening.desktop.given()
    await opening.opener.close()
    assert opening.desktop.is_running()
    opening.desktop.end()


async def test_the_network_is_asked_for_each_file_of_each_run(opening: Opening) -> None:
    page = opening.put("a.html", b"<!doctype html>")
    opening.opener.allow("run", page)
    assert (await opening.opener.open("run", page, opening.fetch)).has_network
    assert not (await opening.opener.open("another", page, opening.fetch)).has_network
    other = opening.put("b.html", b"<!doctype html>")
    assert not (await opening.opener.open("run", other, opening.fetch)).has_network


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", Desktop(why_not="there is no desktop here")),
        ({"DISPLAY": ":0"}, "linux", Desktop(("/bin/xdg-open",))),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", Desktop(("/bin/xdg-open",))),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1"}, "linux", Desktop(why_not="you are here over SSH")),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1"}, "linux", Desktop(("/bin/xdg-open",))),
        ({}, "darwin", Desktop(("open",))),
        ({"SSH_TTY": "/dev/pts/1"}, "darwin", Desktop(why_not="you are here over SSH")),
    ],
)
def test_whether_there_is_a_desktop(environ: dict[str, str], platform: str, expected: Desktop) -> None:
    assert find_desktop(environ, platform, lambda name: f"/bin/{name}") == expected


def test_a_desktop_without_anything_that_opens_is_none() -> None:
    assert find_desktop({"DISPLAY": ":0"}, "linux", lambda name: None).why_not == "xdg-open is not installed"


def _png(copy: File) -> str:
    return ".png"


def test_copies_of_a_process_that_was_killed_go_with_the_next_copy_and_those_of_a_living_one_stay(
    tmp_path: Path,
) -> None:
    living, next_one = Copies(tmp_path), Copies(tmp_path)
    kept = living.make(Content(b"x"), "a", _png)
    left = tmp_path / "0123456789abcdef"
    left.mkdir()
    (left / "lock").touch()
    (left / "old.png").touch()
    made = next_one.make(Content(b"x"), "b", _png)
    assert (kept.exists(), left.exists(), made.exists()) == (True, False, True)
    next_one.close()
    living.close()


def test_old_copies_go_and_a_file_without_end_is_cut_where_it_was_when_it_was_opened(tmp_path: Path) -> None:
    now = [0.0]
    copies = Copies(tmp_path, lambda: now[0])
    first = copies.make(Content(b"x"), "a", _png)
    now[0] = first.parent.stat().st_mtime + 100_000
    second = copies.make(Content(b"y"), "a", _png)
    assert (first.exists(), second.exists()) == (False, True)
    with pytest.raises(FileRefused, match="too large"):
        copies.make(_Endless(b""), "a", _png)
    copies.close()


class _Endless(Content):
    """A sparse file of very many bytes."""

    @property
    def size_bytes(self) -> int:
        return 1 << 50


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".bashrc", "-rf", "///", "\u202egnp.exe", "a" * 500, "\n\x1b", "CON"]
)
def test_names_of_copies_are_harmless(name: str) -> None:
    stem = safe_stem(name)
    assert 0 < len(stem) <= 60
    assert not set(stem) & set("/\\.\n\x1b\u202e;$&|<>'\"`*?()[]{}")
    assert not stem.startswith("-")
