"""Milliseconds a MB of the sanitiser, for output of several kinds."""

import os
import time
from collections.abc import Callable
from functools import partial

from lis_tui.core.text import Sanitiser, Secrets, clean, clip

MB = 1 << 20
CHUNK = 64 << 10
KINDS = {
    "plain, 80 columns": b"The quick brown fox jumps over the lazy dog, and does it once more. 01234567890\n",
    "plain with tabs": b"name\tvalue\tanother value and some words to fill the line\t12\n",
    "crlf": b"a line that ends as on another system, with some words in it\r\n",
    "utf-8": "Größe: äöü — 日本語 text and some more words here ✓\n".encode(),
    "colours": b"\x1b[32mPASS\x1b[0m tests/unit/test_a.py::test_one \x1b[1;33m[ 12%]\x1b[0m some words\n",
    "progress": b"\rDownloading 12.3 MB [=======>        ] 45%",
    "one long line": b"x" * 4000,
    "random bytes": os.urandom(1 << 16),
    "open strings": b"\x1b]0;abc",
    "open string, long": b"\x1b]0;" + b"x" * 5000,
    "open csi": b"\x1b[1;2",
    "backspaces": b"ab\b",
    "far moves": b"\r\x1b[K\x1b[500Gx",
    "marks": "\u0301".encode(),
    "controls": b"\x1b]52;c;AAAA\x07\x9b31m\x0e\x0f\x00\x1b[6n",
}


def main() -> None:
    for name, unit in KINDS.items():
        data = (unit * (MB // len(unit) + 1))[:MB]
        took, worst = _measure(data)
        print(f"{name:20} {took * 1000:8.1f} ms/MB   worst 64 KB feed {worst * 1000:6.1f} ms")
    text = "x" * 79 + "\n"
    _time("clean 1 MB", lambda: clean(text * (MB // 80)))
    _time("secrets 1 MB", lambda: Secrets(["verysecret123"]).hide(text * (MB // 80)))
    big = text * (100 * MB // 80)
    for sign in ("sk-", "_API_KEY", "\u0301", "\u200d"):
        many = sign * (MB // len(sign))
        _time(f"clean, {sign!a}", partial(clean, many))
        _time(f"hide, {sign!a}", partial(Secrets(["verysecret123"]).hide, many))
    _time("clip 100 MB", lambda: clip(big, most_bytes=30_000, most_lines=400))
    wide = "é" * (50 * MB)
    _time("clip 100 MB, one line", lambda: clip(wide, most_bytes=30_000, most_lines=400))


def _measure(data: bytes) -> tuple[float, float]:
    sanitiser = Sanitiser()
    worst, start = 0.0, time.perf_counter()
    for at in range(0, len(data), CHUNK):
        began = time.perf_counter()
        sanitiser.feed(data[at : at + CHUNK])
        worst = max(worst, time.perf_counter() - began)
    return time.perf_counter() - start, worst


def _time(name: str, call: Callable[[], object]) -> None:
    start = time.perf_counter()
    call()
    print(f"{name:22} {(time.perf_counter() - start) * 1000:8.1f} ms")


if __name__ == "__main__":
    main()
