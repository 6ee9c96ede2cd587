"""`python -m qm_tui` is `qm-tui`."""

from qm_tui.cli import main

if __name__ == "__main__":
    main()
