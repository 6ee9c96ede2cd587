"""Reading of files with options, for tests."""

from pathlib import Path
from typing import Any

from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.reader import Findings, Record, UsersFile


def read_as(path: Path, **chosen: Any) -> tuple[list[Record], Findings]:
    """Return all records of a file that is read with these options, and its findings."""
    with UsersFile(path, ReadAs(**chosen)) as file:
        return list(file.records()), file.findings
