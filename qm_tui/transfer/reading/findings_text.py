"""What is said of a file: how it is read, and which columns it has."""

from collections.abc import Sequence
from typing import Final

from qm_tui.text import visible
from qm_tui.transfer.reading.columns import Columns
from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.users.fields import FIELDS

_NAMED: Final = 10
"""Names of columns in a sentence, before the rest is counted."""

_CHOSEN: Final = " as you chose"


def how_it_is_read(dialect: Dialect, read_as: ReadAs, header_line: int) -> str:
    """Encoding, delimiter and header, and which of them the admin chose."""
    header = f"header in line {header_line}" if dialect.has_header else "without a header"
    in_order = "" if dialect.has_header else ": columns in file order"
    chosen = (read_as.encoding, read_as.delimiter, read_as.header is not None)
    words = (dialect.encoding_name, dialect.delimiter_name, header)
    said = [
        f"{word}{_CHOSEN if is_chosen else ''}"
        for word, is_chosen in zip(words, chosen, strict=True)
    ]
    return f"Read as {', '.join(said)}{in_order}."


def which_columns(columns: Columns, mapping_name: str) -> list[str]:
    """Which fields have a column and which have not, and which columns are no field."""
    absent = columns.absent
    parts = [f"{len(FIELDS) - len(absent)} of {len(FIELDS)} columns"]
    needed = [field.name for field in absent if field.mandatory]
    optional = [field.name for field in absent if not field.mandatory]
    for what, names in (
        ("absent and mandatory", needed),
        ("ignored", columns.ignored),
        (f"left out{_CHOSEN}", columns.left_out),
        ("absent", optional),
    ):
        if names:
            parts.append(f"{what}: {_named(names)}")
    said = ["; ".join(parts) + "."]
    if mapping_name:
        said.append(f"The columns are paired as {visible(mapping_name, 60)} says.")
    if columns.ignored and len(absent) == len(FIELDS):
        said.append("None of the names in the header is known: pair the columns with the fields.")
    return said


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    named = ", ".join(visible(name, 40) for name in names[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named
