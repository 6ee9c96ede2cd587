"""The entry point of `qm-tui` and of `python -m qm_tui`."""

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the program. Ctrl+C while it is being imported ends it without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from qm_tui.cli import main as run_command_line  # noqa: PLC0415 - it takes time

    signal.signal(signal.SIGINT, handler)
    run_command_line()


if __name__ == "__main__":
    main()
