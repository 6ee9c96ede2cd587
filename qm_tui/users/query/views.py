"""Views: a filter, a sort order and a column layout with a name."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.users.query.columns import Layout

MAX_NAME: Final = 40
"""The maximum length of the name of a view in characters."""


class SortKey(NamedTuple):
    """A column by which users are sorted.

    Attributes:
        column: the key of the column.
        descending: whether the order is descending.
    """

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view.

    Attributes:
        name: its name.
        filter: the filter; empty for all users.
        sort: the sort order, most significant column first; empty for the order of the store.
        layout: the column layout; None to keep the current one.
    """

    name: str
    filter: str = ""
    sort: tuple[SortKey, ...] = ()
    layout: Layout | None = None


ALL_USERS: Final = SavedView("All users")
"""The view of the first start."""

BUILT_IN: Final = (
    ALL_USERS,
    SavedView("Active", "active:yes"),
    SavedView("Inactive", "active:no"),
    SavedView("Without license", "license:none"),
    SavedView("Without recording profile", 'recording-profile:""'),
    SavedView("Duplicate extensions", "duplicate:extension", (SortKey("extension"),)),
    SavedView("Invalid values", "valid:no"),
    SavedView("Changed today", "changed:today"),
    SavedView("Last import", "import:last"),
)
"""The built-in views."""
