"""What is in a file that somebody opened: a descriptor that is closed with it, or bytes."""

import io
import os
from types import TracebackType


class Content:
    """The content of one file, without its path. Close it, or use it in a `with`."""

    def __init__(self, data: bytes | None = None, *, descriptor: int | None = None) -> None:
        """Take bytes, or a descriptor, which belongs to this object from then on."""
        self._data = data
        # a FileIO closes it in any case, and warns where nobody did
        self._file = io.FileIO(descriptor) if descriptor is not None else None

    @property
    def data(self) -> bytes | None:
        """The bytes, where there is no descriptor."""
        return self._data

    @property
    def descriptor(self) -> int | None:
        """An open descriptor of a plain file; only as long as this is open."""
        return self._file.fileno() if self._file is not None else None

    @property
    def size_bytes(self) -> int:
        """How many bytes there are now."""
        if self._file is not None:
            return os.fstat(self._file.fileno()).st_size
        return len(self._data or b"")

    def read(self, most_bytes: int, offset: int = 0) -> bytes:
        """Give some of it; fewer bytes at the end. Raises OSError."""
        if self._file is None:
            return (self._data or b"")[offset : offset + most_bytes]
        found = b""
        while len(found) < most_bytes:
            piece = os.pread(self._file.fileno(), most_bytes - len(found), offset + len(found))
            if not piece:
                break
            found += piece
        return found

    def again(self) -> "Content":
        """Give another of the same file, to be closed by itself."""
        if self._file is None:
            return Content(self._data)
        return Content(descriptor=os.dup(self._file.fileno()))

    def close(self) -> None:
        """Close the descriptor."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> "Content":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
