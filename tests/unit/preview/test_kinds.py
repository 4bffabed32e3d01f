import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from lis_tui.preview.file import HeldFile
from lis_tui.preview.kinds import called, kind_of

MEDIA = Path(__file__).parents[2] / "media"
SAMPLES = {
    "known.png": ("picture", "a PNG picture"),
    "known.jpg": ("picture", "a JPEG picture"),
    "moving.gif": ("picture", "a GIF picture"),
    "moving.webp": ("picture", "a WebP picture"),
    "plot.svg": ("svg", "an SVG drawing"),
    "pages.pdf": ("pdf", "a PDF document"),
    "letters.ttf": ("font", "a TrueType font"),
    "letters.woff": ("font", "a WOFF font"),
    "map.html": ("html", "an HTML page"),
    "cities.csv": ("csv", "a table separated by commas"),
    "cities-semicolon.csv": ("csv", "a table separated by semicolons"),
    "cities.tsv": ("csv", "a table separated by tabs"),
    "clip.mp4": ("video", "an MP4 video"),
    "colours.webm": ("video", "a WebM video"),
    "dark.avi": ("video", "an AVI video"),
    "data.json": ("json", "a JSON document"),
    "turns.jsonl": ("jsonl", "JSON lines"),
    "notebook.ipynb": ("notebook", "a Jupyter notebook"),
    "files.tar.gz": ("archive", "a tar archive packed with gzip"),
    "files.tar.xz": ("archive", "a tar archive packed with xz"),
    "files.zip": ("archive", "a zip archive"),
    "readme.txt.gz": ("archive", "a file packed with gzip"),
    "workbook.xlsx": ("xlsx", "an Excel workbook"),
    "workbook.ods": ("xlsx", "an OpenDocument spreadsheet"),
    "joy.mid": ("midi", "a MIDI file"),
    "rows.parquet": ("parquet", "a Parquet table"),
    "shop.sqlite": ("sqlite", "an SQLite database"),
    "tone.flac": ("audio", "a FLAC recording"),
    "tone.m4a": ("audio", "an M4A recording"),
    "tone.mp3": ("audio", "an MP3 recording"),
    "tone.ogg": ("audio", "an Ogg Vorbis recording"),
    "tone.opus": ("audio", "an Opus recording"),
    "tone.wav": ("audio", "a WAV recording"),
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
NOTEBOOK = {"cells": [{"cell_type": "code", "source": ["x" * 200_000]}], "metadata": {}, "nbformat": 4}


def kind(data: bytes | str, name: str = "") -> str:
    return kind_of(HeldFile(data.encode() if isinstance(data, str) else data), name)


def words(data: bytes | str, name: str = "") -> str:
    return called(HeldFile(data.encode() if isinstance(data, str) else data), name)


def zipped(*names: str, first: tuple[str, str] | None = None) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        if first:
            archive.writestr(*first)
        for name in names:
            archive.writestr(name, "x")
    return held.getvalue()


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return held.getvalue()


@pytest.mark.parametrize(("name", "told"), SAMPLES.items())
@pytest.mark.parametrize(
    "as_named", ["its own name", "no name", "the name of a picture", "the name of a program"]
)
def test_a_real_file_is_told_by_its_content_under_any_name(
    name: str, told: tuple[str, str], as_named: str
) -> None:
    data = (MEDIA / name).read_bytes()
    names = {"its own name": name, "the name of a picture": "a.png", "the name of a program": "a.exe"}
    assert (kind(data, names.get(as_named, "")), words(data, names.get(as_named, ""))) == told


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("", "a.png", "empty"),
        ("hello\n", "a.png", "text"),
        ("# Title\n\ntext", "README.md", "markdown"),
        ("# Title\n\ntext", "README", "text"),
        ('<p align="center">x</p>\n# Title', "README.md", "markdown"),
        ("<!doctype html><p>x", "a.txt", "html"),
        ("\n <!-- x --><HTML><body>", "", "html"),
        ("Hello <b>you</b>", "a.html", "html"),
        ("Hello, you", "a.html", "text"),
        ("<note>x</note>", "", "text"),
        ('<?xml version="1.0"?><note>x</note>', "a.svg", "text"),
        ("<script>let a</script><template/>", "a.vue", "text"),
        ("\ufeff" + SVG, "a.txt", "svg"),
        (f'<?xml version="1.0"?>\n<!-- <html> -->{SVG}', "", "svg"),
        (f'<!DOCTYPE svg PUBLIC "x" "http://y" [<!ENTITY a "<html>">]>{SVG}', "", "svg"),
        ('<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>', "", "svg"),
        ('{"a": 1}', "a.txt", "json"),
        ("[]", "", "json"),
        ("[section]\na = 1\n", "a.ini", "text"),
        ("[1, 2", "a.json", "text"),
        ('{"a": 1}\n{"a": 2}\n', "a.json", "jsonl"),
        ('{"a": 1}\n', "a.jsonl", "jsonl"),
        ("[link](x) is Markdown", "", "text"),
        ("a,b,c\n1,2,3\n4,5,6\n", "", "csv"),
        ("a,b\n1,2\n3,4\n", "", "csv"),
        ("a\n1\n2\n", "a.csv", "csv"),
        ("a\n1\n2\n", "", "text"),
        ('a,b\n"x, y",2\n"z\nw",4\n', "a.csv", "csv"),
        ("Well, I went\nHome, and\nthen, so\n", "", "text"),
        ("import os, sys\nimport re, io\nfrom a import b, c\n", "a.py", "text"),
        ("a|b|c\n1|2|3\n4|5|6\n", "a.dat", "csv"),
    ],
)
def test_a_text_is_told_by_its_grammar_and_the_name_breaks_ties(text: str, name: str, told: str) -> None:
    assert kind(text, name) == told


def test_a_large_notebook_is_told_by_its_head_and_its_end() -> None:
    assert kind(json.dumps(NOTEBOOK)) == "notebook"


def test_what_only_begins_as_json_over_a_whole_head_is_no_json() -> None:
    assert kind('["a", 1.5, ' * 20_000 + "1]") == "json"
    assert kind('["a", 1.5, ' * 2_000 + "so it goes, " + '"a", 1.5, ' * 20_000) == "text"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "a text"),
        ("utf-8-sig", "a text"),
        ("utf-16", "a text in UTF-16"),
        ("utf-16-le", "a text in UTF-16"),
        ("utf-16-be", "a text in UTF-16"),
        ("utf-32", "a text in UTF-32"),
        ("latin-1", "a text in an 8-bit encoding"),
    ],
)
def test_a_text_is_a_text_in_every_encoding(encoding: str, told: str) -> None:
    assert words("Grüße an alle, die hier lesen\n".encode(encoding)) == told


def test_noise_is_binary_and_a_letter_cut_in_half_at_the_end_of_the_head_is_text() -> None:
    assert kind(bytes(range(256)) * 20, "a.txt") == "binary"
    assert kind("ü" * 32_767 + "xüü" * 100) == "text"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (zipped("a.txt"), "a zip archive"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word document (a zip archive)"),
        (zipped("a-1.dist-info/WHEEL"), "a Python wheel (a zip archive)"),
        (zipped("x.npy"), "NumPy arrays (a zip archive)"),
        (zipped("a", first=("mimetype", "application/epub+zip")), "an EPUB book (a zip archive)"),
        (tarred(), "a tar archive"),
        (bz2.compress(tarred()), "a tar archive packed with bzip2"),
        (lzma.compress(tarred()), "a tar archive packed with xz"),
        (zstandard.compress(tarred()), "a tar archive packed with zstd"),
        (gzip.compress(b"x"), "a file packed with gzip"),
        (gzip.compress(b"x")[:12], "a file packed with gzip"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "a 7-Zip archive"),
    ],
)
def test_an_archive_is_called_by_what_it_holds(data: bytes, told: str) -> None:
    assert (kind(data), words(data)) == ("archive", told)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xff\xfbno frame follows", "text"),
        (b"BM is how it begins", "text"),
        (b"P5 is no picture", "text"),
        (b"MZ may begin a letter", "text"),
        (b"RIFFwhatever", "binary"),
        (b"An article about %PDF-1.7", "text"),
        (b"PAR1 without its end", "text"),
        (b"GIF89a<script>alert(1)</script>", "picture"),
        (b"%PDF-1.4\n<html>", "pdf"),
        (b"\x89PNG\r\n\x1a\n" + zipped("a"), "picture"),
    ],
)
def test_a_weak_sign_is_not_enough_and_two_readings_go_by_the_first_bytes(data: bytes, told: str) -> None:
    assert kind(data) == told


HOSTILE = [
    b"<!--" * 20_000,
    b"<!DOCTYPE svg [" * 5_000,
    b"<?" * 40_000,
    b'"' * 70_000,
    b"[" * 70_000,
    b'{"a":' * 20_000,
    b'[{"\\' + b"\\" * 70_000,
    b"," * 70_000,
    (b"," * 1_000 + b"\n") * 70,
    gzip.compress(bytes(50_000_000)),
    b"BZh9" + bytes(70_000),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600,
    b"PK\3\4" + b"PK\5\6" * 10_000,
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["", "a.csv", "a.html", "a.jsonl"])
def test_hostile_content_is_told_with_few_reads(data: bytes, name: str) -> None:
    class Counted(HeldFile):
        taken = 0

        def read_at(self, offset: int, count: int) -> bytes:
            found = super().read_at(offset, count)
            self.taken += len(found)
            return found

    file = Counted(data)
    kind_of(file, name)
    assert file.taken <= 4 * 65_536


def test_no_kind_is_refused_by_name() -> None:
    noise = os.urandom(3)
    for name in ("a.png", "a.svg", "a.csv", "a.md", "a.zip", "a.mp4"):
        assert kind(b"\0\1\2" + noise, name) == "binary"
