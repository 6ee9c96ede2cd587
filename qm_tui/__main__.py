"""The entry point of `python -m qm_tui`."""

from qm_tui.cli import main

if __name__ == "__main__":
    main()
