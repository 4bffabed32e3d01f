"""`python -m lis_tui` is `lis-tui`."""

from lis_tui.cli.main import main

if __name__ == "__main__":
    main()
