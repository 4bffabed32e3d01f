"""`python -m lis_tui.host`: a host in the background. A screen starts it; nobody types this."""

import argparse
import os
import sys
from pathlib import Path


def main() -> None:
    """Go to the background at once (imports are light until here), then serve until nobody needs us."""
    parser = argparse.ArgumentParser(prog="python -m lis_tui.host")
    parser.add_argument("--id", required=True)
    parser.add_argument("--ready-fd", type=int, required=True)
    for folder in ("--data", "--config", "--runtime"):
        parser.add_argument(folder, type=Path, required=True)
    given = parser.parse_args()
    if os.fork():
        os._exit(0)
    from lis_tui.config.places import Places
    from lis_tui.host.life import live

    sys.exit(live(given.id, Places(given.data, given.config, given.runtime), given.ready_fd))


if __name__ == "__main__":
    main()
