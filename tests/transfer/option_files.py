"""Reading of files with options, for tests."""

from pathlib import Path
from typing import Any

from qm_tui.transfer.reading.file_report import FileReport
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Record


def read_with_options(path: Path, **chosen: Any) -> tuple[list[Record], FileReport]:
    """Return all records of a file that is read with these options, and its findings."""
    with UsersFile(path, ReadOptions(**chosen)) as file:
        return list(file.records()), file.file_report
