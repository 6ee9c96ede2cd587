"""The columns of a list of users: which there are, and how a list is laid out.

There is one for each of the 26 fields, and one that says the licenses in one cell.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELDS, Field

LICENSE: Final = "license"
"""The key of the column that says the licenses."""

MIN_WIDTH: Final = 1
MAX_WIDTH: Final = 60
"""The cells that a column may take."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column shows.

    Attributes:
        key: the field's key, or `LICENSE`.
        name: its name for the admin.
        short: its name above a table.
        width: the cells that it takes unless another width is chosen.
        field: the field; None of the licenses' column.
    """

    key: str
    name: str
    short: str
    width: int
    field: Field | None


COLUMN: Final[dict[str, Column]] = {
    **{one.key: Column(one.key, one.name, one.short, one.width, one) for one in FIELDS},
    LICENSE: Column(LICENSE, "Licenses", "Lic", 3, None),
}
"""All columns by key."""


class Placed(NamedTuple):
    """A column in a layout.

    Attributes:
        key: the column's key.
        width: the cells that it takes.
    """

    key: str
    width: int

    @property
    def column(self) -> Column:
        """What it shows."""
        return COLUMN[self.key]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is laid out.

    Attributes:
        columns: the columns that are shown, from left to right: at least one, none twice.
        frozen: how many of them, from the left, stay in place while the others move.
    """

    columns: tuple[Placed, ...]
    frozen: int = 2

    def __post_init__(self) -> None:
        keys = [one.key for one in self.columns]
        widths = [one.width for one in self.columns]
        if not keys or len(set(keys)) < len(keys) or not COLUMN.keys() >= set(keys):
            msg = "a layout shows at least one column, each that is known, and none twice"
            raise ValueError(msg)
        if min(widths) < MIN_WIDTH or max(widths) > MAX_WIDTH:
            msg = f"a column takes {MIN_WIDTH} to {MAX_WIDTH} cells"
            raise ValueError(msg)
        if not 0 <= self.frozen <= len(keys):
            msg = "no more columns can be frozen than are shown"
            raise ValueError(msg)


_FIRST: Final = (
    "first_name",
    "last_name",
    "extension",
    "user_name",
    "department",
    "is_active",
    LICENSE,
)
_SAID_BY_LICENSES: Final = ("unlimited_license", "on_demand_license", "computer_recording_license")


def _usual() -> Layout:
    others = [one.key for one in FIELDS if one.key not in (*_FIRST, *_SAID_BY_LICENSES)]
    return Layout(tuple(Placed(key, COLUMN[key].width) for key in (*_FIRST, *others)))


USUAL: Final = _usual()
"""The columns by which an admin knows a user, then the others in file order. The three license
flags are not among them: one column says all three."""
