"""The command line: starts the terminal UI, or runs a command without it.

The exit statuses are in `shared.common.Status`; docs/command-line.md explains them.
"""

from qm_tui.cli.program import main

__all__ = ["main"]
