"""The command line: starts the terminal UI, or runs a command without it.

Exit status: 0 done; 1 done in part: a record was rejected, a user was skipped, a value was not
reverted, a part could not be read, or the report could not be written; 2 failed, and nothing was
changed; 70 unexpected error; 130 canceled, and nothing was changed.
"""

from qm_tui.cli.program import main

__all__ = ["main"]
