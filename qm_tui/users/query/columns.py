"""The columns of the users table, and their layout.

There is one column for each field, and one that shows all licenses in one cell.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELDS, GROUPED, Field, Group

LICENSE: Final = "license"
"""The key of the column with all licenses."""

MIN_WIDTH: Final = 1
MAX_WIDTH: Final = 60
"""The maximum width of a column in cells."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        key: the key of the field, or `LICENSE`.
        name: its name for the admin.
        short: its title.
        width: its default width in cells.
        wide: the width at which most of its values fit.
        field: the field; None for the column with all licenses.
    """

    key: str
    name: str
    short: str
    width: int
    wide: int
    field: Field | None


COLUMN: Final[dict[str, Column]] = {
    **{
        field.key: Column(field.key, field.name, field.short, field.width, field.wide, field)
        for field in FIELDS
    },
    LICENSE: Column(LICENSE, "Licenses", "Lic", 3, 3, None),
}
"""All columns by key."""


class ColumnPlacement(NamedTuple):
    """A column in a layout.

    Attributes:
        key: the column's key.
        width: its width in cells.
    """

    key: str
    width: int

    @property
    def column(self) -> Column:
        """The column."""
        return COLUMN[self.key]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table: their order, their widths, and how many are frozen.

    Attributes:
        columns: the shown columns from left to right: at least one, without duplicates.
        frozen: the number of columns on the left that do not scroll.

    Raises:
        ValueError: the layout is invalid.
    """

    columns: tuple[ColumnPlacement, ...]
    frozen: int = 2

    def __post_init__(self) -> None:
        keys = [placed.key for placed in self.columns]
        widths = [placed.width for placed in self.columns]
        if not keys or len(set(keys)) < len(keys) or not COLUMN.keys() >= set(keys):
            msg = "a layout needs at least one column, no unknown ones and no duplicates"
            raise ValueError(msg)
        if min(widths) < MIN_WIDTH or max(widths) > MAX_WIDTH:
            msg = f"the width of a column must be {MIN_WIDTH} to {MAX_WIDTH}"
            raise ValueError(msg)
        if not 0 <= self.frozen <= len(keys):
            msg = f"the number of frozen columns must be 0 to {len(keys)}"
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


def _default_layout() -> Layout:
    licenses = {field.key for field in GROUPED[Group.LICENSES]}
    others = [field.key for field in FIELDS if field.key not in {*_FIRST, *licenses}]
    return Layout(tuple(ColumnPlacement(key, COLUMN[key].width) for key in (*_FIRST, *others)))


DEFAULT_LAYOUT: Final = _default_layout()
"""The default layout: the columns that identify a user, then the others in file order. One column
shows all licenses, instead of the three yes/no fields."""
