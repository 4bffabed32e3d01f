"""A root file system folder: what it is, and what is refused."""

import os
import tarfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from lis_tui.config.load import load
from lis_tui.core.errors import ImageMissing, SandboxFailed, UsageWrong
from lis_tui.sandbox import base
from lis_tui.sandbox.base import MARK, Base, identity_of, make, read_base


def test_a_folder_without_a_system_in_it_is_refused_with_how_one_is_made(tmp_path: Path) -> None:
    with pytest.raises(ImageMissing, match=f"image build --rootfs {tmp_path}"):
        read_base(tmp_path)


def test_what_a_folder_was_made_of_is_known_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/bash").touch()
    assert "did not make" in read_base(tmp_path).source
    before = identity_of(tmp_path)
    made = Base(source="image", image_id="sha256:1", variables={"PATH": "/bin"})
    (tmp_path / MARK).write_bytes(msgspec.json.encode(made))
    assert read_base(tmp_path) == made
    assert identity_of(tmp_path) not in (before, identity_of(None))


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageWrong, match="not empty"):
        make(tmp_path, "image", print)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_images_files_are_written_without_devices_and_a_broken_copy_is_said(tmp_path: Path) -> None:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("etc/hosts", "dev/null", ".dockerenv"):
            tar.addfile(tarfile.TarInfo(name))
    base._unpack([packed.getvalue()], tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*")) if path.is_file()] == [
        "etc/hosts"
    ]
    with pytest.raises(SandboxFailed, match="could not be unpacked"):
        base._unpack([b"no archive" * 1000], tmp_path)


def test_the_folder_is_named_in_full(tmp_path: Path) -> None:
    found = load({"sandbox.base": "there"}, {}, tmp_path).settings.sandbox.base
    assert found == os.path.join(os.getcwd(), "there")
