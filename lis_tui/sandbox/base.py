"""A root file system as a folder, which an embedded sandbox has in the place of this machine's own.

It is made of the files of a container image, or of Debian's packages where there is no engine.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from lis_tui.core.errors import EngineMissing, ImageMissing, SandboxFailed, UsageWrong
from lis_tui.core.removal import remove_tree
from lis_tui.core.text import clean, one_line

MARK = ".lis-tui-base.json"
"""What is known of it, in the folder itself."""
SUITE = "bookworm"
_PACKAGES = "ca-certificates,curl,g++,gcc,git,libc6-dev,make,procps,python3,python3-pip,python3-venv,xz-utils"
_BASHES = ("usr/bin/bash", "bin/bash")
_TOLD = ("etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status", MARK)


class Base(Struct, frozen=True, kw_only=True):
    """What a folder was made of."""

    source: str
    image_id: str = ""
    variables: dict[str, str] = {}


def read_base(folder: Path) -> Base:
    """Say what the folder is. Raises ImageMissing."""
    if not any(os.path.lexists(folder / name) for name in _BASHES):
        raise ImageMissing(
            f"There is no root file system with bash in {folder}: make one with "
            f"`lis-tui image build --rootfs {folder}`."
        )
    try:
        return msgspec.json.decode((folder / MARK).read_bytes(), type=Base)
    except (OSError, msgspec.MsgspecError):
        return Base(source="a folder that lis-tui did not make")


def identity_of(base: Path | None) -> str:
    """Name what the root is made of: what a checkpoint does not hold must be the same when it is restored."""
    told = hashlib.sha256()
    root = base or Path("/")
    for name in _TOLD if base is not None else ("etc/os-release", "var/lib/dpkg/status"):
        path = root / name
        told.update(path.read_bytes() if path.is_file() else b"")
    return f"embedded:{told.hexdigest()[:16]}"


# -- made ------------------------------------------------------------------------------------------


def make(folder: Path, image: str, on_line: Callable[[str], None]) -> Base:
    """Make it, of an image or else of packages; a folder that is there must be empty.

    Raises UsageWrong, EngineMissing, ImageMissing, SandboxFailed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageWrong(f"{folder} is not empty: name a folder that is yet to be made.")
    part = folder.with_name(f"{folder.name}.part")
    try:
        remove_tree(part)
        part.mkdir(parents=True)
        made = _of_image(part, image, on_line) or _of_packages(part, image, on_line)
        (part / MARK).write_bytes(msgspec.json.encode(made))
        with suppress(FileNotFoundError):
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        raise SandboxFailed(f"The root file system could not be made: {error}") from error
    finally:
        remove_tree(part)
    return made


def _of_image(part: Path, image: str, on_line: Callable[[str], None]) -> Base | None:
    """Unpack an image; None where no engine has it and packages may do."""
    from lis_tui.sandbox import image as images
    from lis_tui.sandbox.engine import told_as
    from lis_tui.sandbox.engines import connect

    try:
        client = connect()
    except EngineMissing as error:
        if why := _no_packages(image):
            raise EngineMissing(f"{error.sentence} {why}") from error
        return None
    with closing(client), told_as(f"The files of {image} could not be copied"):
        if not images.status(client, image).is_present:
            if why := _no_packages(image):
                raise ImageMissing(f"The engine has no image {image}: run `lis-tui image build`. {why}")
            return None
        found = client.images.get(image)
        on_line(f"Unpacking {image} ...")
        container = client.containers.create(str(found.id), entrypoint=["true"], command=["true"])
        try:
            _unpack(cast("Iterable[bytes]", container.export()), part)
        finally:
            container.remove(force=True)
        lines = found.attrs["Config"].get("Env") or ()
        variables = dict(line.split("=", 1) for line in lines if "=" in line)
        return Base(source=image, image_id=str(found.id), variables=variables)


def _unpack(pieces: Iterable[bytes], part: Path) -> None:
    """Have tar write it; an ordinary user gets all of it as their own, and no devices."""
    words = ["tar", "-x", "-p", "-C", str(part), "--numeric-owner", "--exclude=dev/*", "--exclude=.dockerenv"]
    words += [] if os.geteuid() == 0 else ["--no-same-owner"]
    with tempfile.TemporaryFile() as said, subprocess.Popen(words, stdin=subprocess.PIPE, stderr=said) as tar:
        assert tar.stdin is not None
        with suppress(BrokenPipeError):
            tar.stdin.writelines(pieces)
            tar.stdin.close()
        if tar.wait():
            said.seek(0)
            last = one_line(said.read().decode(errors="replace"), 300)
            raise SandboxFailed(f"The image's files could not be unpacked: {last}")


def _no_packages(image: str) -> str:
    """Say why packages cannot take the image's place; empty where they can."""
    from lis_tui.sandbox.image import DEFAULT_IMAGE

    if image != DEFAULT_IMAGE:
        return "This very image was asked for, so nothing else takes its place."
    if shutil.which("debootstrap") is None:
        return "Without the image, debootstrap can make a plainer one: install it, and run this as root."
    return "" if os.geteuid() == 0 else "Without the image, debootstrap can make a plainer one: as root."


def _of_packages(part: Path, image: str, on_line: Callable[[str], None]) -> Base:
    on_line(f"Making Debian {SUITE} by debootstrap, for want of {image}. It takes a few minutes.")
    words = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", SUITE, str(part)]
    said = ""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        assert running.stdout is not None
        for line in running.stdout:
            said = clean(line.decode(errors="replace").rstrip())
            on_line(said)
    if running.returncode:
        raise SandboxFailed(f"debootstrap failed: {said}")
    return Base(source=f"Debian {SUITE}")
