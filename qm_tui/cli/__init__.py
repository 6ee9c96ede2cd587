"""The command line: opens the interface, or does one thing without it.

Exit status: 0 done; 1 done, but a record was rejected, a value was kept, something could not be
read, or the report could not be written; 2 refused, and nothing was done; 70 an unexpected error;
130 cancelled, and nothing was done.
"""

from qm_tui.cli.program import main

__all__ = ["main"]
