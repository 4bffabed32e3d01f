"""What a worker does that a file has taken over: each deed is asked for by the name of the file.

Its source goes to the worker as text, in the place of the decoders; nothing here runs in the tests' process.
"""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
from typing import Any

import msgspec

from lis_tui.preview.frames import Shown
from lis_tui.preview.parts import CannotShow, Lines, Pixels, Preview, Wanted, Wave


def decode(kind: str, file: Any, wanted: Wanted) -> Preview:
    """Do it, and tell what came of it."""
    said: object = DEEDS[wanted.name](file.read_at(0, 4096).decode(errors="replace").strip())
    if isinstance(said, Preview):
        return said
    return Preview(kind="text", called="a deed", facts=(str(said),))


def raise_it(text: str) -> object:
    raise ValueError(f"evil \x1b[31m\n{text} " + "x" * 1000)


def refuse(text: str) -> object:
    raise CannotShow("It is \x1b]0;evil\x07 so.")


def recurse(text: str) -> object:
    return recurse(text)


def panic(text: str) -> object:
    raise type("PanicException", (BaseException,), {})("a library panicked")


def eat_memory(text: str) -> object:
    return len(bytearray(600 << 20))


def eat_much(text: str) -> object:
    return len(bytearray(200 << 20))


def crash(text: str) -> object:
    return ctypes.string_at(0)


def stop(text: str) -> object:
    os._exit(3)


def hang(text: str) -> object:
    while True:
        signal.pause()


def spin(text: str) -> object:
    while True:
        pass


def tell_much(text: str) -> object:
    return Preview(kind="picture", called="a picture", parts=(Pixels(3000, 3000, bytes(3000 * 3000 * 4)),))


def tell_words(text: str) -> object:
    return Preview(kind="audio", called="a sound", parts=(Wave(((0.0, 0.0),) * 300_000, 1.0),))


def tell_long(text: str) -> object:
    return Preview(kind="text", called="a text", parts=(Lines(("x" * 4000,) * 2000),))


def tell_trap(text: str) -> object:
    head = msgspec.msgpack.encode(Shown(Preview(kind="audio", called="x", parts=(Wave((), 1.0),))))
    place = head.index(b"peaks") + 5
    body = (
        head[:place] + b"\xdd" + (5_000_000).to_bytes(4, "big") + b"\x92\0\0" * 5_000_000 + head[place + 1 :]
    )
    _to_the_screen(len(body).to_bytes(4, "big"))
    for start in range(0, len(body), 1 << 16):
        _to_the_screen(body[start : start + (1 << 16)])
    return hang(text)


def tell_wrong(text: str) -> object:
    return Preview(kind="picture", called="a picture", parts=(Pixels(1 << 31, 1 << 31, b"abcd"),))


def tell_halves(text: str) -> object:
    return Preview(kind="text", called="a text", parts=(Lines(("\ud800ok", "\udfff")),))


def babble(text: str) -> object:
    _to_the_screen(b"\xff" * 4096)
    return hang(text)


def promise_much(text: str) -> object:
    _to_the_screen((1 << 31).to_bytes(4, "big"))
    return hang(text)


def drip(text: str) -> object:
    _to_the_screen((1000).to_bytes(4, "big") + b"x")
    return hang(text)


def _to_the_screen(data: bytes) -> None:
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, data)
        except OSError:
            continue


def read(path: str) -> object:
    with open(path, "rb") as file:
        return file.read(100)


def look(path: str) -> object:
    return sorted(os.listdir(path))


def write(path: str) -> object:
    with open(path, "wb") as file:
        return file.write(b"evil")


def append(path: str) -> object:
    with open(path, "r+b") as file:
        return file.write(b"evil")


def cut(path: str) -> object:
    os.truncate(path, 0)
    return "done"


def remove(path: str) -> object:
    os.unlink(path)
    return "done"


def rename(path: str) -> object:
    os.rename(path, path + ".evil")
    return "done"


def link(path: str) -> object:
    os.symlink("/etc/passwd", path + ".evil")
    return "done"


def open_up(path: str) -> object:
    os.chmod(path, 0o777)
    return "done"


def fork(text: str) -> object:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return "a child"


def run(path: str) -> object:
    return subprocess.run(["/usr/bin/touch", path], check=True).returncode


def call(address: str) -> object:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 5) as link:
        link.sendall(b"GET /canary HTTP/1.0\r\n\r\n")
        return link.recv(12)


def call_unix(path: str) -> object:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
        return "connected"


def signal_it(pid: str) -> object:
    os.kill(int(pid), signal.SIGUSR1)
    return "done"


def trace(pid: str) -> object:
    found = ctypes.CDLL(None, use_errno=True).ptrace(16, int(pid), 0, 0)
    return "attached" if found == 0 else os.strerror(ctypes.get_errno())


def environment(text: str) -> object:
    return dict(os.environ)


def limits(text: str) -> object:
    names = ("CORE", "FSIZE", "NOFILE", "AS", "DATA", "CPU")
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0] for name in names}


def descriptors(text: str) -> object:
    return [one for one in range(256) if _is_open(one)]


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def say_where(text: str) -> object:
    return os.getcwd(), sys.stdin.read()


DEEDS = {name: one for name, one in list(globals().items()) if callable(one)}
