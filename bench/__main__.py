"""Every measure after the other: `python -m bench`, or some by name: `python -m bench peer screen`."""

import subprocess
import sys

ALL = (
    "peer",
    "screen",
    "tree",
    "first_paint",
    "text",
    "output",
    "journal",
    "interrupt",
    "pause",
    "timeline",
    "open",
    "opening",
    "preview",
)


def main() -> None:
    """Run each in a process of its own, so that none warms up for the next."""
    for name in sys.argv[1:] or ALL:
        print(f"\n── {name} " + "─" * (76 - len(name)), flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)


if __name__ == "__main__":
    main()
