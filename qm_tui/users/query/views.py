"""Views: a filter, a sort order and columns under a name."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.users.query.columns import Layout

MAX_NAME: Final = 40
"""The characters that the name of a view may have."""


class SortKey(NamedTuple):
    """What a list is sorted by.

    Attributes:
        column: the column's key.
        descending: whether the last comes first.
    """

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view.

    Attributes:
        name: what it is called.
        filter: in the filter's language; empty where all users are shown.
        sort: what the users are sorted by, the first before the second; none in the store's order.
        layout: the columns; None where it leaves them as they are.
    """

    name: str
    filter: str = ""
    sort: tuple[SortKey, ...] = ()
    layout: Layout | None = None


ALL_USERS: Final = SavedView("All users")
"""What the first start shows."""

BUILT_IN: Final = (
    ALL_USERS,
    SavedView("Active", "active:yes"),
    SavedView("Inactive", "active:no"),
    SavedView("Without license", "license:none"),
    SavedView("Without recording profile", 'recording-profile:""'),
    SavedView("Duplicate extensions", "duplicate:extension", (SortKey("extension"),)),
    SavedView("Changed today", "changed:today"),
    SavedView("Last import", "import:last"),
)
"""The views that are always there."""
