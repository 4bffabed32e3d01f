"""Marks beside a trajectory, which is never changed: `marks.json` in a run's folder, else `FILE.marks.json`.

Where that folder cannot be written, or came with the package, they are in the user's data folder, named
after a digest of the path.
"""

import hashlib
import os
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lis_tui.core.data import is_shipped
from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.marks import Mark, with_mark, without
from lis_tui.core.private import open_private, private_folder
from lis_tui.core.text import safe_str

FORMAT_VERSION = 1
MOST_BYTES = 16 << 20
RUN_NAME = "marks.json"
FILE_ENDING = ".marks.json"


class _Content(Struct, frozen=True):
    marks_version: int
    of: str = ""
    """What is marked; for people."""
    entries: dict[str, list[Mark]] = {}


_DECODER: msgspec.json.Decoder[_Content] = msgspec.json.Decoder(_Content)


class Marks:
    """The marks of one trajectory. Everything here looks at the disk: use a thread.

    `entry` names it where its file holds several. `beside` is where they belong, `elsewhere` where they are
    where that cannot be written.
    """

    def __init__(self, of: Path, entry: str, beside: Path, elsewhere: Path) -> None:
        self._of = of
        self._entry = safe_str(entry)
        self._beside = beside
        self._elsewhere = elsewhere

    @classmethod
    def of_run(cls, folder: Path, data: Path) -> "Marks":
        """Give those of a run of ours; `data` is the user's data folder."""
        return cls._at(folder, data, "", folder / RUN_NAME)

    @classmethod
    def of_file(cls, file: Path, data: Path, entry: str = "") -> "Marks":
        """Give those of a trajectory in a file."""
        return cls._at(file, data, entry, file.with_name(file.name + FILE_ENDING))

    @classmethod
    def _at(cls, of: Path, data: Path, entry: str, beside: Path) -> "Marks":
        elsewhere = _elsewhere(of, data)
        return cls(of, entry, elsewhere if is_shipped(of) else beside, elsewhere)

    @property
    def path(self) -> Path:
        """Where they are, or will be."""
        for path in (self._beside, self._elsewhere):
            if os.path.lexists(path):
                return path
        return self._beside if os.access(self._beside.parent, os.W_OK | os.X_OK) else self._elsewhere

    @property
    def is_beside(self) -> bool:
        """Whether they are where they belong; else a person should be told where."""
        return self.path == self._beside

    def read(self) -> tuple[Mark, ...]:
        """Give them in order. Raises StorageFailed where what is there cannot be read."""
        return tuple(sorted(self._content().entries.get(self._entry, ()), key=lambda mark: mark.address))

    def put(self, mark: Mark) -> tuple[Mark, ...]:
        """Keep a mark; gives all. Raises StorageFailed."""
        content = self._content()
        mark = replace(mark, comment=safe_str(mark.comment))
        return self._write(content, with_mark(content.entries.get(self._entry, ()), mark))

    def drop(self, address: StepAddress) -> tuple[Mark, ...]:
        """Take a mark away; gives all that are left. Raises StorageFailed."""
        content = self._content()
        return self._write(content, without(content.entries.get(self._entry, ()), address))

    def _content(self) -> _Content:
        path = self.path
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(fd, "rb") as source:
                content = _DECODER.decode(source.read(MOST_BYTES))
        except FileNotFoundError:
            return _Content(FORMAT_VERSION)
        except OSError as error:
            raise StorageFailed(f"{path} cannot be read: {error.strerror}.") from error
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise StorageFailed(f"{path} holds no marks; it is left as it is.") from error
        if content.marks_version != FORMAT_VERSION:
            raise StorageFailed(f"{path} was written by another version of lis-tui; it is left as it is.")
        return content

    def _write(self, content: _Content, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        entries = {**content.entries, self._entry: list(marks)}
        told = _Content(FORMAT_VERSION, safe_str(str(self._of)), {k: v for k, v in entries.items() if v})
        path = self.path
        if path == self._elsewhere:
            private_folder(path.parent)
        _replace(path, msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
        return marks


def _elsewhere(of: Path, data: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(of.absolute())).hexdigest()[:32]
    return data / "marks" / f"{digest}.json"


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for the owner alone."""
    fresh = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(open_private(fresh, os.O_WRONLY | os.O_EXCL), "wb") as target:
            target.write(data)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageFailed(f"The marks cannot be kept in {path}: {error.strerror}.") from error
