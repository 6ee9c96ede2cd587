"""Files read as an admin says, for the tests of what can be chosen."""

from pathlib import Path
from typing import Any

from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.reader import Findings, Record, UsersFile


def read_as(path: Path, **chosen: Any) -> tuple[list[Record], Findings]:
    """All records of a file that is read as it is chosen, and what was found out about it."""
    with UsersFile(path, ReadAs(**chosen)) as file:
        return list(file.records()), file.findings
