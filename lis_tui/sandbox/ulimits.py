"""Limits of each process in a sandbox, as bash sets them for itself and all that it starts."""

from lis_tui.core.spec import SandboxSpec

MOST_FILES_OPEN = 16_384
"""Each costs memory of the kernel's, which not everywhere counts for the sandbox."""
TOO_LARGE = 128 + 25
"""The exit code of what SIGXFSZ ended."""


def ulimits(file_mb: int | None) -> bytes:
    """Give the script: no cores, not too many open files, no file larger than all files together may be."""
    size = "unlimited" if file_mb is None else str(file_mb << 10)
    return f"ulimit -c 0; ulimit -n {MOST_FILES_OPEN}; ulimit -S -f {size}".encode()


def shared_mb(spec: SandboxSpec) -> int:
    """How much shared memory there may be; it counts as memory."""
    return max(64, spec.memory_mb // 2)
