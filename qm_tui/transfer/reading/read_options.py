"""How a file is to be read, as far as the admin says so; the rest is found out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qm_tui.users.fields import Field


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column of a file holds which field, where its header has other names than ours.

    Columns that it does not name mean what their names say.

    Attributes:
        name: the name under which it is kept.
        columns: by the column's name, as the file writes it, the field; None leaves it out.
    """

    name: str = ""
    columns: Mapping[str, Field | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What the admin says of a file.

    Attributes:
        encoding: one of `ENCODINGS`, as Python names it; empty to find it out.
        delimiter: one character; empty to find it out.
        header: whether the first row names the columns; None to find it out.
        mapping: which column holds which field; None to go by the names.
    """

    encoding: str = ""
    delimiter: str = ""
    header: bool | None = None
    mapping: ColumnMapping | None = None
