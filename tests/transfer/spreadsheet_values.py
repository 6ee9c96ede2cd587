"""The values in `spreadsheet_values.csv`."""

import csv
from collections.abc import Iterator
from pathlib import Path

_FILE = Path(__file__).with_suffix(".csv")


def values(what: str) -> Iterator[tuple[str, str, str]]:
    """Yield the field, if any, the value and the altered value of all rows of a kind."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = [*csv.reader(file)]
    yield from ((field, value, altered) for kind, field, value, altered in rows if kind == what)


SAVED = [(stored, altered) for _, stored, altered in values("altered by opening")]
"""Values that a spreadsheet alters when it opens and saves a file."""
