"""Options for reading a file; what they do not set is detected."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qm_tui.users.fields import Field


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The fields of columns, for a header with other names.

    Columns that it does not contain are mapped by their names.

    Attributes:
        name: the name under which it is saved.
        columns: by column name, as in the file, the field; None to ignore the column.
    """

    name: str = ""
    columns: Mapping[str, Field | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options for reading a file.

    Attributes:
        encoding: one of `ENCODINGS`, as Python names it; empty to detect it.
        delimiter: one character; empty to detect it.
        header: whether the first row contains the column names; None to detect it.
        mapping: the column mapping; None to map columns by their names.
    """

    encoding: str = ""
    delimiter: str = ""
    header: bool | None = None
    mapping: ColumnMapping | None = None
