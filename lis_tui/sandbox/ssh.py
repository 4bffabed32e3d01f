"""A way to an engine's socket on another machine: one `ssh`, which ends with whoever made it.

It asks nothing: what ssh cannot do without a question is told as ssh says it.
"""

import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from lis_tui.core.text import one_line

SCHEME = "ssh://"
_REMOTE_SOCKET = "/var/run/docker.sock"
_UP = b"up\n"
_OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=15",
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "StreamLocalBindMask=0177",
)


class TunnelFailed(OSError):
    """ssh did not get there; says why."""


class Tunnel:
    """Leads from a socket here to `ssh://[USER@]HOST[:PORT][/SOCKET]`."""

    def __init__(self, address: str, timeout_s: float = 30.0) -> None:
        parts = urlsplit(address)
        self.host = parts.hostname or ""
        self.remote = parts.path if parts.path.strip("/") else _REMOTE_SOCKET
        if shutil.which("ssh") is None:
            raise TunnelFailed("there is no ssh here (in Debian: openssh-client)")
        self._folder = Path(tempfile.mkdtemp(prefix="lis-tui-"))
        self._errors = (self._folder / "said").open("wb")
        words = [word for option in _OPTIONS for word in ("-o", option)]
        words += ["-T", "-L", f"{self._socket}:{self.remote}"]
        words += ["-l", parts.username] if parts.username else []
        words += ["-p", str(parts.port)] if parts.port else []
        # it lasts while our end of its input is open, so that nothing is left of it if we are killed
        self._process = subprocess.Popen(
            ["ssh", *words, "--", self.host, "echo up; cat >/dev/null"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        try:
            self._await_up(time.monotonic() + timeout_s)
        except BaseException:
            self.close()
            raise

    @property
    def _socket(self) -> Path:
        return self._folder / "engine.sock"

    @property
    def address(self) -> str:
        """Where the engine is reached on this machine."""
        return f"unix://{self._socket}"

    def _await_up(self, until: float) -> None:
        assert self._process.stdout is not None
        said = b""
        while _UP not in said:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TunnelFailed("ssh does not answer")
            piece = os.read(self._process.stdout.fileno(), 4096)
            if not piece:
                raise TunnelFailed(self.said() or "ssh ended and says nothing")
            said = (said + piece)[-4096:]

    def said(self) -> str:
        """Give the last that ssh complained of."""
        self._errors.flush()
        lines = (self._folder / "said").read_text(errors="replace").strip().splitlines()
        return one_line(lines[-1], 200) if lines else ""

    def close(self) -> None:
        """End it; safe to call twice."""
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
